"""Records the shop's migrated scenarios with the real command: `python -m tests.migration.record [FILE…]`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.standin.record_scenarios import record_target
from tests.standin.said import Asked, Called, Said

FOLDER = Path(__file__).parent
FILES = ("shop_support.py", "shop_resilience.py", "shop_fuzzing.py")


def shop(asked: Asked) -> Said:
    """What the model says to the last message, whatever came before it."""
    last = json.dumps(asked.body["messages"][-1], ensure_ascii=False).lower()
    if "tool_result" not in last and "a-17" in last:
        return Said("I look it up.", (Called.of("lookup_order", {"order_id": "A-17"}),), 310, 48)
    if "tool_result" not in last and "mug" in last:
        return Said("", (Called.of("check_stock", {"product": "blue mug"}),), 402, 41)
    if "arrives" in last:
        return Said("Your order A-17 is on its way. It arrives on Friday.", (), 371, 24)
    if "pieces" in last:
        return Said("Yes, we have 12 blue mugs in stock.", (), 455, 18)
    if "down" in last:
        return Said("I cannot look up orders right now; please ask again in an hour.", (), 362, 22)
    return Said("You are welcome. Enjoy your tea!", (), 488, 14)


def main() -> int:
    for name in sys.argv[1:] or FILES:
        done = record_target(name, shop, folder=FOLDER)
        sys.stdout.write(done.stdout + done.stderr)
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
