"""A barrier that is used for long keeps nothing: no lock, no call, no generation, no cycle."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from barrier.threads import Interrupted, LongAction, Threads
from verified_barrier import Barrier, BrokenBarrierError, barrier

TIMES = 2_000
SLACK = 20_000
"""Bytes; a lock that is kept each time would come to several times as much."""


@contextmanager
def nothing_kept() -> Iterator[None]:
    """Check that memory does not grow in the body, with the collector of cycles switched off."""
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        yield
        after, _ = tracemalloc.get_traced_memory()
        cycles = gc.collect()
    finally:
        tracemalloc.stop()
        gc.enable()
    assert after - before < SLACK
    assert cycles < TIMES


def interrupted(*_: object) -> float:
    """Stand for a clock in whose reading a signal handler raises."""
    raise Interrupted


def repeat(does: Callable[[], object]) -> None:
    """Do it often, whatever it raises, and check that nothing is kept of it."""

    def once() -> None:
        with suppress(BrokenBarrierError, Interrupted, ZeroDivisionError):
            does()

    once()
    with nothing_kept():
        for _ in range(TIMES):
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


def test_crossings() -> None:
    """Alone, and with an action."""
    repeat(Barrier(1).wait)
    repeat(Barrier(1, int).wait)


def test_actions_that_raise() -> None:
    """The error keeps nothing of the barrier, nor the barrier of the error."""
    broken = Barrier(1, lambda: 1 // 0)

    def raise_and_reset() -> None:
        with suppress(ZeroDivisionError):
            broken.wait()
        broken.reset()

    repeat(raise_and_reset)


def test_timeouts_aborts_and_resets() -> None:
    """A call that times out at once, on a barrier that is reset each time."""
    timed = Barrier(2)

    def time_out() -> None:
        with suppress(BrokenBarrierError):
            timed.wait(0)
        timed.abort()
        timed.reset()

    repeat(time_out)


def test_withdrawals_while_others_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """The generation goes on all the while, and is crossed in the end."""
    waiting = Barrier(3)
    with Threads() as threads:
        (first,) = threads.start_waiters(waiting, 1)
        with monkeypatch.context() as interrupting:
            interrupting.setattr(barrier, "_until", interrupted)
            repeat(lambda: waiting.wait(1.0))
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


def test_calls_that_are_refused_or_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """A held call that is left is forgotten while the action still runs."""
    broken = Barrier(2)
    broken.abort()
    repeat(broken.wait)
    action = LongAction()
    acting = Barrier(1, action)
    with Threads() as threads:
        threads.start(acting.wait)
        action.await_running()
        with monkeypatch.context() as interrupting:
            interrupting.setattr(barrier, "allocate_lock", Impatient)
            repeat(acting.wait)
        assert acting._held.calls == []
        action.end()
