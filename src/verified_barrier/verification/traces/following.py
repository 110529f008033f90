"""Following a trace in the table's graph, to explain where it leaves the model.

TLC decides whether a trace is a behaviour of ``spec/Barrier.tla``; it says where it is not, but not
why. The same rules as in ``spec/BarrierTrace.tla`` are written here once more, over the steps
that the table allows: what they find must agree with TLC.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from verified_barrier.table import TABLE, Event, Location, Outcome
from verified_barrier.verification.model import Configuration, Edge, initial, steps
from verified_barrier.verification.traces.trace import Trace, TraceEvent

__all__ = ["Follower", "Stuck", "follow"]

_KINDS: Final = {row.action: row.event for row in TABLE.rows}
_REFUSALS: Final = ("ArriveRefused", "TimeOut")
_FAILURES: Final = ("ActionRaised", "ActionRaisedAfterReset", "ActionRaisedAfterAbort")
_ARGUMENT_ERRORS: Final = ("TypeError", "ValueError", "OverflowError", "RuntimeError")


@dataclass(frozen=True)
class Stuck:
    """Where a trace leaves the model."""

    place: int
    """The place of the first event that is not possible, counted from 0."""
    before: Configuration
    """The state in which it is not."""
    possible: tuple[str, ...]
    """The events that are, in words."""


class Follower:
    """A state of the model, and the events that lead on from it.

    Parameters: those of a ``Trace``.
    """

    def __init__(self, parties: int, has_action: bool, threads: int) -> None:
        self.parties = parties
        self.has_action = has_action
        self.now = initial(threads)
        self.last = ["Nothing"] * threads
        """The name of each thread's last event."""

    def takes(self, event: TraceEvent) -> str | None:
        """Follow an event if it is possible; return the action of the model, else ``None``.

        Some events are no step of the model: these return ``""``.
        """
        for possible, edge in self._ways():
            if _is_one_of(event, possible):
                if edge is not None:
                    self.now = edge.target
                if event.thread is not None:
                    self.last[event.thread] = event.name
                return "" if edge is None else edge.action
        return None

    def possible(self) -> tuple[str, ...]:
        """Return the events that are possible, in words, each once."""
        return tuple(dict.fromkeys(str(event) for event, _ in self._ways()))

    def _ways(self) -> Iterator[tuple[TraceEvent, Edge | None]]:
        """Yield each event that is possible, with the step of the model that it is, if any.

        In these events, the error ``*`` stands for any.
        """
        for edge in steps(self.parties, self.has_action, self.now):
            for event in self._told(edge):
                yield event, edge
        for number, last in enumerate(self.last):
            for event in self._seen(number, last):
                yield event, None

    def _told(self, edge: Edge) -> Iterator[TraceEvent]:
        """Yield the events that tell of a step."""
        number, kind = edge.thread, _KINDS[edge.action]
        last = "" if number is None else self.last[number]
        if kind is Event.LEAVE and number is not None:
            thread = edge.source.threads[number]
            if thread.outcome is Outcome.RELEASED:
                yield TraceEvent("Returned", number, thread.index)
            else:
                yield TraceEvent("Raised", number, None, "BrokenBarrierError", "barrier")
            yield TraceEvent("Raised", number, None, "*", "other")
        elif kind is Event.WITHDRAW_CALL and number is not None:
            if edge.source.threads[number].location is Location.CALLING:
                for error in _ARGUMENT_ERRORS:
                    yield TraceEvent("Raised", number, None, error, "barrier")
            yield TraceEvent("Raised", number, None, "*", "other")
        elif not (
            (kind is Event.CALL and last not in ("Nothing", "Returned", "Raised"))
            or (kind is Event.ACTION_RETURNED and last != "ActionDone")
        ):
            yield TraceEvent(edge.action, number)

    def _seen(self, number: int, last: str) -> Iterator[TraceEvent]:
        """Yield the events of a thread that are no step."""
        location = self.now.threads[number].location
        if last in _FAILURES:
            yield TraceEvent("Raised", number, None, "*", "action")
        if last in _REFUSALS:
            yield TraceEvent("Raised", number, None, "BrokenBarrierError", "barrier")
        if last in (*_FAILURES, *_REFUSALS, "Withdraw"):
            yield TraceEvent("Raised", number, None, "*", "other")
        if location is Location.ACTING and last == "ArriveAndAct":
            yield TraceEvent("ActionBegan", number)
        if location is Location.ACTING and last == "ActionBegan":
            yield TraceEvent("ActionDone", number)
            yield TraceEvent("ActionFailed", number)
        row = TABLE.row(Event.ARRIVE, self.now.state.phase, last=False, has_action=self.has_action)
        if location is Location.HELD and row is not None and row.location is Location.HELD:
            yield TraceEvent(row.action, number)  # It is held still.


def _is_one_of(event: TraceEvent, possible: TraceEvent) -> bool:
    return event == (possible._replace(error=event.error) if possible.error == "*" else possible)


def follow(trace: Trace) -> tuple[list[str], Stuck | None]:
    """Return the actions that a trace takes in the model, and where it leaves it, if it does."""
    follower = Follower(trace.parties, trace.has_action, trace.threads)
    actions: list[str] = []
    for place, event in enumerate(trace.events):
        action = follower.takes(event)
        if action is None:
            return actions, Stuck(place, follower.now, follower.possible())
        if action:
            actions.append(action)
    return actions, None
