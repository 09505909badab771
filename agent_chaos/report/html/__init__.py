"""The report as one HTML file that opens from disk and asks for nothing; `agent-chaos ui` shows the same parts."""

from agent_chaos.report.html.reporter import REPORTER as REPORTER
