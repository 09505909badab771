"""The pages in a real browser: what a run left is there, filters work, and what models say does nothing."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.visited import made, served

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
BROWSER = next(
    filter(
        None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"))
    ),
    None,
)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")


class Visit:
    """A page, and what went on behind it: console errors, and every host that was asked for anything.

    One page serves all tests, as a new one takes the browser half a second.
    """

    def __init__(self, page, address):
        self.page, self.home = page, address
        self.errors, self.hosts = [], set()
        page.on(
            "console",
            lambda said: self.errors.append(said.text) if said.type in ("error", "warning") else None,
        )
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.hosts.add(re.sub(r"^(\w+://[^/:]+).*", r"\1", request.url)))
        page.on("dialog", lambda dialog: self.errors.append(f"dialog: {dialog.message}"))

    def begin(self):
        """At the dashboard, with a window and colours as at first, and nothing noted yet."""
        self.page.context.clear_cookies()
        self.page.emulate_media(color_scheme="light")
        self.page.set_viewport_size({"width": 1280, "height": 720})
        self.page.goto("about:blank")
        self.errors.clear()
        self.hosts.clear()
        self.page.goto(self.home)

    def rows(self):
        return self.page.locator("tr[data-run]").evaluate_all("rows => rows.map(row => row.dataset.run)")

    def open(self, run):
        self.page.click(f"tr[data-run='{run}'] a")
        self.page.wait_for_url("**/runs/**")

    def open_campaign(self):
        self.page.click(".campaigns a")
        self.page.wait_for_selector("article.finding")

    def open_cassette(self, page):
        """From the dashboard to a recording, and from there to one of its calls."""
        self.page.click("nav a:has-text('Cassettes')")
        self.page.click("td a:has-text('support.msgpack')")
        if page == "call":
            self.page.click(".chat a:has-text('call 1')")


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    runs = made(tmp_path_factory.mktemp("shop"))
    (campaign,) = runs.glob("*-refund")
    shutil.copytree(campaign, campaign.with_name("20200101-000000-refund"))
    with served(runs) as url:
        yield url


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="module")
def only_page(browser, address) -> Visit:
    return Visit(browser.new_page(), address)


@pytest.fixture
def visit(only_page) -> Iterator[Visit]:
    visit = only_page
    visit.begin()
    yield visit

    assert visit.errors == []
    assert visit.hosts == {"http://127.0.0.1"}


def test_the_dashboard_counts_what_ran(visit):
    totals = visit.page.locator(".totals").inner_text()

    assert sorted(visit.rows()) == ["cut", "down", "hostile", "limited", "refund"]
    assert re.search(r"passed\s+3 of 5", totals)
    assert re.search(r"assertions passed\s+1 of 2", totals)
    assert re.search(r"resilient\s+33\s%", totals)


def test_a_baseline_stands_above_its_variants(visit):
    headings = visit.page.locator("tr.group").all_inner_texts()

    assert [heading.split()[0] for heading in headings] == ["refund"]
    assert visit.rows().index("refund") < min(map(visit.rows().index, ("cut", "down", "limited")))


@pytest.mark.parametrize(
    ("name", "word", "left"),
    [
        ("result", "pass", ["down", "hostile", "refund"]),
        ("result", "fail", ["cut", "limited"]),
        ("chaos", "LLM streaming", ["cut"]),
        ("chaos", "LLM call", ["down", "limited"]),
        ("chaos", "none", ["hostile", "refund"]),
        ("tag", "retry", ["limited"]),
    ],
)
def test_filters_leave_the_runs_they_name(visit, name, word, left):
    visit.page.select_option(f"select[name={name}]", word)
    playwright.expect(visit.page.locator("tr[data-run]")).to_have_count(len(left))

    assert sorted(visit.rows()) == left


def test_columns_sort_both_ways(visit):
    visit.page.select_option("select[name=group]", "none")
    playwright.expect(visit.page.locator("tr.group")).to_have_count(0)
    visit.page.click("thead a:has-text('Scenario')")
    visit.page.wait_for_selector("th[aria-sort=ascending]")
    up = visit.rows()
    visit.page.click("thead a:has-text('Scenario')")
    visit.page.wait_for_selector("th[aria-sort=descending]")

    assert up == sorted(up)
    assert visit.rows() == up[::-1]


def test_a_run_shows_its_fault_with_what_it_changed_its_tools_and_its_finding(visit):
    visit.open("cut")
    fault = visit.page.locator(".step.chaos")
    story = visit.page.locator(".story").inner_text()

    assert "the stream ends inside a number of a tool argument" in fault.inner_text()
    assert ['1500}"' in text for text in fault.locator(".beside > div").all_inner_texts()] == [True, False]
    for said in ("I sent back my laptop", "calls lookup_order", "lookup_order returned", "answer", "Turn 0"):
        assert said in story
    assert "unfinished tool call: refund" in visit.page.locator("article.finding").inner_text()


def test_a_run_shows_its_assertions_with_measured_and_expected_and_its_metrics(visit):
    visit.open("limited")
    (row,) = visit.page.locator(".assertions tbody tr").all_inner_texts()
    metrics = visit.page.locator(".metrics").inner_text()

    assert row.split() == ["✗", "max_llm_calls", "3", "2"]
    assert re.search(r"retries\s+1", metrics)
    assert re.search(r"virtual time\s+3\d\.\d+ s", metrics)


def test_a_turn_that_ended_in_an_error_says_so(visit):
    visit.open("down")

    assert "InternalServerError" in visit.page.locator(".story").inner_text()
    assert visit.page.locator(".step.chaos").count() == 3


def test_hostile_text_is_shown_and_does_nothing(visit):
    visit.open("hostile")
    story = visit.page.locator(".story").inner_text()

    assert visit.page.title() == "hostile · agent-chaos"
    for shown in (
        "<script>",
        "onerror=",
        "![](http://evil.example/md.png)",
        "⟨U+001B⟩[31m",
        "⟨U+202E⟩",
        "{{ 7 * 7 }}",
    ):
        assert shown in story
    assert (
        visit.page.locator("main script, main img, main a[href^='http'], main a[href^='javascript']").count()
        == 0
    )


def test_a_campaign_shows_its_minimal_plans(visit):
    visit.open_campaign()
    first = visit.page.locator("article.finding").first.inner_text()

    assert "F-KJPT" in first
    assert "call 1: the stream ends inside a number of a tool argument" in first
    assert "scenarios/refund.py:54" in first
    assert 'stop not in ("end_turn", "tool_use")' in first
    assert "agent-chaos replay F-KJPT" in first


WIDTHS = (820, 390, 1440)
COLOURS = {390: "dark", 1440: "light"}
"""The colours that a width is looked at in, where all of axe's rules are asked."""


@pytest.mark.parametrize("page", ["dashboard", "run", "campaign", "cassette", "call"])
def test_a_page_is_accessible_and_fits_at_every_width(visit, page):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    if page == "run":
        visit.open("cut")
    if page == "campaign":
        visit.open_campaign()
    if page in ("cassette", "call"):
        visit.open_cassette(page)
    found, wide = {}, []
    visit.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    for width in WIDTHS:
        visit.page.set_viewport_size({"width": width, "height": 900})
        # The page is laid out anew a moment after the window has its size.
        visit.page.wait_for_function("width => innerWidth === width", arg=width)
        if visit.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wide.append(width)
    # One finding and every table are looked at; axe takes seconds for all findings in full.
    visit.page.evaluate(
        "document.querySelectorAll('article.finding ~ article.finding').forEach(one => one.remove())"
    )
    for width, colours in COLOURS.items():
        visit.page.emulate_media(color_scheme=colours)
        visit.page.set_viewport_size({"width": width, "height": 900})
        for one in axe.run(visit.page).response["violations"]:
            found[one["id"]] = [node["html"][:200] for node in one["nodes"]]

    assert found == {}
    assert wide == []
    if page == "dashboard":  # on a phone a row is a line, and what does not fit is scrolled to
        visit.page.set_viewport_size({"width": 390, "height": 900})
        assert visit.page.locator("tr[data-run=refund]").bounding_box()["height"] < 45


def test_a_finding_is_walked_through_with_the_keyboard_alone(visit):
    visit.open_campaign()
    keys = visit.page.keyboard
    focused = visit.page.locator(":focus")
    for _ in range(10):
        keys.press("Tab")
        if focused.get_attribute("href") == "#refund-F-KJPT":
            break
    keys.press("Enter")
    keys.press("Tab")

    assert visit.page.url.endswith("#refund-F-KJPT")
    assert focused.get_attribute("aria-label").startswith("Copy: stop, blocks = message.stop_reason")
    keys.press("Tab")
    assert focused.evaluate("one => one.tagName") == "SUMMARY"
    assert "F-KJPT" in focused.inner_text()
    keys.press("Enter")
    assert not focused.evaluate("one => one.parentElement.open")
    keys.press("Enter")
    keys.press("Tab")
    assert focused.get_attribute("aria-label") == "Zoom in (+)"
    for _ in range(5):
        keys.press("Tab")
    assert focused.get_attribute("aria-label") == "Timeline of F-KJPT"
    assert focused.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"


def test_what_is_to_be_run_is_copied_by_a_button(visit):
    visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit.open_campaign()
    copy = visit.page.get_by_role("button", name="Copy: agent-chaos replay F-KJPT")
    copy.click()

    playwright.expect(copy).to_have_text("Copied")
    assert visit.page.evaluate("navigator.clipboard.readText()") == "agent-chaos replay F-KJPT"


def test_a_timeline_is_zoomed_and_moved_with_the_keyboard(visit):
    visit.open_campaign()
    timeline = visit.page.get_by_role("region", name="Timeline of F-KJPT")
    shown = visit.page.locator(".zoom output").first
    whole = shown.inner_text()
    timeline.focus()
    windows = []
    for key in ("+", "+", "ArrowRight", "-", "0"):
        visit.page.keyboard.press(key)
        windows.append(timeline.locator("svg").first.get_attribute("viewBox"))

    assert whole.startswith("0.00 to 2.")
    assert windows == ["25 0 50 8", "37.5 0 25 8", "43.75 0 25 8", "31.25 0 50 8", "0 0 100 8"]
    assert shown.inner_text() == whole


def test_a_link_to_a_finding_opens_it(visit):
    visit.open_campaign()
    second = visit.page.locator("article.finding").nth(1)
    closed = second.locator("details").first
    assert closed.get_attribute("open") is None
    visit.page.locator("ol.findings a").nth(1).click()

    playwright.expect(second.get_by_role("region").first).to_be_visible()
    playwright.expect(second.get_by_role("button", name="Copy: agent-chaos replay").first).to_be_visible()
    playwright.expect(second.get_by_role("button", name="Show all (0)").first).to_be_visible()


def test_a_failure_shows_its_conversation_beside_the_recorded_one_and_how_it_was_made_small(visit):
    visit.open_campaign()
    visit.page.locator("summary:has-text('Conversation, beside')").first.click()
    visit.page.locator("summary:has-text('How it was made small')").first.click()
    chat = visit.page.locator("table.both").first
    changed = chat.locator("tr", has_text='"amount": 15').first.locator("td").all_inner_texts()

    assert ["1500}" in text for text in changed] == [True, False]
    assert chat.locator("td[colspan]").first.inner_text().split("\n")[-1].startswith("I sent back my laptop")
    assert "fails the same way" in visit.page.locator("ol.shrunk").first.inner_text()


def test_the_grid_counts_what_each_fault_did_at_each_call(visit):
    visit.open_campaign()
    visit.page.click("summary:has-text('Faults by call')")
    grid = visit.page.locator("table.grid")
    heads = grid.locator("thead th").all_inner_texts()
    row = grid.locator("tr", has=visit.page.locator("th[scope=row]", has_text=re.compile("^truncate$")))

    assert heads[:2] == ["Fault", "call 0"]
    assert "call 1" in heads
    assert re.fullmatch(r"(✗ \d+)? ?(✓ \d+)?", row.locator("td").nth(heads.index("call 1") - 1).inner_text())
    assert "✗" in row.inner_text()


def test_the_trend_has_a_point_for_each_campaign_of_a_scenario(visit):
    trend = visit.page.get_by_role("img", name="Score of refund over 2 campaigns")

    assert len(trend.locator("polyline").get_attribute("points").split()) == 2
    assert visit.page.locator(".campaigns tbody a").count() == 2


def test_without_javascript_filters_and_sorting_work(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    page.select_option("select[name=tag]", "retry")
    page.click("button")
    page.wait_for_selector("tr[data-run=limited]")

    assert page.locator("tr[data-run]").count() == 1
    assert Path(page.url.split("?")[0]).name.startswith("127.0.0.1")
    context.close()
