"""Retries that tenacity makes: the printed fix, put into the decorator, ends the failure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import openai
import pytest
import tenacity

from agent_chaos.report.contents.grouping import remedy_of
from agent_chaos.report.remedies.case import Case
from tests.oracles.desk import KEY, fault, judged
from tests.standin.said import Said
from tests.standin.wires import MODELS

SAID = (Said("Done."),)


def retrying(**how: Any) -> Callable[..., str]:
    """An agent whose call is tried four times, as tenacity is told."""

    @tenacity.retry(
        **{"stop": tenacity.stop_after_attempt(4), "wait": tenacity.wait_fixed(1), "reraise": True} | how
    )
    def ask(text: str) -> str:
        client = openai.OpenAI(api_key=KEY, max_retries=0)
        completion = client.chat.completions.create(
            model=MODELS["openai_chat"], messages=[{"role": "user", "content": text}]
        )
        return completion.choices[0].message.content or ""

    return lambda ctx, text: ask(text)


def found(agent: Callable[..., str], struck: dict[str, Any]) -> tuple[Any, list[Any]]:
    outcome = judged(agent, "openai_chat", {"call 0": struck}, said=SAID, stream=False)
    return outcome, [one for one in outcome.violations if one.oracle == "retry_discipline"]


@pytest.mark.parametrize(
    ("struck", "name", "use"),
    [
        (fault("rate_limit", retry_after_s=20), "ordered_wait", lambda code: {"wait": code["as_told"]}),
        (
            fault("context_length"),
            "hopeless_retry",
            lambda code: {"retry": tenacity.retry_if_exception(code["passes"])},
        ),
    ],
    ids=["a wait that was ordered", "a refusal for good"],
)
def test_the_printed_fix_ends_it(
    struck: dict[str, Any], name: str, use: Callable[..., dict[str, Any]]
) -> None:
    outcome, violations = found(retrying(), struck)
    case = Case(violations[0], outcome.trace, outcome.trace)
    written, _, decorator = remedy_of(case).written([case]).partition("@")
    exec(written, code := {"openai": openai})

    assert remedy_of(case).name == name
    assert decorator.startswith("retry(...")
    assert found(retrying(**use(code)), struck)[1] == []
