// The page of the last requests: asks for new ones every second, or every three while more come than anyone reads; and
// shows one in a drawer.

import { drawAll } from "./waveform.js";

const PAUSE = 1000;
const LONG_PAUSE = 3000;
// Beyond this rate the next update comes after the long pause.
const MAX_PER_SECOND = 10;
const MAX_ROWS = 150;
// How long the page says that it shows a sample, after requests were left out.
const SAMPLED = 10_000;
const list = document.querySelector("[data-feed]");
const drawer = document.querySelector("[data-drawer]");
const filters = document.querySelector("[data-submits-on-change]");

filters.addEventListener("change", (event) => event.target.tagName === "SELECT" && filters.requestSubmit());

// An address without empty filters.
filters.addEventListener("formdata", (event) => {
  for (const [name, value] of [...event.formData]) if (!value) event.formData.delete(name);
});

function remember(id) {
  const address = new URL(location.href);
  id ? address.searchParams.set("open", id) : address.searchParams.delete("open");
  history.replaceState(null, "", address);
}

async function open(id, address) {
  const reply = await fetch(`${address}?drawer=1`);
  drawer.innerHTML = await reply.text();
  const close = document.createElement("button");
  Object.assign(close, { type: "button", className: "sg-close", textContent: "Close" });
  close.addEventListener("click", () => drawer.close());
  drawer.prepend(close);
  if (!drawer.open) drawer.showModal();
  drawer.scrollTop = 0;
  remember(id);
  await drawAll(drawer);
}

drawer.addEventListener("close", () => remember(""));
drawer.addEventListener("click", (event) => event.target === drawer && drawer.close());

if (list) {
  const rows = list.querySelector("[data-rows]");
  const news = list.querySelector("[data-news]");
  const pause = list.querySelector("[data-pause]");
  const state = list.querySelector("[data-live-state]");
  let waiting = [];
  let paused = false;
  let lookedAt = Date.now();
  let sampledUntil = list.querySelector("[data-sampled]").hidden ? 0 : Date.now() + SAMPLED;

  rows.addEventListener("click", (event) => {
    const row = event.target.closest("tr");
    const link = row?.querySelector("[data-request]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(link.dataset.request, link.href);
  });

  const tell = (text, live) => {
    if (state.textContent !== text) state.textContent = text;
    list.classList.toggle("sg-still", !live);
  };

  function show() {
    rows.prepend(...waiting);
    waiting = [];
    while (rows.children.length > MAX_ROWS) rows.lastElementChild.remove();
    list.querySelector("[data-nothing]").hidden = rows.children.length > 0;
    news.hidden = true;
  }

  // Rows must not move under a pointer or away from a reader.
  const isRead = () => rows.matches(":hover") || rows.contains(document.activeElement) || window.scrollY > 200;

  function announce() {
    news.textContent = `${waiting.length}${waiting.length === MAX_ROWS ? "+" : ""} new`;
    news.hidden = false;
  }

  // Returns the number of new requests, with those that were left out.
  function take(told) {
    list.dataset.last = told.last;
    if (told.dropped) {
      sampledUntil = Date.now() + SAMPLED;
      list.querySelector("[data-share]").textContent = told.share;
    }
    list.querySelector("[data-sampled]").hidden = Date.now() > sampledUntil;
    const found = document.createElement("tbody");
    found.innerHTML = told.rows;
    const came = [...found.children];
    for (const row of came) row.classList.add("sg-new");
    waiting = [...came, ...waiting].slice(0, MAX_ROWS);
    if (waiting.length) isRead() ? announce() : show();
    return came.length + told.dropped;
  }

  async function look() {
    let delay = PAUSE;
    if (!paused && !document.hidden && !drawer.open) {
      try {
        const query = new URLSearchParams(location.search);
        query.set("after", list.dataset.last);
        const reply = await fetch(`${list.dataset.feed}?${query}`);
        if (reply.redirected) return location.reload();
        const told = reply.ok ? await reply.json() : { connected: false };
        tell(told.connected ? "Live" : "Redis is not connected", told.connected);
        if (told.connected) {
          const seconds = (Date.now() - lookedAt) / 1000;
          lookedAt = Date.now();
          if (take(told) > MAX_PER_SECOND * seconds) delay = LONG_PAUSE;
        }
      } catch {
        tell("The server does not answer", false);
      }
    }
    setTimeout(look, delay);
  }

  pause.addEventListener("click", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", paused);
    pause.textContent = paused ? "Go on" : "Pause";
    tell(paused ? "Paused" : "Live", !paused);
  });
  news.addEventListener("click", () => {
    show();
    window.scrollTo({ top: 0 });
  });
  setTimeout(look, PAUSE);
  if (list.dataset.open) open(list.dataset.open, new URL(`${list.dataset.open}/`, location.origin + location.pathname));
}
