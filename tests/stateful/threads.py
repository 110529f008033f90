"""Real threads that do what they are told, and locks at which they can be seen to wait.

The threads run freely and all at once; only where one waits, for a lock or for the next thing to
do, it says so. So it is known for certain when all of them have come to rest, without looking at a
clock and without looking again and again. A thread that waits for a lock can be interrupted or
stopped, or its time can run out, as it is told.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from threading import get_ident

__all__ = ["LIMIT", "Cancelled", "Lock", "RLock", "Stage", "StuckError", "Worker"]

LIMIT = 10.0
"""Seconds within which threads must come to rest: far more than they need."""


class StuckError(Exception):
    """The threads have not come to rest."""


class Cancelled(BaseException):
    """Raised in threads that are not to go on."""


class Worker:
    """A thread; what it is told to do, it does, and then waits to be told more.

    Its methods are called with the stage's mutex held.
    """

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.clock = 0.0
        """Its time, in seconds: it passes only when it is told to."""
        self.lock: Lock | None = None
        """The lock that it waits for."""
        self.is_timed = False
        """Whether it waits for the lock with a time limit."""
        self.is_stopped = False
        """Whether it does not go on, even if it could."""
        self.is_too_late = False
        """Whether its time was up before it got the lock."""
        self.interruption: BaseException | None = None
        """What is to be raised in it."""
        self._goes = threading.Condition(stage.mutex)
        self._is_going = True
        self.job: Callable[[], object] | None = None
        self.thread = threading.Thread(target=self._run, daemon=True)
        with stage.mutex:
            stage.busy += 1
            stage.workers.append(self)
        self.thread.start()

    def _run(self) -> None:
        stage = self.stage
        stage.running[get_ident()] = self
        try:
            while True:
                with stage.mutex:
                    self.rest()
                assert self.job is not None
                self.job()
        except Cancelled:
            pass

    def rest(self) -> None:
        """Wait until somebody lets it go on."""
        if self.stage.is_over:
            raise Cancelled
        self.stage.busy -= 1
        self._is_going = False
        if not self.stage.busy:
            self.stage.at_rest.notify()
        while not self._is_going:
            self._goes.wait()
        if self.stage.is_over:
            raise Cancelled

    def go(self) -> None:
        """Let it go on."""
        if not self._is_going:
            self._is_going = True
            self.stage.busy += 1
            self._goes.notify()

    def look(self) -> None:
        """Let it go on if it need not wait for its lock any more."""
        if self.lock is None or self.is_stopped:
            return
        if self.interruption is None and not self.is_too_late:
            if self.lock.owner is not None:
                return
            self.lock.owner = self
        self.lock = None
        self.go()


class Stage:
    """Where the threads are."""

    def __init__(self) -> None:
        self.mutex = threading.Lock()
        self.at_rest = threading.Condition(self.mutex)
        self.busy = 0
        """How many threads are running."""
        self.is_over = False
        self.is_lost = False
        """Whether some thread has not come to rest, and may never."""
        self.workers: list[Worker] = []
        self.running: dict[int, Worker] = {}
        """The same, by the identity of the thread."""

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *_: object) -> None:
        with self.mutex:
            self.is_over = True
            for worker in self.workers:
                worker.go()
        if not self.is_lost:
            for worker in self.workers:
                worker.thread.join(LIMIT)

    def await_rest(self) -> None:
        """Return when no thread is running; raise ``StuckError`` if some thread never rests."""
        with self.mutex:
            if not self.at_rest.wait_for(lambda: not self.busy, LIMIT):
                self.is_lost = True
                raise StuckError(f"{self.busy} of the threads did not rest within {LIMIT} s")

    def tell(self, worker: Worker, job: Callable[[], object] | None = None) -> None:
        """Let a thread go on that waits to be told what to do; ``None``: go on with its job."""
        with self.mutex:
            if job is not None:
                worker.job = job
            worker.go()

    def stop(self, worker: Worker) -> None:
        """Let a thread wait on that waits for a lock, even when it could have it."""
        with self.mutex:
            worker.is_stopped = True

    def go_on(self, worker: Worker) -> None:
        """Let a thread go on that was stopped."""
        with self.mutex:
            worker.is_stopped = False
            worker.look()

    def interrupt(self, worker: Worker, error: BaseException) -> None:
        """Raise an exception in a thread that waits for a lock."""
        with self.mutex:
            worker.interruption = error
            worker.look()

    def expire(self, worker: Worker, seconds: float) -> None:
        """Let time pass for a thread."""
        with self.mutex:
            worker.clock += seconds
            if worker.is_timed and worker.lock is not None and worker.lock.owner is not None:
                worker.is_too_late = True
            worker.look()

    # What a barrier takes from its surroundings.

    def current(self) -> Worker:
        """Return the thread that runs this."""
        return self.running[get_ident()]

    def allocate_lock(self) -> Lock:
        """Return a new lock."""
        return Lock(self)

    def RLock(self) -> RLock:  # noqa: N802 - the name that it has elsewhere
        """Return a new lock that a thread may take more than once."""
        return RLock(self)

    def get_ident(self) -> int:
        """Return the identity of the thread."""
        return get_ident()

    def monotonic(self) -> float:
        """Return the thread's time in seconds."""
        return self.current().clock


class Lock:
    """A lock like ``threading.Lock``."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.owner: Worker | None = None

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock, or return ``False`` if another thread holds it and no time is left."""
        with self.stage.mutex:
            worker = self.stage.current()
            if self.owner is None:
                self.owner = worker
                return True
            if not blocking or timeout == 0:
                return False
            worker.lock, worker.is_timed, worker.is_too_late = self, timeout > 0, False
            try:
                worker.rest()
            finally:
                worker.lock = None
            if worker.interruption is not None:
                error, worker.interruption = worker.interruption, None
                raise error
            return not worker.is_too_late

    def release(self) -> None:
        """Give the lock back, whoever holds it."""
        with self.stage.mutex:
            if self.stage.is_over:
                return
            if self.owner is None:
                raise RuntimeError("release unlocked lock")
            self.owner = None
            for worker in self.stage.workers:
                if worker.lock is self:
                    worker.look()

    def locked(self) -> bool:
        """Return whether the lock is held."""
        return self.owner is not None

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


class RLock(Lock):
    """A lock like ``threading.RLock``."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.again = 0
        """How often its owner has taken it again."""

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock, or return ``False`` if another thread holds it and no time is left."""
        if self.owner is not None and self.owner is self.stage.running.get(get_ident()):
            self.again += 1
            return True
        return super().acquire(blocking, timeout)

    def release(self) -> None:
        """Give the lock back, as often as it was taken."""
        if self.again:
            self.again -= 1
        else:
            super().release()
