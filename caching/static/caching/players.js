import { draw } from "./waveform.js";

for (const canvas of document.querySelectorAll("[data-waveform]")) {
  const response = await fetch(canvas.dataset.waveform);
  if (response.ok) await draw(canvas, await response.arrayBuffer());
}
