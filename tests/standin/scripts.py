"""What the model says in each shipped scenario."""

from __future__ import annotations

from tests.standin.said import Asked, Called, Said


def refund(asked: Asked) -> Said:
    if asked.turns == 0:
        text = "I'll look up your order first."
        return Said(text, (Called("lookup_order", ('{"ord', 'er_id": "', "A-1", '7"}')),), 486, 61)
    if asked.turns == 1:
        text = "Your laptop has arrived with us. I'm refunding the full price now."
        pieces = ('{"ord', 'er_id": "A', '-17", "am', 'ount": 15', "00}")
        return Said(text, (Called("refund", pieces),), 583, 74)
    return Said(
        "Your refund of $1,500 for order A-17 is on its way. It reaches your card within 3 days.", (), 669, 29
    )


def support(asked: Asked) -> Said:
    number = {"number": "00340434161094042557"}
    if "Can you move it" in asked.text and asked.turns == 2:
        return Said("", (Called.of("reschedule", number),), 402, 22)
    if "Can you move it" in asked.text:
        return Said("Done: your parcel now arrives on 25 November.", (), 441, 15)
    if asked.turns == 0:
        return Said("", (Called.of("track_parcel", number), Called.of("delivery_window", number)), 231, 55)
    return Said("Your parcel is at the Leipzig hub and arrives on 24 November between 9 and 12.", (), 322, 27)


def research(asked: Asked) -> Said:
    if "previous_response_id" not in asked.body:
        return Said("", (Called.of("search", {"query": "spring tides Cuxhaven", "limit": 3}),), 210, 24)
    if "tides-1921" in asked.text:
        return Said("", (Called.of("read", {"document": "tides-1921"}),), 268, 18)
    answer = (
        "Spring tides at Cuxhaven reach 3.4 metres. High water follows the moon's transit by about one hour. "
        "Source: On the tides of the North Sea (1921)."
    )
    return Said(answer, (), 331, 41)


def trip(asked: Asked) -> Said:
    if asked.turns == 0:
        where = {"origin": "Berlin", "destination": "Hamburg", "date": "2026-12-05"}
        return Said("", (Called.of("find_trains", where),), 198, 25)
    if asked.turns == 1:
        return Said(
            "", (Called.of("book_hotel", {"city": "Hamburg", "nights": 2, "max_price": 120}),), 251, 22
        )
    answer = "Take the 08:28 from Berlin for €49. You stay two nights at Zum Anker for €118 a night, already booked."
    return Said(answer, (), 305, 33)


SCRIPTS = {
    "refund": refund,
    "support": support,
    "research": research,
    "trip": trip,
    "careful_refund": refund,
}
