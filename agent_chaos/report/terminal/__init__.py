"""The report for people, on a terminal or in a log: `reporter.py` is told what happens, the other files say how it looks."""

from agent_chaos.report.terminal.reporter import REPORTER as REPORTER
