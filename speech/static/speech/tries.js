// The last questions of this tab, each with its result; a click asks it again.

const KEPT = 8;
const STORED = "playground-tries";

export class Tries {
  constructor(section, ask) {
    this.section = section;
    this.ask = ask;
    this.found = JSON.parse(sessionStorage.getItem(STORED) || "[]");
    this.show();
  }

  add(tried) {
    this.found = [tried, ...this.found].slice(0, KEPT);
    sessionStorage.setItem(STORED, JSON.stringify(this.found));
    this.show();
  }

  show() {
    this.section.hidden = !this.found.length;
    this.section.querySelector("ol").replaceChildren(...this.found.map((tried) => this.row(tried)));
  }

  row({ question, kind, title, milliseconds }) {
    const row = document.createElement("li");
    const again = document.createElement("button");
    const pill = document.createElement("span");
    const time = document.createElement("span");
    again.type = "button";
    again.className = "sg-link";
    again.textContent = question;
    again.addEventListener("click", () => this.ask(question));
    pill.className = `sg-pill sg-pill-${kind}`;
    pill.textContent = title;
    time.className = "text-subtle";
    time.textContent = `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
    row.append(pill, again, time);
    return row;
  }
}
