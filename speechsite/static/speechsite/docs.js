// Swagger UI's headings skip a level, which readers of the page by its headings take for a gap.

const level = () => {
  for (const heading of document.querySelectorAll("h3.opblock-tag:not([aria-level])")) heading.setAttribute("aria-level", 2);
  for (const heading of document.querySelectorAll("h4.opblock-section-header:not([aria-level]), .opblock-section-header h4:not([aria-level])")) heading.setAttribute("aria-level", 3);
};
new MutationObserver(level).observe(document.getElementById("swagger-ui"), { childList: true, subtree: true });
