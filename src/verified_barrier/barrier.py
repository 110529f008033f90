"""The barrier: locks around the table.

``machine.step`` decides what happens; this module makes threads wait, wakes them, and raises,
as the row of the table says. It has four ideas.

*Generations.* Each filling of the barrier is an object of its own, with an outcome that is
written once, and with the calls that wait for it in their order. Whoever ends the generation puts
another in its place, writes the outcome, and wakes the calls. A woken call reads its generation
and leaves; the barrier may be in the middle of the next crossing by then, or broken, or reset:
that no longer concerns it. So nobody waits for the last crossing to drain, and nothing that
happens after a crossing can change what became of it.

*A lock for each call.* A call has a lock that is shut, and waits by acquiring it; to wake the call
is to release the lock. The lock also stands for the call: its place among those that wait is the
index that ``wait()`` returns.

*The action runs without the barrier's lock.* Meanwhile the phase keeps others from arriving: they
are held until the action has ended, or the barrier is aborted.

*A step is taken as a whole or not at all.* A signal handler may raise an exception, or call
``abort()`` or ``reset()``, wherever the main thread has just entered or called a function, or
jumped backward, and nowhere else. So a step is prepared first. Then it is made sure that no handler
has changed anything meanwhile, and what changes is stored, all without a call. One call at the end,
in which no Python code runs, wakes everybody. The lock is reentrant for the handler's sake. A call
that is left by an exception first leaves its lock behind, and then takes the step that is due; if
it is interrupted again, whoever has the barrier's lock next takes it instead.

*No global lock is needed.* What changes, changes with the barrier's lock held. Without it only four
things are done, and each is one access to a built-in object, which is atomic with and without the
GIL. The properties read the state, which is never changed but replaced. A woken call reads its
generation, which was complete before the call's lock was released. A call that is left by an
exception is appended to a list. And whether that list is empty is looked at, which is done again
with the lock held.

What an event does in a state is asked of the machine once, and kept with the state. An arrival that
wakes nobody, at a barrier that nobody observes, is written out a second time in ``wait()``, because
nearly all are of that kind: it saves a tenth of a crossing's time, and half of it for one party, at
the price of seven lines. Locks alone, each acquired and released and nothing else, would take about
an eighth less time than this barrier. One lock for all calls, passed on by each that is woken,
would take a third less with 64 threads; but a thread that is stopped on its way out would strand
those behind it.

A forked child lacks the threads that waited: its barriers stay broken or not, and nobody is there.

What this module needs from its surroundings it takes from four names of its own, each looked up
when it is used: ``RLock``, ``allocate_lock``, ``get_ident`` and ``monotonic``. Whoever rebinds them
decides who runs, who is who, and what time it is.
"""

from __future__ import annotations

import os
from _thread import TIMEOUT_MAX, LockType, RLock, allocate_lock, get_ident
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from math import inf
from operator import index, methodcaller
from threading import BrokenBarrierError
from time import monotonic
from typing import NoReturn, SupportsIndex, TypeAlias
from weakref import WeakValueDictionary

from verified_barrier.machine import EMPTY, State, step
from verified_barrier.table import LOCATIONS, TABLE, Event, Location, Outcome, Phase, Row

__all__ = ["Barrier", "BrokenBarrierError"]

Observer: TypeAlias = Callable[[tuple[Row, LockType | None]], None]

_HOLDING = frozenset(
    phase for row in TABLE.rows if row.location is Location.HELD for phase in row.phases
)
"""The phases in which calls are held, and cannot arrive."""

_MOVERS = {
    event: location
    for location in (Location.WAITING, Location.ACTING)
    for event in Event
    if location in LOCATIONS[event]
}
"""Where a call must be for the events that can happen in one place alone."""

_OUTSIDE, _HELD, _WAITING = Location.OUTSIDE, Location.HELD, Location.WAITING
_ACTING, _LEAVING = Location.ACTING, Location.LEAVING
_RELEASED = Outcome.RELEASED

_release = methodcaller("release")


class Barrier:
    """A meeting point for a fixed number of threads, to be used again and again.

    Each thread calls ``wait()`` and blocks until ``parties`` threads have called it; then all
    are released together. What each did before its call happens before the action, and the
    action before what any of them does after.

    >>> from threading import Thread
    >>> barrier = Barrier(2, action=lambda: print("both are here"))
    >>> other = Thread(target=barrier.wait)
    >>> other.start()
    >>> index = barrier.wait()
    both are here
    >>> other.join()

    A barrier breaks when a call times out, when the action raises, or when somebody calls
    ``abort()``; every active and future call then raises ``BrokenBarrierError``, until
    somebody calls ``reset()``. A thread in which an exception is raised while it waits, such
    as ``KeyboardInterrupt``, leaves without breaking the barrier: the others wait on.

    Parameters:
        parties: how many threads must arrive for one crossing, an integer of at least 1.
        action: called without arguments by the last thread to arrive, before the release.
            It may call ``abort()`` and ``reset()``, which take effect at once, but not
            ``wait()``.
        timeout: seconds; the default for ``wait()``. ``None``: wait without limit.

    Raises:
        TypeError: ``parties`` is not an integer, ``action`` is not callable, or ``timeout`` is
            not a number.
        ValueError: ``parties`` is less than 1, or ``timeout`` is not-a-number.
        OverflowError: ``timeout`` is more than ``threading.TIMEOUT_MAX``.

    Source: ``threading.Barrier``; the README lists where this one differs.
    """

    __module__ = "verified_barrier"

    def __init__(
        self,
        parties: int,
        action: Callable[[], object] | None = None,
        timeout: float | None = None,
    ) -> None:
        try:
            parties = index(parties)
        except TypeError:
            raise TypeError(f"parties must be an integer, not {parties!r}") from None
        if parties < 1:
            raise ValueError(f"parties must be at least 1, not {parties!r}")
        if action is not None and not callable(action):
            raise TypeError(f"action must be callable or None, not {action!r}")
        self._parties = parties
        self._action = action
        self._timeout = None if timeout is None else _seconds(timeout)
        # Told of each step, with the call to which it happens, while the lock is held.
        self._observer: Observer | None = None
        self._begin(EMPTY)
        _barriers[id(self)] = self

    def _begin(self, state: State) -> None:
        """Make the barrier one at which nobody is. No other thread has it."""
        # The lock guards the rest; the properties read it without.
        self._lock = RLock()
        self._nodes = {state: _Node(state)}
        self._state = self._nodes[state]
        # The generation that is being filled, and the calls that are held.
        self._generation = _Generation()
        self._held = _Generation()
        # The call that runs the action, as long as it runs, and its thread.
        self._acting: LockType | None = None
        self._tripper = 0
        # The calls that were left by an exception, and whose step is due.
        self._left: list[LockType] = []

    @property
    def parties(self) -> int:
        """How many threads must arrive for one crossing."""
        return self._parties

    @property
    def n_waiting(self) -> int:
        """How many threads of the current generation have arrived and are still there.

        While the action runs, the thread that runs it is counted as well.
        """
        return self._current().arrived

    @property
    def broken(self) -> bool:
        """Whether the barrier is broken, so that calls raise ``BrokenBarrierError``."""
        return self._current().phase.is_broken

    def wait(self, timeout: float | None = None) -> int:
        """Wait until all parties have arrived.

        Parameters:
            timeout: seconds to wait for the other parties, counted from the call; the barrier
                breaks if they have not arrived by then. It never cuts an action short.
                ``None``: the barrier's default.

        Returns:
            The thread's index in order of arrival, from 0 to ``parties - 1``: each thread of
            a crossing gets another.

        Raises:
            BrokenBarrierError: the barrier is broken; or it was broken or reset while the
                call waited; or the call timed out.
            RuntimeError: the call was made by the barrier's own action.
            TypeError, ValueError, OverflowError: ``timeout`` is not a number of seconds that
                can be waited for. The call has not arrived.
            BaseException: what the action raised, in the thread that ran it.

        Source: ``threading.Barrier.wait``.
        """
        if timeout is None:
            timeout = self._timeout
        deadline = None if timeout is None else _seconds(timeout) + monotonic()
        call = allocate_lock()
        call.acquire(False)
        try:
            with self._lock:
                state, generation = self._state, self._generation
                edge = state.arrival or self._ask(state, Event.ARRIVE)
                unchanged = self._state is state and self._generation is generation
                if edge.wakes_nobody and unchanged and self._observer is None and not self._left:
                    self._state, location = edge.state, edge.location
                    if location is _WAITING:
                        generation.calls.append(call)
                else:
                    location, generation = self._arrive(call)
            while location is _HELD:
                call.acquire()
                location, generation = self._take(Event.ARRIVE, call)
            if location is _WAITING:
                if deadline is None:
                    call.acquire()
                elif not call.acquire(timeout=_until(deadline)):
                    self._take(Event.TIMEOUT, call)
                    # There was no such step while the action ran: its end is an outcome.
                    call.acquire()
                place = generation.calls.index(call)
            else:
                if location is _ACTING and self._action is not None:
                    self._action()
                    self._take(Event.ACTION_RETURNED, call)
                place = self._parties - 1
        except BaseException:
            self._left.append(call)
            self._make_up()
            raise
        if location is _LEAVING or (location is not _OUTSIDE and generation.outcome is _RELEASED):
            return place
        raise BrokenBarrierError

    def abort(self) -> None:
        """Break the barrier, for active and for future calls.

        It takes effect at once, even while the action runs. Threads that have been released
        already are not concerned. Source: ``threading.Barrier.abort``.
        """
        self._take(Event.ABORT)

    def reset(self) -> None:
        """Return the barrier to the empty state.

        Threads that wait raise ``BrokenBarrierError``, the barrier is not broken any more, and
        calls can arrive at once, or, while the action runs, as soon as it has ended. Threads
        that have been released already are not concerned. Source: ``threading.Barrier.reset``.
        """
        self._take(Event.RESET)

    def __repr__(self) -> str:
        state = self._current()
        what = "broken" if state.phase.is_broken else f"waiters={state.arrived}/{self._parties}"
        cls = type(self)
        return f"<{cls.__module__}.{cls.__qualname__} at {id(self):#x}: {what}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"cannot pickle or copy {type(self).__name__!r} object: the threads that wait at it "
            "wait at this one; share it, or make another"
        )

    def _current(self) -> State:
        """Return the barrier's state, with the steps taken that are due."""
        if self._left:
            self._make_up()
        return State(*self._state)

    def _arrive(self, call: LockType) -> tuple[Location | None, _Generation]:
        """Take the step that the table has for an arrival. The lock is held."""
        if self._left:
            self._make_up()
        if self._acting is not None and self._tripper == get_ident():
            raise RuntimeError(
                "wait() was called by the barrier's own action, which would wait for itself: "
                "call it after the action has returned"
            )
        return self._apply(Event.ARRIVE, call)

    def _take(
        self, event: Event, call: LockType | None = None
    ) -> tuple[Location | None, _Generation]:
        """Take the step that the table has for an event. The lock is not held.

        Parameters: ``call``, the one to which it happens, if it happens to one.

        Returns where the call goes to, ``None`` if it stays or there is no such step, and the
        generation to which the step belonged.
        """
        with self._lock:
            if self._left:
                self._make_up()
            return self._apply(event, call)

    def _make_up(self) -> None:
        """Take the steps that are due for calls that were left. The lock may be held."""
        for call in tuple(self._left):
            self._make_up_for(call)

    def _make_up_for(self, call: LockType) -> None:
        """Take the step that is due for a call, if any, and forget the call."""
        # No loop here: an exception at a jump backward would not release the lock.
        with self._lock:
            self._apply(Event.WITHDRAW, call)
            self._apply(Event.ACTION_RAISED, call)
            held = self._held
            held.calls = _without(call, held.calls)
            if call in self._left:
                self._left.remove(call)

    def _ask(self, node: _Node, event: Event) -> _Edge:
        """Ask the machine what an event does, and remember it. The lock is held."""
        before = State(*node)
        after, row = step(self._parties, self._action is not None, before, event)
        following = self._nodes.setdefault(after, _Node(after))
        edge = node.edges[event] = _Edge(event, before, after, following, row)
        if event is Event.ARRIVE:
            node.arrival = edge
        return edge

    def _apply(self, event: Event, call: LockType | None) -> tuple[Location | None, _Generation]:
        """Take the step that the table has for an event. The lock is held."""
        while True:
            state, generation, held = self._state, self._generation, self._held
            edge = state.edges.get(event) or self._ask(state, event)
            location, calls = edge.location, generation.calls
            if (
                edge.row is None
                or (edge.mover is _WAITING and call not in calls)
                or (edge.mover is _ACTING and call is not self._acting)
            ):
                return None, generation
            following_generation, following_held, tripper = generation, held, self._tripper
            if call is not None and (location is _WAITING or location is _HELD):
                joined = generation if location is _WAITING else held
                effects: Iterator[object] = map(joined.calls.append, (call,))
            else:
                woken: Iterable[LockType] = ()
                if edge.outcome is not None:
                    following_generation, woken = _Generation(), calls
                if edge.ends_holding:
                    following_held, woken = _Generation(), [*woken, *held.calls]
                if location is _ACTING:
                    tripper = get_ident()
                elif event is Event.WITHDRAW:
                    calls = _without(call, calls)
                effects = map(_release, woken)
            if self._observer is not None:
                effects = chain(map(self._observer, ((edge.row, call),)), effects)
            if self._state is state and self._generation is generation and self._held is held:
                break
        generation.calls, generation.outcome = calls, edge.outcome
        self._state = edge.state
        self._generation, self._held = following_generation, following_held
        if location is _ACTING:
            self._tripper, self._acting = tripper, call
        elif edge.mover is _ACTING:
            self._acting = None
        any(effects)
        return location, generation


class _Node(tuple[Phase, int]):
    """A state of one barrier, with what leads out of it as far as the machine was asked.

    It is equal to that ``State``, but none itself: CrossHair would take it for one to be tried.
    """

    edges: dict[Event, _Edge]
    arrival: _Edge | None
    """The edge of an arrival, which is wanted most."""

    def __init__(self, _state: State) -> None:
        self.edges = {}
        self.arrival = None


class _Edge:
    """What an event does in a state of one barrier: a row of the table, ready to be applied."""

    __slots__ = ("ends_holding", "location", "mover", "outcome", "row", "state", "wakes_nobody")

    def __init__(
        self, event: Event, before: State, after: State, state: _Node, row: Row | None
    ) -> None:
        self.state = state
        """The node of what follows."""
        self.row = row
        self.mover = _MOVERS.get(event)
        """Where the call must be to which it happens, if that must be looked up."""
        self.location = None if row is None else row.location
        """Where that call goes."""
        self.outcome = None if row is None else row.outcome
        self.ends_holding = before.phase in _HOLDING and after.phase not in _HOLDING
        """Whether the calls that are held may arrive now."""
        alone = self.location is _LEAVING and before.arrived == 0
        self.wakes_nobody = event is Event.ARRIVE and (self.location is _WAITING or alone)
        """Whether it is an arrival that waits, or is released without another."""


class _Generation:
    """One filling of the barrier, from empty to its outcome."""

    __slots__ = ("calls", "outcome")

    def __init__(self) -> None:
        self.calls: list[LockType] = []
        """The calls that wait, in their order, without the tripper's."""
        self.outcome: Outcome | None = None
        """Written once, with the barrier's lock held; the calls stay as they are then."""


def _without(call: LockType | None, calls: list[LockType]) -> list[LockType]:
    """Return the other calls."""
    return [other for other in calls if other is not call]


def _until(deadline: float) -> float:
    """Return the seconds that are left, as a lock wants them."""
    return min(max(0.0, deadline - monotonic()), TIMEOUT_MAX)


def _seconds(timeout: float | SupportsIndex) -> float:
    """Return ``timeout`` as a float, or raise what says why it cannot be waited for."""
    try:
        seconds = timeout if isinstance(timeout, float) else float(whole := index(timeout))
    except TypeError:
        raise TypeError(f"timeout must be a number of seconds or None, not {timeout!r}") from None
    except OverflowError:
        seconds = inf if whole > 0 else -inf
    if seconds != seconds:
        raise ValueError("timeout must be a number of seconds or None, not nan")
    if seconds > TIMEOUT_MAX:
        raise OverflowError(
            f"timeout must be at most threading.TIMEOUT_MAX ({TIMEOUT_MAX:.0f} seconds), "
            f"not {seconds!r}: use None to wait without limit"
        )
    return seconds


_barriers: WeakValueDictionary[int, Barrier] = WeakValueDictionary()
"""Every barrier that there is."""


def _begin_all() -> None:
    """Forget who was at each barrier, in a child process: the threads that were there are not."""
    for barrier in list(_barriers.values()):
        phase, _ = barrier._state
        barrier._begin(State(Phase.BROKEN, 0) if phase.is_broken else EMPTY)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_all)
