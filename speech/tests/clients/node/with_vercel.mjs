import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { embedMany, generateObject, generateText, stepCountIs, streamObject, streamText, tool } from "ai";
import { z } from "zod";
import { MODEL, apiKey, baseURL, run } from "./cases.mjs";

const openai = createOpenAI({ baseURL, apiKey });
const compatible = createOpenAICompatible({ name: "gateway", baseURL, apiKey, supportsStructuredOutputs: true });
const schema = z.object({ name: z.string(), age: z.int() });
const weather = (calls) => ({
  get_weather: tool({
    description: "Weather of a city.",
    inputSchema: z.object({ city: z.string() }),
    execute: async (input) => (calls.push(input), "sunny"),
  }),
});

const once = { maxRetries: 0 };

function casesOf(prefix, model) {
  const named = (name) => `${prefix} ${name}`;
  return {
    [`${prefix}plain`]: async () => (await generateText({ model, prompt: named("plain"), ...once })).text,
    [`${prefix}streamed`]: async () => await streamText({ model, prompt: named("streamed"), ...once }).text,
    [`${prefix}tools`]: async () => {
      const calls = [];
      const stopWhen = stepCountIs(3);
      const { text } = await generateText({ model, prompt: named("tools"), tools: weather(calls), stopWhen, ...once });
      return [calls[0], text];
    },
    [`${prefix}tools_streamed`]: async () => {
      const calls = [];
      await streamText({ model, prompt: named("tools streamed"), tools: weather(calls), ...once }).text;
      return calls[0];
    },
    [`${prefix}forced`]: async () => {
      const calls = [];
      const toolChoice = { type: "tool", toolName: "get_weather" };
      await generateText({ model, prompt: named("forced"), tools: weather(calls), toolChoice, ...once });
      return calls[0];
    },
    [`${prefix}structured`]: async () =>
      (await generateObject({ model, schema, prompt: named("structured"), ...once })).object,
    [`${prefix}structured_streamed`]: async () => {
      let last;
      const { partialObjectStream } = streamObject({ model, schema, prompt: named("structured streamed"), ...once });
      for await (const part of partialObjectStream) last = part;
      return last;
    },
  };
}

await run({
  ...casesOf("", compatible(MODEL)),
  ...casesOf("chat_", openai.chat(MODEL)),
  // What `openai(id)` means by default.
  ...casesOf("responses_", openai(MODEL)),
  embeddings: async () => {
    const model = openai.embedding("text-embedding-3-small");
    const { embeddings } = await embedMany({ model, values: ["embeddings", "of two texts"], ...once });
    return embeddings.map((vector) => vector.length);
  },
});
