"""What the machine has a barrier and its threads do.

A command is one step of the model. Then the threads go on: the first that can, as far as it can,
and so on until none can, which is the order in which the real threads run.
"""

from __future__ import annotations

from functools import cache

from stateful.programs import Command, Do, Site
from verified_barrier.table import TABLE, Event, Location, Outcome
from verified_barrier.verification.model import Configuration, Edge, initial, steps

__all__ = ["BLOCKED", "IN_ACTION", "NOT_CALLED", "Model", "Seen"]

Seen = dict[str, object]
"""What is seen of a barrier and its threads when they rest."""

BLOCKED, IN_ACTION, NOT_CALLED = "is blocked", "is in the action", "has not called"
"""What is seen of a thread; or what came of its last call."""

_EVENTS = {row.action: row.event for row in TABLE.rows}
_BROKEN, _INTERRUPTED = "raised BrokenBarrierError", "raised Interruption"
_RESULTS = {
    Event.ABORT: "returned None",
    Event.RESET: "returned None",
    Event.ARRIVE: _BROKEN,
    Event.TIMEOUT: _BROKEN,
    Event.WITHDRAW: _INTERRUPTED,
    Event.WITHDRAW_CALL: _INTERRUPTED,
    Event.ACTION_RAISED: "raised ActionError",
}
"""What comes of a call that ends with an event other than LEAVE."""

_COMMANDED = {
    Do.WAIT: Event.CALL,
    Do.WAIT_BRIEFLY: Event.CALL,
    Do.ABORT: Event.ABORT,
    Do.RESET: Event.RESET,
    Do.RETURN: Event.ACTION_RETURNED,
    Do.RAISE: Event.ACTION_RAISED,
}
"""The events that commands are; the others say what threads do when they go on."""


class Model:
    """One barrier and its threads, as far as they have been told of commands."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.now = initial(site.threads)
        self.results = [NOT_CALLED] * site.threads
        """What came of each thread's last call."""
        self.stopped: set[int] = set()
        self.limited: set[int] = set()
        """The threads whose call has a time limit that is not up."""
        self.expired: set[int] = set()
        """The threads whose time is up."""
        self.interrupted: set[int] = set()
        """The threads in which an exception is due."""
        self.taken: set[str] = set()
        """The actions of the specification that were taken."""

    def choose(self, command: Command) -> Command | None:
        """Return a program's command for the first thread that can do it."""
        threads = range(len(self.results))
        able = [n for n in threads if self._can(n, command.do)]
        if not able:
            return None
        thread = min(able, key=lambda n: (n - command.thread) % len(threads))
        return Command(thread, command.do, self._location(thread) is Location.ACTING)

    def do(self, command: Command) -> None:
        """Do a command, and let all go on until they rest."""
        thread, do, in_action = command
        if do is Do.STOP:
            self.stopped.add(thread)
        elif do is Do.GO_ON:
            self.stopped.remove(thread)
        elif do is Do.TIME_OUT:
            self.limited.remove(thread)
            self.expired.add(thread)
        elif do is Do.INTERRUPT:
            self.interrupted.add(thread)
        elif not in_action:
            for due in (self.limited, self.expired, self.interrupted):
                due.discard(thread)
            if do is Do.WAIT_BRIEFLY:
                self.limited.add(thread)
        event = _COMMANDED.get(do)
        if event is not None and not (in_action and event is Event.CALL):  # That is refused.
            self._take(next(e for e in self._edges(thread) if _EVENTS[e.action] is event), thread)
        while (way_on := self._way_on()) is not None:
            self._take(*way_on)

    def seen(self) -> Seen:
        """Return what must be seen now."""
        state = self.now.state
        threads = {f"t{n + 1}": self._seen(n) for n in range(len(self.results))}
        return {"n_waiting": state.arrived, "broken": state.phase.is_broken, **threads}

    def _can(self, thread: int, do: Do) -> bool:
        """Return whether a thread can do a command where it is."""
        location = self._location(thread)
        if location in (Location.OUTSIDE, Location.ACTING):
            orders = (Do.RETURN, Do.RAISE) if location is Location.ACTING else ()
            return do.is_call or do in orders
        return {
            Do.STOP: thread not in self.stopped,
            Do.GO_ON: thread in self.stopped,
            Do.TIME_OUT: thread in self.limited,
            Do.INTERRUPT: thread not in self.interrupted,
        }.get(do, False)

    def _way_on(self) -> tuple[Edge, int] | None:
        """Return what the first thread that can go on does."""
        for thread in range(len(self.results)):
            for edge in self._edges(thread):
                if thread not in self.stopped and self._goes_on(thread, _EVENTS[edge.action]):
                    return edge, thread
        return None

    def _goes_on(self, thread: int, event: Event) -> bool:
        """Return whether a thread that is not told anything does what it could do."""
        if event is Event.LEAVE:
            return True
        if thread in self.interrupted:
            return event in (Event.WITHDRAW, Event.WITHDRAW_CALL)
        return event is Event.ARRIVE or (event is Event.TIMEOUT and thread in self.expired)

    def _take(self, edge: Edge, thread: int) -> None:
        self.now = edge.target
        self.taken.add(edge.action)
        if self._location(thread) is not Location.OUTSIDE:
            return
        event = _EVENTS[edge.action]
        _, outcome, index = edge.source.threads[thread]
        if event is not Event.LEAVE:
            self.results[thread] = _RESULTS[event]
        elif thread in self.interrupted:
            self.results[thread] = _INTERRUPTED
        else:
            is_released = outcome is Outcome.RELEASED
            self.results[thread] = f"returned {index}" if is_released else _BROKEN

    def _edges(self, thread: int) -> list[Edge]:
        """Return the steps that concern a thread, or all."""
        return [edge for edge in _steps(self.site, self.now) if edge.thread in (thread, None)]

    def _location(self, thread: int) -> Location:
        return self.now.threads[thread].location

    def _seen(self, thread: int) -> str:
        words = {Location.OUTSIDE: self.results[thread], Location.ACTING: IN_ACTION}
        return words.get(self._location(thread), BLOCKED)


@cache
def _steps(site: Site, now: Configuration) -> tuple[Edge, ...]:
    return tuple(steps(site.parties, site.has_action, now))
