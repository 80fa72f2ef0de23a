import { createReadStream, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";
import { MODEL, apiKey, baseURL, run } from "./cases.mjs";

const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const Person = z.object({ name: z.string(), age: z.int() });
const weather = {
  type: "function",
  function: {
    name: "get_weather",
    parameters: {
      type: "object",
      properties: { city: { type: "string" } },
      required: ["city"],
    },
  },
};

const ask = (content, more = {}) =>
  client.chat.completions.create({ model: MODEL, messages: [{ role: "user", content }], ...more });

// A second of silence would be answered without a provider.
function recording() {
  const samples = 16000;
  const wav = Buffer.alloc(44 + 2 * samples);
  wav.write("RIFF", 0);
  wav.writeUInt32LE(36 + 2 * samples, 4);
  wav.write("WAVEfmt ", 8);
  [[16, 16, 4], [20, 1, 2], [22, 1, 2], [24, 16000, 4], [28, 32000, 4], [32, 2, 2], [34, 16, 2]].forEach(
    ([at, value, bytes]) => wav.writeUIntLE(value, at, bytes),
  );
  wav.write("data", 36);
  wav.writeUInt32LE(2 * samples, 40);
  for (let i = 0; i < samples; i++) wav.writeInt16LE(Math.round(8000 * Math.sin(i / 10)), 44 + 2 * i);
  const path = join(mkdtempSync(join(tmpdir(), "clients-")), "said.wav");
  writeFileSync(path, wav);
  return path;
}
const said = recording();

await run({
  plain: async () => (await ask("plain")).choices[0].message.content,
  streamed: async () => {
    let text = "";
    for await (const chunk of await ask("streamed", { stream: true })) text += chunk.choices[0]?.delta?.content ?? "";
    return text;
  },
  tools: async () => {
    const calls = [];
    const runner = client.chat.completions.runTools({
      model: MODEL,
      messages: [{ role: "user", content: "tools" }],
      tools: [
        {
          type: "function",
          function: {
            ...weather.function,
            parse: JSON.parse,
            function: (args) => (calls.push(args), "sunny"),
          },
        },
      ],
    });
    return [calls.length ? calls[0] : (await runner.done(), calls[0]), await runner.finalContent()];
  },
  tools_streamed: async () => {
    const stream = client.chat.completions.stream({
      model: MODEL,
      messages: [{ role: "user", content: "tools streamed" }],
      tools: [weather],
    });
    const answer = await stream.finalChatCompletion();
    return JSON.parse(answer.choices[0].message.tool_calls[0].function.arguments);
  },
  forced: async () => {
    const tool_choice = { type: "function", function: { name: "get_weather" } };
    const answer = await ask("forced", { tools: [weather], tool_choice });
    return JSON.parse(answer.choices[0].message.tool_calls[0].function.arguments);
  },
  structured: async () => {
    const answer = await client.chat.completions.parse({
      model: MODEL,
      messages: [{ role: "user", content: "structured" }],
      response_format: zodResponseFormat(Person, "person"),
    });
    return answer.choices[0].message.parsed;
  },
  responses: async () => (await client.responses.create({ model: MODEL, input: "responses" })).output_text,
  responses_streamed: async () => {
    let text = "";
    const stream = await client.responses.create({ model: MODEL, input: "responses streamed", stream: true });
    for await (const event of stream) if (event.type === "response.output_text.delta") text += event.delta;
    return text;
  },
  embeddings: async () => {
    const input = ["embeddings", "of two texts"];
    const answer = await client.embeddings.create({ model: "text-embedding-3-small", input });
    return answer.data.map((item) => item.embedding.length);
  },
  // Its README's own example. The SDK sends it in chunks, without a Content-Length.
  upload: async () =>
    (await client.audio.transcriptions.create({ model: "whisper-1", file: createReadStream(said) })).text,
});
