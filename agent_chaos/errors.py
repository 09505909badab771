"""Every error agent-chaos raises, in one tree.

AgentChaosError                    shown as one line, with an exit code
├── UsageError                (2)  what was asked for cannot be done as asked
│   ├── ScenarioError         (2)  a scenario file that does not load
│   │   └── RequirementMissing     because its packages are not installed
│   ├── PlanError             (2)  an unknown fault, site or field in a plan
│   └── CassetteMissing       (2)  nothing was recorded yet
├── RecordError               (2)  nothing could be recorded
├── UnstableError             (4)  two clean runs differ
├── Interrupted             (130)  Ctrl-C, where there is nothing to report yet
└── HarnessError              (5)  agent-chaos or a file it reads is broken
    └── CassetteError         (5)  a cassette that cannot be read
        ├── CassetteDamaged   (5)  names the record and the offset
        └── CassetteVersion   (5)  written by a newer agent-chaos

TrialStop (BaseException)          ends a trial; `except Exception` in an agent does not catch it
├── ReplayMiss                     no recorded exchange answers the request
├── BudgetStop                     too many requests or too much virtual time
└── TrialTimeout                   the real-time stop

GuardRefused (ConnectionRefusedError)   a connection that offline mode forbids
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command tells the shell; there is no other table of these."""

    OK = 0
    FAILED = 1
    """A failure was found."""
    USAGE = 2
    NOTHING_JUDGED = 3
    """Nothing was recorded, no fault fired, or no run could be decided."""
    UNSTABLE = 4
    BROKEN = 5
    """The harness, or a file that it reads, is broken."""
    READER_LEFT = 141
    """Whoever read the output closed it before there was a verdict to tell; as the shell knows it of SIGPIPE."""
    INTERRUPTED = 130
    """By Ctrl-C, or by SIGTERM, after which the process itself ends with 143, as the shell expects of it."""


class AgentChaosError(Exception):
    """Base of all errors that are shown to people as one clear message."""

    exit_code = ExitCode.BROKEN


class UsageError(AgentChaosError):
    """What was asked for cannot be done as asked."""

    exit_code = ExitCode.USAGE


class ScenarioError(UsageError):
    """A scenario target does not import, holds no scenario, or holds two of one name."""


class RequirementMissing(ScenarioError):
    """A scenario needs packages that are not installed; the message names the command that installs them."""


class PlanError(UsageError):
    """A plan names a fault, site or field that does not exist."""


class CassetteMissing(UsageError):
    """There is no cassette for the scenario."""


class RecordError(AgentChaosError):
    """A recording could not be made; earlier cassettes are untouched."""

    exit_code = ExitCode.USAGE


class UnstableError(AgentChaosError):
    """Two runs without faults differ."""

    exit_code = ExitCode.UNSTABLE


class Interrupted(AgentChaosError):
    """Ctrl-C, or SIGTERM, ended a command that has nothing to report yet."""

    exit_code = ExitCode.INTERRUPTED


class HarnessError(AgentChaosError):
    """agent-chaos itself, or a file that it reads, is broken."""

    exit_code = ExitCode.BROKEN


class CassetteError(HarnessError):
    """A cassette cannot be read or written."""


class CassetteDamaged(CassetteError):
    """A cassette is truncated or corrupt; the message names record and offset."""


class CassetteVersion(CassetteError):
    """A cassette has a format version this release does not know."""


class TrialStop(BaseException):
    """Ends a trial. A BaseException, so that an agent's `except Exception` does not take it for a fault."""


class ReplayMiss(TrialStop):
    """No recorded exchange or tool result answers what the agent asked."""


class BudgetStop(TrialStop):
    """The trial used up its request or virtual-time budget."""


class TrialTimeout(TrialStop):
    """The trial used up its real time."""


class GuardRefused(ConnectionRefusedError):
    """A connection that offline mode forbids; the message names the host."""


def record_again(target: str) -> str:
    """The command that records a scenario anew: without `all`, a recording that is there is kept."""
    return f"agent-chaos record --record-mode all {target}"
