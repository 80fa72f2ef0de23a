// Every page of the admin: tells the server the time zone of the browser, and names what the theme leaves without one.

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const cookie = `tz=${encodeURIComponent(zone)}`;
if (zone) document.cookie = `${cookie}; path=/admin/; max-age=31536000; samesite=lax`;

// Icons are letters of a font, which screen readers would spell; where a link is nothing else, it gets a name.
for (const icon of document.querySelectorAll("span.material-symbols-outlined")) {
  icon.setAttribute("aria-hidden", "true");
  const link = icon.closest("a[href]");
  if (link && link.innerText.trim() === icon.innerText.trim()) link.setAttribute("aria-label", link.title || "Dashboard");
}
// The theme's headings of filters leave a level out.
for (const heading of document.querySelectorAll("#changelist-filter h3")) heading.setAttribute("aria-level", "2");
document.getElementById("searchbar-submit")?.setAttribute("aria-label", "Search");
// After the theme has made its scroll boxes.
addEventListener("load", () => {
  for (const box of document.querySelectorAll(".simplebar-content-wrapper, .overflow-auto")) {
    box.tabIndex = 0;
    // No landmark: the theme gives all of them the same name.
    if (box.getAttribute("role") === "region") box.setAttribute("role", "group");
  }
});
if (!document.querySelector("main, [role=main]")) document.getElementById("page")?.setAttribute("role", "main");
