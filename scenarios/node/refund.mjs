// A refund agent in JavaScript: a stream loop and a parser that bears unfinished JSON, as many agents have them to show
// arguments while they arrive. It knows nothing of tests.
import Anthropic from "@anthropic-ai/sdk";
import { parse } from "partial-json";

const client = new Anthropic();

const system =
  "You are the refund desk of a web shop. Look up the order first, then refund what the customer is owed.";

const tools = [
  {
    name: "lookup_order",
    description: "Look up an order by its number.",
    input_schema: { type: "object", properties: { order_id: { type: "string" } }, required: ["order_id"] },
  },
  {
    name: "refund",
    description: "Pay money back to the customer, in US dollars.",
    input_schema: {
      type: "object",
      properties: { order_id: { type: "string" }, amount: { type: "number" } },
      required: ["order_id", "amount"],
    },
  },
];

const handlers = {
  lookup_order: ({ order_id }) => ({ order_id, item: "Laptop Pro 14", total: 1500, status: "returned" }),
  refund: ({ order_id, amount }) => `refunded $${amount.toLocaleString("en-US")} on order ${order_id}`,
};

async function reply(messages) {
  const blocks = [];
  const stream = await client.messages.create({
    model: "claude-sonnet-5",
    max_tokens: 1024,
    stream: true,
    system,
    tools,
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
