"""A recorded barrier does what a barrier does, and says so in the order in which it happens."""

from __future__ import annotations

import gc
import threading
import weakref
from _thread import get_ident
from contextlib import suppress
from typing import Any

import pytest

import verified_barrier
from barrier.threads import Interrupted, LongAction, Threads, await_until, signalled
from verified_barrier import barrier as shipped
from verified_barrier.table import TABLE
from verified_barrier.verification.traces.following import follow
from verified_barrier.verification.traces.recording import (
    RecordedBarrier,
    Recording,
    RecordingError,
    all_recorded,
)

ROWS = {row.action: row for row in TABLE.rows}


def told(barrier: RecordedBarrier) -> list[str]:
    """Return what was recorded, in words; it must be a run of the model."""
    trace = barrier.recording.trace()
    assert follow(trace)[1] is None
    return [str(event) for event in trace.events]


def test_crossing() -> None:
    """Two threads, one after the other: calls, steps, and what each got."""
    barrier = RecordedBarrier(2)
    with Threads() as threads:
        threads.start_waiters(barrier, 1)
        assert barrier.wait() == 1
    before, after = told(barrier)[:5], set(told(barrier)[4:])
    assert before[:4] == [
        "Call by t1",
        "ArriveAndWait by t1",
        "Call by t2",
        "ArriveAndRelease by t2",
    ]
    assert after == {"Returned 0 by t1", "Returned 1 by t2"}


def test_action_that_raises() -> None:
    """The program's action is seen to run, and its exception to come out of the call."""

    def action() -> None:
        raise KeyError("x")

    barrier = RecordedBarrier(1, action)
    with pytest.raises(KeyError, match="x"):
        barrier.wait()
    with pytest.raises(threading.BrokenBarrierError):
        barrier.wait()
    assert told(barrier) == [
        *("Call by t1", "ArriveAndAct by t1", "ActionBegan by t1", "ActionFailed by t1"),
        *("ActionRaised by t1", "Raised KeyError (raised by: action) by t1"),
        *("Call by t1", "ArriveRefused by t1"),
        "Raised BrokenBarrierError (raised by: barrier) by t1",
    ]


def test_action_that_aborts_resets_and_waits() -> None:
    """What the action does to its own barrier; its call is refused, and is a thread by itself."""

    def action() -> None:
        barrier.abort()
        barrier.reset()
        with suppress(RuntimeError):
            barrier.wait()

    barrier = RecordedBarrier(1, action)
    with pytest.raises(threading.BrokenBarrierError):
        barrier.wait()
    assert told(barrier)[2:] == [
        *("ActionBegan by t1", "AbortTripping", "ResetBreaking"),
        *("Call by t2", "Raised RuntimeError (raised by: barrier) by t2"),
        *("ActionDone by t1", "ActionReturnedAfterReset by t1"),
        "Raised BrokenBarrierError (raised by: barrier) by t1",
    ]


def test_timeouts_and_bad_arguments() -> None:
    """A call that times out, and calls that are refused for what they were given."""
    barrier = RecordedBarrier(2, timeout=0.0)
    with pytest.raises(threading.BrokenBarrierError):
        barrier.wait()
    for wrong in ("soon", float("nan"), 1e100):
        with pytest.raises((TypeError, ValueError, OverflowError)):
            barrier.wait(wrong)  # type: ignore[arg-type]
    assert told(barrier)[1:5] == [
        *("ArriveAndWait by t1", "TimeOut by t1"),
        *("Raised BrokenBarrierError (raised by: barrier) by t1", "Call by t1"),
    ]
    assert told(barrier)[5::2] == [
        f"Raised {name} (raised by: barrier) by t1"
        for name in ("TypeError", "ValueError", "OverflowError")
    ]


@pytest.mark.stress
def test_interrupted_waiter() -> None:
    """An exception of a signal handler is not the barrier's, and the others wait on."""
    barrier = RecordedBarrier(2)

    def interrupt() -> None:
        raise Interrupted

    with pytest.raises(Interrupted), signalled(interrupt, 1, barrier):
        barrier.wait()
    assert told(barrier) == [
        *("Call by t1", "ArriveAndWait by t1", "Withdraw by t1"),
        "Raised Interrupted (raised by: other) by t1",
    ]


def test_held_call() -> None:
    """A call that comes while an action runs is held, and arrives afterwards."""
    action = LongAction()
    barrier = RecordedBarrier(1, action)
    with Threads() as threads:
        threads.start(barrier.wait)
        action.await_running()
        late = threads.start(barrier.wait)
        await_until(lambda: "ArriveHeld by t2" in told(barrier), "the call to be held")
        action.end()
        assert late.result() == 0
    assert told(barrier).count("ArriveAndAct by t2") == 1


def test_step_that_somebody_else_takes() -> None:
    """A call left before its step was taken ends after it; its thread may call meanwhile."""
    recording = Recording(2, has_action=False)
    lock, other = object(), object()
    call = recording.calls(owner=1)
    recording.makes(lock, 1)
    recording.see((ROWS["ArriveAndWait"], lock))
    recording.raises(call, KeyboardInterrupt(), "other")
    recording.calls(owner=1)
    recording.makes(other, 1)
    recording.see((ROWS["Withdraw"], lock))
    recording.see((ROWS["ArriveAndWait"], other))
    trace = recording.trace()
    assert [str(event) for event in trace.events] == [
        *("Call by t1", "ArriveAndWait by t1", "Call by t2", "Withdraw by t1"),
        *("Raised KeyboardInterrupt (raised by: other) by t1", "ArriveAndWait by t2"),
    ]
    assert follow(trace)[1] is None


def test_step_of_nobody() -> None:
    """A step that belongs to no call that was recorded is an error, and no trace."""
    recording = Recording(2, has_action=False)
    recording.see((ROWS["ArriveAndWait"], object()))
    with pytest.raises(RecordingError, match="ArriveAndWait was taken for a call that nobody"):
        recording.trace()
    recording = Recording(2, has_action=False)
    recording.makes(object(), 1)
    with pytest.raises(RecordingError, match="a thread that is not in wait"):
        recording.trace()


def test_wait_is_the_shipped_one() -> None:
    """The recorded call runs the shipped code, in surroundings that differ in one name."""
    barrier = RecordedBarrier(1)
    wait: Any = barrier._wait
    assert wait.func.__code__ is verified_barrier.Barrier.wait.__code__
    differing = {n for n, value in wait.func.__globals__.items() if vars(shipped)[n] is not value}
    assert differing == {"allocate_lock"}
    assert shipped.allocate_lock is threading._allocate_lock  # type: ignore[attr-defined]


def test_observer_runs_no_python_code() -> None:
    """It is called with the lock held, where an exception would tear the step."""
    assert type(RecordedBarrier(1)._observer) is type([].append)


def test_nothing_of_the_program_is_kept() -> None:
    """Neither what the action raised, nor what its frames refer to."""

    class Local:
        pass

    kept = Local()
    reference = weakref.ref(kept)

    def action(local: Local = kept) -> None:
        error = ValueError("no reason")
        error.local = local  # type: ignore[attr-defined]
        raise error

    barrier = RecordedBarrier(1, action)
    with pytest.raises(ValueError, match="no reason"):
        barrier.wait()
    del kept, action
    barrier._action = None
    gc.collect()
    assert reference() is None


def test_others_are_not_concerned() -> None:
    """A barrier that is not recorded has no observer, and the classes come back."""
    before = threading.Barrier, verified_barrier.Barrier, shipped.Barrier
    with suppress(KeyError), all_recorded() as made:
        first, second = threading.Barrier(1), verified_barrier.Barrier(2)
        assert made == [first, second]
        raise KeyError
    assert (threading.Barrier, verified_barrier.Barrier, shipped.Barrier) == before
    assert verified_barrier.Barrier(1)._observer is None


def test_threads_are_told_apart() -> None:
    """A thread keeps its name from call to call."""
    barrier = RecordedBarrier(1)
    with Threads() as threads:
        for _ in range(2):
            threads.start(lambda: [barrier.wait(), barrier.wait(), get_ident()]).result()
    assert len({event.thread for event in barrier.recording.trace().events}) in (1, 2)
