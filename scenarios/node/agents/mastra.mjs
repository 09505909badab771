// @mastra/core: an agent with two tools; the framework runs the loop.
import { Agent } from "@mastra/core/agent";
import { createTool } from "@mastra/core/tools";
import { z } from "zod";
import { handlers, instructions, tools } from "./desk.mjs";

const fields = { order_id: z.string(), amount: z.number() };
const desk = new Agent({
  id: "desk",
  name: "desk",
  instructions,
  model: "openai/gpt-5-mini",
  tools: Object.fromEntries(
    tools.map(({ name, description, schema }) => [
      name,
      createTool({
        id: name,
        description,
        inputSchema: z.object(Object.fromEntries(schema.required.map((field) => [field, fields[field]]))),
        execute: async (input) => handlers[name](input.context ?? input),
      }),
    ]),
  ),
});
const reply = await desk.generate(process.argv[2]);
console.log(reply.text);
