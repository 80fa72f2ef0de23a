// Dictation: a question that is spoken is transcribed by the gateway, and asked.

const form = document.getElementById("ask");
const button = document.querySelector("[data-record]");
const problem = document.getElementById("problem");
const status = document.querySelector("[data-recording]");
let recorder = null;

// The state is announced; the label of the button tells what a click does.
function show(label, state = "") {
  button.textContent = label;
  status.textContent = state;
}

async function transcribe(sound) {
  const body = new FormData();
  body.append("file", sound, `question.${sound.type.includes("mp4") ? "m4a" : "webm"}`);
  const headers = { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value };
  const response = await fetch(form.dataset.transcription, { method: "POST", headers, body });
  const told = await response.json();
  if (!response.ok) throw new Error(told.error?.message || response.statusText);
  return told.text.trim();
}

async function ask(parts, type) {
  button.disabled = true;
  show("Transcribing…", "Transcribing…");
  try {
    const question = await transcribe(new Blob(parts, { type }));
    if (!question) throw new Error("Nothing was understood. Speak again.");
    form.elements.query.value = question;
    form.requestSubmit();
  } catch (error) {
    problem.textContent = error.message;
  } finally {
    button.disabled = false;
    show("Speak");
  }
}

async function begin() {
  problem.textContent = "";
  // A click while the browser asks for permission would open a second microphone.
  button.disabled = true;
  let tracks = [];
  try {
    const microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
    tracks = microphone.getTracks();
    record(microphone);
  } catch (error) {
    for (const track of tracks) track.stop();
    problem.textContent = `No microphone: ${error.message}`;
  } finally {
    button.disabled = false;
  }
}

function record(microphone) {
  const parts = [];
  const started = new MediaRecorder(microphone);
  started.addEventListener("dataavailable", (event) => parts.push(event.data));
  started.addEventListener("stop", () => {
    for (const track of microphone.getTracks()) track.stop();
    ask(parts, started.mimeType);
  });
  started.start();
  recorder = started;
  show("Stop and ask", "Recording");
}

function end() {
  // Until the sound is complete, and then until it is transcribed.
  button.disabled = true;
  recorder.stop();
  recorder = null;
}

// Browsers give pages a microphone over HTTPS and on this machine only.
if (button && navigator.mediaDevices) {
  button.hidden = false;
  button.addEventListener("click", () => (recorder ? end() : begin()));
}
