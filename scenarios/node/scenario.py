"""A JavaScript agent, recorded and fuzzed as it is, through its own SDK and a real socket."""

from pathlib import Path

from agent_chaos import BaselineScenario, Turn, command_agent
from agent_chaos.errors import RequirementMissing

HERE = Path(__file__).parent

if not (HERE / "node_modules").is_dir():
    raise RequirementMissing(f"{HERE.name}/: run `npm install` in that folder first")

scenario = BaselineScenario(
    name="node_refund",
    description="The refund agent in JavaScript: another language, another process.",
    agent=command_agent(["node", "refund.mjs"], cwd=HERE),
    turns=[Turn("I sent back my laptop, order A-17. Please refund what I paid.")],
    pure_tools=("lookup_order", "refund"),
)
