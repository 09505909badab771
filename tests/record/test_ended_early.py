"""A recording that ends early keeps what was paid for; credentials that it fetched on its way are replayed and never kept."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from agent_chaos.cassette.storage.file import open_cassette
from agent_chaos.cassette.storage.journal import journal_of
from agent_chaos.commands.cassette.repair import repair
from agent_chaos.errors import RecordError
from agent_chaos.record.recording import record_scenario
from agent_chaos.scenario.model import BaselineScenario
from agent_chaos.trial.rehearsal import Rehearsal
from tests.patch.raw_server import Got, Wire, serving
from tests.patch.sdk_calls import whole_body

TOKEN = "ya29x" + "Kq3Zt8Rw6Vb1Nm5Lp0"


def provider(got: Got, wire: Wire) -> None:
    fetched = json.dumps({"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"}).encode()
    wire.whole(fetched if got.path == "/oauth2/token" else whole_body("openai_chat"))


def ask(url: str, token: str = "") -> str:
    asked = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}
    headers = {"authorization": f"Bearer {token}"} if token else {}
    answer = httpx2.post(f"{url}/v1/chat/completions", json=asked, headers=headers).json()
    return str(answer["choices"][0]["message"]["content"])


def of(agent: Any, path: Path, *hosts: str) -> BaselineScenario:
    return BaselineScenario(name="early", agent=agent, turns=("go",), cassette=path, hosts=hosts)


def fails() -> None:
    raise LookupError("no such order")


def is_interrupted() -> None:
    signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize(
    ("end", "told"),
    [(fails, RecordError), (is_interrupted, KeyboardInterrupt)],
    ids=["the agent fails", "Ctrl-C"],
)
def test_what_was_answered_before_an_early_end_is_kept(
    end: Callable[[], None], told: type[BaseException], tmp_path: Path
) -> None:
    path, made = tmp_path / "early.msgpack", tmp_path / "made.msgpack"

    def agent(ctx: Any, text: str) -> str:
        ask(url)
        end()
        return text

    with serving(provider) as url, pytest.raises(told, match=f"cassette repair {journal_of(path)}"):
        record_scenario(of(agent, path))
    repair(journal_of(path), made, force=False)

    assert not path.exists()
    assert len(open_cassette(made).exchanges) == 1


def test_what_was_never_answered_leaves_nothing(tmp_path: Path) -> None:
    def agent(ctx: Any, text: str) -> str:
        raise LookupError

    with pytest.raises(RecordError, match="nothing was kept"):
        record_scenario(of(agent, tmp_path / "early.msgpack"))
    assert list(tmp_path.iterdir()) == []


def test_a_credential_that_an_agent_fetches_is_replayed_and_never_kept(tmp_path: Path) -> None:
    path = tmp_path / "early.msgpack"

    def agent(ctx: Any, text: str) -> str:
        given = httpx2.post(f"{url}/oauth2/token", data={"grant_type": "refresh_token"}).json()
        assert given["expires_in"] == 3599
        return ask(url, given["access_token"])

    with serving(provider) as url:
        record_scenario(one := of(agent, path, "127.0.0.1"))
    clean = Rehearsal(one).prepare()
    kept = open_cassette(path).exchanges

    assert [exchange.request.path for exchange in kept] == ["/oauth2/token", "/v1/chat/completions"]
    assert TOKEN not in repr(list(kept))
    assert clean.answers
