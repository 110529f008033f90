"""The cases of JSR 166's CyclicBarrierTest, told again for Python, for both barriers.

They are in the order of the original, under its names. Where a thread is interrupted Python
differs: that is an exception in a waiter, which withdraws and does not break the barrier.
"""

from __future__ import annotations

import sys
import threading
import time
from threading import BrokenBarrierError

import pytest

from barrier.threads import (
    IMPLEMENTATIONS,
    LIMIT,
    AnyBarrier,
    MakeBarrier,
    Task,
    Threads,
    withdraw,
)

TIMEOUT = 0.02


@pytest.fixture(params=IMPLEMENTATIONS)
def make(request: pytest.FixtureRequest) -> MakeBarrier:
    """Each implementation in turn."""
    factory: MakeBarrier = request.param
    return factory


def assert_broken(*tasks: Task[int]) -> None:
    """Check that each call raised BrokenBarrierError."""
    assert [type(task.error()) for task in tasks] == [BrokenBarrierError] * len(tasks)


def assert_empty(barrier: AnyBarrier) -> None:
    """Check that the barrier is as good as new."""
    assert (barrier.n_waiting, barrier.broken) == (0, False)


def time_out(barrier: AnyBarrier) -> None:
    """Make a call that times out, and not too early."""
    before = time.monotonic()
    with pytest.raises(BrokenBarrierError):
        barrier.wait(TIMEOUT)
    assert time.monotonic() - before >= TIMEOUT


def check_interruption(barrier: AnyBarrier, timeout: float | None) -> None:
    """Let one of two waiters withdraw, and the other cross with two more."""
    with Threads() as threads:
        (waiter,) = threads.start_waiters(barrier, 1, timeout)
        withdraw(barrier, arrived=2, timeout=timeout)
        assert (barrier.n_waiting, barrier.broken, waiter.done) == (1, False, False)
        threads.start_waiters(barrier, 1, timeout)
        assert threads.call(lambda: barrier.wait(timeout)) == 2
        assert waiter.result() == 0


def check_timeout(barrier: AnyBarrier, timeout: float | None) -> None:
    """Let one of two waiters time out, while the other has the given timeout."""
    with Threads() as threads:
        (waiter,) = threads.start_waiters(barrier, 1, timeout)
        threads.call(lambda: time_out(barrier))
        assert_broken(waiter)
    assert barrier.broken


def refuse_negative_parties(make: MakeBarrier, *action: None) -> None:
    """Check that the constructor raises ValueError."""
    if make is threading.Barrier and sys.version_info < (3, 13):
        pytest.skip("threading.Barrier checks this from Python 3.13 on")
    with pytest.raises(ValueError, match="parties must be"):
        make(-1, *action)


def test_constructor_1(make: MakeBarrier) -> None:
    """A negative number of parties, with None as the action, is a ValueError."""
    refuse_negative_parties(make, None)


def test_constructor_2(make: MakeBarrier) -> None:
    """A negative number of parties, without an action, is a ValueError."""
    refuse_negative_parties(make)


def test_get_parties(make: MakeBarrier) -> None:
    """A new barrier has the parties it was given, and nobody waits."""
    barrier = make(2)
    assert barrier.parties == 2
    assert barrier.n_waiting == 0


def test_single_party(make: MakeBarrier) -> None:
    """With one party, a single call is a crossing."""
    barrier = make(1)
    assert barrier.n_waiting == 0
    assert [barrier.wait(), barrier.wait()] == [0, 0]
    assert barrier.n_waiting == 0


def test_barrier_action(make: MakeBarrier) -> None:
    """The action runs at each crossing."""
    ran: list[int] = []
    barrier: AnyBarrier = make(1, lambda: ran.append(barrier.n_waiting))
    barrier.wait()
    barrier.wait()
    assert barrier.n_waiting == 0
    assert ran == [1, 1]


def test_two_parties(make: MakeBarrier) -> None:
    """Two threads that call four times each make four crossings."""
    barrier = make(2)
    with Threads() as threads:
        tasks = [threads.start(lambda: [barrier.wait() for _ in range(4)]) for _ in range(2)]
        pairs = list(zip(*(task.result() for task in tasks), strict=True))
    assert [sorted(pair) for pair in pairs] == [[0, 1]] * 4


def test_await_1_interrupted(make: MakeBarrier) -> None:
    """An interrupted waiter withdraws here, and does not break the barrier for the others."""
    check_interruption(make(3), None)


def test_await_2_interrupted(make: MakeBarrier) -> None:
    """An interrupted waiter withdraws here, and does not break it for others with a timeout."""
    check_interruption(make(3), LIMIT)


def test_await_3_timeout(make: MakeBarrier) -> None:
    """A call that times out raises, and not before its time."""
    barrier = make(2)
    with Threads() as threads:
        threads.call(lambda: time_out(barrier))


def test_await_4_timeout_broken_barrier(make: MakeBarrier) -> None:
    """A timeout of one makes another with a longer timeout raise."""
    check_timeout(make(3), LIMIT)


def test_await_5_timeout_broken_barrier(make: MakeBarrier) -> None:
    """A timeout of one makes another without a timeout raise."""
    check_timeout(make(3), None)


def test_reset_broken_barrier(make: MakeBarrier) -> None:
    """reset() makes the waiters raise."""
    barrier = make(3)
    with Threads() as threads:
        waiters = threads.start_waiters(barrier, 2)
        barrier.reset()
        assert_broken(*waiters)


def test_reset_no_broken_barrier(make: MakeBarrier) -> None:
    """reset() before the first arrival makes nobody raise."""
    barrier = make(3)
    barrier.reset()
    with Threads() as threads:
        tasks = [threads.start(barrier.wait) for _ in range(3)]
        assert sorted(task.result() for task in tasks) == [0, 1, 2]


def test_reset_leakage(make: MakeBarrier) -> None:
    """Interrupted again and again, a thread blocks again; it withdraws here, and leaves no trace.

    In the original each interruption breaks the barrier, and the thread resets it.
    """
    barrier = make(2)
    for _ in range(4):
        withdraw(barrier, arrived=1)
        assert_empty(barrier)
        with Threads() as threads:
            (waiter,) = threads.start_waiters(barrier, 1)
            assert not waiter.done
            barrier.reset()
            assert_broken(waiter)
        assert_empty(barrier)


def test_reset_without_breakage(make: MakeBarrier) -> None:
    """reset() between crossings changes nothing."""
    barrier = make(3)
    for crossing in range(3):
        with Threads() as threads:
            tasks = [threads.start(barrier.wait) for _ in range(3)]
            assert sorted(task.result() for task in tasks) == [0, 1, 2]
        assert_empty(barrier)
        if crossing == 1:
            barrier.reset()
        assert_empty(barrier)


def test_reset_after_interrupt(make: MakeBarrier) -> None:
    """An interrupted waiter withdraws here; reset() then empties the barrier of the others."""
    barrier = make(3)
    for _ in range(2):
        with Threads() as threads:
            (waiter,) = threads.start_waiters(barrier, 1)
            withdraw(barrier, arrived=2)
            assert (barrier.n_waiting, barrier.broken) == (1, False)
            barrier.reset()
            assert_broken(waiter)
        assert_empty(barrier)


def test_reset_after_timeout(make: MakeBarrier) -> None:
    """reset() repairs a barrier that a timeout has broken."""
    barrier = make(3)
    for _ in range(2):
        check_timeout(barrier, None)
        assert barrier.n_waiting == 0
        barrier.reset()
        assert_empty(barrier)


def test_reset_after_command_exception(make: MakeBarrier) -> None:
    """reset() repairs a barrier that an action has broken."""

    def action() -> None:
        raise ZeroDivisionError

    barrier = make(3, action)
    for _ in range(2):
        with Threads() as threads:
            waiters = threads.start_waiters(barrier, 2)
            assert type(threads.start(barrier.wait).error()) is ZeroDivisionError
            assert_broken(*waiters)
        assert (barrier.n_waiting, barrier.broken) == (0, True)
        barrier.reset()
        assert_empty(barrier)
