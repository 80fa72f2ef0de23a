// What Swagger UI leaves out for readers of the page by keyboard or by ear.

const all = (selector, mend) => document.querySelectorAll(selector).forEach(mend);

function mend() {
  // Its headings skip a level.
  all("h3.opblock-tag:not([aria-level])", (heading) => heading.setAttribute("aria-level", 2));
  all(".opblock-section-header h4:not([aria-level])", (heading) => heading.setAttribute("aria-level", 3));
  // Examples scroll.
  all("pre.microlight:not([tabindex])", (example) => (example.tabIndex = 0));
  all(".information-container:not([role])", (part) => {
    part.setAttribute("role", "region");
    part.setAttribute("aria-label", "Introduction");
  });
}

new MutationObserver(mend).observe(document.getElementById("swagger-ui"), { childList: true, subtree: true });
