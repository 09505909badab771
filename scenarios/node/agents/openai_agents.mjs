// @openai/agents: an agent with two tools; the framework runs the loop, over the Responses API.
import { Agent, run, tool } from "@openai/agents";
import { handlers, instructions, tools } from "./desk.mjs";

const desk = new Agent({
  name: "desk",
  model: "gpt-5-mini",
  instructions,
  tools: tools.map(({ name, description, schema }) =>
    tool({
      name,
      description,
      parameters: { ...schema, additionalProperties: true },
      strict: false,
      execute: (input) => JSON.stringify(handlers[name](input)),
    }),
  ),
});
console.log((await run(desk, process.argv[2])).finalOutput);
