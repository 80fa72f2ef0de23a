// The card of an empty dashboard: copies examples, and reloads the page when the first request has arrived.

const PAUSE = 2000;
const card = document.querySelector("[data-waits-at]");

for (const button of card.querySelectorAll("[data-copies], [data-copies-next]")) {
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copies ?? button.nextElementSibling.textContent);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), PAUSE);
  });
}

async function look() {
  if (!document.hidden) {
    try {
      const reply = await fetch(card.dataset.waitsAt);
      if (reply.ok && (await reply.json()).arrived) return location.reload();
    } catch {
      // The server restarts: look again.
    }
  }
  setTimeout(look, PAUSE);
}

setTimeout(look, PAUSE);
