// Buttons that copy a text, or that of the element after them.

const SHOWN = 2000;

for (const button of document.querySelectorAll("[data-copies], [data-copies-next]")) {
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copies ?? button.nextElementSibling.textContent);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), SHOWN);
  });
}
