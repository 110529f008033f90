"""Plays a program with real threads at a real barrier, and holds it against the model.

One command at a time: the thread does it, and all threads run until they rest. Then what the
barrier says of itself, where each thread is and what came of its call must be as the model has it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache, partial
from types import ModuleType
from typing import Any, NamedTuple
from unittest.mock import patch

from scheduler.faults import FAULTS, Fault, faulty_text
from scheduler.oracle import ActionError, Interruption
from scheduler.primitives import load_threading
from scheduler.subjects import SHIPPED, STANDARD
from stateful.expected import Expected, Seen, SeenThread
from stateful.programs import TIMEOUT, Command, Do, Program, Site, Where
from stateful.threads import Cancelled, Stage, StuckError, Worker
from verified_barrier import barrier as shipped

__all__ = ["BARRIERS", "Played", "Story", "play"]

MakeBarrier = Callable[..., Any]


class Played(NamedTuple):
    """A command that was done."""

    command: Command
    where: Where
    """Where its thread was when it came."""
    run: int
    """Which run of the action the thread is in, or was in last: the runs are counted from 0."""


@dataclass(frozen=True)
class Story:
    """A program as it was played: to its end, or until something was wrong."""

    barrier: str
    """The name of the barrier: one of the scheduler's subjects."""
    site: Site
    played: tuple[Played, ...]
    runs: tuple[int, ...]
    """The threads that have run the action, in the order in which they began."""
    reached: frozenset[str]
    """The actions of the model that were taken."""
    problem: str | None
    """What is not as the model has it after the last command."""

    def __str__(self) -> str:
        steps = [
            f"{number:3}. {played.command.words(played.where)}"
            for number, played in enumerate(self.played, 1)
        ]
        head = f"{self.barrier}: {self.site}"
        return "\n".join([head, "", *steps, "", f"wrong: {self.problem or 'nothing'}"])


@contextmanager
def _in_module(module: ModuleType, stage: Stage) -> Iterator[MakeBarrier]:
    """Give a module that runs ``barrier.py`` the locks and the clock of a stage."""
    with patch.multiple(
        module,
        RLock=stage.RLock,
        allocate_lock=stage.allocate_lock,
        get_ident=stage.get_ident,
        monotonic=stage.monotonic,
    ):
        yield module.Barrier


@cache
def _module(fault: Fault) -> ModuleType:
    module = ModuleType(fault.name)
    exec(compile(faulty_text(fault), f"{fault.name}.py", "exec"), module.__dict__)  # noqa: S102
    return module


@contextmanager
def _standard(stage: Stage) -> Iterator[MakeBarrier]:
    yield load_threading(stage, "Condition", "Barrier").Barrier


def _faulty(fault: Fault, stage: Stage) -> AbstractContextManager[MakeBarrier]:
    return _in_module(_module(fault), stage)


BARRIERS: dict[str, Callable[[Stage], AbstractContextManager[MakeBarrier]]] = {
    SHIPPED.name: partial(_in_module, shipped),
    STANDARD.name: _standard,
    **{fault.name: partial(_faulty, fault) for fault in FAULTS},
}
"""By the names of the scheduler's subjects: what makes a barrier whose threads are on a stage."""


class _Caller:
    """One thread of a program."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.doing = ""
        """The call that it is in."""
        self.result = "has not called"
        """What came of its last call."""
        self.is_acting = False
        self.run = -1
        """Which run of the action that is, or was last."""
        self.order = Do.RETURN
        """What it is to do next in the action."""
        self.can_expire = False
        """Whether its call has a time limit that is not up."""
        self.is_interrupted = False

    @property
    def where(self) -> Where:
        """Where it is, now that all rest."""
        if self.worker.lock is not None:
            return Where.BLOCKED
        return Where.ACTING if self.is_acting else Where.OUTSIDE

    def seen(self) -> SeenThread:
        """Return what is seen of it."""
        where = self.where
        words = {
            Where.OUTSIDE: self.result,
            Where.BLOCKED: f"is blocked in {self.doing}",
            Where.ACTING: "is in the action",
        }
        return SeenThread(where, words[where])

    def can(self, do: Do) -> bool:
        """Return whether it can do a command where it is."""
        where, is_stopped = self.where, self.worker.is_stopped
        if where is Where.BLOCKED:
            return {
                Do.STOP: not is_stopped,
                Do.GO_ON: is_stopped,
                Do.TIME_OUT: self.can_expire,
                Do.INTERRUPT: not self.is_interrupted,
            }.get(do, False)
        if where is Where.ACTING:
            return do in (Do.WAIT, Do.ABORT, Do.RESET, Do.RETURN, Do.RAISE)
        return do.is_call


class _Play:
    """One run of a program, as far as it has come."""

    def __init__(self, site: Site, stage: Stage, make: MakeBarrier) -> None:
        self.stage = stage
        self.barrier = make(site.parties, self._act if site.has_action else None)
        self.expected = Expected(site)
        self.callers = [_Caller(Worker(stage)) for _ in range(site.threads)]
        self.watcher = Worker(stage)
        self.runs: list[int] = []
        """The threads that have run the action."""
        self.found: tuple[int, bool] | None = None
        """What the barrier says of itself, if it says anything."""
        stage.await_rest()

    def first_that_can(self, command: Command) -> int | None:
        """Return the thread that a command is for: the first that can do it."""
        threads = range(len(self.callers))
        able = (n for n in threads if self.callers[n].can(command.do))
        return min(able, key=lambda n: (n - command.thread) % len(threads), default=None)

    def do(self, command: Command) -> str | None:
        """Let a command be done; return what is wrong then."""
        caller = self.callers[command.thread]
        self.expected.command(command, caller.where)
        self._command(caller, command.do)
        self.found = None
        try:
            self.stage.await_rest()
            self.stage.tell(self.watcher, self._look)
            self.stage.await_rest()
        except StuckError as error:
            return str(error)
        if self.found is None:
            return "to read n_waiting and broken blocks"
        return self.expected.see(Seen(*self.found, tuple(c.seen() for c in self.callers)))

    def _command(self, caller: _Caller, do: Do) -> None:
        stage, worker = self.stage, caller.worker
        if do is Do.STOP:
            stage.stop(worker)
        elif do is Do.GO_ON:
            stage.go_on(worker)
        elif do is Do.TIME_OUT:
            caller.can_expire = False
            stage.expire(worker, TIMEOUT)
        elif do is Do.INTERRUPT:
            caller.is_interrupted, caller.can_expire = True, False
            stage.interrupt(worker, Interruption())
        elif caller.where is Where.ACTING:
            caller.order = do
            stage.tell(worker)
        else:
            caller.is_interrupted, caller.can_expire = False, do is Do.WAIT_BRIEFLY
            stage.tell(worker, lambda: self._call(caller, do))

    def _call(self, caller: _Caller, do: Do) -> None:
        caller.doing = do.value
        try:
            caller.result = f"returned {self._calls(do)}"
        except Cancelled:
            raise
        except BaseException as error:
            caller.result = f"raised {type(error).__name__}"
        caller.is_acting = False

    def _calls(self, do: Do) -> object:
        calls: dict[Do, Callable[[], object]] = {
            Do.WAIT: self.barrier.wait,
            Do.WAIT_BRIEFLY: lambda: self.barrier.wait(TIMEOUT),
            Do.ABORT: self.barrier.abort,
            Do.RESET: self.barrier.reset,
        }
        return calls[do]()

    def _act(self) -> None:
        worker = self.stage.current()
        number = next(n for n, caller in enumerate(self.callers) if caller.worker is worker)
        caller = self.callers[number]
        caller.is_acting = True
        with self.stage.mutex:
            caller.run = len(self.runs)
            self.runs.append(number)
        while True:
            with self.stage.mutex:
                worker.rest()
            if caller.order is Do.RETURN:
                break
            if caller.order is Do.RAISE:
                raise ActionError
            self._call_in_action(caller)
        caller.is_acting = False

    def _call_in_action(self, caller: _Caller) -> None:
        outer, caller.doing = caller.doing, f"{caller.order.value} in the action"
        try:
            self._calls(caller.order)
        except RuntimeError as error:
            if caller.order is not Do.WAIT or type(error) is not RuntimeError:
                raise
        else:
            if caller.order is Do.WAIT:
                raise AssertionError("wait() in the action was let in")
        caller.doing = outer

    def _look(self) -> None:
        self.found = self.barrier.n_waiting, self.barrier.broken


def play(barrier: str, program: Program) -> Story:
    """Play a program until something is wrong."""
    played: list[Played] = []
    problem = None
    with Stage() as stage, BARRIERS[barrier](stage) as make:
        run = _Play(program.site, stage, make)
        for command in program.commands:
            thread = run.first_that_can(command)
            if thread is None:
                continue
            caller = run.callers[thread]
            played.append(Played(Command(thread, command.do), caller.where, caller.run))
            problem = run.do(played[-1].command)
            if problem is not None:
                break
    reached = frozenset(run.expected.reached)
    return Story(barrier, program.site, tuple(played), tuple(run.runs), reached, problem)
