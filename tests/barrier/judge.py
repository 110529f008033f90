"""Replays what a barrier told, and what its callers saw, in the table's machine.

The log of a run is one list in the order of time: a call is entered before it is made, a step by
the barrier's observer while its lock is held, and the end of a call after it. So each step must be
the one that ``machine.step`` takes in the state that the steps before it lead to, and each end of a
call must be what the steps have given to that call. What is wrong is told with the name of the
property that it violates, where there is one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from threading import BrokenBarrierError
from typing import Any, NamedTuple, TypeAlias

from scheduler.oracle import REASONS, Interruption
from verified_barrier.machine import EMPTY, can_happen, step
from verified_barrier.table import LOCATIONS, Event, Location, Outcome, Phase, Row

__all__ = ["Acted", "Acts", "Called", "Entry", "Judge", "Left", "Stepped"]


class Called(NamedTuple):
    """A thread is about to call ``wait()``."""

    thread: int
    timed: bool


class Stepped(NamedTuple):
    """The barrier took a step."""

    thread: int | None
    """The thread that took it; ``None``: one that never calls ``wait()``."""
    row: Row
    lock: Any
    """What stands for the call to which it happened, if it happened to one."""


class Acts(NamedTuple):
    """A thread has begun to run the action."""

    thread: int


class Acted(NamedTuple):
    """A thread has reached the end of the action."""

    thread: int


class Left(NamedTuple):
    """A call of ``wait()`` has ended."""

    thread: int
    came: int | BaseException
    """What it returned or raised."""


Entry: TypeAlias = Called | Stepped | Acts | Acted | Left


@dataclass(eq=False)
class _Call:
    """One call of ``wait()``, as far as the replay has come."""

    thread: int
    timed: bool
    location: Location = Location.CALLING
    outcome: Outcome | None = None
    index: int | None = None
    why: str = ""
    """By which action it went outside."""
    acts: int = 0
    acted: int = 0
    overdue: int = 0
    """Left by an exception, how many steps have been taken since that are not its own."""

    def __str__(self) -> str:
        given = [f"index {self.index}"] if self.index is not None else []
        given += [] if self.outcome is None else [self.outcome.value]
        words = self.location.value + (f" by {self.why}" if self.why else "")
        return f"t{self.thread} {words}" + (f" ({', '.join(given)})" if given else "")


class Judge:
    """The replay of one barrier's log, as far as it has been fed.

    Parameters: ``parties`` and ``has_action``, the barrier's.
    """

    patience = 0.002
    """Seconds without news after which it is worth asking who waits for whom."""

    def __init__(self, parties: int, has_action: bool) -> None:
        self.parties = parties
        self.has_action = has_action
        self.state = EMPTY
        self.calls: dict[int, _Call] = {}
        """The call of each thread that has not come to its end."""
        self.taken: Counter[str] = Counter()
        """How often each action of the table was taken, ``Call`` and the crossings included."""
        self.problem: str | None = None
        """What is wrong, as soon as something is."""
        self._of_lock: dict[Any, _Call] = {}
        self._waiting: list[_Call] = []
        self._acting: _Call | None = None
        self._due: list[_Call] = []

    def feed(self, entries: list[Entry]) -> None:
        """Go on with the replay."""
        for entry in entries:
            if self.problem is not None:
                return
            if isinstance(entry, Called):
                self.taken["Call"] += 1
                self.calls[entry.thread] = _Call(entry.thread, entry.timed)
            elif isinstance(entry, Stepped):
                self._step(*entry)
            elif isinstance(entry, Left):
                self._end(self.calls.pop(entry.thread), entry.came)
            else:
                self._act(self.calls[entry.thread], ends=isinstance(entry, Acted))

    def stays(self, thread: int) -> bool:
        """Return whether a thread waits, and may do so until the others have done something."""
        call = self.calls.get(thread)
        return call is not None and call.location is Location.WAITING and not call.timed

    def where(self, thread: int) -> str:
        """Return where the replay has a thread, for people."""
        return str(self.calls.get(thread, f"t{thread} in no call"))

    def _step(self, thread: int | None, row: Row, lock: Any) -> None:
        event = row.event
        if event is Event.ARRIVE and thread in self.calls:
            self._of_lock[lock] = self.calls[thread]
        call = self._of_lock.get(lock)
        self.taken[row.action] += 1
        if not can_happen(self.state, event):
            return self._wrong(f"{row.action} in {self.state}, where it cannot happen")
        state, expected = step(self.parties, self.has_action, self.state, event)
        if row is not expected:
            name = None if expected is None else expected.action
            return self._wrong(f"it took {row.action} in {self.state}, where it is {name}")
        if LOCATIONS[event]:
            if call is None or call.location not in LOCATIONS[event]:
                return self._wrong(f"{row.action} happened to {call}")
            self._move(call, row)
        if row.outcome is not None:
            self._give(row.outcome, call)
        self.state = state
        if state.arrived != len(self._waiting) + (state.phase is Phase.TRIPPING):
            self._wrong(f"ArrivedCount: {row.action} leads to {state}")
        self._check_due()
        return None

    def _move(self, call: _Call, row: Row) -> None:
        """Let a step happen to a call."""
        before, call.location = call.location, row.location or call.location
        if row.location is Location.WAITING:
            self._waiting.append(call)
        elif row.location is Location.ACTING:
            self._acting = call
        elif row.location is Location.OUTSIDE:
            call.why = row.action
        if before is Location.WAITING:
            if row.event is Event.TIMEOUT and not call.timed:
                self._wrong(f"TimeOut happened to {call}, which has no time limit")
            self._waiting.remove(call)
        elif before is Location.ACTING:
            self._acting = None
            if row.event is Event.ACTION_RETURNED and (call.acts, call.acted) != (1, 1):
                self._wrong(f"ActionBeforeRelease: {row.action}, but it ran {call.acted} times")
        if row.location in (Location.ACTING, Location.LEAVING) and row.event is Event.ARRIVE:
            if len(self._waiting) + 1 != self.parties:
                self._wrong(f"NoEarlyRelease: {row.action} with {len(self._waiting)} waiting")
            call.index = self.parties - 1

    def _give(self, outcome: Outcome, mover: _Call | None) -> None:
        """End the generation."""
        self.taken[outcome.value] += 1
        for place, call in enumerate(self._waiting):
            call.location, call.outcome = Location.LEAVING, outcome
            call.index = place if outcome is Outcome.RELEASED else None
        for tripper in (mover, self._acting):
            if tripper is not None and tripper.location is not Location.OUTSIDE:
                tripper.outcome = outcome
        self._waiting = []

    def _act(self, call: _Call, *, ends: bool) -> None:
        call.acts += not ends
        call.acted += ends
        if call.location is not Location.ACTING or max(call.acts, call.acted) > 1:
            self._wrong(f"OneAction: run {call.acts} times by {call}")

    def _end(self, call: _Call, came: int | BaseException) -> None:
        """Check what a call returned or raised."""
        released = call.location is Location.LEAVING and call.outcome is Outcome.RELEASED
        if isinstance(came, int):
            if not released:
                self._wrong(f"OneOutcome: {call}, and it returned {came}")
            elif came != call.index:
                self._wrong(f"UniqueIndex: {call}, and it returned {came}")
        elif isinstance(came, Interruption):
            # It may come anywhere, even where the step that is due is left to others.
            if call.location in (Location.WAITING, Location.ACTING):
                self._due.append(call)
        elif type(came) not in REASONS:
            self._wrong(f"{call}, and it raised {came!r}")
        elif call.location is Location.LEAVING:
            if released or type(came) is not BrokenBarrierError:
                self._wrong(f"OneOutcome: {call}, and it raised {came!r}")
        elif call.location is not Location.OUTSIDE or call.why not in REASONS[type(came)]:
            self._wrong(f"{call}, and it raised {came!r}")

    def _check_due(self) -> None:
        """Check that a call that was left has had its step, save while one was being taken."""
        here = (Location.WAITING, Location.ACTING)
        self._due = [call for call in self._due if call.location in here]
        for call in self._due:
            call.overdue += 1
            if call.overdue > len(self._due):
                self._wrong(f"NoStrandedWaiter: {call} was left by an exception, and still counts")

    def _wrong(self, what: str) -> None:
        if self.problem is None:
            self.problem = what
