"""What the model allows when a barrier has come to rest.

A command is one step of the model. Then every thread goes on as far as it can, in any order, until
none can: all configurations in which that may end are kept. What is seen of the barrier and its
threads must agree with one of them, and those that disagree are dropped. There is more than one
only where calls were held and arrive together.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from stateful.programs import Command, Do, Site, Where
from verified_barrier.table import TABLE, Event, Location, Outcome
from verified_barrier.verification.model import Configuration, Edge, initial, steps

__all__ = ["Expected", "Seen", "SeenThread"]


class SeenThread(NamedTuple):
    """What is seen of a thread."""

    where: Where
    words: str
    """What came of its last call, if it is outside; otherwise for people alone."""

    def agrees(self, where: Where, result: str) -> bool:
        """Return whether the thread is where it should be, with what should come of its call."""
        return self.where is where and (where is not Where.OUTSIDE or self.words == result)


class Seen(NamedTuple):
    """What is seen of a barrier at rest."""

    n_waiting: int
    broken: bool
    threads: tuple[SeenThread, ...]


class _Guess(NamedTuple):
    """What may be the case."""

    now: Configuration
    results: tuple[str, ...]
    """What came of each thread's last call."""


_EVENTS = {row.action: row.event for row in TABLE.rows}
_BROKEN = "raised BrokenBarrierError"
_INTERRUPTED = "raised Interruption"
_RESULTS = {
    Event.ARRIVE: _BROKEN,
    Event.TIMEOUT: _BROKEN,
    Event.WITHDRAW: _INTERRUPTED,
    Event.WITHDRAW_CALL: _INTERRUPTED,
    Event.ACTION_RAISED: "raised ActionError",
}
"""What comes of a call that ends with an event other than LEAVE."""

_WHERE = {Location.OUTSIDE: Where.OUTSIDE, Location.ACTING: Where.ACTING}
"""Where a thread is seen; in its other locations it is blocked."""

_COMMANDED = {
    Do.WAIT: Event.CALL,
    Do.WAIT_BRIEFLY: Event.CALL,
    Do.ABORT: Event.ABORT,
    Do.RESET: Event.RESET,
    Do.RETURN: Event.ACTION_RETURNED,
    Do.RAISE: Event.ACTION_RAISED,
}
"""The events that commands are; the others say what threads do when they go on."""


class Expected:
    """The model of one barrier and its threads, as far as it has been told of commands."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.stopped: set[int] = set()
        self.expired: set[int] = set()
        """The threads whose time is up."""
        self.interrupted: set[int] = set()
        """The threads in which an exception is due."""
        nothing = ("has not called",) * site.threads
        self._guesses = {_Guess(initial(site.threads), nothing)}
        self.reached: set[str] = set()
        """The actions of the model by which the guesses were reached."""

    def command(self, command: Command, where: Where) -> None:
        """Let a command be done, and all go on until they rest."""
        thread, do = command
        if where is Where.OUTSIDE:
            self.expired.discard(thread)
            self.interrupted.discard(thread)
        if do is Do.STOP:
            self.stopped.add(thread)
        elif do is Do.GO_ON:
            self.stopped.remove(thread)
        elif do is Do.TIME_OUT:
            self.expired.add(thread)
        elif do is Do.INTERRUPT:
            self.interrupted.add(thread)
        elif not (do is Do.WAIT and where is Where.ACTING):
            event = _COMMANDED[do]
            ways_on = [
                (guess, edge)
                for guess in self._guesses
                for edge in _edges(self.site, guess.now)
                if _EVENTS[edge.action] is event and edge.thread in (thread, None)
            ]
            self.reached.update(edge.action for _, edge in ways_on)
            self._guesses = {self._commanded(*way, command, where) for way in ways_on}
        self._rest()

    def see(self, seen: Seen) -> str | None:
        """Keep what agrees with what is seen; return what is wrong if nothing does."""
        wrong = {guess: list(self._differences(guess, seen)) for guess in self._guesses}
        self._guesses = {guess for guess, differences in wrong.items() if not differences}
        if self._guesses:
            return None
        return min(("; ".join(found) for found in wrong.values()), key=lambda w: (w.count(";"), w))

    def _commanded(
        self, guess: _Guess, edge: Edge, command: Command, where: Where
    ) -> _Guess:
        if edge.thread is not None:
            return self._after(guess, edge)
        if where is Where.ACTING:
            return guess._replace(now=edge.target)
        return _Guess(edge.target, _put(guess.results, command.thread, "returned None"))

    def _rest(self) -> None:
        """Go on from each guess, in every order, until no thread can."""
        seen, left = set(self._guesses), list(self._guesses)
        self._guesses = set()
        while left:
            guess = left.pop()
            edges = list(self._ways_on(guess))
            self.reached.update(edge.action for edge in edges)
            ways_on = {self._after(guess, edge) for edge in edges}
            if not ways_on:
                self._guesses.add(guess)
            left += ways_on - seen
            seen |= ways_on

    def _ways_on(self, guess: _Guess) -> Iterator[Edge]:
        for edge in _edges(self.site, guess.now):
            thread, event = edge.thread, _EVENTS[edge.action]
            if thread is None or thread in self.stopped:
                continue
            is_interrupted = thread in self.interrupted
            if event in (Event.WITHDRAW, Event.WITHDRAW_CALL):
                goes = is_interrupted
            elif event in (Event.TIMEOUT, Event.ARRIVE):
                goes = not is_interrupted and (event is Event.ARRIVE or thread in self.expired)
            else:
                goes = event is Event.LEAVE
            if goes:
                yield edge

    def _after(self, guess: _Guess, edge: Edge) -> _Guess:
        """Return what is the case after a step of one thread."""
        assert edge.thread is not None
        if edge.target.threads[edge.thread].location is not Location.OUTSIDE:
            return guess._replace(now=edge.target)
        event = _EVENTS[edge.action]
        if event is not Event.LEAVE:
            result = _RESULTS[event]
        elif edge.thread in self.interrupted:
            result = _INTERRUPTED
        else:
            _, outcome, index = edge.source.threads[edge.thread]
            result = f"returned {index}" if outcome is Outcome.RELEASED else _BROKEN
        return _Guess(edge.target, _put(guess.results, edge.thread, result))

    def _differences(self, guess: _Guess, seen: Seen) -> Iterator[str]:
        state = guess.now.state
        for name, found, wanted in (
            ("n_waiting", seen.n_waiting, state.arrived),
            ("broken", seen.broken, state.phase.is_broken),
        ):
            if found != wanted:
                yield f"{name} is {found}, and the model has {wanted}"
        for number, thread in enumerate(seen.threads):
            model, result = guess.now.threads[number], guess.results[number]
            where = _WHERE.get(model.location, Where.BLOCKED)
            if not thread.agrees(where, result):
                words = result if where is Where.OUTSIDE else f"it {model}"
                yield f"t{number + 1} {thread.words}, and the model has {words}"


@cache
def _edges(site: Site, now: Configuration) -> tuple[Edge, ...]:
    return tuple(steps(site.parties, site.has_action, now))


def _put(results: tuple[str, ...], thread: int, result: str) -> tuple[str, ...]:
    return (*results[:thread], result, *results[thread + 1 :])
