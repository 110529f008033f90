"""Threads for tests: started, watched, and joined within a limit.

Events are put in order by looking at the barrier and at the threads, never by sleeping. What
does not happen within the limit fails the test, and the message says what it was.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Generic, NoReturn, TypeAlias, TypeVar

import pytest

import verified_barrier

T = TypeVar("T")
AnyBarrier: TypeAlias = threading.Barrier | verified_barrier.Barrier
MakeBarrier: TypeAlias = Callable[..., AnyBarrier]

LIMIT = 10.0
"""Seconds after which a test gives up on what ought to happen at once."""

_PAUSE = 0.0005

IMPLEMENTATIONS = [
    pytest.param(threading.Barrier, id="threading"),
    pytest.param(verified_barrier.Barrier, id="verified"),
]


class StuckError(Exception):
    """Something did not happen within the limit."""


class Interrupted(BaseException):
    """Raised in the main thread by a signal handler."""


def await_until(condition: Callable[[], bool], what: str, limit: float = LIMIT) -> None:
    """Return as soon as the condition holds; after ``limit`` seconds raise ``StuckError``."""
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            raise StuckError(f"waited {limit} s for this, in vain: {what}")
        time.sleep(_PAUSE)


def is_blocked(thread: threading.Thread) -> bool:
    """Return whether the thread stays at one instruction, as one does that waits for a lock."""
    seen = set()
    for _ in range(10):
        frame = sys._current_frames().get(thread.ident or 0)
        seen.add(None if frame is None else (id(frame), frame.f_lasti))
        time.sleep(0.001)
    return len(seen) == 1 and None not in seen


class Task(Generic[T]):
    """A call that is made in a thread of its own."""

    def __init__(self, call: Callable[[], T], name: str, limit: float) -> None:
        self._call = call
        self._limit = limit
        self._results: list[T] = []
        self._error: BaseException | None = None
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self._results.append(self._call())
        except BaseException as error:
            self._error = error

    @property
    def done(self) -> bool:
        """Whether the call has returned or raised."""
        return bool(self._results) or self._error is not None

    def result(self) -> T:
        """Return what the call returned, or raise what it raised."""
        self.join(self._limit)
        if self._error is not None:
            raise self._error
        return self._results[0]

    def returns(self) -> bool:
        """Wait for the call to end; return whether it has returned."""
        self.join(self._limit)
        return self._error is None

    def error(self) -> BaseException:
        """Return what the call raised."""
        self.join(self._limit)
        assert self._error is not None, f"{self.thread.name} returned {self._results[0]!r}"
        return self._error

    def join(self, limit: float) -> None:
        """Wait for the thread to end."""
        self.thread.join(max(0.0, limit))
        if self.thread.is_alive():
            raise StuckError(f"{self.thread.name} has not ended within {self._limit} s")


class Threads:
    """The threads of one test; the ``with`` statement ends when all have ended.

    If its body raises, the threads are left behind: they are daemons.
    """

    def __init__(self, limit: float = LIMIT) -> None:
        self.limit = limit
        self._tasks: list[Task[object]] = []

    def __enter__(self) -> Threads:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        deadline = time.monotonic() + self.limit
        if error is None:
            for task in self._tasks:
                task.join(deadline - time.monotonic())
        elif running := [task.thread.name for task in self._tasks if not task.done]:
            error.add_note(f"still running: {', '.join(running)}")

    def start(self, call: Callable[[], T], name: str = "thread") -> Task[T]:
        """Make the call in a thread of its own."""
        task = Task(call, f"{name} #{len(self._tasks)}", self.limit)
        self._tasks.append(task)  # type: ignore[arg-type]
        return task

    def call(self, call: Callable[[], T]) -> T:
        """Make the call in a thread of its own, and return or raise what it does."""
        return self.start(call, "call").result()

    def start_waiters(
        self, barrier: AnyBarrier, count: int, timeout: float | None = None
    ) -> list[Task[int]]:
        """Start threads that wait, one after another; return when all have arrived."""
        waiters = []
        for arrived in range(barrier.n_waiting + 1, barrier.n_waiting + 1 + count):
            waiters.append(self.start(lambda: barrier.wait(timeout), "waiter"))
            await_arrivals(barrier, arrived, self.limit)
        return waiters


def await_arrivals(barrier: AnyBarrier, arrived: int, limit: float = LIMIT) -> None:
    """Return as soon as ``n_waiting`` is ``arrived``."""
    await_until(lambda: barrier.n_waiting == arrived, f"n_waiting == {arrived}", limit)


class LongAction:
    """An action that ends when it is told to."""

    def __init__(self) -> None:
        self._running = threading.Event()
        self._end = threading.Event()

    def __call__(self) -> None:
        """Run until ``end()`` is called."""
        self._running.set()
        if not self._end.wait(LIMIT):
            raise StuckError(f"the action was not told to end within {LIMIT} s")

    def await_running(self) -> None:
        """Return as soon as the action runs."""
        await_until(self._running.is_set, "the action to run")

    def end(self) -> None:
        """Let the action return, now and in later crossings."""
        self._end.set()


@contextmanager
def signalled(
    call: Callable[[], object], arrived: int, barrier: AnyBarrier, limit: float = LIMIT
) -> Iterator[None]:
    """Let a signal handler make the call on top of what the main thread does in the body.

    That is done as soon as ``n_waiting`` is ``arrived`` and the main thread is blocked. What
    the call raises is raised in the body; it is an error if the body ends before the call.
    """
    main = threading.main_thread()
    over = threading.Event()
    failures: list[StuckError] = []
    called = False

    def send() -> None:
        try:
            await_until(
                lambda: over.is_set() or (barrier.n_waiting == arrived and is_blocked(main)),
                f"n_waiting == {arrived} and the main thread blocked",
                limit,
            )
            signal.pthread_kill(main.ident or 0, signal.SIGUSR1)
            await_until(over.is_set, "the main thread to leave wait()", limit)
        except StuckError as error:
            failures.append(error)
            signal.pthread_kill(main.ident or 0, signal.SIGUSR1)

    def handle(number: int, frame: object) -> None:
        nonlocal called
        if failures and not over.is_set():
            raise failures[0]
        if not over.is_set():
            called = True
            call()

    previous = signal.signal(signal.SIGUSR1, handle)
    sender = threading.Thread(target=send, name="sender", daemon=True)
    try:
        sender.start()
        yield
        assert called, "the body ended before the signal"
    finally:
        over.set()
        sender.join()
        signal.signal(signal.SIGUSR1, previous)


def interrupt() -> NoReturn:
    """Raise ``Interrupted``."""
    raise Interrupted


def withdraw(barrier: AnyBarrier, arrived: int, timeout: float | None = None) -> None:
    """Arrive with the main thread, and withdraw when ``arrived`` threads have arrived."""
    with pytest.raises(Interrupted), signalled(interrupt, arrived, barrier):
        barrier.wait(timeout)


def wait_meanwhile(
    barrier: AnyBarrier, script: Callable[[], object], timeout: float | None = None
) -> int:
    """Arrive with the main thread, first of all, and stop it there until ``script`` has ended.

    It cannot notice before that what has become of its generation: it is slow to leave.
    """
    with signalled(script, 1, barrier):
        return barrier.wait(timeout)
