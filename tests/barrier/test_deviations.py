"""Where ours deviates from threading.Barrier: each test passes for ours, and fails for the other.

If a test passes for threading.Barrier as well, the deviation has gone, and we want to know.
"""

from __future__ import annotations

import copy
import itertools
import signal
import subprocess
import sys
import threading
import time
from math import inf, nan
from threading import BrokenBarrierError

import pytest

import verified_barrier.barrier
from barrier.threads import (
    LIMIT,
    AnyBarrier,
    Interrupted,
    LongAction,
    MakeBarrier,
    StuckError,
    Task,
    Threads,
    await_arrivals,
    await_until,
    interrupt,
    is_blocked,
    signalled,
    wait_meanwhile,
    withdraw,
)
from verified_barrier import Barrier

SHORT_LIMIT = 0.3
"""Seconds after which threading.Barrier is held to be stuck."""

DidNotRaise: type[BaseException] = pytest.fail.Exception


def _must_fail(fails_with: type[BaseException]) -> pytest.MarkDecorator:
    return pytest.mark.xfail(strict=True, raises=fails_with)


def deviation(fails_with: type[BaseException]) -> pytest.MarkDecorator:
    """Run a test for ours, and for threading.Barrier, where it must fail in this way."""
    return pytest.mark.parametrize(
        "make",
        [
            pytest.param(threading.Barrier, id="threading", marks=_must_fail(fails_with)),
            pytest.param(Barrier, id="verified"),
        ],
    )


def stuck_deviation(fails_with: type[BaseException] = StuckError) -> pytest.MarkDecorator:
    """Run a test like ``deviation``, where threading.Barrier gets stuck, with a limit for that."""
    must_fail = _must_fail(fails_with)
    return pytest.mark.parametrize(
        ("make", "limit"),
        [
            pytest.param(threading.Barrier, SHORT_LIMIT, id="threading", marks=must_fail),
            pytest.param(Barrier, LIMIT, id="verified"),
        ],
    )


class TestUniqueIndex:
    """unique-index: no two threads of a crossing get the same index."""

    @deviation(AssertionError)
    def test_withdrawal_of_the_first(self, make: MakeBarrier) -> None:
        """Hazard: a duplicate index. After the first waiter has withdrawn, the others move up."""
        barrier = make(3)
        with Threads() as threads:

            def arrive_second() -> int:
                await_arrivals(barrier, 1)
                return barrier.wait()

            first = threads.start(arrive_second)
            withdraw(barrier, arrived=2)
            (second,) = threads.start_waiters(barrier, 1)
            last = threads.call(barrier.wait)
            assert [first.result(), second.result(), last] == [0, 1, 2]


class TestOneOutcome:
    """one-outcome: what became of a generation is the same for all its threads, and final."""

    @deviation(BrokenBarrierError)
    def test_abort_after_the_release(self, make: MakeBarrier) -> None:
        """A released thread returns, even if the barrier is aborted before it has left."""
        barrier = make(2)

        def meanwhile() -> None:
            assert threads.call(barrier.wait) == 1
            threads.call(barrier.abort)

        with Threads() as threads:
            assert wait_meanwhile(barrier, meanwhile) == 0
        assert barrier.broken

    @deviation(BrokenBarrierError)
    def test_abort_and_reset_after_the_release(self, make: MakeBarrier) -> None:
        """A released thread returns, even if the barrier is aborted and reset meanwhile."""
        barrier = make(2)

        def meanwhile() -> None:
            assert threads.call(barrier.wait) == 1
            threads.call(barrier.abort)
            threads.call(barrier.reset)

        with Threads() as threads:
            assert wait_meanwhile(barrier, meanwhile) == 0
        assert not barrier.broken

    @deviation(BrokenBarrierError)
    def test_abort_by_the_tripper(self, make: MakeBarrier) -> None:
        """Hazard: abort() by the tripper right after the crossing makes others raise."""
        barrier = make(2)

        def trip_and_abort() -> int:
            index = barrier.wait()
            barrier.abort()
            return index

        def meanwhile() -> None:
            assert threads.call(trip_and_abort) == 1

        with Threads() as threads:
            assert wait_meanwhile(barrier, meanwhile) == 0

    @pytest.mark.stress
    @deviation(BrokenBarrierError)
    def test_abort_by_the_tripper_of_eight(self, make: MakeBarrier) -> None:
        """All threads return, even if the tripper aborts the barrier as soon as it has."""
        for _ in range(50):
            barrier = make(8)

            def trip_and_abort(barrier: AnyBarrier = barrier) -> int:
                index = barrier.wait()
                barrier.abort()
                return index

            with Threads() as threads:
                waiters = threads.start_waiters(barrier, 7)
                assert threads.call(trip_and_abort) == 7
                assert [waiter.result() for waiter in waiters] == list(range(7))


class TestNoDraining:
    """no-draining: calls join the next generation at once, however slow the last is to leave."""

    @stuck_deviation()
    def test_next_crossing(self, make: MakeBarrier, limit: float) -> None:
        """The next generation crosses before the last thread of this one has left."""
        barrier = make(2)

        def meanwhile() -> None:
            for _ in range(3):
                assert threads.call(barrier.wait) == 1
                threads.start_waiters(barrier, 1)
            assert threads.call(barrier.wait) == 1

        with Threads(limit) as threads:
            assert wait_meanwhile(barrier, meanwhile) == 0

    @stuck_deviation()
    def test_timeout(self, make: MakeBarrier, limit: float) -> None:
        """Hazard: wait(0.02) takes as long as another thread is slow to leave.

        A timeout limits the whole call, also while the last generation leaves.
        """
        barrier = make(2)

        def meanwhile() -> None:
            assert threads.call(barrier.wait) == 1
            with pytest.raises(BrokenBarrierError):
                threads.call(lambda: barrier.wait(0.02))

        with Threads(limit) as threads:
            assert wait_meanwhile(barrier, meanwhile) == 0

    @stuck_deviation()
    def test_reset(self, make: MakeBarrier, limit: float) -> None:
        """After a crossing, reset() acts on the next generation, not on the last."""
        barrier = make(2)

        def meanwhile() -> None:
            assert threads.call(barrier.wait) == 1
            (waiter,) = threads.start_waiters(barrier, 1)
            barrier.reset()
            assert type(waiter.error()) is BrokenBarrierError

        with Threads(limit) as threads:
            assert wait_meanwhile(barrier, meanwhile) == 0

    @pytest.mark.parametrize("abort_first", [False, True])
    @stuck_deviation()
    def test_crossing_after_a_reset(
        self, make: MakeBarrier, limit: float, abort_first: bool
    ) -> None:
        """After reset() calls join the next generation before the waiters have left."""
        barrier = make(2)

        def meanwhile() -> None:
            if abort_first:
                barrier.abort()
            barrier.reset()
            threads.start_waiters(barrier, 1)
            assert threads.call(barrier.wait) == 1

        with Threads(limit) as threads, pytest.raises(BrokenBarrierError):
            wait_meanwhile(barrier, meanwhile)


class TestOpenAction:
    """open-action: nothing but arrivals waits for the action to end."""

    @stuck_deviation()
    def test_may_abort(self, make: MakeBarrier, limit: float) -> None:
        """Hazard: abort() by the action deadlocks.

        The action may call it, and it releases the waiters before the action has ended.
        """
        errors: list[BaseException] = []

        def action() -> None:
            barrier.abort()
            errors.append(waiter.error())
            assert (barrier.n_waiting, barrier.broken) == (0, True)

        barrier = make(2, action)
        with Threads(limit) as threads:
            (waiter,) = threads.start_waiters(barrier, 1)
            errors.append(threads.start(barrier.wait).error())
        assert [type(error) for error in errors] == [BrokenBarrierError] * 2
        assert barrier.broken

    @stuck_deviation()
    def test_may_reset(self, make: MakeBarrier, limit: float) -> None:
        """Hazard: reset() by the action deadlocks.

        The action may call it, and it releases the waiters before the action has ended.
        """
        errors: list[BaseException] = []

        def action() -> None:
            barrier.reset()
            errors.append(waiter.error())
            assert (barrier.n_waiting, barrier.broken) == (0, False)

        barrier = make(2, action)
        with Threads(limit) as threads:
            (waiter,) = threads.start_waiters(barrier, 1)
            errors.append(threads.start(barrier.wait).error())
            assert [type(error) for error in errors] == [BrokenBarrierError] * 2
            threads.start_waiters(barrier, 1)
            barrier.abort()

    @stuck_deviation()
    def test_must_not_wait(self, make: MakeBarrier, limit: float) -> None:
        """Hazard: wait() by the action deadlocks. It raises RuntimeError and changes nothing."""
        errors: list[RuntimeError] = []

        def action() -> None:
            with pytest.raises(RuntimeError) as caught:
                barrier.wait()
            errors.append(caught.value)

        barrier = make(2, action)
        with Threads(limit) as threads:
            (waiter,) = threads.start_waiters(barrier, 1)
            assert threads.call(barrier.wait) == 1
            assert waiter.result() == 0
        assert [type(error) for error in errors] == [RuntimeError]

    @stuck_deviation()
    def test_abort_while_it_runs(self, make: MakeBarrier, limit: float) -> None:
        """Hazard: abort() takes as long as the action.

        It releases waiters and held calls at once, and the tripper after the action.
        """
        action = LongAction()
        barrier = make(2, action)
        with Threads(limit) as threads:
            (waiter,) = threads.start_waiters(barrier, 1)
            tripper = threads.start(barrier.wait)
            action.await_running()
            held = threads.start(barrier.wait)
            await_until(lambda: is_blocked(held.thread), "the call to be held")
            threads.call(barrier.abort)
            assert type(waiter.error()) is BrokenBarrierError
            assert type(held.error()) is BrokenBarrierError
            assert (barrier.n_waiting, barrier.broken, tripper.done) == (0, True, False)
            with pytest.raises(BrokenBarrierError):
                threads.call(barrier.wait)
            action.end()
            assert type(tripper.error()) is BrokenBarrierError
        assert barrier.broken

    @pytest.mark.parametrize("abort_first", [False, True])
    @stuck_deviation()
    def test_reset_while_it_runs(self, make: MakeBarrier, limit: float, abort_first: bool) -> None:
        """reset() releases the waiters at once; other calls arrive when the action has ended."""
        action = LongAction()
        barrier = make(2, action)
        with Threads(limit) as threads:
            (waiter,) = threads.start_waiters(barrier, 1)
            tripper = threads.start(barrier.wait)
            action.await_running()
            if abort_first:
                threads.call(barrier.abort)
            threads.call(barrier.reset)
            assert type(waiter.error()) is BrokenBarrierError
            held = threads.start(barrier.wait)
            await_until(lambda: is_blocked(held.thread), "the call to be held")
            assert (barrier.n_waiting, barrier.broken, held.done) == (0, False, False)
            action.end()
            assert type(tripper.error()) is BrokenBarrierError
            await_arrivals(barrier, 1)
            assert threads.call(barrier.wait) == 1
            assert held.result() == 0

    @stuck_deviation()
    def test_raises_after_an_abort(self, make: MakeBarrier, limit: float) -> None:
        """If the action aborts the barrier and then raises, the tripper raises just that."""
        error = ValueError("raised by the action")

        def action() -> None:
            barrier.abort()
            raise error

        barrier = make(2, action)
        with Threads(limit) as threads:
            (waiter,) = threads.start_waiters(barrier, 1)
            assert threads.start(barrier.wait).error() is error
            assert type(waiter.error()) is BrokenBarrierError
        assert barrier.broken

    @stuck_deviation()
    def test_abort_by_a_signal_handler(self, make: MakeBarrier, limit: float) -> None:
        """Hazard: abort() by a signal handler that interrupts the action deadlocks."""
        action = LongAction()
        barrier = make(2, action)

        def handler() -> None:
            barrier.abort()
            action.end()

        with Threads(limit) as threads:
            (waiter,) = threads.start_waiters(barrier, 1)
            with pytest.raises(BrokenBarrierError), signalled(handler, 2, barrier, limit):
                barrier.wait()
            assert type(waiter.error()) is BrokenBarrierError

    @pytest.mark.stress
    @deviation(RuntimeError)
    def test_withdrawal_from_a_timeout_while_it_runs(self, make: MakeBarrier) -> None:
        """Hazard: a waiter whose time is up, and that is interrupted, releases the tripper's lock.

        1. The main thread waits, and a handler stops it until its time is up.
        2. Meanwhile the tripper arrives and runs the action; CPython's holds the lock.
        3. The main thread, which wants the lock, is interrupted, and leaves. The action ends.
        """
        timeout = 0.4
        action = LongAction()
        barrier = make(2, action)
        trippers: list[Task[int]] = []

        def handle() -> None:
            if trippers:
                raise Interrupted
            trippers.append(threads.start(barrier.wait))
            action.await_running()
            await_until(lambda: time.monotonic() > ends, "the time to run out")
            threads.start(signal_again)

        def signal_again() -> None:
            main = threading.main_thread()
            await_until(lambda: is_blocked(main), "the main thread to be blocked again")
            signal.pthread_kill(main.ident or 0, signal.SIGUSR1)

        with Threads() as threads:
            ends = time.monotonic() + timeout
            with pytest.raises(Interrupted), signalled(handle, 1, barrier):
                barrier.wait(timeout)
            action.end()
            assert trippers[0].result() == 1

    @stuck_deviation()
    def test_withdrawal_while_it_runs(self, make: MakeBarrier, limit: float) -> None:
        """A waiter withdraws at once; the rest of the generation is released."""
        barrier = make(
            3, lambda: await_until(lambda: barrier.n_waiting == 2, "a withdrawal", limit)
        )
        with Threads(limit) as threads:

            def arrive(arrived: int) -> int:
                await_arrivals(barrier, arrived)
                return barrier.wait()

            waiter = threads.start(lambda: arrive(1))
            tripper = threads.start(lambda: arrive(2))
            with pytest.raises(Interrupted), signalled(interrupt, 3, barrier):
                barrier.wait()
            assert (tripper.result(), waiter.result()) == (2, 0)
        assert (barrier.n_waiting, barrier.broken) == (0, False)


NAN_SCRIPT = """
from {module} import Barrier
barrier = Barrier(2)
print("calls wait()", flush=True)
try:
    barrier.wait(float("nan"))
except ValueError:
    print(barrier.n_waiting, barrier.broken)
"""


class TestTimedCall:
    """timed-call: the clock starts at the call, and a bad timeout fails before the arrival."""

    @stuck_deviation(subprocess.TimeoutExpired)
    def test_nan(self, make: MakeBarrier, limit: float) -> None:
        """Hazard: wait(nan) never returns. It is a ValueError, not an endless loop."""
        script = NAN_SCRIPT.format(module=make.__module__)
        command = [sys.executable, "-c", script]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "calls wait()\n"
            try:
                process.wait(limit)
            finally:
                process.kill()
            output = process.stdout.read()
        assert output == "0 False\n"

    @deviation(Interrupted)
    def test_nan_spins(self, make: MakeBarrier, monkeypatch: pytest.MonkeyPatch) -> None:
        """Hazard: wait(nan) uses a whole core: it never blocks, but asks for the time for ever."""
        asked = itertools.count(1)

        def clock() -> float:
            if next(asked) > 1000:
                raise Interrupted
            return 0.0

        barrier = make(2)
        with monkeypatch.context() as clocks:
            clocks.setattr(threading, "_time", clock)
            clocks.setattr(verified_barrier.barrier, "monotonic", clock)
            with pytest.raises(ValueError, match="nan"):
                barrier.wait(nan)
        assert next(asked) == 1

    @pytest.mark.parametrize(
        ("timeout", "error"),
        [(nan, ValueError), (inf, OverflowError), (1e20, OverflowError), ("1", TypeError)],
    )
    @deviation(DidNotRaise)
    def test_bad_timeout_of_the_last(
        self, make: MakeBarrier, timeout: float, error: type[Exception]
    ) -> None:
        """A call with a bad timeout does not arrive, even if it would be the last."""
        barrier = make(2)
        with Threads() as threads:
            (waiter,) = threads.start_waiters(barrier, 1)
            with pytest.raises(error, match="timeout must be"):
                threads.call(lambda: barrier.wait(timeout))
            assert (barrier.n_waiting, barrier.broken, waiter.done) == (1, False, False)
            assert threads.call(barrier.wait) == 1

    @pytest.mark.parametrize(
        ("timeout", "error"),
        [(nan, ValueError), (inf, OverflowError), (1e20, OverflowError), ("1", TypeError)],
    )
    @deviation(DidNotRaise)
    def test_bad_default(self, make: MakeBarrier, timeout: float, error: type[Exception]) -> None:
        """A bad default timeout is refused by the constructor."""
        with pytest.raises(error, match="timeout must be"):
            make(2, timeout=timeout)

    @pytest.mark.stress
    @stuck_deviation()
    def test_clock_starts_at_the_call(self, make: MakeBarrier, limit: float) -> None:
        """Hazard: wait(0.4) outlasts its time while an action runs, and then waits on.

        A held call whose time has run out, and that is not the last, times out on arrival.
        """
        timeout = 0.4
        assert timeout > SHORT_LIMIT
        action = LongAction()
        barrier = make(2, action)
        with Threads(limit) as threads:
            threads.start_waiters(barrier, 1)
            threads.start(barrier.wait)
            action.await_running()
            held = threads.start(lambda: barrier.wait(timeout))
            await_until(lambda: is_blocked(held.thread), "the call to be held")
            ends = time.monotonic() + timeout
            await_until(lambda: time.monotonic() > ends, "the time to run out")
            action.end()
            assert type(held.error()) is BrokenBarrierError
        assert barrier.broken

    def test_longest_timeout(self) -> None:
        """What a lock can wait is allowed, and not more."""
        Barrier(2, timeout=threading.TIMEOUT_MAX)
        with pytest.raises(OverflowError, match="timeout must be at most"):
            Barrier(2, timeout=threading.TIMEOUT_MAX * 1.001)

    def test_integer_beyond_all_floats(self) -> None:
        """It is more than can be waited for; and below zero, the time is up."""
        with pytest.raises(OverflowError, match="timeout must be at most"):
            Barrier(2, timeout=10**400)
        with pytest.raises(BrokenBarrierError):
            Barrier(2).wait(-(10**400))

    def test_time_is_taken_before_the_arrival(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """First it is read what time it is; once the call has arrived, how much is left."""
        barrier = Barrier(2)
        arrived = []

        def clock() -> float:
            arrived.append(barrier.n_waiting)
            return 0.0

        monkeypatch.setattr(verified_barrier.barrier, "monotonic", clock)
        with pytest.raises(BrokenBarrierError):
            barrier.wait(0.001)
        assert arrived == [0, 1]


class FalsyAction:
    """An action that is false in a condition, like an empty list."""

    ran = 0

    def __len__(self) -> int:
        return 0

    def __call__(self) -> None:
        """Count the calls."""
        self.ran += 1


class TestCheckedArguments:
    """checked-arguments: the constructor refuses what no crossing could work with."""

    @pytest.mark.parametrize("parties", [1.0, 1.5, 2.5])
    @deviation(DidNotRaise)
    def test_parties_must_be_an_integer(self, make: MakeBarrier, parties: float) -> None:
        """A number of parties that is not an integer is a TypeError."""
        with pytest.raises(TypeError, match="parties must be an integer"):
            make(parties)

    @pytest.mark.parametrize("action", [0, 1, "print", []])
    @deviation(DidNotRaise)
    def test_action_must_be_callable(self, make: MakeBarrier, action: object) -> None:
        """An action that cannot be called is a TypeError, even if it is false."""
        with pytest.raises(TypeError, match="action must be callable"):
            make(2, action)

    @deviation(AssertionError)
    def test_falsy_action_is_called(self, make: MakeBarrier) -> None:
        """A callable action is called, even if it is false."""
        action = FalsyAction()
        make(1, action).wait()
        assert action.ran == 1


class TestNoCopy:
    """no-copy: there are never two barriers over one lock."""

    @deviation(DidNotRaise)
    def test_shallow_copy(self, make: MakeBarrier) -> None:
        """A barrier cannot be copied."""
        with pytest.raises(TypeError, match="cannot pickle or copy"):
            copy.copy(make(2))
