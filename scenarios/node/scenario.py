"""Agents in JavaScript, one for each SDK and framework, recorded and fuzzed as they are, over a real socket."""

from pathlib import Path

from agent_chaos import BaselineScenario, Turn, command_agent
from agent_chaos.errors import RequirementMissing

HERE = Path(__file__).parent
AGENTS = ("anthropic", "openai", "genai", "ai_sdk", "openai_agents", "langgraph", "mastra")

if not (HERE / "node_modules").is_dir():
    raise RequirementMissing(f"{HERE.name}/: run `npm install` in that folder first")

scenarios = [
    BaselineScenario(
        name=f"node_{name}",
        description=f"A refund desk in another language and process: agents/{name}.mjs.",
        agent=command_agent(
            ["node", f"agents/{name}.mjs"], cwd=HERE, env={"OPENAI_AGENTS_DISABLE_TRACING": "1"}
        ),
        turns=[Turn("I sent back my laptop, order A-17. Please refund what I paid.")],
        pure_tools=("lookup_order", "refund"),
    )
    for name in AGENTS
]
