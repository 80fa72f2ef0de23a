// Draws the charts of the dashboard with Chart.js, and keeps the page up to date.

const PAUSE = 10_000;
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const money = (currency, digits) =>
  new Intl.NumberFormat("en", { style: "currency", currency, ...digits, currencyDisplay: "narrowSymbol" });
const percent = (value) => `${(100 * value).toFixed(1)}%`;

function formatter({ kind, currency }) {
  if (kind === "money") {
    const whole = money(currency, { maximumFractionDigits: 2 });
    const below = money(currency, { minimumFractionDigits: 2, maximumFractionDigits: 3 });
    const small = money(currency, { maximumSignificantDigits: 2 });
    return (value) => (!value || Math.abs(value) >= 1 ? whole : Math.abs(value) < 0.01 ? small : below).format(value);
  }
  if (kind === "seconds") {
    return (value) => (value < 1 ? `${+(value * 1000).toPrecision(3)} ms` : `${+value.toPrecision(3)} s`);
  }
  return (value) => value.toLocaleString("en");
}

function dataset(set, stacked) {
  const colour = css(`--chart-${set.colour}`);
  const shared = { label: set.label, data: set.values, share: set.share, before: set.before };
  if (set.shape === "bar") {
    return { ...shared, type: "bar", backgroundColor: colour, maxBarThickness: 28, borderRadius: 2, order: 2, stack: stacked ? "all" : undefined };
  }
  return {
    ...shared,
    type: "line",
    borderColor: colour,
    backgroundColor: colour,
    borderWidth: set.before ? 1.5 : 2,
    borderDash: set.before ? [4, 4] : set.colour.endsWith("-high") ? [1, 2] : [],
    pointRadius: 0,
    pointHitRadius: 8,
    spanGaps: true,
    order: 1,
    yAxisID: set.share ? "share" : "y",
  };
}

// An axis that begins at a power of ten, with a label at each line: of few decades also at 2 and 5.
function logarithmic({ sets }, ticks, format) {
  const values = sets.flatMap((set) => set.values).filter((value) => value > 0);
  const decade = (value) => Math.floor(Math.log10(value) + 1e-9);
  const [first, last] = [decade(Math.min(...values)), decade(Math.max(...values))];
  const shown = last - first < 2 ? [1, 2, 5] : [1];
  const is = (value, digit) => Math.abs(value / 10 ** decade(value) - digit) < 1e-6;
  // Without a label there is no line.
  const callback = (value) => (shown.some((digit) => is(value, digit)) ? format(value) : null);
  return { min: 10 ** first, ticks: { ...ticks, autoSkip: false, callback } };
}

// The same page with one day alone.
function openDay(day) {
  const address = new URL(location.href);
  address.searchParams.delete("period");
  address.searchParams.set("start", day);
  address.searchParams.set("end", day);
  location.assign(address);
}

function configuration(told) {
  const text = css("--chart-text");
  const grid = css("--chart-grid");
  const format = formatter(told);
  const shown = (set, value) => (set.share ? percent(value) : format(value));
  const ticks = { color: text, maxRotation: 0, autoSkipPadding: 16 };
  const scales = {
    x: { stacked: told.stacked, grid: { display: false }, border: { color: grid }, ticks },
    y: {
      stacked: told.stacked,
      type: told.kind === "seconds" ? "logarithmic" : "linear",
      beginAtZero: told.kind !== "seconds",
      grid: { color: grid },
      border: { display: false },
      ticks: { ...ticks, maxTicksLimit: 5, precision: told.kind === "count" ? 0 : undefined, callback: (value) => format(value) },
    },
  };
  if (told.kind === "seconds") Object.assign(scales.y, logarithmic(told, ticks, format));
  if (told.sets.some((set) => set.share)) {
    scales.share = { position: "right", min: 0, max: 1, grid: { display: false }, border: { display: false }, ticks: { ...ticks, stepSize: 0.25, callback: (value) => `${100 * value}%` } };
  }
  return {
    // A label of two parts has two lines.
    data: { labels: told.labels.map((label) => (label.includes(", ") ? label.split(", ") : label)), datasets: told.sets.map((set) => dataset(set, told.stacked)) },
    options: {
      animation: false,
      maintainAspectRatio: false,
      interaction: { mode: "index", intersect: false },
      scales,
      onClick: (_, [bar]) => bar && told.days[bar.index] && openDay(told.days[bar.index]),
      onHover: ({ native }, [bar]) => (native.target.style.cursor = bar && told.days.length ? "pointer" : ""),
      plugins: {
        legend: { display: false },
        tooltip: {
          filter: (item) => item.raw !== null,
          callbacks: {
            title: ([item]) => item && told.labels[item.dataIndex],
            label: (item) => ` ${item.dataset.label}: ${shown(item.dataset, item.raw)}`,
            footer: (items) => {
              const bars = items.filter((item) => item.dataset.type === "bar");
              return told.stacked ? `Total: ${format(bars.reduce((sum, item) => sum + item.raw, 0))}` : "";
            },
          },
        },
      },
    },
  };
}

function draw(canvas) {
  const { data, options } = configuration(JSON.parse(canvas.dataset.chart));
  const drawn = Chart.getChart(canvas);
  if (!drawn) return new Chart(canvas, { type: "bar", data, options });
  Object.assign(drawn, { data, options });
  drawn.update("none");
}

const drawAll = () => document.querySelectorAll("[data-chart]").forEach(draw);

Chart.defaults.font.family = "Inter";
// A canvas keeps the font that it was drawn with.
await document.fonts.load("12px Inter").catch(() => {});
drawAll();
new MutationObserver(drawAll).observe(document.documentElement, { attributeFilter: ["class"] });

// What is under the eyes or hands of a reader stays: an open table, a selection, a focused link.
function isInUse(part) {
  return part.contains(document.activeElement) || part.querySelector("details[open]") || part.matches(":hover");
}

function renew(fresh) {
  for (const part of document.querySelectorAll("[data-live]")) {
    const other = fresh.getElementById(part.id);
    if (!other || isInUse(part)) continue;
    const canvas = part.querySelector("[data-chart]");
    const next = other.querySelector("[data-chart]");
    if (canvas && next) {
      if (canvas.dataset.chart === next.dataset.chart) continue;
      canvas.dataset.chart = next.dataset.chart;
      part.querySelector("[data-table]")?.replaceChildren(...other.querySelector("[data-table]").childNodes);
      draw(canvas);
    } else if (part.innerHTML !== other.innerHTML) {
      part.replaceChildren(...other.childNodes);
      part.querySelectorAll("[data-chart]").forEach(draw);
    }
  }
}

const state = document.querySelector("[data-updated]");
const pause = document.querySelector("[data-pause]");
let updated = Date.now();
let paused = false;

async function look() {
  if (!paused && !document.hidden) {
    try {
      const reply = await fetch(location.href);
      if (reply.redirected) return location.reload();
      if (reply.ok) {
        renew(new DOMParser().parseFromString(await reply.text(), "text/html"));
        updated = Date.now();
      }
    } catch {
      // The server starts again: the age of the figures is shown.
    }
  }
  setTimeout(look, PAUSE);
}

function tell() {
  const seconds = Math.round((Date.now() - updated) / 1000);
  state.textContent = paused ? "Paused" : seconds < 2 ? "Updated now" : `Updated ${seconds} s ago`;
}

if (state) {
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", paused);
    pause.textContent = paused ? "Go on" : "Pause";
    tell();
  });
  setInterval(tell, 1000);
  // The first page of a browser comes in UTC, before the server knows its time zone.
  const zone = document.querySelector("[data-zone]").dataset.zone;
  setTimeout(look, zone === Intl.DateTimeFormat().resolvedOptions().timeZone ? PAUSE : 0);
}
