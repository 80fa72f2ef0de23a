import { draw } from "../caching/waveform.js";
import { timeText } from "./times.js";
import { Tries } from "./tries.js";

const form = document.getElementById("ask");
const voices = JSON.parse(document.getElementById("voices").textContent);
const fill = (name, text) => (document.querySelector(`[data-fill="${name}"]`).textContent = text || "–");

// In the order in which they are set: the voices depend on the provider.
const FIELDS = ["query", "level", "chat_provider", "speech_provider", "voice"];
const settings = () => Object.fromEntries(FIELDS.map((name) => [name, form.elements[name].value]));

function setFields(settings) {
  for (const name of FIELDS) {
    form.elements[name].value = settings[name];
    if (name === "speech_provider") showVoices();
  }
  showCode();
}

function bodies({ query, level, chat_provider, speech_provider, voice }, text) {
  const optimization_level = level;
  return {
    chat: { query, provider: chat_provider, optimization_level },
    speech: { text, provider: speech_provider, codec: form.dataset.codec, ...(voice && { voice }), optimization_level },
  };
}

function showVoices() {
  const known = voices[form.elements.speech_provider.value] || [];
  form.elements.voice.replaceChildren(new Option("default", ""), ...known.map(([id, name]) => new Option(name, id)));
}

function showCode() {
  const { chat, speech } = bodies(settings(), "…");
  const quoted = (body) => `'${JSON.stringify(body).replaceAll("'", `'\\''`)}'`;
  const post = (path, body) =>
    [
      `curl -s ${location.origin}${path}`,
      '-H "Authorization: Bearer $API_KEY"',
      '-H "Content-Type: application/json"',
      `-d ${quoted(body)}`,
    ].join(" \\\n  ");
  fill(
    "curl",
    `API_KEY=…\n${post("/api/chat/", chat)}\n${post("/api/tts/", speech)} -o speech.${form.dataset.codec}`,
  );
  const text = JSON.stringify;
  const level = form.elements.level.value;
  const talker = text(`${chat.provider}/${level}`);
  const speaker = text(`${speech.provider}/${level}`);
  const voice = text(speech.voice || "alloy");
  const messages = `[{"role": "user", "content": ${text(chat.query)}}]`;
  fill(
    "python",
    [
      "# pip install openai",
      "import os",
      "from openai import OpenAI",
      "",
      `client = OpenAI(base_url="${location.origin}/v1", api_key=os.environ["API_KEY"])`,
      `answer = client.chat.completions.create(model=${talker}, messages=${messages})`,
      "words = answer.choices[0].message.content",
      `client.audio.speech.create(model=${speaker}, voice=${voice}, input=words).write_to_file("speech.mp3")`,
    ].join("\n"),
  );
  fill(
    "javascript",
    [
      "// npm install openai",
      'import { writeFile } from "node:fs/promises";',
      'import OpenAI from "openai";',
      "",
      `const client = new OpenAI({ baseURL: "${location.origin}/v1", apiKey: process.env.API_KEY });`,
      `const answer = await client.chat.completions.create({ model: ${talker}, messages: ${messages} });`,
      "const input = answer.choices[0].message.content;",
      `const speech = await client.audio.speech.create({ model: ${speaker}, voice: ${voice}, input });`,
      'await writeFile("speech.mp3", Buffer.from(await speech.arrayBuffer()));',
    ].join("\n"),
  );
}

async function post(url, body, signal) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value };
  const began = performance.now();
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body), signal });
  if (!response.ok) throw new Error((await response.json()).error?.message || response.statusText);
  const value = await response.clone().arrayBuffer();
  return { response, value, milliseconds: performance.now() - began };
}

// As on the dashboard: two digits of what is below a cent.
function money(dollars) {
  const amount = Number(dollars);
  const digits = amount && amount < 0.01 ? 1 - Math.floor(Math.log10(amount)) : 2;
  return `$${amount.toFixed(Math.min(digits, 9))}`;
}

function show(wanted) {
  for (const part of document.querySelectorAll("[data-show]")) part.hidden = part.dataset.show !== wanted;
  document.getElementById("answer").ariaBusy = String(wanted === "asking");
}

// How long each answer took that was not in the cache, by its key.
const misses = new Map();
const PILLS = { HIT: ["hit", "Hit"], MISS: ["miss", "Miss"], BYPASS: ["bypass", "Bypass"], semantic: ["semantic", "Semantic"] };

function showResult(settings, { response, milliseconds }, { key, match, stored } = {}) {
  const status = response.headers.get("X-Cache");
  const [kind, title] = PILLS[match === "semantic" ? match : status] || PILLS.BYPASS;
  const pill = document.querySelector("[data-pill]");
  pill.className = `sg-pill sg-pill-${kind}`;
  pill.textContent = title;
  if (status === "MISS") misses.set(key, milliseconds);
  const times = misses.has(key) && status === "HIT" ? Math.round(misses.get(key) / milliseconds) : 0;
  document.querySelector("[data-gain]").textContent = times > 1 ? `${times} times faster than the miss before` : "";
  const entry = document.querySelector("[data-entry]");
  entry.hidden = !stored;
  entry.href = `${form.dataset.keyPage}?key=${encodeURIComponent(key)}`;
  tries.add({ settings, kind, title, milliseconds });
}

const tries = new Tries(document.querySelector("[data-tries]"), (settings) => {
  setFields(settings);
  form.requestSubmit();
});

function showFacts(part, { response, milliseconds }) {
  const header = (name) => response.headers.get(name);
  const dollars = (name) => (header(name) === null ? "unpriced" : money(header(name)));
  const match = header("X-Cache-Match");
  fill(`${part}-cache`, header("X-Cache").toLowerCase() + (match ? ` (${match})` : ""));
  fill(`${part}-similarity`, header("X-Cache-Similarity"));
  fill(`${part}-age`, header("Age") && `${header("Age")} s`);
  fill(`${part}-time`, timeText(milliseconds));
  fill(`${part}-cost`, dollars("X-Cost-USD"));
  fill(`${part}-saved`, dollars("X-Cost-Saved-USD"));
}

// The form may be edited meanwhile: what was sent is in `sent`.
async function ask(sent, signal) {
  const player = document.querySelector(".sg-player");
  player.querySelector("audio").pause();
  show("asking");
  const answer = await post(form.dataset.chat, bodies(sent).chat, signal);
  const told = await answer.response.json();
  const { text } = told;
  fill("text", text);
  showResult(sent, answer, told.cache);
  showFacts("chat", answer);
  show("answer");
  const spoken = await post(form.dataset.speech, bodies(sent, text).speech, signal);
  showFacts("speech", spoken);
  const audio = player.querySelector("audio");
  URL.revokeObjectURL(audio.src);
  audio.src = URL.createObjectURL(new Blob([spoken.value], { type: spoken.response.headers.get("Content-Type") }));
  await draw(player.querySelector("canvas"), spoken.value);
  if (aloud.checked && !signal.aborted) await audio.play().catch(() => {}); // a browser may forbid sound that nobody started
}

// Nobody is surprised by sound: it plays by itself only for those who have said so once.
const aloud = document.querySelector("[data-aloud]");
aloud.checked = localStorage.getItem("playground-aloud") === "yes";
aloud.addEventListener("change", () => localStorage.setItem("playground-aloud", aloud.checked ? "yes" : ""));

form.addEventListener("input", showCode);
form.elements.query.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});
form.elements.speech_provider.addEventListener("change", showVoices);
let asking = null;
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  // A try, a dictation or Ctrl+Enter may come while an answer is awaited: the last question is the one that counts.
  asking?.abort();
  const own = (asking = new AbortController());
  const button = form.querySelector("[type=submit]");
  const problem = document.getElementById("problem");
  button.disabled = true;
  problem.textContent = "";
  try {
    await ask(settings(), own.signal);
  } catch (error) {
    if (own.signal.aborted) return;
    if (document.getElementById("answer").ariaBusy === "true") show("nothing");
    problem.textContent = error.message;
  } finally {
    if (asking === own) button.disabled = false;
  }
});
form.elements.query.value = new URLSearchParams(location.search).get("query") || form.elements.query.value;
showVoices();
showCode();
