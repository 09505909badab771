"""What an agent is given: the run it is in, its turns so far, and a place for its own state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from agent_chaos.results.metrics import MetricsStore
from agent_chaos.results.turn_result import TurnResult, counted


class ChaosContext:
    """Handed to the agent as `ctx`, one per run.

    Attributes:
        name: the scenario's name.
        agent_state: a dict of the agent's own, empty at the start of every run, kept between its turns.
        turn_results: how earlier turns went, in order.
        current_turn: the turn that runs now, counted from 0.
        metrics: what the run measured so far.

    Filled once the run is over:
        error: how the last failed turn failed, in one line.
        elapsed_s: how long the run took, in virtual seconds.
        unfired: of every fault that had to strike and did not, why.
        agent_input, agent_output: the first input and the last response.
    """

    def __init__(self, name: str, wrap_tool: Callable[..., Any]) -> None:
        self.name = name
        self.agent_state: dict[str, Any] = {}
        self.current_turn = 0
        self.error: str | None = None
        self.elapsed_s = 0.0
        self.unfired: tuple[str, ...] = ()
        self.agent_input: str | None = None
        self.agent_output: str | None = None
        self._wrap_tool = wrap_tool
        self._turns: list[TurnResult] = []
        self._counted = 0
        self._metrics: MetricsStore | None = None
        self._measure: Callable[[], MetricsStore] | None = None

    def tool(self, fn: Any = None, /, *, name: str | None = None, pure: bool = False) -> Any:
        """As `agent_chaos.tool`: `ctx.tool(fn)`, `@ctx.tool` or `@ctx.tool(name=…)`."""
        return (
            self._wrap_tool(name=name, pure=pure) if fn is None else self._wrap_tool(name=name, pure=pure)(fn)
        )

    def get_message_history(self) -> list[dict[str, str]]:
        """The conversation so far as role and content; a failed turn contributes the user's message only."""
        history: list[dict[str, str]] = []
        for result in self.turn_results:
            history.append({"role": "user", "content": result.input})
            if result.success:
                history.append({"role": "assistant", "content": result.response})
        return history

    def follow(self, measure: Callable[[], MetricsStore]) -> None:
        """The run starts; what it measures is asked for when somebody looks."""
        self._measure = measure

    def over(self, metrics: MetricsStore, turns: Sequence[TurnResult]) -> None:
        """The run is over, and this is what came of it."""
        self._measure, self._metrics, self._turns = None, metrics, list(turns)

    @property
    def metrics(self) -> MetricsStore:
        if self._measure is not None:
            # Anew each time: the run goes on between two looks.
            return self._measure()
        # Made when somebody looks: most agents never do, and its models take as long as a request.
        self._metrics = self._metrics or MetricsStore()
        return self._metrics

    def turn_ended(self, result: TurnResult) -> None:
        """Keeps how a turn went; its calls and tokens are counted when somebody looks."""
        self._turns.append(result)

    @property
    def turn_results(self) -> list[TurnResult]:
        # To measure a run reads its whole trace so far; most agents never look, and a search runs thousands
        # of them.
        if self._measure is not None and self._counted < len(self._turns):
            metrics = self._measure()
            self._turns = [counted(result, metrics) for result in self._turns]
            self._counted = len(self._turns)
        return self._turns

    @property
    def result(self) -> str | None:
        """The last response, as `agent_output`."""
        return self.agent_output

    @result.setter
    def result(self, response: str | None) -> None:
        self.agent_output = response

    def get_turn_result(self, turn: int) -> TurnResult | None:
        """How a turn went, counted from 0; None where it has not run."""
        return next((result for result in self.turn_results if result.turn_number == turn), None)
