"""What a search keeps of its examples does not grow with their number."""

import gc
import sys
from types import FunctionType, ModuleType

from agent_chaos.faults.plan import Plan
from agent_chaos.faults.transport.rate_limits import RateLimit
from agent_chaos.faults.transport.server_errors import ServerError
from agent_chaos.oracles.oracle import Violation
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.search.campaign_state import CampaignState
from agent_chaos.search.digests import Digests, digest
from agent_chaos.search.example import Example, Struck
from agent_chaos.search.judgements import Judged, Judgements
from agent_chaos.search.strategies.knowledge import Knowledge


def plan(number):
    """Three faults at sites that repeat, with numbers that do not."""
    sites = [f"call {number % 3}", f"call {number % 3}.1", f"call {number % 5 + 3}"]
    faults = [RateLimit(retry_after_s=number + 1), ServerError(), RateLimit(retry_after_s=number + 2)]
    return Plan.of(zip(sites, faults, strict=True))


def example(plan, *, failed=False):
    struck = tuple(Struck(one.site, one.fault, True) for one in plan.faults)
    verdict = Verdict.FAIL if failed else Verdict.PASS
    judged = Judged(frozenset((one.fault.kind, one.site.place) for one in struck), verdict, str(plan), "same")
    violation = Violation(oracle="termination", subject="agent", reason=str(plan), advice="")
    found = (violation,) if failed else ()
    return Example(plan, verdict, found, str(plan), struck, (), str(plan), 1.0, 3, judged)


class Answering:
    """Takes every plan for one whose faults all fire."""

    def examine(self, plans):
        return map(example, plans)


def campaign(examples):
    """The state of a campaign of so many examples, and of what steers it."""
    run = CampaignState(None, Answering(), examples, None, lambda progress: None)
    knowledge = Knowledge()
    for one in run.run(map(plan, range(examples))):
        knowledge.learn(one)
    return run, knowledge


def size(root):
    """Bytes of all that is reached from an object, but for code."""
    seen, left, total = set(), [root], 0
    while left:
        one = left.pop()
        if id(one) in seen or isinstance(one, (type, ModuleType, FunctionType)):
            continue
        seen.add(id(one))
        total += sys.getsizeof(one)
        left += gc.get_referents(one)
    return total


def test_what_is_kept_does_not_grow_with_the_number_of_examples():
    few, many = campaign(60), campaign(660)

    assert many[0].examples == 660
    assert size(many) - size(few) < 2 * 600


def test_an_example_that_fails_takes_a_bit_more():
    run, _ = campaign(0)
    for number in range(1, 801):
        run.note(example(plan(number), failed=True))
        run.seen_in["termination:agent"] |= 1 << number
    found = run.seen_in["termination:agent"]

    assert found.bit_count() == 800
    assert sys.getsizeof(found) < 200


def test_a_digest_is_new_once_and_a_full_table_forgets_some_of_them_alike():
    one, other = Digests(64), Digests(64)
    met = [digest(str(number)) for number in range(500)]

    assert [one.add(digest) for digest in met[:16]] == [True] * 16
    assert [one.add(digest) for digest in met[:16]] == [False] * 16
    assert all(one.add(digest) for digest in met[16:])
    assert all(other.add(digest) for digest in met)
    assert sum(digest in one for digest in met) == 64
    assert met[-1] in one
    assert [digest in one for digest in met] == [digest in other for digest in met]


def test_kinds_that_changed_nothing_together_did_no_harm_and_those_that_changed_something_are_told_alone():
    judged = Judgements()
    both = frozenset({("rate_limit", "call 0"), ("server_error", "call 1")})
    judged.add(Judged(both, Verdict.PASS, "", "same"))
    judged.add(Judged(both, Verdict.PASS, "", "other"))
    judged.add(Judged(frozenset({("truncate", "call 0")}), Verdict.PASS, "", "raised"))

    assert judged.harmless == {
        ("rate_limit", "same"): 1,
        ("server_error", "same"): 1,
        ("truncate", "raised"): 1,
    }
