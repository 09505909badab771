"""The command line."""


def main() -> None:
    """Entry point of the `agent-chaos` command."""
