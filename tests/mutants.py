"""Breaks each promise of the engine on purpose, and says which tests notice: `python -m tests.mutants [WORD…]`.

A mutant is one small edit of the code; the tests that stand for its promise must fail. It is made in a copy of this checkout.
Words choose mutants by file or promise. The exit code is the number of mutants that live.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_TIMEOUT_S = 120
NOT_ENDED = "the tests did not end"
_NOT_RUN = (4, 5)
"""How pytest ends where there are no such tests."""


@dataclass(frozen=True)
class Mutant:
    """`before` stands exactly once in the file; with `after` in its place the promise is broken."""

    promise: str
    file: str
    before: str
    after: str
    tests: str


MUTANTS = (
    Mutant(
        "a new thread and its starter do not wait for each other's turn",
        "patch/time/threads.py",
        '    vars(self)["_started"]._cond = threading.Condition(real.allocate_lock())\n',
        "",
        "tests/patch/test_time.py -k starter",
    ),
    Mutant(
        "a run that is over is not kept by its threads",
        "patch/time/threads.py",
        "    vars(self)[_MEMBER] = member\n",
        "    vars(self)[_MEMBER] = member\n    vars(threading).setdefault('_kept', []).append(member)\n",
        "tests/patch/test_timing_shapes.py -k kept",
    ),
    Mutant(
        "a program that is all a run waits for leaves its clock exact",
        "runtime/outside.py",
        "if not (_waits_for_program(member) and self._nothing_else_comes(beside=member)):",
        "if True:",
        "tests/patch/test_watch.py",
    ),
    Mutant(
        "a program beside a timer does not",
        "runtime/outside.py",
        "return not pending and (beside is None or not any(others))",
        "return True",
        "tests/patch/test_watch.py",
    ),
    Mutant(
        "an exit in another thread ends the run",
        "runtime/scheduler.py",
        "        self.main.raises = error\n",
        "",
        "tests/patch/test_process_exit.py",
    ),
    Mutant(
        "a signal that the agent handles reaches it",
        "patch/process_exit.py",
        "not _handled(signum)",
        "True",
        "tests/patch/test_process_exit.py",
    ),
    Mutant(
        "an event loop hears an alarm",
        "runtime/alarm.py",
        "            os.write(descriptor, bytes([signal.SIGALRM]))\n",
        "            pass\n",
        "tests/patch/test_timing_shapes.py -k alarm",
    ),
    Mutant(
        "numpy that a run imports is seeded",
        "patch/chance.py",
        '        vars(module)["seed"](*_numpy_seed)\n',
        "        pass\n",
        "tests/patch/test_chance.py",
    ),
    Mutant(
        "a command that crashes leaves a line behind",
        "commands/last_words.py",
        "        if not _said(theirs, ours):\n            _say(command)\n",
        "        _said(theirs, ours)\n",
        "tests/commands/test_interrupted.py -k crashes",
    ),
    Mutant(
        "another library's event loop policy comes back after a run",
        "patch/time/loops.py",
        "        asyncio.set_event_loop_policy(policy)\n",
        "        pass\n",
        "tests/patch/test_time.py -k policy",
    ),
    Mutant(
        "what an SDK sends again by itself is told from what the agent sends",
        "runtime/user_code.py",
        "return attempt > 1",
        "return True",
        "tests/oracles/test_retries.py",
    ),
    Mutant(
        "a provider that was not recorded is answered in its own words",
        "replay/match.py",
        "tuple(i for i in found if self.exchange(i).reply.ok and self._said(i).complete)",
        "()",
        "tests/replay/test_another_provider.py",
    ),
    Mutant(
        "a failure has one name on every machine",
        "trace/trace.py",
        '_DIGEST.sub("", _ADDRESS.sub("0x…", text))',
        '_ADDRESS.sub("0x…", text)',
        "tests/scenario/test_same_elsewhere.py",
    ),
    Mutant(
        "a late reply that the agent's own deadline ends is nobody's failure",
        "oracles/unhandled_exception.py",
        "_is_timeout(raised) and gave_up_waiting(evidence.trace)",
        "False",
        "tests/oracles/test_deadlines.py",
    ),
    Mutant(
        "programs from before a run are none of its own",
        "runtime/child_processes.py",
        " - self._before]",
        "]",
        "tests/patch/test_watch.py -k from_before",
    ),
    Mutant(
        "a tool in a worker thread is placed at the line that waits for it",
        "runtime/session.py",
        "at_work or awaiting_frame(self.awaited) or self.agent",
        "at_work or self.agent",
        "tests/trial/test_conversation.py -k worker_thread",
    ),
    Mutant(
        "an everyday fault that does the same alone is shown in a rarer one's place",
        "search/shrink.py",
        "next((one for one in usual if budget.fails(one)), plan)",
        "plan",
        "tests/search/test_shrink.py -k everyday",
    ),
    Mutant(
        "a faulted reply that broke does not consume its recording",
        "replay/player.py",
        "if not fired or reply.ok:",
        "if reply.ok:",
        "tests/replay",
    ),
    Mutant(
        "a client's timeout is met only by what comes later than it",
        "patch/transports/transfer.py",
        "late > limit",
        "late >= limit",
        "tests/patch/test_exceptions.py tests/patch/test_time.py",
    ),
    Mutant(
        "names are not resolved offline",
        "patch/guard.py",
        '    "socket.gethostbyname": _resolve,\n',
        "",
        "tests/patch/test_guard.py",
    ),
    Mutant(
        "datagrams are not sent offline",
        "patch/guard.py",
        '    "socket.sendto": _connect,\n',
        "",
        "tests/patch/test_guard.py",
    ),
    Mutant(
        "a pool of a module has workers of each run's own",
        "patch/time/pools.py",
        '    changes.replace(ThreadPoolExecutor, "submit", _submit)\n',
        "",
        "tests/patch/test_pools.py",
    ),
    Mutant(
        "a recording ends once all that is being kept was kept",
        "patch/recording/tee.py",
        "        with self._lock:\n",
        "        if True:\n",
        "tests/patch/test_tee.py",
    ),
    Mutant(
        "a fault that changes nothing has not fired",
        "replay/player.py",
        "changed is not reply and changed != reply",
        "changed is not reply",
        "tests/replay/test_player.py",
    ),
    Mutant(
        "an agent that swallowed a miss gets no further reply",
        "trial/answers.py",
        "            self._still_in_recording()\n            return self._requests",
        "            return self._requests",
        "tests/trial/test_conversation.py",
    ),
    Mutant(
        "what oracles quote of requests is redacted by the keys that those carry",
        "trial/redact_trace.py",
        "knowing = _knowing(outcome.trace, redactor)",
        "knowing = redactor",
        "tests/trial/test_redact_trace.py",
    ),
    Mutant(
        "what tools raise is redacted",
        "trial/redact_trace.py",
        "result=value(entry.end.result), error=text(entry.end.error)",
        "result=value(entry.end.result)",
        "tests/trial/test_redact_trace.py",
    ),
    Mutant(
        "a message that a fault adds has its fields in the server's order",
        "providers/parts/splicing.py",
        "styled(self._in_order(one.value), style)",
        "styled(one.value, style)",
        "tests/providers/test_recorded_bytes.py",
    ),
    Mutant(
        "nothing is collected inside a trial",
        "patch/time/collector.py",
        "isenabled()\n    gc.disable()\n",
        "isenabled()\n",
        "tests/patch tests/trial/test_rehearsal.py",
    ),
    Mutant(
        "an ordered wait is kept whole",
        "oracles/retry_discipline.py",
        "* 0.95 - 0.05",
        "* 0.5",
        "tests/oracles/test_retries.py",
    ),
    Mutant(
        "a secret keeps the name it was recorded under",
        "replay/player.py",
        "self._credentials = index.redactor",
        "self._credentials = type(index.redactor)({})",
        "tests/replay tests/test_planted_secrets.py",
    ),
    Mutant(
        "a certificate that fails is an SSL error for everybody built on http.client",
        "patch/transports/failures.py",
        '    "tls": lambda: ssl.SSLCertVerificationError(',
        '    "tls": lambda: OSError(',
        "tests/patch/test_exceptions.py tests/patch/test_http_client.py",
    ),
    Mutant(
        "a number is the least that fails, over its whole range",
        "search/shrink_steps.py",
        "    if value < high and not fails(high):\n",
        "    if False:\n",
        "tests/search/test_shrink.py",
    ),
    Mutant(
        "a number is halved down and not only tried at its lower bound",
        "search/shrink_steps.py",
        "    while value - passes > 1:\n",
        "    while False:\n",
        "tests/search/test_shrink.py",
    ),
    Mutant(
        "every fault is left out once before a plan counts as smallest",
        "search/shrink_steps.py",
        "    plan = _dropped(plan, fails)\n",
        "",
        "tests/search/test_shrink.py",
    ),
    Mutant(
        "milder kinds are tried in place of a fault",
        "search/shrink_steps.py",
        "    for step in (_kinds, _places, _numbers):\n",
        "    for step in (_places, _numbers):\n",
        "tests/search/test_shrink.py",
    ),
    Mutant(
        "earlier places are tried for a fault",
        "search/shrink_steps.py",
        "    for step in (_kinds, _places, _numbers):\n",
        "    for step in (_kinds, _numbers):\n",
        "tests/search/test_shrink.py",
    ),
    Mutant(
        "waits that add up are one cause",
        "search/shrink_steps.py",
        "    plan = _together(space, plan, fails)\n",
        "",
        "tests/search/test_shrink.py",
    ),
    Mutant(
        "a plan is confirmed before it counts as smallest",
        "search/shrink.py",
        "    smallest = reproduced and not budget.spent\n",
        "    smallest = not budget.spent\n",
        "tests/search/test_shrink.py tests/search/test_search.py",
    ),
    Mutant(
        "a failure is confirmed by runs that find nothing left from an earlier one",
        "search/shrink.py",
        "    before = memo.run(Plan()).fingerprints if plan.faults else frozenset()\n",
        "    before: frozenset[str] = frozenset()\n",
        "tests/search/test_shrink.py",
    ),
    Mutant(
        "a plan that fails by itself is looked for behind one that does not",
        "search/shrink.py",
        "        if fingerprint in memo.run(larger).fingerprints:\n",
        "        if False:\n",
        "tests/search/test_shrink.py",
    ),
    Mutant(
        "what earlier runs caused does not fail a campaign",
        "report/exit.py",
        "not (campaign.accepted or campaign.left_over)",
        "not campaign.accepted",
        "tests/search/test_left_over.py",
    ),
    Mutant(
        "a budget that is spent leaves nothing that is called smallest",
        "search/shrink.py",
        "    smallest = reproduced and not budget.spent\n",
        "    smallest = reproduced\n",
        "tests/search/test_shrink.py tests/search/test_search.py",
    ),
    Mutant(
        "a broken harness comes before any finding",
        "oracles/verdict.py",
        "    if broken:\n",
        "    if broken and not errors:\n",
        "tests/oracles/test_judge.py tests/trial",
    ),
    Mutant(
        "a finding comes before what cannot be told",
        "oracles/verdict.py",
        "    if errors:\n",
        "    if errors and not unclear:\n",
        "tests/oracles/test_judge.py",
    ),
    Mutant(
        "a run in which nothing struck is no PASS",
        "oracles/verdict.py",
        "    if not_tested:\n",
        "    if False:\n",
        "tests/oracles/test_judge.py",
    ),
    Mutant(
        "a module that got a name since is looked through again",
        "runtime/imported_names.py",
        "if (place, size) != (id(names), len(names)):",
        "if place != id(names):",
        "tests/runtime",
    ),
    Mutant(
        "a thread may come out of C code before a run counts as stuck",
        "runtime/scheduler.py",
        "self.outside.anybody_goes_on()",
        "False",
        "tests/patch/test_stop.py",
    ),
    Mutant(
        "time moves to what is due first",
        "runtime/timers.py",
        "heapq.heappush(self._rows, (due_ns, next(self._order), ticket))",
        "self._rows.append((due_ns, next(self._order), ticket))",
        "tests/patch/test_time.py",
    ),
    Mutant(
        "of undecided examples of one place the one with the fewest faults is kept",
        "search/campaign_state.py",
        "if known is None or len(example.plan) < len(known):",
        "if known is None:",
        "tests/search/test_loop.py",
    ),
    Mutant(
        "a space of one fault at a time is searched",
        "search/strategies/group_testing.py",
        "return max(1, least) <= len(plan) <= most",
        "return max(2, least) <= len(plan) <= most",
        "tests/search/strategies/test_group_testing.py",
    ),
    Mutant(
        "only the model's own last words ask it to go on",
        "replay/continuation.py",
        "bool(said.strip()) and said.strip().endswith(self.said.strip())",
        "bool(said.strip()) or said.strip().endswith(self.said.strip())",
        "tests/replay/test_continuation.py",
    ),
    Mutant(
        "a command line's first exchange is told from the server's own API",
        "patch/loopback/server.py",
        "answers = self._take if request.host else self._own",
        "answers = self._take",
        "tests/patch/loopback tests/serve",
    ),
    Mutant(
        "a retry quota is full when a run begins",
        "patch/retry_quota.py",
        "            self._available_capacity = self._max_capacity\n",
        "",
        "tests/patch/test_retry_quota.py",
    ),
    Mutant(
        "and is used up within it",
        "patch/retry_quota.py",
        "            _run_of[self] = ref(session)\n",
        "",
        "tests/patch/test_retry_quota.py",
    ),
    Mutant(
        "texts that follow each other in a Gemini request are one text",
        "cassette/plain.py",
        'return ("text",)',
        "return ()",
        "tests/cassette/test_keys.py -k json",
    ),
    Mutant(
        "those of two speakers are two",
        "cassette/plain.py",
        'return ("parts", speaker)',
        'return ("parts", "model")',
        "tests/cassette/test_keys.py -k json",
    ),
    Mutant(
        "a thought is no part of the text beside it",
        "cassette/plain.py",
        'case {"text": str(), **rest} if not rest:',
        'case {"text": str(), **rest}:',
        "tests/cassette/test_keys.py -k json",
    ),
    Mutant(
        "of a finding that is still shown in part, only the rest is fixed",
        "report/contents/comparison.py",
        'ways = finding.model_copy(update={"failures": tuple(one.id for one in rest)})',
        "ways = finding",
        "tests/report/contents/test_comparison.py",
    ),
    Mutant(
        "a failure is the same in a file of another name",
        "report/contents/comparison.py",
        "one.failure.fingerprint.replace(old, new) if old else",
        "one.failure.fingerprint if old else",
        "tests/report/contents/test_comparison.py",
    ),
    Mutant(
        "what a parser made of a whole reply is another failure than what a cut left of it",
        "oracles/unfinished_tool_call.py",
        'else "repaired"\n',
        'else "cut"\n',
        "tests/oracles/test_unfinished_tool_call.py",
    ),
    Mutant(
        "the fix for cut replies looks at empty ones, too",
        "report/remedies/replies/whole_reply.py",
        """_ANTHROPIC = 'if stop not in ("end_turn", "tool_use") or not said:\\n'""",
        """_ANTHROPIC = 'if stop not in ("end_turn", "tool_use"):\\n'""",
        "tests/report/test_findings.py",
    ),
    Mutant(
        "a failure that needs no fault is fixed first",
        "report/contents/ranking.py",
        "        return _EVERY_RUN\n",
        "        return 1\n",
        "tests/report/test_findings.py -k no_fault",
    ),
)


def main(words: list[str]) -> int:
    chosen = [
        one for one in MUTANTS if not words or any(word in f"{one.file} {one.promise}" for word in words)
    ]
    with tempfile.TemporaryDirectory() as folder:
        checkout = checkout_in(Path(folder))
        return sum(not _killed(one, checkout) for one in chosen)


def checkout_in(folder: Path) -> Path:
    """A copy of this checkout, in which code may be broken."""
    ignored = shutil.ignore_patterns(".git", ".venv", "node_modules", "__pycache__", ".mypy_cache")
    return Path(shutil.copytree(ROOT, folder / "checkout", ignore=ignored))


def failing_test(tests: str, checkout: Path, timeout_s: float = _TIMEOUT_S) -> str:
    """The test of these that failed in a copy; '' where all passed."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests.split()]
    try:
        done = subprocess.run(
            command,
            cwd=checkout,
            env={"PYTHONPATH": str(checkout), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return NOT_ENDED
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    ended_early = "" if done.returncode in (0, *_NOT_RUN) else f"pytest ended with {done.returncode}"
    return failed[0][:120] if failed else ended_early


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _killed(mutant: Mutant, checkout: Path) -> bool:
    file = checkout / "agent_chaos" / mutant.file
    text = file.read_text()
    if text.count(mutant.before) != 1:
        _say("GONE", mutant, f"{text.count(mutant.before)} places read {mutant.before!r}")
        return False
    file.write_text(text.replace(mutant.before, mutant.after))
    started = time.monotonic()
    try:
        killer = failing_test(mutant.tests, checkout)
    finally:
        file.write_text(text)
    _say("killed" if killer else "LIVES", mutant, f"{killer} ({time.monotonic() - started:.0f} s)")
    return bool(killer)


def _say(word: str, mutant: Mutant, detail: str) -> None:
    say(f"{word:7} {mutant.file}: {mutant.promise}\n        {detail}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
