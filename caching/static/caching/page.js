// Every page of the admin: tells the server the time zone of the browser, and names what the theme leaves without one.

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const cookie = `tz=${encodeURIComponent(zone)}`;
if (zone) document.cookie = `${cookie}; path=/admin/; max-age=31536000; samesite=lax`;

for (const icon of document.querySelectorAll("span.material-symbols-outlined")) icon.setAttribute("aria-hidden", "true");
for (const box of document.querySelectorAll(".simplebar-content-wrapper, .overflow-auto")) box.tabIndex = 0;
