// The card of an empty dashboard: reloads the page when the first request has arrived.

const PAUSE = 2000;
const card = document.querySelector("[data-waits-at]");

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
