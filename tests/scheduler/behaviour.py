"""Holds what can be observed of any barrier against the model.

Of this barrier nothing is known but what its threads notice: that a call begins and what comes of
it, that the action begins and ends. What happened in between is a guess: all configurations of the
model are kept that agree with what was observed so far. Where none is left, the barrier has done
what the model does not do. So ``threading.Barrier`` can be judged like the one that the model
describes, and what is wrong need not be known beforehand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from math import ceil
from threading import BrokenBarrierError
from typing import Any, NamedTuple

from scheduler.engine import Ending, Engine, Execution
from scheduler.oracle import RAISED, REASONS, Interruption, bad_end
from verified_barrier.table import LOCATIONS, TABLE, Event, Location, Outcome
from verified_barrier.verification.model import Configuration, Edge, initial, steps

__all__ = ["Behaviour"]

_EVENTS = {row.action: row.event for row in TABLE.rows}
_COMMANDS = {"abort": Event.ABORT, "reset": Event.RESET}


class _Guess(NamedTuple):
    """What may be the case."""

    now: Configuration
    exits: tuple[str | None, ...]
    """By which action each thread went outside last."""
    commands: frozenset[tuple[int, str]]
    """The threads that have called abort or reset, which has not taken effect."""


Guesses = frozenset[_Guess]
Permits = frozenset[tuple[int, Event]]


class _Model:
    """What the model does that nobody observes. What was asked once is not worked out again."""

    def __init__(self, parties: int, has_action: bool) -> None:
        self.parties = parties
        self.has_action = has_action
        self._edges: dict[Configuration, tuple[Edge, ...]] = {}
        self._closures: dict[tuple[Guesses, Permits], Guesses] = {}

    def edges(self, source: Configuration) -> tuple[Edge, ...]:
        """Return the steps that lead on."""
        found = self._edges.get(source)
        if found is None:
            found = self._edges[source] = tuple(steps(self.parties, self.has_action, source))
        return found

    def closure(self, guesses: Guesses, permits: Permits) -> Guesses:
        """Return what may be the case after any steps that nobody observes."""
        found = self._closures.get((guesses, permits))
        if found is None:
            seen, left = set(guesses), list(guesses)
            while left:
                new = {g for _, g in self.silent(left.pop(), permits)} - seen
                seen |= new
                left += new
            found = self._closures[guesses, permits] = frozenset(seen)
        return found

    def silent(self, guess: _Guess, permits: Permits) -> Iterable[tuple[int, _Guess]]:
        """Yield each step that nobody observes: whose it is, and what is the case then."""
        for edge in self.edges(guess.now):
            event = _EVENTS[edge.action]
            if edge.thread is None:
                for thread, kind in guess.commands:
                    if _COMMANDS[kind] is event:
                        left = guess.commands - {(thread, kind)}
                        yield thread, _Guess(edge.target, guess.exits, left)
            elif (edge.thread, event) in permits:
                yield edge.thread, _step(guess, edge)


@cache
def _model(parties: int, has_action: bool) -> _Model:
    return _Model(parties, has_action)


def _step(guess: _Guess, edge: Edge) -> _Guess:
    assert edge.thread is not None
    exits = guess.exits
    if edge.target.threads[edge.thread].location is Location.OUTSIDE:
        exits = (*exits[: edge.thread], edge.action, *exits[edge.thread + 1 :])
    return _Guess(edge.target, exits, guess.commands)


class Behaviour:
    """What was observed in one execution.

    Parameters: ``engine``; ``parties`` and ``has_action``, the barrier's; ``threads``, how many
    threads call ``wait()``: they are the first of the program; ``interrupted``, those of them in
    which an exception may be raised.
    """

    def __init__(
        self,
        engine: Engine,
        parties: float,
        has_action: bool,
        threads: int,
        interrupted: tuple[int, ...] = (),
    ) -> None:
        self.engine = engine
        self.model = _model(ceil(parties), has_action)
        self.interrupted = interrupted
        self.guesses = frozenset({_Guess(initial(threads), (None,) * threads, frozenset())})
        self.permits: Permits = frozenset()
        self.doing: dict[int, str] = {}
        """In what each thread is that must not take long."""
        self.told: list[tuple[int | None, str]] = []
        """What was observed, for people: of which thread, and what."""
        self.problem: str | None = None
        """What is wrong, as soon as something is."""

    def watch(self, barrier: Any) -> Callable[[], str | None]:
        """Return what says, after each step, whether something is wrong."""
        return lambda: self.problem

    def call(
        self,
        wait: Callable[[], int],
        timed: bool = False,
        refused: tuple[type[Exception], ...] = (),
    ) -> object:
        """Call ``wait()`` in the current thread; return what comes of it, an error included.

        Parameters: ``timed``, whether it may time out; ``refused``, the errors of which it must
        raise one, without having arrived.
        """
        me = self.engine.current.number
        allowed = {Event.TIMEOUT} if timed else set()
        if me in self.interrupted:
            allowed |= {Event.WITHDRAW, Event.ACTION_RAISED}
        self._observe(me, "Call", lambda guess: self._edge(guess, me, Event.CALL))
        self._permit(me, allowed if refused else allowed | {Event.ARRIVE})
        came: object
        try:
            came = index = wait()
        except (*RAISED, *refused) as error:
            came = raised = error
            words = f"raised {type(error).__name__}"
            self._observe(me, words, lambda guess: self._raised(guess, me, raised, refused))
        else:
            self._observe(me, f"returned {index}", lambda guess: self._returned(guess, me, index))
        self._permit(me)
        return came

    def command(self, kind: str, does: Callable[[], object]) -> None:
        """Call ``abort()`` or ``reset()`` in the current thread."""
        me = self.engine.current.number
        called = (me, kind)
        self._observe(
            me, f"{kind}()", lambda guess: guess._replace(commands=guess.commands | {called})
        )
        self._do(me, f"{kind}()", does)
        self._observe(
            me, f"{kind}() done", lambda guess: None if called in guess.commands else guess
        )

    def act(self, does: Callable[[], object]) -> None:
        """Run the action in the current thread."""
        me = self.engine.current.number
        self._observe(me, "action", lambda guess: self._acting(guess, me))
        event = Event.ACTION_RAISED
        try:
            self._do(me, "the action", does)
            event = Event.ACTION_RETURNED
        finally:
            words = "action returned" if event is Event.ACTION_RETURNED else "action raised"
            self._observe(me, words, lambda guess: self._acting(guess, me))
            self._permit(me, {event} | {e for t, e in self.permits if t == me})

    def where(self, thread: int) -> str:
        """Return where the model has a thread, for people; nothing if that is not known."""
        found = {str(guess.now.threads[thread]) for guess in self._closure()}
        return found.pop() if len(found) == 1 else ""

    def judge(self, execution: Execution) -> str | None:
        """Return what is wrong with an execution that has ended."""
        problem = self.problem or bad_end(execution)
        if problem is not None or execution.ending is not Ending.DEADLOCK:
            return problem
        stuck = [n for n, _ in execution.pending if not execution.threads[n].optional]
        for number in stuck:
            if number in self.doing:
                return f"t{number + 1} is stuck in {self.doing[number]}"
        if any(self._may_stay(guess, stuck) for guess in self._closure()):
            return None
        names = [f"t{number + 1}" for number in stuck]
        return f"{' and '.join(names)} stuck, where the model goes on"

    def _do(self, me: int, what: str, does: Callable[[], object]) -> None:
        before, self.doing[me] = self.doing.get(me), what
        does()
        del self.doing[me]
        if before is not None:
            self.doing[me] = before

    def _closure(self) -> Guesses:
        return self.model.closure(self.guesses, self.permits)

    def _permit(self, thread: int, events: Iterable[Event] = ()) -> None:
        """Say what may happen to a thread from now on without being observed."""
        others = {(t, event) for t, event in self.permits if t != thread}
        self.permits = frozenset(others | {(thread, event) for event in events})

    def _observe(self, thread: int, words: str, then: Callable[[_Guess], _Guess | None]) -> None:
        """Keep the guesses that agree with what was observed."""
        if self.problem is not None:
            return
        self.told.append((thread, words))
        kept = frozenset(new for guess in self._closure() if (new := then(guess)) is not None)
        if not kept:
            self.problem = f"t{thread + 1} {words}, {self._instead(thread)}"
        else:
            self.guesses = kept

    def _instead(self, thread: int) -> str:
        """Return what the model has a thread do instead."""
        ways = sorted({self._way(guess.now, thread) for guess in self._closure()})
        return f"where the model has it {' or '.join(ways)}"

    def _way(self, now: Configuration, thread: int) -> str:
        location, outcome, index = now.threads[thread]
        if location is Location.LEAVING:
            return f"return {index}" if outcome is Outcome.RELEASED else "raise BrokenBarrierError"
        if location is Location.OUTSIDE:
            return "raise an error"
        return "refused" if (thread, Event.ARRIVE) not in self.permits else "wait"

    def _edge(self, guess: _Guess, thread: int, event: Event) -> _Guess | None:
        for edge in self.model.edges(guess.now):
            if edge.thread == thread and _EVENTS[edge.action] is event:
                return _step(guess, edge)
        return None

    def _acting(self, guess: _Guess, thread: int) -> _Guess | None:
        return guess if guess.now.threads[thread].location is Location.ACTING else None

    def _returned(self, guess: _Guess, thread: int, index: int) -> _Guess | None:
        location, outcome, its = guess.now.threads[thread]
        if (location, outcome, its) != (Location.LEAVING, Outcome.RELEASED, index):
            return None
        return self._edge(guess, thread, Event.LEAVE)

    def _raised(
        self, guess: _Guess, thread: int, error: Exception | BaseException, refused: Any
    ) -> _Guess | None:
        location, outcome, _ = guess.now.threads[thread]
        interrupted = isinstance(error, Interruption)
        if location is Location.OUTSIDE:
            return guess if guess.exits[thread] in REASONS.get(type(error), ()) else None
        if location in LOCATIONS[Event.ARRIVE] and (interrupted or isinstance(error, refused)):
            return self._edge(guess, thread, Event.WITHDRAW_CALL)
        broken = isinstance(error, BrokenBarrierError) and outcome is not Outcome.RELEASED
        if location is Location.LEAVING and (interrupted or broken):
            return self._edge(guess, thread, Event.LEAVE)
        return None

    def _may_stay(self, guess: _Guess, threads: list[int]) -> bool:
        """Return whether threads may stay where they are for ever."""
        movers = {
            thread
            for thread, _ in self.model.silent(
                guess, frozenset((t, e) for t, e in self.permits if e is not Event.WITHDRAW)
            )
        }
        return not any(
            number in movers
            or (
                number < len(guess.now.threads)
                and guess.now.threads[number].location not in (Location.WAITING, Location.HELD)
            )
            for number in threads
        )
