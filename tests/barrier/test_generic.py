"""What threading.Barrier and ours have in common: one suite for both."""

from __future__ import annotations

import copy
import pickle
import re
import sys
import threading
import time
import weakref
from collections.abc import Callable
from math import inf
from threading import BrokenBarrierError

import pytest

import verified_barrier
from barrier.threads import (
    IMPLEMENTATIONS,
    LIMIT,
    AnyBarrier,
    Interrupted,
    LongAction,
    MakeBarrier,
    Threads,
    await_arrivals,
    await_until,
    interrupt,
    is_blocked,
    signalled,
    wait_meanwhile,
    withdraw,
)


@pytest.fixture(params=IMPLEMENTATIONS)
def make(request: pytest.FixtureRequest) -> MakeBarrier:
    """Each implementation in turn."""
    factory: MakeBarrier = request.param
    return factory


class Failure(BaseException):
    """What a failing action raises."""


def assert_bare(error: BaseException) -> None:
    """Check that the error is a BrokenBarrierError that says nothing else."""
    assert type(error) is BrokenBarrierError
    assert error.args == ()
    assert error.__cause__ is None
    assert error.__context__ is None


def assert_refused(barrier: AnyBarrier) -> None:
    """Check that a call raises BrokenBarrierError at once."""
    with Threads() as threads:
        assert_bare(threads.start(barrier.wait).error())


def assert_crosses(barrier: AnyBarrier) -> None:
    """Check that the barrier is empty, and that a whole generation of threads can cross it."""
    assert not barrier.broken
    assert barrier.n_waiting == 0
    with Threads() as threads:
        waiters = threads.start_waiters(barrier, barrier.parties - 1)
        last = threads.call(barrier.wait)
        assert [waiter.result() for waiter in waiters] == list(range(barrier.parties - 1))
    assert last == barrier.parties - 1


class TestConstructor:
    def test_new_barrier_is_empty(self, make: MakeBarrier) -> None:
        """A new barrier has the parties it was given, nobody waits, and it is not broken."""
        barrier = make(3)
        assert (barrier.parties, barrier.n_waiting, barrier.broken) == (3, 0, False)

    def test_arguments_have_names(self, make: MakeBarrier) -> None:
        """All arguments can be given by name."""
        ran = []
        barrier = make(parties=1, action=lambda: ran.append(1), timeout=LIMIT)
        assert barrier.wait(timeout=LIMIT) == 0
        assert ran == [1]

    @pytest.mark.parametrize("name", ["parties", "n_waiting", "broken"])
    def test_attributes_are_read_only(self, make: MakeBarrier, name: str) -> None:
        """No public attribute can be set."""
        with pytest.raises(AttributeError):
            setattr(make(2), name, 1)

    @pytest.mark.parametrize("parties", [0, -1])
    def test_fewer_than_one_party_is_refused(self, make: MakeBarrier, parties: int) -> None:
        """A barrier needs at least one party."""
        if make is threading.Barrier and sys.version_info < (3, 13):
            pytest.skip("threading.Barrier checks this from Python 3.13 on")
        with pytest.raises(ValueError, match="parties must be"):
            make(parties)

    def test_identity(self, make: MakeBarrier) -> None:
        """A barrier is equal to itself alone, can be hashed and referenced weakly."""
        barrier = make(2)
        assert barrier != make(2)
        assert {barrier: 1}[barrier] == 1
        assert weakref.ref(barrier)() is barrier

    def test_subclass(self, make: MakeBarrier) -> None:
        """A subclass can add attributes and extend methods."""

        def wait(self: AnyBarrier, timeout: float | None = None) -> tuple[str, int]:
            return "extended", make.wait(self, timeout)  # type: ignore[attr-defined]

        subclass = type("Sub", (make,), {"wait": wait, "colour": "red"})  # type: ignore[arg-type]
        barrier = subclass(1)
        barrier.size = 7
        assert (barrier.wait(), barrier.colour, barrier.size) == (("extended", 0), "red", 7)
        assert isinstance(barrier, make)  # type: ignore[arg-type]
        assert re.fullmatch(r"<[\w.]+\.Sub at 0x[0-9a-f]+: waiters=0/1>", repr(barrier))


class TestCrossing:
    @pytest.mark.parametrize("parties", [1, 2, 3, 7])
    def test_indices_follow_the_order_of_arrival(self, make: MakeBarrier, parties: int) -> None:
        """Each thread gets the number of those that arrived before it."""
        assert_crosses(make(parties))

    def test_nobody_leaves_before_the_last_arrival(self, make: MakeBarrier) -> None:
        """Waiters stay until all parties have arrived, and n_waiting counts them."""
        barrier = make(4)
        with Threads() as threads:
            waiters = threads.start_waiters(barrier, 3)
            assert barrier.n_waiting == 3
            assert not any(waiter.done for waiter in waiters)
            assert threads.call(barrier.wait) == 3
        assert barrier.n_waiting == 0

    def test_barrier_of_one_never_blocks(self, make: MakeBarrier) -> None:
        """With one party, each call is a crossing."""
        barrier = make(1)
        assert [barrier.wait() for _ in range(5)] == [0] * 5

    def test_many_crossings(self, make: MakeBarrier) -> None:
        """Threads that cross again and again get each index once in every crossing."""
        barrier = make(4)
        with Threads() as threads:
            tasks = [threads.start(lambda: [barrier.wait() for _ in range(50)]) for _ in range(4)]
            crossings = list(zip(*(task.result() for task in tasks), strict=True))
        assert [sorted(crossing) for crossing in crossings] == [[0, 1, 2, 3]] * 50

    def test_more_threads_than_parties(self, make: MakeBarrier) -> None:
        """Threads beyond the parties make up the next generation."""
        barrier = make(3)
        with Threads() as threads:
            tasks = [threads.start(barrier.wait) for _ in range(9)]
            indices = [task.result() for task in tasks]
        assert sorted(indices) == [0, 0, 0, 1, 1, 1, 2, 2, 2]


class TestAction:
    def test_runs_once_a_crossing_in_the_last_arrival(self, make: MakeBarrier) -> None:
        """The tripper runs the action, once for each crossing."""
        ran_in: list[int] = []
        barrier = make(3, lambda: ran_in.append(threading.get_ident()))
        trippers = []
        for _ in range(2):
            with Threads() as threads:
                threads.start_waiters(barrier, 2)
                tripper = threads.start(barrier.wait)
                assert tripper.result() == 2
            trippers.append(tripper.thread.ident)
        assert ran_in == trippers

    def test_runs_before_the_release(self, make: MakeBarrier) -> None:
        """While the action runs nobody has left, and n_waiting is the number of parties."""
        action = LongAction()
        barrier = make(3, action)
        with Threads() as threads:
            waiters = threads.start_waiters(barrier, 2)
            tripper = threads.start(barrier.wait)
            action.await_running()
            assert (barrier.n_waiting, barrier.broken) == (3, False)
            assert ": waiters=3/3>" in repr(barrier)
            assert not any(task.done for task in (*waiters, tripper))
            action.end()
            assert [task.result() for task in (*waiters, tripper)] == [0, 1, 2]

    def test_holds_late_calls(self, make: MakeBarrier) -> None:
        """A call that is made while the action runs arrives when it has ended."""
        action = LongAction()
        barrier = make(2, action)
        with Threads() as threads:
            threads.start_waiters(barrier, 1)
            threads.start(barrier.wait)
            action.await_running()
            late = threads.start(barrier.wait, "late")
            await_until(lambda: is_blocked(late.thread), "the late call to be held")
            assert (barrier.n_waiting, late.done) == (2, False)
            action.end()
            await_arrivals(barrier, 1)
            assert threads.call(barrier.wait) == 1
            assert late.result() == 0

    def test_outlasts_the_timeout_of_the_last_arrival(self, make: MakeBarrier) -> None:
        """A held call without time crosses all the same if it is the last to arrive."""
        action = LongAction()
        barrier = make(1, action)
        with Threads() as threads:
            threads.start(barrier.wait)
            action.await_running()
            late = threads.start(lambda: barrier.wait(0), "late")
            await_until(lambda: is_blocked(late.thread), "the late call to be held")
            action.end()
            assert late.result() == 0

    @pytest.mark.parametrize(
        "error", [ValueError("no"), Failure(), SystemExit(3), BrokenBarrierError("mine")], ids=repr
    )
    def test_that_raises_breaks_the_barrier(self, make: MakeBarrier, error: BaseException) -> None:
        """The tripper raises what the action raised; the others raise BrokenBarrierError."""

        def action() -> None:
            raise error

        barrier = make(3, action)
        with Threads() as threads:
            waiters = threads.start_waiters(barrier, 2)
            tripper = threads.start(barrier.wait)
            assert tripper.error() is error
            assert error.__cause__ is None
            assert error.__context__ is None
            for waiter in waiters:
                assert_bare(waiter.error())
        assert (barrier.n_waiting, barrier.broken) == (0, True)
        assert_refused(barrier)

    def test_runs_again_after_it_raised(self, make: MakeBarrier) -> None:
        """After a reset the action runs as before."""
        errors: list[Exception] = [ValueError("the first time only")]

        def action() -> None:
            if errors:
                raise errors.pop()

        barrier = make(1, action)
        with pytest.raises(ValueError, match="the first time only"):
            barrier.wait()
        barrier.reset()
        assert_crosses(barrier)

    @pytest.mark.stress
    def test_is_not_cut_short_by_a_timeout(self, make: MakeBarrier) -> None:
        """A waiter whose time runs out while the action runs returns when it has ended."""
        ends = time.monotonic() + 0.2
        barrier = make(2, lambda: await_until(lambda: time.monotonic() > ends, "0.2 s to pass"))
        with Threads() as threads:
            (waiter,) = threads.start_waiters(barrier, 1, timeout=0.1)
            assert threads.call(barrier.wait) == 1
            assert waiter.result() == 0


class TestTimeout:
    @pytest.mark.parametrize("timeout", [0.02, 0, 0.0, -1])
    def test_breaks_the_barrier(self, make: MakeBarrier, timeout: float) -> None:
        """A call that times out, which it does at once without time, breaks the barrier."""
        barrier = make(4)
        with Threads() as threads:
            waiters = threads.start_waiters(barrier, 2)
            for task in (threads.start(lambda: barrier.wait(timeout)), *waiters):
                assert_bare(task.error())
        assert (barrier.n_waiting, barrier.broken) == (0, True)
        assert_refused(barrier)

    def test_is_at_least_as_long_as_asked_for(self, make: MakeBarrier) -> None:
        """A call does not time out before its time."""
        before = time.monotonic()
        with Threads() as threads, pytest.raises(BrokenBarrierError):
            threads.call(lambda: make(2).wait(0.05))
        assert time.monotonic() - before >= 0.05

    @pytest.mark.parametrize("timeout", [0, -1])
    def test_of_the_last_arrival_is_void(self, make: MakeBarrier, timeout: float) -> None:
        """The last arrival needs no time."""
        barrier = make(2)
        with Threads() as threads:
            threads.start_waiters(barrier, 1)
            assert threads.call(lambda: barrier.wait(timeout)) == 1

    def test_default_comes_from_the_constructor(self, make: MakeBarrier) -> None:
        """A call without a timeout has the barrier's."""
        barrier = make(2, timeout=0.02)
        with Threads() as threads:
            assert_bare(threads.start(barrier.wait).error())
        assert barrier.broken

    def test_of_the_call_replaces_the_default(self, make: MakeBarrier) -> None:
        """A call with a timeout of its own does not have the barrier's."""
        barrier = make(2, timeout=0)
        with Threads() as threads:
            (waiter,) = threads.start_waiters(barrier, 1, timeout=LIMIT)
            assert threads.call(barrier.wait) == 1
            assert waiter.result() == 0

    def test_none_does_not_switch_off_the_default(self, make: MakeBarrier) -> None:
        """None as a timeout means the barrier's."""
        barrier = make(2, timeout=0)
        with Threads() as threads:
            assert_bare(threads.start(lambda: barrier.wait(timeout=None)).error())

    @pytest.mark.stress
    def test_after_the_release_is_void(self, make: MakeBarrier) -> None:
        """A released waiter returns, even if its time runs out before it has noticed."""
        barrier = make(2)

        def meanwhile() -> None:
            assert threads.call(barrier.wait) == 1
            await_until(lambda: time.monotonic() > ends, "the time to run out")

        with Threads() as threads:
            ends = time.monotonic() + 0.2
            assert wait_meanwhile(barrier, meanwhile, timeout=0.1) == 0
        assert_crosses(barrier)

    @pytest.mark.parametrize(
        ("timeout", "error"),
        [(inf, OverflowError), (1e20, OverflowError), ("1", TypeError), ([], TypeError)],
    )
    def test_that_cannot_be_waited_for(
        self, make: MakeBarrier, timeout: float, error: type[Exception]
    ) -> None:
        """A call with an impossible timeout raises and leaves no trace."""
        barrier = make(2)
        with Threads() as threads, pytest.raises(error):
            threads.call(lambda: barrier.wait(timeout))
        assert_crosses(barrier)


class TestAbort:
    def test_of_an_empty_barrier_breaks_it(self, make: MakeBarrier) -> None:
        """After abort() every call is refused, until reset()."""
        barrier = make(2)
        barrier.abort()
        assert (barrier.n_waiting, barrier.broken) == (0, True)
        assert_refused(barrier)
        assert_refused(barrier)

    def test_releases_the_waiters(self, make: MakeBarrier) -> None:
        """Waiters raise BrokenBarrierError when the barrier is aborted."""
        barrier = make(3)
        with Threads() as threads:
            waiters = threads.start_waiters(barrier, 2)
            barrier.abort()
            for waiter in waiters:
                assert_bare(waiter.error())
        assert (barrier.n_waiting, barrier.broken) == (0, True)

    def test_of_a_broken_barrier_does_nothing(self, make: MakeBarrier) -> None:
        """One reset() is enough after any number of abort()."""
        barrier = make(2)
        barrier.abort()
        barrier.abort()
        assert_refused(barrier)
        barrier.reset()
        assert_crosses(barrier)

    def test_does_not_run_the_action(self, make: MakeBarrier) -> None:
        """The action belongs to a crossing, not to abort() or reset()."""
        ran: list[int] = []
        barrier = make(2, lambda: ran.append(1))
        with Threads() as threads:
            threads.start_waiters(barrier, 1)
            barrier.reset()
            threads.start_waiters(barrier, 1)
            barrier.abort()
        assert ran == []


class TestReset:
    def test_of_an_empty_barrier_does_nothing(self, make: MakeBarrier) -> None:
        """An empty barrier is as good as new before and after reset()."""
        barrier = make(2)
        barrier.reset()
        assert_crosses(barrier)
        barrier.reset()
        assert_crosses(barrier)

    def test_releases_the_waiters(self, make: MakeBarrier) -> None:
        """Waiters raise BrokenBarrierError, and the barrier is as good as new."""
        barrier = make(3)
        with Threads() as threads:
            waiters = threads.start_waiters(barrier, 2)
            barrier.reset()
            for waiter in waiters:
                assert_bare(waiter.error())
        assert_crosses(barrier)

    def test_repairs_a_broken_barrier(self, make: MakeBarrier) -> None:
        """After reset() a broken barrier is as good as new."""
        barrier = make(3)
        with Threads() as threads:
            threads.start_waiters(barrier, 2)
            barrier.abort()
        barrier.reset()
        assert_crosses(barrier)

    def test_repairs_after_a_timeout(self, make: MakeBarrier) -> None:
        """After reset() it does not matter that a call has timed out."""
        barrier = make(2)
        with Threads() as threads, pytest.raises(BrokenBarrierError):
            threads.call(lambda: barrier.wait(0))
        barrier.reset()
        assert_crosses(barrier)


class TestInterruption:
    @pytest.mark.parametrize("timeout", [None, LIMIT])
    def test_lets_a_waiter_withdraw(self, make: MakeBarrier, timeout: float | None) -> None:
        """A waiter in which an exception is raised leaves; the barrier is not broken."""
        barrier = make(3)
        withdraw(barrier, arrived=1, timeout=timeout)
        assert_crosses(barrier)

    def test_is_none_of_the_others_business(self, make: MakeBarrier) -> None:
        """The other waiters wait on, and cross when as many as are missing have arrived."""
        barrier = make(3)
        with Threads() as threads:
            (first,) = threads.start_waiters(barrier, 1)
            withdraw(barrier, arrived=2)
            assert (barrier.n_waiting, barrier.broken, first.done) == (1, False, False)
            (second,) = threads.start_waiters(barrier, 1)
            assert threads.call(barrier.wait) == 2
            assert (first.result(), second.result()) == (0, 1)

    def test_raises_the_exception_itself(self, make: MakeBarrier) -> None:
        """The exception passes through wait() unchanged."""
        barrier = make(2)
        with pytest.raises(Interrupted) as caught, signalled(interrupt, 1, barrier):
            barrier.wait()
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None

    def test_that_raises_nothing_is_not_noticed(self, make: MakeBarrier) -> None:
        """A signal handler that returns leaves the waiter where it is."""
        barrier = make(2)
        with Threads() as threads:
            seen: list[int] = []
            index = wait_meanwhile(
                barrier, lambda: seen.extend([barrier.n_waiting, threads.call(barrier.wait)])
            )
        assert (index, seen) == (0, [1, 1])


class TestRepr:
    def test_says_how_many_wait(self, make: MakeBarrier) -> None:
        """The form is <module.Barrier at address: waiters=m/n>, with a module without a dot."""
        barrier = make(2)
        form = r"<\w+\.Barrier at {:#x}: waiters={}/2>"
        assert re.fullmatch(form.format(id(barrier), 0), repr(barrier))
        with Threads() as threads:
            threads.start_waiters(barrier, 1)
            assert re.fullmatch(form.format(id(barrier), 1), repr(barrier))
            threads.call(barrier.wait)
        assert re.fullmatch(form.format(id(barrier), 0), repr(barrier))

    def test_says_that_it_is_broken(self, make: MakeBarrier) -> None:
        """A broken barrier says so instead."""
        barrier = make(2)
        barrier.abort()
        assert re.fullmatch(rf"<\w+\.Barrier at {id(barrier):#x}: broken>", repr(barrier))


@pytest.mark.parametrize("duplicate", [pickle.dumps, copy.deepcopy], ids=["pickle", "deepcopy"])
def test_there_is_no_second_of_it(make: MakeBarrier, duplicate: Callable[[object], object]) -> None:
    """A barrier can be neither pickled nor copied deeply."""
    with pytest.raises(TypeError):
        duplicate(make(2))


def test_broken_barrier_error_is_the_standard_one() -> None:
    """Programs that catch threading.BrokenBarrierError, or RuntimeError, catch ours."""
    assert verified_barrier.BrokenBarrierError is threading.BrokenBarrierError
    assert issubclass(verified_barrier.BrokenBarrierError, RuntimeError)
