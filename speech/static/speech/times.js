const figure = (value, digits) =>
  value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });

// As the filter `milliseconds` writes it on the other pages.
export function timeText(milliseconds) {
  if (milliseconds >= 1000) return `${figure(milliseconds / 1000, 1)} s`;
  return `${figure(milliseconds, milliseconds < 100 ? 1 : 0)} ms`;
}
