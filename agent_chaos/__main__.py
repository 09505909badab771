"""`python -m agent_chaos` is the `agent-chaos` command."""

from agent_chaos.cli import main

if __name__ == "__main__":
    main()
