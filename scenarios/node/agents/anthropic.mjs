// @anthropic-ai/sdk: a stream loop, and a parser that bears unfinished JSON, as agents have them that show arguments while
// they arrive.
import Anthropic from "@anthropic-ai/sdk";
import { parse } from "partial-json";
import { handlers, instructions, tools } from "./desk.mjs";

const client = new Anthropic();

async function reply(messages) {
  const blocks = [];
  const stream = await client.messages.create({
    model: "claude-sonnet-5",
    max_tokens: 1024,
    stream: true,
    system: instructions,
    tools: tools.map(({ schema, ...tool }) => ({ ...tool, input_schema: schema })),
    messages,
  });
  for await (const event of stream) {
    if (event.type === "content_block_start") {
      blocks[event.index] = { ...event.content_block, json: "" };
    } else if (event.type === "content_block_delta") {
      const block = blocks[event.index];
      if (event.delta.type === "text_delta") block.text += event.delta.text;
      if (event.delta.type === "input_json_delta") {
        block.json += event.delta.partial_json;
        if (block.json) block.input = parse(block.json);
      }
    }
  }
  return blocks.map(({ json, ...block }) => block);
}

async function answer(question) {
  const messages = [{ role: "user", content: question }];
  for (;;) {
    const content = await reply(messages);
    const calls = content.filter((block) => block.type === "tool_use");
    if (calls.length === 0) return content.map((block) => block.text ?? "").join("");
    messages.push({ role: "assistant", content });
    messages.push({
      role: "user",
      content: calls.map((call) => ({
        type: "tool_result",
        tool_use_id: call.id,
        content: JSON.stringify(handlers[call.name](call.input)),
      })),
    });
  }
}

console.log(await answer(process.argv[2]));
