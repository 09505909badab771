// openai, chat completions: a stream loop over the deltas of tool calls.
import OpenAI from "openai";
import { handlers, instructions, tools } from "./desk.mjs";

const client = new OpenAI();

async function reply(messages) {
  const message = { role: "assistant", content: "", tool_calls: [] };
  const stream = await client.chat.completions.create({
    model: "gpt-5-mini",
    stream: true,
    messages,
    tools: tools.map(({ schema, ...tool }) => ({ type: "function", function: { ...tool, parameters: schema } })),
  });
  for await (const chunk of stream) {
    const delta = chunk.choices[0]?.delta ?? {};
    message.content += delta.content ?? "";
    for (const piece of delta.tool_calls ?? []) {
      const call = (message.tool_calls[piece.index] ??= { id: "", type: "function", function: { name: "", arguments: "" } });
      call.id ||= piece.id ?? "";
      call.function.name += piece.function?.name ?? "";
      call.function.arguments += piece.function?.arguments ?? "";
    }
  }
  if (message.tool_calls.length === 0) delete message.tool_calls;
  return message;
}

async function answer(question) {
  const messages = [
    { role: "system", content: instructions },
    { role: "user", content: question },
  ];
  for (;;) {
    const message = await reply(messages);
    if (!message.tool_calls) return message.content;
    messages.push(message);
    for (const call of message.tool_calls) {
      const result = handlers[call.function.name](JSON.parse(call.function.arguments));
      messages.push({ role: "tool", tool_call_id: call.id, content: JSON.stringify(result) });
    }
  }
}

console.log(await answer(process.argv[2]));
