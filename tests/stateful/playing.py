"""Plays a program with real threads at a real barrier, and holds it against the model.

One command at a time: the thread does it, and all threads run until they rest. Then what the
barrier says of itself, where each thread is and what came of its call must be as the model has it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any, cast
from unittest.mock import patch

from scheduler.oracle import ActionError, Interruption
from scheduler.primitives import Surroundings, load_threading
from scheduler.subjects import SHIPPED, STANDARD, SUBJECTS
from stateful.model import BLOCKED, IN_ACTION, NOT_CALLED, Model, Seen
from stateful.programs import TIMEOUT, Command, Do, Program, Site
from stateful.threads import Cancelled, Stage, StuckError, Worker
from verified_barrier import barrier as shipped
from verified_barrier.verification.model import Configuration

__all__ = ["Story", "play"]


@dataclass(frozen=True)
class Story:
    """A program as it was played: to its end, or until something was wrong."""

    barrier: str
    """The name of the barrier: one of the scheduler's subjects."""
    site: Site
    commands: tuple[Command, ...]
    """What was done."""
    taken: frozenset[str]
    """The actions of the specification that the model took."""
    end: Configuration
    """Where the model is after the last command."""
    problem: str | None
    """What is not as the model has it after the last command."""

    def __str__(self) -> str:
        steps = [f"{number:3}. {command}" for number, command in enumerate(self.commands, 1)]
        wrong = f"wrong: {self.problem or 'nothing'}"
        return "\n".join([f"{self.barrier}: {self.site}", "", *steps, "", wrong])


@cache
def _module(name: str) -> ModuleType:
    """Return the module of our barrier, or of one with a fault."""
    if name == SHIPPED.name:
        return shipped
    module = ModuleType(name)
    exec(compile(SUBJECTS[name].text(), f"{name}.py", "exec"), module.__dict__)  # noqa: S102
    return module


@contextmanager
def _on(stage: Stage, name: str) -> Iterator[Callable[..., Any]]:
    """Give a barrier, one of the scheduler's subjects, the locks and the clock of a stage."""
    if name == STANDARD.name:
        # A stage has all that these classes take from their surroundings.
        yield load_threading(cast("Surroundings", stage), "Condition", "Barrier").Barrier
        return
    names = ("RLock", "allocate_lock", "get_ident", "monotonic")
    with patch.multiple(_module(name), **{name: getattr(stage, name) for name in names}):
        yield _module(name).Barrier


class _Caller(Worker):
    """One thread of a program."""

    def __init__(self, stage: Stage) -> None:
        self.barrier: Any = None
        self.result = NOT_CALLED
        """What came of its last call."""
        self.is_acting = False
        super().__init__(stage)

    def seen(self) -> str:
        """Return what is seen of it when it rests."""
        if self.lock is not None:
            return BLOCKED
        return IN_ACTION if self.is_acting else self.result

    def told(self, do: Do) -> None:
        """Note what it is to do; it does it when it is its turn."""
        if do is Do.STOP:
            self.is_stopped = True
        elif do is Do.GO_ON:
            self.is_stopped = False
        elif do is Do.TIME_OUT:
            self.expire()
        elif do is Do.INTERRUPT:
            self.interruption = Interruption()
        else:
            self.order = do

    def obey(self, do: Do) -> None:
        """Make a call."""
        self.is_expired = False
        try:
            self.result = f"returned {self._call(do)}"
        except Cancelled:
            raise
        except BaseException as error:
            self.result = f"raised {type(error).__name__}"
        self.is_acting = False

    def act(self) -> None:
        """Run the action: do there what it is told, until that is to return or to raise."""
        self.is_acting = True
        while (do := self.next_order()) is not Do.RETURN:
            if do is Do.RAISE:
                raise ActionError
            if do in (Do.ABORT, Do.RESET):
                self._call(do)
                continue
            try:
                self._call(do)
            except RuntimeError as error:
                if type(error) is RuntimeError:
                    continue
            raise AssertionError("wait() in the action was not refused")
        self.is_acting = False

    def _call(self, do: Do) -> object:
        calls: dict[Do, Callable[[], object]] = {
            Do.WAIT: self.barrier.wait,
            Do.WAIT_BRIEFLY: lambda: self.barrier.wait(TIMEOUT),
            Do.ABORT: self.barrier.abort,
            Do.RESET: self.barrier.reset,
        }
        return calls[do]()


def play(barrier: str, program: Program) -> Story:
    """Play a program until something is wrong."""
    site, commands = program
    model, played, problem = Model(site), [], None
    with Stage() as stage, _on(stage, barrier) as make:
        callers = [_Caller(stage) for _ in range(site.threads)]

        def act() -> None:
            assert isinstance(stage.current, _Caller)
            stage.current.act()

        the_barrier = make(site.parties, act if site.has_action else None)
        for caller in callers:
            caller.barrier = the_barrier
        # The model chooses for each command when the one before it has been done.
        for command in filter(None, map(model.choose, commands)):
            played.append(command)
            model.do(command)
            callers[command.thread].told(command.do)
            problem = _problem(stage, the_barrier, callers, model.seen())
            if problem is not None:
                break
    return Story(barrier, site, tuple(played), frozenset(model.taken), model.now, problem)


def _problem(stage: Stage, barrier: Any, callers: list[_Caller], wanted: Seen) -> str | None:
    """Let the threads run until they rest; return what is wrong then."""
    try:
        stage.settle()
        seen: Seen = {"n_waiting": barrier.n_waiting, "broken": barrier.broken}
    except StuckError as error:
        return str(error)
    seen |= {f"t{number}": caller.seen() for number, caller in enumerate(callers, 1)}
    wrong = [
        f"{name} {_words(seen[name])}, where in the model it {_words(wanted[name])}"
        for name in seen
        if seen[name] != wanted[name]
    ]
    return "; ".join(wrong) or None


def _words(seen: object) -> str:
    return seen if isinstance(seen, str) else f"is {seen}"
