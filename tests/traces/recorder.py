"""Records what the scheduler makes the shipped barrier do, as traces."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from scheduler.dpor import dpor
from scheduler.engine import Engine, Execution
from scheduler.faults import Fault, load_faulty
from scheduler.oracle import RAISED, ActionError, Interruption, Oracle
from scheduler.primitives import Lock
from scheduler.randomised import random_walk
from scheduler.scenarios import SCENARIOS, Run, load_shipped
from scheduler.tour import Tour
from verified_barrier.table import Row
from verified_barrier.verification.model import Edge
from verified_barrier.verification.traces.recording import Recording
from verified_barrier.verification.traces.trace import Trace

__all__ = ["Recorder", "of_fault", "of_scenarios", "of_walks"]


class Recorder(Oracle):
    """An oracle that records what it hears."""

    def watch(self, barrier: Any) -> Callable[[], str | None]:
        """Observe a barrier and its action."""
        action = barrier._action
        self.recording = Recording(barrier.parties, action is not None)
        if action is not None:
            barrier._action = self._recorded(action)
        return super().watch(barrier)

    def _see(self, taken: tuple[Row, Lock | None]) -> None:
        call = taken[1]
        if call is not None and call.name not in self.callers:
            self.recording.makes(call, self.engine.current.number)
        self.recording.see(taken)
        super()._see(taken)

    def call(
        self, wait: Callable[[], int], *, refused: tuple[type[Exception], ...] = (), **more: Any
    ) -> object:
        """Call ``wait()`` in the current thread, and record it."""
        call = self.recording.calls(self.engine.current.number)

        def recorded() -> int:
            try:
                index = wait()
            except (*RAISED, *refused) as error:
                by = {ActionError: "action", Interruption: "other"}.get(type(error), "barrier")
                self.recording.raises(call, error, by)
                raise
            self.recording.returns(call, index)
            return index

        return super().call(recorded, refused=refused, **more)

    def _recorded(self, action: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            number = self.engine.current.number
            self.recording.acts("ActionBegan", number)
            try:
                action()
            except RAISED:
                self.recording.acts("ActionFailed", number)
                raise
            self.recording.acts("ActionDone", number)

        return run


def of_scenarios(executions: int) -> Iterator[Trace]:
    """Yield traces of the shipped barrier in so many random executions of each scenario."""
    with Engine() as engine:
        for name, scenario in SCENARIOS.items():
            run = Run(scenario, load_shipped(engine), Recorder)
            traces: list[Trace] = []

            def judge(execution: Execution, run: Run = run, to: list[Trace] = traces) -> str | None:
                oracle = run.oracle
                if run.barrier is not None and isinstance(oracle, Recorder):
                    to.append(oracle.recording.trace(run.scenario.name))
                return run.judge(execution)

            result = random_walk(engine, run, judge, seed=1, executions=executions)
            assert result.problem is None, f"{name}: {result.problem}"
            yield from traces


def of_fault(fault: Fault) -> Trace:
    """Return the trace of the execution in which a fault is found."""
    with Engine() as engine:
        run = Run(SCENARIOS[fault.scenario], load_faulty(engine, fault), Recorder)
        assert dpor(engine, run, run.judge, limit=100).failure is not None
        assert isinstance(run.oracle, Recorder)
        return run.oracle.recording.trace(fault.name)


_DISTURBING = ("Abort", "Reset", "TimeOut", "Withdraw")
"""How the actions begin that are less likely while nothing runs, so that crossings come about."""


@dataclass
class _Walk(Tour):
    """So many steps from one state of the model to the next, at random."""

    dice: Random = field(default_factory=Random)
    length: int = 0

    def _way_to_nearest(self) -> deque[Edge]:
        if len(self.oracle.taken) >= self.length:
            return deque()
        ways: dict[str, list[Edge]] = {}
        for edge in sorted(self.out[self.oracle.now], key=str):
            ways.setdefault(edge.action, []).append(edge)
        acting = self.oracle.now.state.phase.is_acting
        weights = [1 if acting or way.startswith(_DISTURBING) else 3 for way in ways]
        (action,) = self.dice.choices(list(ways), weights)
        return deque([self.dice.choice(ways[action])])


def of_walks(
    parties: int, threads: int, has_action: bool, *, length: int, number: int
) -> Iterator[Trace]:
    """Yield traces of the shipped barrier, driven through the model's graph at random."""
    dice = Random(1)  # noqa: S311
    with Engine() as engine:
        for _ in range(number):
            module = load_shipped(engine)
            walk = _Walk(module, parties, threads, has_action, Recorder, dice=dice, length=length)
            execution = engine.run(walk, walk)
            assert execution.problem is None
            assert isinstance(walk.oracle, Recorder)
            yield walk.oracle.recording.trace("a walk")
