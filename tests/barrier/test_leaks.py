"""A barrier that is used for long keeps nothing: no lock, no call, no generation, no cycle."""

from __future__ import annotations

import gc
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

import pytest

from barrier.threads import Interrupted, LongAction, Threads
from verified_barrier import Barrier, BrokenBarrierError, barrier

TIMES = 2_000
SLACK = 20_000
"""Bytes; a lock that is kept each time would come to several times as much."""

CLOCK, LOCK = "_until", "allocate_lock"
"""What a timed call asks before it blocks, and what makes the lock it blocks on: both are names in
the barrier's module, where a test can have them raise."""


class Times(NamedTuple):
    """How often things are done."""

    crossings: int
    others: int
    """Timeouts, aborts, resets, withdrawals, errors: as often as this each."""


@pytest.fixture(
    params=[
        Times(TIMES, TIMES),
        pytest.param(Times(1_000_000, 100_000), marks=[pytest.mark.full, pytest.mark.timeout(180)]),
    ],
    ids=lambda times: f"{times.crossings:,}",
)
def times(request: pytest.FixtureRequest) -> Times:
    """A few, and with --full many."""
    found: Times = request.param
    return found


@contextmanager
def nothing_kept() -> Iterator[None]:
    """Check that memory does not grow in the body, with the collector of cycles switched off."""
    threads = threading.active_count()
    gc.collect()
    gc.disable()
    objects = len(gc.get_objects())
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        yield
        after, _ = tracemalloc.get_traced_memory()
        objects = len(gc.get_objects()) - objects
        cycles = gc.collect()
    finally:
        tracemalloc.stop()
        gc.enable()
    assert after - before < SLACK
    assert objects < TIMES
    assert cycles < TIMES
    assert threading.active_count() <= threads


def interrupted(*_: object) -> float:
    """Stand for a clock in whose reading a signal handler raises."""
    raise Interrupted


def repeat(does: Callable[[], object], times: int) -> None:
    """Do it often, whatever it raises, and check that nothing is kept of it."""

    def once() -> None:
        with suppress(BrokenBarrierError, Interrupted, ZeroDivisionError):
            does()

    once()
    with nothing_kept():
        for _ in range(times):
            once()


def test_what_is_kept_is_noticed() -> None:
    """Objects, and cycles of them."""
    kept: list[object] = []

    def make_cycles() -> None:
        for _ in range(TIMES):
            cycle: list[object] = []
            cycle.append(cycle)

    with pytest.raises(AssertionError), nothing_kept():
        kept.extend(object() for _ in range(TIMES))
    with pytest.raises(AssertionError), nothing_kept():
        make_cycles()


def test_crossings(times: Times) -> None:
    """Alone, with an action, and of two threads."""
    repeat(Barrier(1).wait, times.crossings // 2)
    repeat(Barrier(1, int).wait, times.crossings // 4)
    number = times.crossings // 4
    of_two = Barrier(2)
    with Threads() as threads:
        other = threads.start(lambda: {of_two.wait() for _ in range(number + 2)})
        of_two.wait()
        repeat(of_two.wait, number)
        assert other.result() <= {0, 1}


def test_actions_that_raise(times: Times) -> None:
    """The error keeps nothing of the barrier, nor the barrier of the error."""
    broken = Barrier(1, lambda: 1 // 0)

    def raise_and_reset() -> None:
        with suppress(ZeroDivisionError):
            broken.wait()
        broken.reset()

    repeat(raise_and_reset, times.others)


def test_timeouts_aborts_and_resets(times: Times) -> None:
    """A call that times out at once, on a barrier that is reset each time."""
    timed = Barrier(2)

    def time_out() -> None:
        with suppress(BrokenBarrierError):
            timed.wait(0)
        timed.abort()
        timed.reset()

    repeat(time_out, times.others)


def test_withdrawals_while_others_wait(monkeypatch: pytest.MonkeyPatch, times: Times) -> None:
    """The generation goes on all the while, and is crossed in the end."""
    waiting = Barrier(3)
    with Threads() as threads:
        (first,) = threads.start_waiters(waiting, 1)
        with monkeypatch.context() as interrupting:
            interrupting.setattr(barrier, CLOCK, interrupted)
            repeat(lambda: waiting.wait(1.0), times.others)
        assert waiting.n_waiting == 1
        (second,) = threads.start_waiters(waiting, 1)
        assert threads.call(waiting.wait) == 2
        assert (first.result(), second.result()) == (0, 1)


class Impatient:
    """A lock that is not waited for."""

    def acquire(self, blocking: bool = True) -> bool:
        """Take it as if it were free, or be interrupted in waiting for it."""
        if blocking:
            raise Interrupted
        return True


def test_calls_that_are_refused_or_held(monkeypatch: pytest.MonkeyPatch, times: Times) -> None:
    """A held call that is left is forgotten while the action still runs."""
    broken = Barrier(2)
    broken.abort()
    repeat(broken.wait, times.others)
    action = LongAction()
    acting = Barrier(1, action)
    with Threads() as threads:
        threads.start(acting.wait)
        action.await_running()
        with monkeypatch.context() as interrupting:
            interrupting.setattr(barrier, LOCK, Impatient)
            repeat(acting.wait, times.others)
        assert acting._held.calls == []
        action.end()
