"""How faults are found: in the folders of levels, and in the packages that are installed beside this one."""

import sys
from inspect import unwrap
from textwrap import dedent
from types import ModuleType

import anthropic
import pytest

from agent_chaos.errors import HarnessError, PlanError
from agent_chaos.faults import catalogue
from agent_chaos.faults.plan import Plan, fault_of
from agent_chaos.faults.transport.truncate import Truncate
from agent_chaos.search.scope import Rule
from tests.trials import claude_says, recorded, scenario, trial

DRIP = '''
    from typing import Literal

    from agent_chaos.faults.family import Family, Frequency
    from agent_chaos.faults.fault import Target, TransportFault
    from agent_chaos.stream.exchange import delayed


    class Drip(TransportFault, frozen=True):
        """One second more before the first byte. Source: https://example.org/drip."""

        family = Family(5, "drip")
        frequency = Frequency.RARE
        transparent = True

        kind: Literal["drip"] = "drip"

        @classmethod
        def openings(cls, target):
            return ({},) if target.reply.ok else ()

        def apply(self, target):
            return delayed(target.reply, 1.0) if target.reply.ok else target.reply
'''


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Installs a package with a module of faults, as pip would leave it, for one test."""

    def install(code):
        (tmp_path / "drips.py").write_text(dedent(code))
        info = tmp_path / "drips-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: drips\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[{catalogue._GROUP}]\ndrips = drips\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        catalogue.fault_types.cache_clear()

    yield install
    catalogue.fault_types.cache_clear()
    sys.modules.pop("drips", None)


def test_a_package_adds_faults_by_an_entry_point(package):
    package(DRIP)

    assert fault_of({"kind": "drip"}).family.name == "drip"
    assert "truncate" in catalogue.fault_types()


def asks(ctx, text):
    asked = [{"role": "user", "content": text}]
    return (
        anthropic.Anthropic()
        .messages.create(model="claude-sonnet-5", max_tokens=9, messages=asked)
        .content[0]
        .text
    )


HELLO = scenario(asks)


def test_a_fault_of_a_package_that_fails_where_it_can_act_is_named_with_its_line(package):
    package(DRIP.replace("return ({},) if", "return {}['opening'] if"))
    (call,) = trial(HELLO, recorded(HELLO, [claude_says("Hi.")])).calls

    with pytest.raises(
        HarnessError,
        match=r"fault drip failed: KeyError: 'opening', at .*drips\.py:\d+; .*--skip-faults drip",
    ):
        Rule("drip").openings(call)


def test_a_fault_of_a_package_that_fails_as_it_acts_is_no_failure_of_the_agent(package):
    package(DRIP.replace("return delayed(target.reply, 1.0)", "return {}['act']"))
    cassette = recorded(HELLO, [claude_says("Hi.")])
    trace = trial(HELLO, cassette, Plan.of([("call 0", fault_of({"kind": "drip"}))]))

    (incident,) = trace.incidents_of("harness")
    assert incident.detail.startswith("fault drip failed: KeyError: 'act', at ")
    assert trace.raised == ()


def test_a_package_that_does_not_import_is_named(package):
    package("import nothing_of_that_name")

    with pytest.raises(
        PlanError, match=r"entry point 'drips' of agent_chaos.faults does not import.*nothing_of"
    ):
        catalogue.fault_types()


def test_a_kind_that_is_nearly_one_is_told():
    with pytest.raises(PlanError, match="did you mean truncate"):
        catalogue.fault_type("truncat")


def test_a_package_whose_fault_takes_the_kind_of_another_is_told_both_names(monkeypatch):
    theirs = ModuleType("theirs")

    class Theirs(Truncate):
        __module__ = "theirs"

    theirs.Theirs = Theirs
    monkeypatch.setattr(catalogue, "_theirs", lambda: [theirs])

    with pytest.raises(PlanError, match=r"kind 'truncate': .*truncate\.Truncate and theirs\.Theirs"):
        unwrap(catalogue.fault_types)()
