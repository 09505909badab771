"""The tools of every agent here; each run of one leaves a line in the file that DESK_LOG names, for another process to count."""

from __future__ import annotations

import os


def lookup_order(order_id: str) -> dict[str, object]:
    """Look up an order by its id.

    Args:
        order_id: The id of the order.
    """
    _ran("lookup_order")
    return {"order_id": order_id, "item": "Laptop Pro 14", "total": 1500, "status": "returned"}


def refund(order_id: str, amount: float) -> str:
    """Refund an amount in dollars for an order.

    Args:
        order_id: The id of the order.
        amount: The amount in dollars.
    """
    _ran("refund")
    return f"refunded ${amount:,.0f} on order {order_id}"


QUESTION = "I returned order A-17, refund it please."
INSTRUCTIONS = "You refund returned orders."


def _ran(name: str) -> None:
    if path := os.environ.get("DESK_LOG"):
        with open(path, "a", encoding="utf-8") as log:
            log.write(f"{name}\n")
