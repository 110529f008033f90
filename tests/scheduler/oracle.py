"""Follows the real barrier in the model, step by step.

The model is the graph that the table spans, which equals TLC's. The oracle sees each transition
of the barrier, because the barrier tells its observer, and each call and its end, because the
threads of a scenario call through it. Each must be an edge of the graph, or change
nothing; what the barrier knows of itself must be what the model says; and what a call returns or
raises must be what the model gives its thread. Whatever is wrong is told with the name of the
property that it violates, where there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from math import ceil
from threading import BrokenBarrierError
from typing import Any

from scheduler.engine import Ending, Engine, Execution, Operation
from scheduler.primitives import Lock, Watched
from verified_barrier.machine import State
from verified_barrier.table import LOCATIONS, Event, Location, Outcome, Row
from verified_barrier.verification.model import (
    Configuration,
    Edge,
    enumerate_graph,
    initial,
    steps,
)
from verified_barrier.verification.properties import Historian

__all__ = ["RAISED", "REASONS", "ActionError", "Interruption", "Oracle", "bad_end"]


class Interruption(BaseException):
    """What a signal handler raises in a thread that waits."""


class ActionError(Exception):
    """What the action of a scenario raises."""


Edges = Mapping[tuple[Configuration, str, int | None], Edge]


@cache
def _edges(parties: int, threads: int, has_action: bool) -> Edges:
    graph = enumerate_graph(parties, threads, has_action)
    return {(edge.source, edge.action, edge.thread): edge for edge in graph.edges}


class Oracle:
    """One run of the model, which the real barrier must follow.

    Parameters: ``engine``; ``parties`` and ``has_action``, the barrier's; ``threads``, how many
    threads call ``wait()``: they are the first of the program.
    """

    def __init__(
        self,
        engine: Engine,
        parties: float,
        has_action: bool,
        threads: int,
        _interrupted: tuple[int, ...] = (),
    ) -> None:
        self.engine = engine
        self.edges = _edges(ceil(parties), threads, has_action)
        self.run = Historian(ceil(parties), has_action, initial(threads))
        self.taken: list[Edge] = []
        """The edges of the model that the barrier has taken."""
        self.state = ""
        """What operations call the barrier's state, which every step writes."""
        self.lock = ""
        """What they call the barrier's lock."""
        self.callers: dict[str, int] = {}
        """The thread of each call, by the name of the call's lock."""
        self.exits: dict[int, str] = {}
        """By which action each thread went outside last."""
        self.problem: str | None = None
        """What is wrong, as soon as something is."""

    @property
    def now(self) -> Configuration:
        """Where the model is."""
        return self.run.now

    @property
    def told(self) -> Sequence[tuple[int | None, str]]:
        """What happened, for people: to which thread, and which action of the model."""
        return [(edge.thread, edge.action) for edge in self.taken]

    def where(self, thread: int) -> str:
        """Return where the model has a thread, for people."""
        return str(self.now.threads[thread])

    def location(self, thread: int) -> Location:
        """Return where the model has a thread."""
        return self.now.threads[thread].location

    def watch(self, barrier: Any) -> Callable[[], str | None]:
        """Observe a barrier; return what compares its own state with the model's at each step."""
        barrier._observer = self._see
        state: Watched = type(barrier).__dict__["_state"]
        self.state = state.name(barrier)
        lock: Lock = barrier._lock
        self.lock = lock.name
        return lambda: self._compare(State(*state.peek(barrier)), lock.owner is None)

    def _see(self, taken: tuple[Row, Lock | None]) -> None:
        """Hear of a step, perhaps one that is taken for a call that another thread has left."""
        row, call = taken
        mover = None
        if call is not None:
            mover = self.callers.setdefault(call.name, self.engine.current.number)
        self._take(row.action, mover, row.location)

    def call(
        self,
        wait: Callable[[], int],
        *,
        timed: bool = False,
        refused: tuple[type[Exception], ...] = (),
        before_leaving: Callable[[], None] = lambda: None,
    ) -> object:
        """Call ``wait()`` in the current thread; return what comes of it, an error included.

        Parameters: ``timed``, whether it may time out; ``refused``, the errors of which it must
        raise one, without having arrived; ``before_leaving``, called when it has come to an end,
        and before the model hears of it.
        """
        thread = self.engine.current.number
        self._take("Call", thread, Location.CALLING)
        try:
            index = wait()
        except (*RAISED, *refused) as error:
            if isinstance(error, Interruption):
                # Nothing that such a thread has read says what came before: so let both orders be.
                self.engine.point(Operation("leave", "wait", reads=(self.state,)))
            if self.location(thread) is Location.LEAVING:
                before_leaving()
            self._raised(thread, error, refused)
            return error
        before_leaving()
        given = self.now.threads[thread]
        if refused:
            self._wrong(f"t{thread + 1} returned {index}, and must not have been let in")
        elif given.location is not Location.LEAVING or given.outcome is not Outcome.RELEASED:
            self._wrong(f"OneOutcome: t{thread + 1} returned {index}, and is {given}")
        elif index != given.index:
            self._wrong(f"UniqueIndex: t{thread + 1} returned {index}, and is {given}")
        else:
            self._take("Leave", thread, Location.OUTSIDE)
        return index

    def _raised(
        self, thread: int, error: BaseException, refused: tuple[type[Exception], ...]
    ) -> None:
        given = self.now.threads[thread]
        name = type(error).__name__
        if given.location is Location.OUTSIDE:
            reason = self.exits.get(thread, "nothing")
            if reason not in REASONS[type(error)]:
                self._wrong(f"t{thread + 1} raised {name} after {reason}")
        elif isinstance(error, (Interruption, *refused)) and (
            given.location in LOCATIONS[Event.ARRIVE]
        ):
            self._take("WithdrawCall", thread, Location.OUTSIDE)
        elif given.location is Location.LEAVING and (
            isinstance(error, Interruption)
            or (isinstance(error, BrokenBarrierError) and given.outcome is not Outcome.RELEASED)
        ):
            self._take("Leave", thread, Location.OUTSIDE)
        else:
            self._wrong(f"OneOutcome: t{thread + 1} raised {name}, and is {given}")

    def command(self, _kind: str, does: Callable[[], object]) -> None:
        """Call ``abort()`` or ``reset()`` in the current thread."""
        does()

    def act(self, does: Callable[[], object]) -> None:
        """Run the action in the current thread."""
        self._sees_action()
        does()
        self._sees_action()

    def _sees_action(self) -> None:
        thread = self.engine.current.number
        if self.location(thread) is not Location.ACTING:
            self._wrong(f"OneAction: t{thread + 1} runs the action, and is {self.location(thread)}")

    def _take(self, action: str, thread: int | None, location: Location | None) -> None:
        if self.problem is not None:
            return
        if thread is not None and location is Location.HELD is self.location(thread):
            return  # It is held still.
        edge = self.edges.get((self.now, action, thread))
        if edge is None:
            by = "" if thread is None else f" by t{thread + 1}"
            self._wrong(f"it took {action}{by}, which is no step of the model")
            return
        self.taken.append(edge)
        if thread is not None and location is Location.OUTSIDE:
            self.exits[thread] = action
        self.run.see(edge.target)
        if violated := self.run.violated():
            self._wrong(f"{', '.join(violated)} violated by {action}")

    def _wrong(self, what: str) -> None:
        if self.problem is None:
            self.problem = f"{what}\n    the model is in {self.now}"

    def _compare(self, barrier: Any, lock_is_free: bool) -> str | None:
        if self.problem is None and lock_is_free and barrier != self.now.state:
            self._wrong(f"the barrier is in {_words(barrier)}")
        return self.problem

    def judge(self, execution: Execution) -> str | None:
        """Return what is wrong with an execution that has ended."""
        problem = self.problem or bad_end(execution)
        if problem is not None or execution.ending is not Ending.DEADLOCK:
            return problem
        for number, operation in execution.pending:
            if execution.threads[number].optional:
                continue
            if number >= len(self.now.threads):
                return f"t{number + 1} is stuck at {operation}"
            location = self.location(number)
            ways_on = steps(self.run.parties, self.run.has_action, self.now)
            possible = {edge.action for edge in ways_on if edge.thread == number}
            is_inside = operation.target == self.lock  # No waiter waits for that one.
            if is_inside or location is not Location.WAITING or possible - _NOT_BY_ITSELF:
                name = _PROPERTY_OF_STUCK.get(location, "NoStrandedWaiter")
                return f"{name}: t{number + 1} is stuck at {operation}, and is {location.value}"
        return None


RAISED: tuple[type[BaseException], ...] = (BrokenBarrierError, Interruption, ActionError)
"""What a call of ``wait()`` may raise."""

REASONS: Mapping[type[BaseException], frozenset[str]] = {
    BrokenBarrierError: frozenset({"ArriveRefused", "TimeOut"}),
    Interruption: frozenset(
        {"Withdraw", "ActionRaised", "ActionRaisedAfterReset", "ActionRaisedAfterAbort"}
    ),
    ActionError: frozenset({"ActionRaised", "ActionRaisedAfterReset", "ActionRaisedAfterAbort"}),
}

_NOT_BY_ITSELF = frozenset({"TimeOut", "Withdraw"})
"""What can befall a waiter that nobody wakes."""

_PROPERTY_OF_STUCK = {Location.HELD: "HeldArrives", Location.CALLING: "HeldArrives"}


def bad_end(execution: Execution) -> str | None:
    """Return what is wrong with the end of an execution, whatever the barrier; save deadlocks."""
    if execution.ending is Ending.LIVELOCK:
        return f"livelock: from step {execution.circle} on it goes round in circles"
    if execution.ending is Ending.BOUND:
        return f"it has not ended after {len(execution.steps)} steps: a livelock?"
    for thread in execution.threads:
        if thread.ended and thread.error is not None and not thread.cancelled:
            return f"t{thread.number + 1} ended with {thread.error!r}"
    return None


def _words(state: State) -> str:
    return f"{state.phase.value}, arrived {state.arrived}"
