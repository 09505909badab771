// Vercel's AI SDK: generateText with tools; the SDK runs the loop.
import { openai } from "@ai-sdk/openai";
import { generateText, jsonSchema, stepCountIs, tool } from "ai";
import { handlers, instructions, tools } from "./desk.mjs";

const { text } = await generateText({
  model: openai.chat("gpt-5-mini"),
  system: instructions,
  prompt: process.argv[2],
  stopWhen: stepCountIs(8),
  tools: Object.fromEntries(
    tools.map(({ name, description, schema }) => [
      name,
      tool({ description, inputSchema: jsonSchema(schema), execute: handlers[name] }),
    ]),
  ),
});
console.log(text);
