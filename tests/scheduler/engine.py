"""Runs threads one at a time, one operation at a time, as somebody else decides.

A program's threads are real threads, from a pool. Before each operation that another thread
could notice, a thread announces it and stops: this is a scheduling point. The strategy chooses
among the threads whose operation is possible; the chosen thread does its operation, and runs on
to its next point. The thread that stops takes the decision itself and wakes the next one, so that
no decision costs more than one switch of threads, and none where the same thread goes on.

Nothing else may decide what happens: no real lock, no real clock, no real identity.
"""

from __future__ import annotations

import os
import sys
import threading
from _thread import allocate_lock
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from types import FrameType
from typing import NamedTuple, Protocol

__all__ = [
    "Body",
    "Cancelled",
    "Ending",
    "Engine",
    "Execution",
    "Operation",
    "Program",
    "Step",
    "Strategy",
    "Thread",
]


class Operation(NamedTuple):
    """What a thread is about to do at a scheduling point."""

    kind: str
    """For reports and schedules: acquire, release, read, write, start, ..."""
    target: str
    """The object: a name that is the same in every execution."""
    writes: tuple[str, ...] = ()
    """The names of what it may change."""
    reads: tuple[str, ...] = ()
    """The names of what it looks at."""
    is_possible: Callable[[], bool] | None = None
    """Whether it can be done now; ``None``: always."""
    waits: bool = False
    """Whether it takes a lock, and waits for it without a limit."""
    blocks: bool = False
    """Whether the thread may block in it, so that it can be interrupted."""

    def __str__(self) -> str:
        return f"{self.kind} {self.target}"

    def conflicts(self, other: Operation) -> bool:
        """Return whether the order of the two may matter."""
        return any(name in other.writes or name in other.reads for name in self.writes) or any(
            name in other.writes for name in self.reads
        )


@dataclass
class Step:
    """One decision, and what was done."""

    thread: int
    operation: Operation
    possible: tuple[int, ...]
    """The threads that could have been chosen."""
    was_free: bool = False
    """Whether it concerns a lock that was free before."""
    took: bool = False
    """Whether it took a lock."""
    interrupted: tuple[int, Operation] | None = None
    """The thread that it interrupted, and what that was about to do."""


class Ending(Enum):
    """How an execution came to its end."""

    FINISHED = "finished"
    DEADLOCK = "deadlock"
    """Some threads wait, and nobody can go on."""
    LIVELOCK = "livelock"
    """It came back to a state in which it had been, and nobody was left out on the way."""
    BOUND = "step bound"
    """More steps than allowed: perhaps threads that go round in circles."""
    STOPPED = "stopped"
    """The strategy would not choose, or an observer found something wrong."""


class Cancelled(BaseException):
    """Raised at the scheduling points of threads that are not to go on."""


class Body(NamedTuple):
    """What a thread of a program does."""

    run: Callable[[], object]
    first: Operation | None = None
    """Its first operation, if that is known before it runs."""
    optional: bool = False
    """Whether an execution may end before it."""


class Program(Protocol):
    """What is run: called anew for each execution, it makes the shared objects and the bodies."""

    def __call__(self, engine: Engine) -> Sequence[Body | Callable[[], object]]: ...


class Strategy(Protocol):
    """Who is next."""

    def choose(self, engine: Engine, possible: tuple[int, ...]) -> int | None:
        """Return one of the possible threads, or ``None`` to stop the execution."""


@dataclass
class Thread:
    """One thread of a program, in one execution."""

    number: int
    operation: Operation | None = None
    """What it is about to do; ``None`` before it has started and after it has ended."""
    optional: bool = False
    """Whether an execution may end before it does."""
    ended: bool = False
    result: object = None
    """What its body returned."""
    error: BaseException | None = None
    """What its body raised."""
    cancelled: bool = False
    """Whether it was ended by the engine."""
    interruption: BaseException | None = None
    """Raised instead of its next operation."""
    clock: float = 0.0
    """Its time, in seconds: it passes only when the thread waits in vain, or sleeps."""
    made: dict[str, int] = field(default_factory=dict)
    """How many objects of each kind it has made, to give them names."""

    @property
    def name(self) -> str:
        """What operations that concern it have among the names of what they change."""
        return f"t{self.number}"


@dataclass(frozen=True)
class Execution:
    """An execution that has ended."""

    ending: Ending
    steps: Sequence[Step]
    threads: Sequence[Thread]
    pending: Sequence[tuple[int, Operation]]
    """The threads that had not ended, and what each was about to do."""
    problem: str | None = None
    """What an observer found wrong."""
    circle: int | None = None
    """The step from which on all could go on for ever, if it is a livelock."""


class _Worker:
    """A thread of the pool: runs one body after the other."""

    def __init__(self, name: str) -> None:
        self.wake = allocate_lock()
        self.wake.acquire()
        self.job: Callable[[], None] | None = None
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        if hasattr(os, "sched_setaffinity"):
            # One thread runs at a time: to hand over to another core takes three times as long.
            cores = sorted(os.sched_getaffinity(0))
            os.sched_setaffinity(0, {cores[os.getpid() % len(cores)]})
        while True:
            self.wake.acquire()
            job, self.job = self.job, None
            if job is None:
                return
            job()


class Engine:
    """Runs executions, one after the other, with the same pool of threads.

    Parameters: ``step_bound``, how many steps an execution may have. Use it in a ``with``
    statement: its end ends the threads of the pool.
    """

    def __init__(self, step_bound: int = 10_000) -> None:
        self.step_bound = step_bound
        self.threads: list[Thread] = []
        self.steps: list[Step] = []
        self.observer: Callable[[], str | None] | None = None
        """Called after each step; what it returns is what is wrong."""
        self.state: Callable[[], Hashable] | None = None
        """Names the state that the program is in; without it, livelocks are not told."""
        self.current = Thread(-1)
        """The thread that runs; while the program is made, none of its threads."""
        self._strategy: Strategy | None = None
        self._ending: Ending | None = None
        self._problem: str | None = None
        self._seen: dict[Hashable, int] = {}
        self._circle: int | None = None
        self._failure: BaseException | None = None
        self._workers: list[_Worker] = []
        self._done = allocate_lock()
        self._done.acquire()

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.wake.release()
        for worker in self._workers:
            worker.thread.join()
        self._workers.clear()

    def run(self, program: Program, strategy: Strategy) -> Execution:
        """Run a program once, as the strategy decides."""
        self.threads, self.steps, self.observer, self.state = [], [], None, None
        self._failure, self._seen, self._circle = None, {}, None
        self._strategy, self._ending, self._problem = strategy, None, None
        self.current = Thread(-1)
        bodies = program(self)
        while len(self._workers) < len(bodies):
            self._workers.append(_Worker(f"scheduled-{len(self._workers)}"))
        for number, body in enumerate(bodies):
            run, first, optional = body if isinstance(body, Body) else Body(body)
            start = Operation("start", f"t{number}", (f"t{number}",))
            thread = Thread(number, start if first is None else first, optional)
            self.threads.append(thread)
            self._workers[number].job = partial(self.run_body, thread, run)
        self._wake(self._next())
        self._done.acquire()
        pending = [(t.number, t.operation) for t in self.threads if t.operation is not None]
        ending = self._how_it_ended()
        self._cancel_all()
        if self._failure is not None:
            raise self._failure
        return Execution(ending, self.steps, self.threads, pending, self._problem, self._circle)

    def _how_it_ended(self) -> Ending:
        return Ending.FINISHED if self._ending is None else self._ending

    def point(self, operation: Operation) -> None:
        """Announce an operation of the current thread; return when it is to do it."""
        thread = self.current
        if thread.number < 0:
            return
        # What a thread does concerns those that interrupt it.
        kind, target, writes, reads, *rest = operation
        concerned = (*writes, thread.name)
        thread.operation = Operation(kind, target, concerned, reads, *rest)  # type: ignore[arg-type]
        if self._ending is None:
            chosen = self._next()
            if chosen is not thread:
                self._wake(chosen)
                self._workers[thread.number].wake.acquire()
        thread.operation = None
        if self._ending is not None:
            raise Cancelled
        if thread.interruption is not None:
            interruption, thread.interruption = thread.interruption, None
            raise interruption

    def frame(self, number: int) -> FrameType | None:
        """Return the innermost frame of a thread that stands at a scheduling point."""
        ident = self._workers[number].thread.ident
        return sys._current_frames().get(-1 if ident is None else ident)

    def possible(self) -> tuple[int, ...]:
        """Return the threads that can go on."""
        return tuple(
            thread.number
            for thread in self.threads
            if (operation := thread.operation) is not None
            and (operation.is_possible is None or operation.is_possible())
        )

    def interruption(self, number: int, error: BaseException) -> Body:
        """Return the body of a thread that raises an error in another one.

        It may do so whenever the other one takes a lock and could have to wait for it, as a
        signal handler may; or never.
        """

        return self._intervention("interrupt", number, lambda: self.interrupt(number, error))

    def suspension(self, number: int) -> Body:
        """Return the body of a thread that stops another one for good, where that could block.

        Nobody can tell such a thread from one that is very slow.
        """
        return self._intervention("suspend", number, lambda: self._suspend(number))

    def _intervention(self, kind: str, number: int, does: Callable[[], None]) -> Body:
        def is_possible() -> bool:
            operation = self.threads[number].operation
            return operation is not None and operation.blocks

        def intervene() -> None:
            operation = self.threads[number].operation
            if operation is not None:
                self.steps[-1].interrupted = number, operation
            does()

        name = f"t{number}"
        return Body(intervene, Operation(kind, name, (name,), (), is_possible), True)

    def interrupt(self, number: int, error: BaseException) -> None:
        """Let a thread that stands at a scheduling point raise an error as its next operation."""
        thread, name = self.threads[number], f"t{number}"
        thread.interruption = error
        thread.operation = Operation("raise", name, (name,))

    def _suspend(self, number: int) -> None:
        thread, name = self.threads[number], f"t{number}"
        thread.optional = True
        thread.operation = Operation("stand still at", name, (name,), (), lambda: False)

    def name(self, kind: str) -> str:
        """Return a name for a new object: the same wherever its maker has done the same."""
        made = self.current.made
        made[kind] = made.get(kind, -1) + 1
        maker = "" if self.current.number < 0 else f"@t{self.current.number}"
        return f"{kind}{made[kind]}{maker}"

    def _next(self) -> Thread | None:
        """Return the thread that goes on; ``None`` if the execution ends."""
        try:
            return self._decide()
        except BaseException as failure:
            # Raised in the caller of run(): the thread that decides here has no part in it.
            self._failure, self._ending = failure, Ending.STOPPED
            return None

    def _decide(self) -> Thread | None:
        """Ask the observer and the strategy, and note the step."""
        if self._ending is None and self.observer is not None:
            self._problem = self.observer()
            if self._problem is not None:
                self._ending = Ending.STOPPED
        if self._ending is None and self._goes_round():
            self._ending = Ending.LIVELOCK
        if self._ending is not None or self._strategy is None:
            return None
        possible = self.possible()
        if not possible:
            if any(t.operation is not None and not t.optional for t in self.threads):
                self._ending = Ending.DEADLOCK
            return None
        if len(self.steps) >= self.step_bound:
            self._ending = Ending.BOUND
            return None
        number = self._strategy.choose(self, possible)
        if number is None:
            self._ending = Ending.STOPPED
            return None
        thread = self.threads[number]
        assert thread.operation is not None
        self.steps.append(Step(number, thread.operation, possible))
        self.current = thread
        return thread

    def _goes_round(self) -> bool:
        """Return whether what happened since the same state can happen for ever.

        If a thread could have gone on all the time, and did not, that is no fair execution.
        """
        if self.state is None:
            return False
        now = len(self.steps)
        start = self._seen.setdefault(self.state(), now)
        if start == now:
            return False
        circle = self.steps[start:]
        left_out = set(circle[0].possible).intersection(*(step.possible for step in circle))
        left_out -= {step.thread for step in circle}
        if any(not self.threads[number].optional for number in left_out):
            return False
        self._circle = start
        return True

    def _wake(self, thread: Thread | None) -> None:
        (self._done if thread is None else self._workers[thread.number].wake).release()

    def run_body(self, thread: Thread, run: Callable[[], object]) -> None:
        """Run a body in the current thread: all that a thread of a program does is in here."""
        thread.operation = None
        try:
            if self._ending is None:
                thread.result = run()
        except BaseException as error:
            thread.error = error
        thread.ended = True
        self._wake(self._next() if self._ending is None else None)

    def _cancel_all(self) -> None:
        """Let each thread that has not ended run to its end, where every point raises."""
        for thread in self.threads:
            if not thread.ended:
                thread.cancelled = True
                self._ending = Ending.STOPPED
                self.current = thread
                self._wake(thread)
                self._done.acquire()
