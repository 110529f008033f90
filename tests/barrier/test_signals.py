"""What a signal handler, and a forked child, may do with a barrier."""

from __future__ import annotations

import gc
import os
import threading
import weakref
from _thread import LockType, allocate_lock
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import BrokenBarrierError
from typing import Any

import pytest

from barrier.interruptions import SITUATIONS, at_every_point, monitored
from barrier.threads import AnyBarrier, LongAction, MakeBarrier, Threads, await_until, is_blocked
from verified_barrier import Barrier
from verified_barrier.table import Event, Location


@monitored
@pytest.mark.parametrize("command", ["abort", "reset"])
@pytest.mark.parametrize("name", SITUATIONS)
def test_handler_may_abort_and_reset(name: str, command: str) -> None:
    """At every point of its thread's way: nothing deadlocks, and the effect takes place."""
    runs = at_every_point(Barrier, SITUATIONS[name], command, limit=5.0)
    assert len(runs) >= 8
    assert [what for what in runs if what is not None] == []


def shut_lock() -> LockType:
    lock = allocate_lock()
    lock.acquire()
    return lock


@pytest.mark.parametrize("method", ["_arrive", "_take"])
def test_arrival_comes_after_what_is_due(method: str) -> None:
    """A call that an exception has left, and another while it made up for that, is not counted."""
    barrier = Barrier(2)
    left, call = shut_lock(), shut_lock()
    barrier._take(Event.ARRIVE, left)
    barrier._left.append(left)
    if method == "_arrive":
        location, _ = barrier._arrive(call)
    else:
        location, _ = barrier._take(Event.ARRIVE, call)
    assert (location, barrier.n_waiting, barrier._left) == (Location.WAITING, 1, [])


def test_properties_show_what_is_due() -> None:
    """A call that an exception has left is not counted."""
    barrier, left = Barrier(2), shut_lock()
    barrier._take(Event.ARRIVE, left)
    barrier._left.append(left)
    assert barrier.n_waiting == 0


class Handled(Barrier):
    """A barrier with a handler, which runs while a step is prepared."""

    handler: Callable[[], object] | None = None

    def _ask(self, *asked: Any) -> Any:
        edge = super()._ask(*asked)
        handler, self.handler = self.handler, None
        if handler is not None:
            handler()
        return edge


def test_arrival_heeds_a_generation_that_a_handler_has_begun() -> None:
    """The state is as before: nobody waited at the reset."""
    barrier = Handled(2)
    barrier.handler = barrier.reset
    with Threads() as threads:
        (waiter,) = threads.start_waiters(barrier, 1)
        assert threads.call(barrier.wait) == 1
        assert waiter.result() == 0


@pytest.mark.parametrize("method", ["wait", "_take"])
def test_arrival_heeds_a_withdrawal_that_a_handler_has_made_up(method: str) -> None:
    """The generation is as before: an exception had left a call, and another waits on."""
    barrier, left = Handled(4), shut_lock()
    barrier._take(Event.ARRIVE, left)
    barrier._take(Event.ARRIVE, shut_lock())
    counts = []

    def handler() -> None:
        barrier._left.append(left)
        counts.append(barrier.n_waiting)

    barrier.handler = handler
    if method == "_take":
        barrier._take(Event.ARRIVE, shut_lock())
        counts.append(barrier.n_waiting)
    else:
        with Threads() as threads:
            waiter = threads.start(barrier.wait)
            await_until(lambda: is_blocked(waiter.thread), "the call waits")
            counts.append(barrier.n_waiting)
            barrier.abort()
            assert type(waiter.error()) is BrokenBarrierError
    assert counts == [1, 2]


def forked(check: Callable[[], bool]) -> bool:
    """Return what a check says in a child process."""
    child = os.fork()
    if child == 0:
        code = 2
        with suppress(BaseException):
            code = 0 if check() else 1
        os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 0


def crosses(barrier: AnyBarrier) -> bool:
    """Return whether a barrier for two is empty, and works."""
    was_empty = (barrier.n_waiting, barrier.broken) == (0, False)
    with Threads() as threads:
        (waiter,) = threads.start_waiters(barrier, 1)
        return was_empty and {threads.call(barrier.wait), waiter.result()} == {0, 1}


def is_mended(barrier: AnyBarrier) -> bool:
    """Return whether a barrier for two is broken, and works after a reset."""
    was_broken = barrier.broken
    barrier.reset()
    return was_broken and crosses(barrier)


@contextmanager
def running() -> Iterator[tuple[Barrier, LongAction]]:
    """Give a barrier for two, and its action, which runs until the end of the block."""
    action = LongAction()
    barrier = Barrier(2, action)
    with Threads() as threads:
        threads.start_waiters(barrier, 1)
        threads.start(barrier.wait)
        action.await_running()
        yield barrier, action
        action.end()


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")


@needs_fork
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
class TestFork:
    """A child has the barriers of its parent, broken or not, and nobody is at them."""

    def test_while_a_thread_waits(self) -> None:
        """The parent's barrier stays as it is."""
        barrier = Barrier(2)
        with Threads() as threads:
            (waiter,) = threads.start_waiters(barrier, 1)
            assert forked(lambda: crosses(barrier))
            assert threads.call(barrier.wait) == 1
            assert waiter.result() == 0

    @pytest.mark.parametrize(
        "make",
        [
            pytest.param(
                threading.Barrier,
                id="threading",
                marks=pytest.mark.xfail(strict=True, raises=AssertionError),
            ),
            pytest.param(Barrier, id="verified"),
        ],
    )
    def test_ghost_waiters(self, make: MakeBarrier) -> None:
        """Hazard: the child of threading.Barrier counts waiters that are not there."""
        barrier = make(2)
        with Threads() as threads:
            (waiter,) = threads.start_waiters(barrier, 1)
            has_ghosts = not forked(lambda: barrier.n_waiting == 0)
            assert threads.call(barrier.wait) == 1
            assert waiter.result() == 0
        assert not has_ghosts

    def test_while_the_action_runs(self) -> None:
        """The child has no action to wait for."""
        with running() as (barrier, action):

            def ended() -> bool:
                action.end()
                return crosses(barrier)

            assert forked(ended)

    def test_by_the_action(self) -> None:
        """The child's tripper finds its generation gone."""
        ends: list[bool] = []

        def action() -> None:
            if not ends:
                ends.append(True)
                ends.append(forked(lambda: True))

        barrier = Barrier(1, action)
        assert barrier.wait() == 0
        assert ends == [True, True]

    @pytest.mark.parametrize("make", [threading.Barrier, Barrier], ids=["threading", "verified"])
    def test_while_it_is_broken(self, make: MakeBarrier) -> None:
        """A broken barrier stays broken until it is reset."""
        barrier = make(2)
        barrier.abort()

        assert forked(lambda: is_mended(barrier))
        assert barrier.broken

    def test_while_it_breaks(self) -> None:
        """The child has no action to wait for: its barrier is broken, and can be reset."""
        with running() as (barrier, action):
            barrier.abort()

            def reset() -> bool:
                action.end()
                return is_mended(barrier)

            assert forked(reset)


def test_barriers_are_not_kept_for_the_sake_of_a_fork() -> None:
    """A barrier that nobody has any more is gone."""
    gc.disable()
    try:
        gone = weakref.ref(Barrier(1))
        assert gone() is None
    finally:
        gc.enable()
