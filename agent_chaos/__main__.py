"""The `agent-chaos` command, also as `python -m agent_chaos`: fixes what only a fresh process can, then runs it."""

from __future__ import annotations

import os
import sys

OFFLINE = ("replay", "run", "fuzz", "shrink")
"""Commands that never need a network; they run in an empty network namespace where the system allows it."""


def main() -> None:
    """Fixes the hash seed, so that sets have one order in every run; cuts the network off; runs the command."""
    if os.environ.get("PYTHONHASHSEED", "random") == "random":
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", os.path.join(".agent_chaos_runs", ".hypothesis"))
    if any(word in OFFLINE for word in sys.argv[1:2]):
        from agent_chaos.patch.guard import isolate, isolate_later

        isolate_later() if _may_go_online() else isolate()
    from agent_chaos.cli import main as command

    command()


def _may_go_online() -> bool:
    """`run` may be live, or record what has no recording yet; it cuts itself off once it has."""
    from agent_chaos.patch.keys import may_record

    return sys.argv[1] == "run" and ("--live" in sys.argv or (may_record() and "--offline" not in sys.argv))


if __name__ == "__main__":
    main()
