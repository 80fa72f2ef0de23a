// Draws the loudness of a sound over time; the colour is the text colour of the canvas.

const BARS = 120;

function peaks(samples) {
  const step = Math.max(1, Math.floor(samples.length / BARS));
  const loudest = [];
  for (let start = 0; start < samples.length; start += step) {
    let peak = 0;
    for (let i = start; i < Math.min(start + step, samples.length); i++) peak = Math.max(peak, Math.abs(samples[i]));
    loudest.push(peak);
  }
  return loudest;
}

export async function draw(canvas, encoded) {
  // Decoding needs no sound device at a fixed rate, and works before the user has clicked anything.
  const context = new OfflineAudioContext(1, 1, 22050);
  const samples = (await context.decodeAudioData(encoded)).getChannelData(0);
  const { clientWidth: width, clientHeight: height } = canvas;
  const scale = window.devicePixelRatio || 1;
  canvas.width = width * scale;
  canvas.height = height * scale;
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  pen.fillStyle = getComputedStyle(canvas).color;
  const bars = peaks(samples);
  const wide = width / bars.length;
  bars.forEach((peak, i) => {
    const tall = Math.max(1, peak * height);
    pen.fillRect(i * wide, (height - tall) / 2, Math.max(1, wide - 1), tall);
  });
  canvas.dataset.drawn = bars.length;
}

// Draws those within an element whose canvas has the address of a sound.
export async function drawAll(element) {
  for (const canvas of element.querySelectorAll("[data-waveform]")) {
    const sound = await fetch(canvas.dataset.waveform);
    if (sound.ok) await draw(canvas, await sound.arrayBuffer());
  }
}
