// @langchain/langgraph: the prebuilt agent with Anthropic's model.
import { ChatAnthropic } from "@langchain/anthropic";
import { tool } from "@langchain/core/tools";
import { createReactAgent } from "@langchain/langgraph/prebuilt";
import { handlers, instructions, tools } from "./desk.mjs";

const graph = createReactAgent({
  llm: new ChatAnthropic({ model: "claude-sonnet-5", anthropicApiUrl: process.env.ANTHROPIC_BASE_URL }),
  prompt: instructions,
  tools: tools.map(({ name, description, schema }) =>
    tool((input) => JSON.stringify(handlers[name](input)), { name, description, schema }),
  ),
});
const state = await graph.invoke({ messages: [{ role: "user", content: process.argv[2] }] });
console.log(state.messages.at(-1).content);
