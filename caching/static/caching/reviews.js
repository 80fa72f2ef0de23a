// The page of reviews: keys for its buttons, and a slider in place of the rows of a table.

const filters = document.querySelector("[data-submits-on-change]");
filters.addEventListener("change", () => filters.requestSubmit());

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.matches("input:not([type=range]), select, textarea");
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`)?.click();
});

for (const level of document.querySelectorAll("[data-what-if]")) {
  const label = level.querySelector(".sg-slider");
  const slider = label.querySelector("input");
  const rows = level.querySelectorAll("tbody tr");
  const show = () => {
    rows.forEach((row, at) => (row.hidden = at !== slider.valueAsNumber));
    slider.setAttribute("aria-valuetext", rows[slider.valueAsNumber].cells[0].textContent.trim());
  };
  label.hidden = false;
  slider.addEventListener("input", show);
  show();
}
