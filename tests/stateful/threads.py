"""Real threads that do what they are told, and locks at which they wait.

One thread runs at a time, until it waits for a lock, or to be told more; then the first of those
that can go on does, until none can: now the threads rest. So a program is played in the same way
each time, and no clock says when the threads rest. One that waits for a lock can be interrupted or
stopped, or its time can run out, as it is told.
"""

from __future__ import annotations

from _thread import allocate_lock, get_ident
from threading import Thread

from stateful.programs import Do

__all__ = ["LIMIT", "Cancelled", "Stage", "StuckError", "Worker"]

LIMIT = 10.0
"""Seconds within which a thread must come to rest: far more than it needs."""


class StuckError(Exception):
    """A thread does not come to rest."""


class Cancelled(BaseException):
    """Raised in threads that are not to go on."""


class Worker:
    """A thread; what it does with an order, a class of its own says."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.order: Do | None = None
        """What it is told to do, until it does it."""
        self.clock = 0.0
        """Its time, in seconds: it passes only when the thread waits in vain."""
        self.lock: Lock | None = None
        """The lock that it waits for."""
        self.is_timed = False
        """Whether it waits for the lock with a time limit."""
        self.is_expired = False
        """Whether its time is up, now or when it waits with a limit."""
        self.is_too_late = False
        """Whether its time was up before it got the lock."""
        self.is_stopped = False
        """Whether it does not go on, even if it could."""
        self.interruption: BaseException | None = None
        """What is to be raised in it."""
        self._turn, self._rest = allocate_lock(), allocate_lock()
        self._turn.acquire()
        self._rest.acquire()
        self.thread = Thread(target=self._run, daemon=True)
        self.thread.start()
        stage.workers.append(self)

    def obey(self, order: Do) -> None:
        """Do what it is told."""
        raise NotImplementedError

    def _run(self) -> None:
        self._turn.acquire()
        try:
            while True:
                self.obey(self.next_order())
        except Cancelled:
            self._rest.release()

    def next_order(self) -> Do:
        """Return what it is told to do, as soon as it is."""
        while self.order is None:
            self.pause()
        order, self.order = self.order, None
        return order

    def pause(self) -> None:
        """Let others run, until it is this one's turn again."""
        if not self.stage.is_over:
            self._rest.release()
            self._turn.acquire()
        if self.stage.is_over:
            raise Cancelled

    def run(self) -> None:
        """Let it run until it rests. Its turn is given by the thread that plays the program."""
        self._turn.release()
        if not self._rest.acquire(timeout=LIMIT):
            raise StuckError(f"a thread has not come to rest within {LIMIT} s")

    def can_go_on(self) -> bool:
        """Return whether it waits for nothing."""
        if self.lock is None:
            return self.order is not None
        is_free = not self.lock.held or self.is_too_late or self.interruption is not None
        return is_free and not self.is_stopped

    def expire(self) -> None:
        """Let the time of its call be up."""
        self.is_expired = True
        self.is_too_late = self.is_timed and self.lock is not None and self.lock.held > 0


class Stage:
    """Where the threads are, and what a barrier takes from its surroundings.

    Use it in a ``with`` statement: its end ends the threads.
    """

    def __init__(self) -> None:
        self.workers: list[Worker] = []
        self.current: Worker | None = None
        """The thread that runs; ``None``: the one that plays the program."""
        self.is_over = False

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over = True
        for worker in self.workers:
            # One that never rests is left behind: it is a daemon.
            if worker is not self.current:
                worker.run()
                worker.thread.join()

    def settle(self) -> None:
        """Let the threads run until they rest."""
        while (worker := next((w for w in self.workers if w.can_go_on()), None)) is not None:
            self.current = worker
            worker.run()
            self.current = None

    def allocate_lock(self) -> Lock:
        """Return a new lock."""
        return Lock(self)

    def RLock(self) -> Lock:  # noqa: N802 - the name that it has elsewhere
        """Return a new lock that a thread may take more than once."""
        return Lock(self, is_reentrant=True)

    def monotonic(self) -> float:
        """Return the thread's time in seconds."""
        return 0.0 if self.current is None else self.current.clock

    get_ident = staticmethod(get_ident)


class Lock:
    """A lock like ``threading.Lock``; ``is_reentrant``: like ``threading.RLock``."""

    def __init__(self, stage: Stage, is_reentrant: bool = False) -> None:
        self.stage = stage
        self.is_reentrant = is_reentrant
        self.owner = 0
        """The identity of the thread that took it last."""
        self.held = 0
        """How often it was taken and not given back."""

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock, or return ``False`` if it is held and there is no time left."""
        self._check()
        is_own = self.is_reentrant and self.owner == get_ident()
        if self.held and not is_own and not (blocking and timeout != 0 and self._wait(timeout)):
            return False
        self.owner, self.held = get_ident(), self.held + 1
        return True

    def release(self) -> None:
        """Give the lock back, whoever holds it."""
        self._check()
        if not self.held:
            raise RuntimeError("release unlocked lock")
        self.held -= 1

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def _check(self) -> None:
        if self.stage.is_over:
            raise Cancelled

    def _wait(self, timeout: float) -> bool:
        """Return whether it is free, as soon as it is, or else when the time is up."""
        worker = self.stage.current
        if worker is None:
            raise StuckError("to read n_waiting and broken blocks")
        worker.lock, worker.is_timed = self, timeout > 0
        worker.is_too_late = worker.is_timed and worker.is_expired
        while not worker.can_go_on():
            worker.pause()
        worker.lock = None
        if worker.interruption is not None:
            error, worker.interruption = worker.interruption, None
            raise error
        if worker.is_too_late:
            worker.clock += timeout
        return not worker.is_too_late
