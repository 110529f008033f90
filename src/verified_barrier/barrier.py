"""The barrier: locks around the table.

``machine.step`` decides what happens; this module makes threads wait, wakes them, and raises,
as the row of the table says. It has three ideas.

*Generations.* Each filling of the barrier is an object of its own, with an outcome that is
written once and a gate at which its waiters block. Whoever ends the generation puts another
in its place, writes the outcome, and opens the gate. A woken waiter reads its generation and
leaves; the barrier may be in the middle of the next crossing by then, or broken, or reset:
that no longer concerns it. So nobody waits for the last crossing to drain, and nothing that
happens after a crossing can change what became of it.

*Gates.* A gate is one lock, shut at first. To open it is to release the lock once: a single
call, which no exception can tear in two. Each thread that gets through passes the lock on to
the next.

*The action runs without the lock.* Meanwhile the phase keeps others from arriving: they are
held at a gate that opens when the action has ended, or when the barrier is aborted.

An exception may be raised in a thread at any time, by a signal handler for one: a waiter then
withdraws, and a tripper's action counts as having raised.

What this module needs from its surroundings it takes from three names of its own, each looked
up when it is used: ``allocate_lock``, ``get_ident`` and ``monotonic``. Whoever rebinds them
decides who runs, who is who, and what time it is.
"""

from __future__ import annotations

from _thread import TIMEOUT_MAX, allocate_lock, get_ident
from collections.abc import Callable
from math import inf
from operator import index
from threading import BrokenBarrierError
from time import monotonic
from typing import NoReturn, SupportsIndex

from verified_barrier.machine import EMPTY, step
from verified_barrier.table import TABLE, Event, Location, Outcome

__all__ = ["Barrier", "BrokenBarrierError"]

_FOREVER = -1.0

_HOLDING = frozenset(
    phase for row in TABLE.rows if row.location is Location.HELD for phase in row.phases
)
"""The phases in which calls are held, and cannot arrive."""


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
        self._has_action = action is not None
        if action is not None:
            self._action = action
        self._timeout = None if timeout is None else _seconds(timeout)
        # The lock guards the rest; the properties read it without.
        self._lock = allocate_lock()
        self._state = EMPTY
        # The generation that is being filled, and the gate at which calls are held.
        self._generation = _Generation()
        self._hold = _Gate()
        # The thread that runs the action, as long as it runs.
        self._tripper: int | None = None

    @property
    def parties(self) -> int:
        """How many threads must arrive for one crossing."""
        return self._parties

    @property
    def n_waiting(self) -> int:
        """How many threads of the current generation have arrived and are still there.

        While the action runs, the thread that runs it is counted as well.
        """
        return self._state.arrived

    @property
    def broken(self) -> bool:
        """Whether the barrier is broken, so that calls raise ``BrokenBarrierError``."""
        return self._state.phase.is_broken

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
        seconds = self._timeout if timeout is None else _seconds(timeout)
        deadline = None if seconds is None else monotonic() + seconds
        if self._tripper == get_ident():
            raise RuntimeError(
                "wait() was called by the barrier's own action, which would wait for itself: "
                "call it after the action has returned"
            )
        while True:
            with self._lock:
                generation = self._generation
                ticket = generation.next_ticket(self._state.arrived)
                location = self._apply(Event.ARRIVE)
                if location is Location.ACTING:
                    self._tripper = get_ident()
                hold = self._hold
            if location is not Location.HELD:
                break
            hold.pass_through()
        if location is Location.OUTSIDE:
            raise BrokenBarrierError
        if location is Location.WAITING:
            self._await_outcome(generation, ticket, deadline)
            place = generation.index(ticket)
        else:
            if location is Location.ACTING:
                self._act()
            place = self._parties - 1
        if generation.outcome is not Outcome.RELEASED:
            raise BrokenBarrierError
        return place

    def abort(self) -> None:
        """Break the barrier, for active and for future calls.

        It takes effect at once, even while the action runs. Threads that have been released
        already are not concerned. Source: ``threading.Barrier.abort``.
        """
        with self._lock:
            self._apply(Event.ABORT)

    def reset(self) -> None:
        """Return the barrier to the empty state.

        Threads that wait raise ``BrokenBarrierError``, the barrier is not broken any more, and
        calls can arrive at once, or, while the action runs, as soon as it has ended. Threads
        that have been released already are not concerned. Source: ``threading.Barrier.reset``.
        """
        with self._lock:
            self._apply(Event.RESET)

    def __repr__(self) -> str:
        state = self._state
        what = "broken" if state.phase.is_broken else f"waiters={state.arrived}/{self._parties}"
        cls = type(self)
        return f"<{cls.__module__}.{cls.__qualname__} at {id(self):#x}: {what}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"cannot pickle or copy {type(self).__name__!r} object: the threads that wait at it "
            "wait at this one; share it, or make another"
        )

    def _apply(self, event: Event) -> Location | None:
        """Take the step that the table has for ``event``. The lock is held.

        Returns where the thread goes to which the event happens, or ``None`` if it stays.
        """
        before = self._state
        state, row = step(self._parties, self._has_action, before, event)
        if row is None:
            return None
        # What can fail comes first, so that the step is taken as a whole or not at all.
        generation, hold = self._generation, self._hold
        ends = row.outcome is not None
        following = _Generation() if ends else generation
        lets_go = before.phase in _HOLDING and state.phase not in _HOLDING
        self._hold = _Gate() if lets_go else hold
        self._state, self._generation = state, following
        if ends:
            generation.outcome = row.outcome
            generation.gate.open()
        if lets_go:
            hold.open()
        return row.location

    def _await_outcome(self, generation: _Generation, ticket: int, deadline: float | None) -> None:
        """Block until the generation has an outcome. The lock is not held."""
        try:
            if not generation.gate.pass_through(_until(deadline)):
                with self._lock:
                    if generation.outcome is None:
                        self._apply(Event.TIMEOUT)
                # There was no such step while the action ran: its end is an outcome.
                generation.gate.pass_through()
        except BaseException:
            with self._lock:
                if generation.outcome is None:
                    self._apply(Event.WITHDRAW)
                    generation.withdrawn.append(ticket)
            raise

    def _act(self) -> None:
        """Run the action. The lock is not held."""
        try:
            self._action()
            self._end_action(Event.ACTION_RETURNED)
        except BaseException:
            self._end_action(Event.ACTION_RAISED)
            raise

    def _end_action(self, event: Event) -> None:
        """Take the step that ends the action, unless it was taken. The lock is not held."""
        with self._lock:
            if self._tripper == get_ident():
                self._apply(event)
                self._tripper = None


class _Generation:
    """One filling of the barrier, from empty to its outcome."""

    __slots__ = ("gate", "outcome", "withdrawn")

    def __init__(self) -> None:
        self.gate = _Gate()
        """Open as soon as there is an outcome."""
        self.outcome: Outcome | None = None
        """Written once, with the barrier's lock held."""
        self.withdrawn: list[int] = []
        """The tickets of those that left before there was an outcome."""

    def next_ticket(self, arrived: int) -> int:
        """Return the ticket of the next to arrive: 0, 1, 2, … with none used twice."""
        return arrived + len(self.withdrawn)

    def index(self, ticket: int) -> int:
        """Return the index of a waiter: those before it that did not withdraw."""
        return ticket - sum(other < ticket for other in self.withdrawn)


class _Gate:
    """A gate that is shut at first, and once it is open stays open."""

    __slots__ = ("_is_open", "_lock")

    def __init__(self) -> None:
        self._is_open = False
        self._lock = allocate_lock()
        self._lock.acquire(blocking=False)

    def open(self) -> None:
        """Let everybody through, now and later. To open an open gate does nothing."""
        self._is_open = True
        try:
            self._lock.release()
        except RuntimeError:
            # Nobody holds the lock of an open gate for longer than it takes to pass.
            pass

    def pass_through(self, timeout: float = _FOREVER) -> bool:
        """Wait for the gate to open, for ``timeout`` seconds at most; return whether it did."""
        passed = False
        try:
            passed = self._lock.acquire(timeout=timeout)
        finally:
            # An exception may hide that the lock was acquired, but never while it is shut.
            if self._is_open:
                self.open()
        return passed


def _until(deadline: float | None) -> float:
    """Return the seconds that are left, as a lock wants them."""
    if deadline is None:
        return _FOREVER
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
