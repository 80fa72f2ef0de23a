// The last questions of this tab, each with its result; a click asks it again with the same settings.

import { timeText } from "./times.js";

const KEPT = 8;
const STORED = "playground-tries-with-settings";

export class Tries {
  constructor(section, ask) {
    this.section = section;
    this.list = section.querySelector("ol");
    this.ask = ask;
    this.found = JSON.parse(sessionStorage.getItem(STORED) || "[]");
    this.list.append(...this.found.map((tried) => this.row(tried)));
    section.hidden = !this.found.length;
  }

  add(tried) {
    this.found = [tried, ...this.found].slice(0, KEPT);
    sessionStorage.setItem(STORED, JSON.stringify(this.found));
    this.list.prepend(this.row(tried));
    this.section.hidden = false;
    const surplus = this.list.children[KEPT];
    if (surplus?.contains(document.activeElement)) this.list.querySelector("button").focus();
    surplus?.remove();
  }

  row({ settings, kind, title, milliseconds }) {
    const row = document.createElement("li");
    const again = document.createElement("button");
    const pill = document.createElement("span");
    const time = document.createElement("span");
    again.type = "button";
    again.className = "sg-link";
    again.textContent = settings.query;
    again.addEventListener("click", () => this.ask(settings));
    pill.className = `sg-pill sg-pill-${kind}`;
    pill.textContent = title;
    time.className = "text-subtle";
    time.textContent = timeText(milliseconds);
    row.append(pill, again, time);
    return row;
  }
}
