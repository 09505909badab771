"""Commands that look after recordings: what differs, how large, how old, and what of a damaged file is whole."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from agent_chaos.cassette.keys import KEY_VERSION
from agent_chaos.cassette.model import Header, ToolEnd, ToolRecord
from agent_chaos.cassette.redaction.redactor import Redactor
from agent_chaos.cassette.storage.file import open_cassette
from agent_chaos.cassette.storage.frames import EXCHANGE, PREAMBLE_BYTES, read_footer, read_frame
from agent_chaos.cassette.storage.writer import CassetteWriter
from agent_chaos.cli import run_command
from agent_chaos.commands.cassette.check import check
from agent_chaos.commands.cassette.diff import diff
from agent_chaos.commands.cassette.repair import repair
from agent_chaos.commands.cassette.stats import stats
from agent_chaos.errors import CassetteDamaged, UsageError
from agent_chaos.stream.exchange import Request, reply

JSON_TYPE = (("content-type", "application/json"),)


def made(
    path: Path,
    answers: list[str],
    *,
    call_id: str = "call_aaaaaaaaaaaaaaaa1",
    started_at: float = 0.0,
    key_version: int = KEY_VERSION,
) -> Path:
    header = Header(scenario="orders", started_at=started_at, key_version=key_version)
    writer = CassetteWriter(path, header, Redactor({}))
    for number, said in enumerate(answers):
        asked = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": f"question {number}"}]}
        call = {
            "id": call_id,
            "type": "function",
            "function": {"name": "find", "arguments": '{"order": "A1"}'},
        }
        message = {"role": "assistant", "content": said, "tool_calls": [call]}
        answer = {
            "id": f"chatcmpl-{call_id}",
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        }
        writer.exchange(
            Request(
                "POST", "https://api.openai.com/v1/chat/completions", JSON_TYPE, json.dumps(asked).encode()
            ),
            reply(200, JSON_TYPE, [json.dumps(answer).encode()]),
            at=float(number),
            transport="httpx2",
        )
    writer.tool(ToolRecord(0, 0, 9.0, "find", {"order": "A1"}, ToolEnd("sent")))
    writer.finish()
    return path


def damaged(path: Path, record: int) -> int:
    """Changes a byte inside of an exchange and gives where its record starts."""
    data = bytearray(path.read_bytes())
    offset, end, seen = PREAMBLE_BYTES, read_footer(data).index_offset, -1
    while offset < end:
        frame = read_frame(data, offset)
        seen += frame.kind == EXCHANGE
        if seen == record:
            data[frame.end - 1] ^= 0xFF
            path.write_bytes(data)
            return offset
        offset = frame.end
    raise AssertionError(f"there is no exchange {record}")


def test_recordings_that_say_the_same_are_the_same_whatever_their_ids(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = made(tmp_path / "a.msgpack", ["Yes.", "No."])
    other = made(tmp_path / "b.msgpack", ["Yes.", "No."], call_id="call_bbbbbbbbbbbbbbbb2", started_at=5.0)

    assert one.read_bytes() != other.read_bytes()
    assert diff(one, other) == 0


def test_another_answer_is_the_only_difference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = (
        made(tmp_path / "a.msgpack", ["Yes.", "No."]),
        made(tmp_path / "b.msgpack", ["Yes.", "Never."]),
    )

    assert diff(one, other) == 1
    changed = [
        line for line in capsys.readouterr().out.splitlines() if line[:1] in "+-" and line[1:2] not in "+-"
    ]
    assert changed == ["-assistant: No.", "+assistant: Never."]


@pytest.mark.parametrize("record", [0, 1, 2])
def test_a_repaired_cassette_has_every_whole_record_and_names_the_lost_one(
    record: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = made(tmp_path / "a.msgpack", ["one", "two", "three"])
    kept = [one.request.body for i, one in enumerate(open_cassette(path).exchanges) if i != record]
    offset = damaged(path, record)
    with pytest.raises(CassetteDamaged, match="cassette repair"):
        open_cassette(path)

    assert repair(path, None, force=False) == 0
    again = open_cassette(tmp_path / "a.repaired.msgpack")
    assert [one.request.body for one in again.exchanges] == kept
    assert [tool.name for tool in again.tools] == ["find"]
    assert again.complete
    assert f"at byte {offset}" in capsys.readouterr().out
    with pytest.raises(UsageError, match="--force"):
        repair(path, None, force=False)


def test_stats_count_what_was_recorded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert stats([made(tmp_path / "a.msgpack", ["one", "two"], started_at=1.7e9)]) == 0
    told = capsys.readouterr().out
    assert "2 calls, 1 tool call" in told
    assert "2 to api.openai.com" in told
    assert "recorded 2023-11-14" in told


def test_a_check_notes_age_and_fails_for_secrets_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = made(tmp_path / "old.msgpack", ["fine"], started_at=1.0e9)

    assert check([old], 180) == 0
    assert "recorded 2001-09-09" in capsys.readouterr().out
    assert check([old], 100_000) == 0
    assert "recorded 2001" not in capsys.readouterr().out


def test_the_command_that_a_check_names_renews_old_match_keys(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = made(Path("orders.msgpack"), ["one"], key_version=KEY_VERSION - 1)
    check([path], 10**6)
    named = capsys.readouterr().out.split("'")[1]
    assert run_command(shlex.split(named)[1:]) == 0
    capsys.readouterr()
    check([path], 10**6)

    assert "match keys" not in capsys.readouterr().out


def test_nothing_is_to_be_noted_of_the_keys_of_shipped_cassettes() -> None:
    shipped = (Path(__file__).resolve().parents[3] / "cassettes").glob("*.msgpack")

    assert [path.name for path in shipped if open_cassette(path).header.key_version != KEY_VERSION] == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, None),
        ({"choices": "none"}, "1 message that the models of openai"),
        ({"mood": "fine"}, "does not know: mood"),
    ],
    ids=["as it was", "another type", "a new field"],
)
def test_a_check_says_what_the_installed_sdk_does_not_read(
    change: dict[str, object], told: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-5-mini",
        "choices": [
            {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Yes."}}
        ],
    }
    writer = CassetteWriter(
        tmp_path / "a.msgpack", Header(scenario="a", started_at=0.0, key_version=KEY_VERSION), Redactor({})
    )
    asked = Request("POST", "https://api.openai.com/v1/chat/completions", JSON_TYPE, b'{"messages": []}')
    body = json.dumps(answer | change).encode()
    writer.exchange(asked, reply(200, JSON_TYPE, [body]), at=0.0, transport="httpx2")
    writer.finish()

    assert check([tmp_path / "a.msgpack"], 10**6) == 0
    said = capsys.readouterr().out
    assert "openai" not in said if told is None else told in said


def test_shipped_cassettes_fit_the_models_of_the_sdks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    check(sorted((Path(__file__).resolve().parents[3] / "cassettes").glob("*.msgpack")), 10**6)

    assert "do not fit" not in capsys.readouterr().out
