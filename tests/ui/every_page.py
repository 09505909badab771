"""Every page in a real browser: `python -m tests.ui.every_page [FOLDER]` takes minutes, so the suite does it for a few alone.

In FOLDER it searches and runs every shipped scenario, makes fifty small campaigns by chance, opens each page at three
widths in both colours, and leaves a picture of each there. Exit code 1 where a page answers with an error, writes to the
console, asks another host for something, is wider than the window, or has a finding of axe's.
"""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import chdir
from pathlib import Path
from random import Random
from tempfile import mkdtemp
from typing import Any
from urllib.parse import urljoin

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

from agent_chaos.cli import run_command
from agent_chaos.faults.catalogue import fault_types
from tests.forked import ROOT
from tests.ui.visited import served

LOOKS: tuple[tuple[int, Any], ...] = ((390, "dark"), (820, "light"), (820, "dark"), (1440, "light"))
_GENERATED, _HEIGHT = 50, 2400
"""Campaigns made by chance, and how much of a page a picture shows, in px."""


def main(folder: Path) -> int:
    """Makes the runs, looks at their pages, and prints what is wrong with each."""
    for name in ("scenarios", "cassettes"):
        shutil.copytree(
            ROOT / name, folder / name, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
        )
    with chdir(folder):
        _make()
    with served(folder / ".agent_chaos_runs") as address:
        problems, seen = _look(address, folder)
    print(f"{seen} pages, pictures in {folder}/pictures; {len(problems)} with something wrong")
    print("\n".join(problems))
    return 1 if problems else 0


def _make() -> None:
    run_command(["fuzz", "scenarios", "--max-examples", "40", "-q", "--html", "report.html"])
    run_command(["run", "scenarios"])
    chance, kinds = Random(0), sorted(fault_types())
    for seed in range(_GENERATED):
        chosen = ",".join(chance.sample(kinds, chance.randint(1, 30)))
        target = chance.choice(["refund", "careful_refund", "support", "trip"])
        asked = ["--seed", str(seed), "--max-examples", str(chance.randint(1, 12)), "--only-faults", chosen]
        run_command(["fuzz", f"scenarios/{target}.py", "-q", *asked])


def _look(address: str, folder: Path) -> tuple[list[str], int]:
    problems: list[str] = []
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(address)
        pages = ["/cassettes", "/cassettes/diff?before=refund.msgpack&after=support.msgpack", *_links(page)]
        page.goto(urljoin(address, "/cassettes"))
        for cassette in _links(page):
            pages.append(cassette)
            page.goto(urljoin(address, cassette))
            pages += [one for one in _links(page) if "/calls/" in one]
        addresses = [address, *(urljoin(address, one) for one in pages)]
        addresses.append((folder / "report.html").as_uri())
        for number, one in enumerate(addresses):
            problems += [
                f"{one}: {what}" for what in _problems(page, one, folder / "pictures" / f"{number:03}")
            ]
        browser.close()
    return problems, len(addresses)


def _links(page: Page) -> list[str]:
    """The pages that a page leads to, but for itself in another order."""
    links = page.locator("main a[href^='/']").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    return [one for one in dict.fromkeys(links) if "?" not in one and one not in ("/", "/cassettes")]


def _problems(page: Page, address: str, picture: Path) -> list[str]:
    """What is wrong with one page, each once."""
    found: list[str] = []
    listeners: dict[Any, Any] = {
        "console": lambda said: found.append(said.text) if said.type in ("error", "warning") else None,
        "pageerror": lambda error: found.append(str(error)),
        "request": lambda asked: found.append(f"asks for {asked.url}") if _is_elsewhere(asked.url) else None,
        "response": lambda got: found.append(f"{got.status} for {got.url}") if got.status >= 400 else None,
    }
    for event, listener in listeners.items():
        page.on(event, listener)
    page.goto(address)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    for width, colours in LOOKS:
        page.emulate_media(color_scheme=colours)
        page.set_viewport_size({"width": width, "height": _HEIGHT})
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"wider than {width} px")
        page.screenshot(path=f"{picture}-{width}-{colours}.png", timeout=120_000)
    page.evaluate(
        "document.querySelectorAll('article.finding ~ article.finding').forEach(one => one.remove())"
    )
    for width, colours in (LOOKS[0], LOOKS[-1]):
        page.emulate_media(color_scheme=colours)
        page.set_viewport_size({"width": width, "height": _HEIGHT})
        found += [f"axe: {one['id']}: {one['nodes'][0]['html'][:160]}" for one in _axe(page)]
    for event, listener in listeners.items():
        page.remove_listener(event, listener)
    return list(dict.fromkeys(found))


def _axe(page: Page) -> list[Any]:
    return [one for one in Axe().run(page).response["violations"] if one["impact"] in ("serious", "critical")]


def _is_elsewhere(url: str) -> bool:
    return not url.startswith(("http://127.0.0.1:", "file://", "data:"))


if __name__ == "__main__":
    os.environ.setdefault("NO_COLOR", "1")
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else mkdtemp()).resolve()))
