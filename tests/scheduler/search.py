"""Searches through the executions of a program, behind one interface."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from scheduler.engine import Engine, Execution, Program, Strategy

__all__ = ["Exploration", "Judge", "Result", "Verdict", "explore", "naive", "trace_of"]


class Verdict(Enum):
    """What a search has shown."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    """Every execution was looked at, and all are right."""
    FAIL = "fail"
    """An execution is wrong."""
    INCONCLUSIVE = "inconclusive"
    """None was found wrong, but not all were looked at."""


Judge = Callable[[Execution], str | None]
"""Returns what is wrong with an execution, or ``None``."""


@dataclass
class Result:
    """What a search found."""

    verdict: Verdict = Verdict.INCONCLUSIVE
    executions: int = 0
    traces: set[object] = field(default_factory=set)
    """The distinct Mazurkiewicz traces that were executed."""
    states: int = 0
    """The distinct states that were visited, where the search tells them apart."""
    sleep_blocked: int = 0
    """Executions that were given up because they could only repeat others."""
    failure: Execution | None = None
    problem: str | None = None

    def judge(self, execution: Execution, judge: Judge) -> None:
        """Count an execution, and keep it if it is wrong."""
        self.executions += 1
        problem = execution.problem or judge(execution)
        if problem is not None:
            self.verdict, self.failure, self.problem = Verdict.FAIL, execution, problem


def trace_of(execution: Execution) -> object:
    """Return what two executions have in common that differ in the order of independent steps.

    For each object, in which order its changes came, and between which of them each look at it.
    """
    order: dict[str, list[tuple[int, int]]] = {}
    reads: dict[str, list[tuple[int, int, int]]] = {}
    counts: dict[int, int] = {}
    for step in execution.steps:
        number = counts[step.thread] = counts.get(step.thread, -1) + 1
        for name in step.operation.reads:
            version = len(order.get(name, ()))
            reads.setdefault(name, []).append((version, step.thread, number))
        for name in step.operation.writes:
            order.setdefault(name, []).append((step.thread, number))
    return (
        frozenset((name, tuple(steps)) for name, steps in order.items()),
        frozenset((name, tuple(sorted(steps))) for name, steps in reads.items()),
        frozenset(counts.items()),
    )


@dataclass
class _Branch:
    possible: tuple[int, ...]
    operations: tuple[tuple[str, str], ...]
    """What each of them is about to do, to what."""
    place: int = 0


class _DepthFirst:
    """Goes through all choices, in order."""

    def __init__(self) -> None:
        self.branches: list[_Branch] = []
        self.depth = 0

    def choose(self, engine: Engine, possible: tuple[int, ...]) -> int:
        threads = engine.threads
        operations = tuple([o[:2] for n in possible if (o := threads[n].operation) is not None])
        if self.depth == len(self.branches):
            self.branches.append(_Branch(possible, operations))
        branch = self.branches[self.depth]
        if branch.possible != possible or branch.operations != operations:
            raise NotDeterministicError(self.depth, branch.operations, operations)
        self.depth += 1
        return possible[branch.place]

    def learn(self, execution: Execution, result: Result) -> bool:
        """Count the execution's trace."""
        if self.depth < len(self.branches):
            raise NotDeterministicError(self.depth, "go on", "it has ended")
        result.traces.add(trace_of(execution))
        return True

    def next(self) -> bool:
        """Go on to the next execution; return whether there is one."""
        self.depth = 0
        while self.branches and self.branches[-1].place == len(self.branches[-1].possible) - 1:
            self.branches.pop()
        if not self.branches:
            return False
        self.branches[-1].place += 1
        return True


class NotDeterministicError(AssertionError):
    """A program that does not do the same when the same is decided."""

    def __init__(self, depth: int, before: object, now: object) -> None:
        super().__init__(
            f"the program is not deterministic: at step {depth} it did {before} before, "
            f"and now {now}"
        )


class Exploration(Strategy, Protocol):
    """A strategy that knows what it has tried."""

    def learn(self, execution: Execution, result: Result) -> bool:
        """Take note of an execution; return whether it was executed to be judged."""

    def next(self) -> bool:
        """Go on to the next execution; return whether there is one."""


def explore(
    engine: Engine, program: Program, judge: Judge, strategy: Exploration, limit: int
) -> Result:
    """Execute what a strategy wants to be executed, until one is wrong or none is left."""
    result = Result()
    while result.executions < limit:
        execution = engine.run(program, strategy)
        if strategy.learn(execution, result):
            result.judge(execution, judge)
            if result.failure is not None:
                return result
        if not strategy.next():
            result.verdict = Verdict.PASS
            return result
    return result


def naive(engine: Engine, program: Program, judge: Judge, limit: int = 100_000) -> Result:
    """Execute every order of steps, one after the other."""
    return explore(engine, program, judge, _DepthFirst(), limit)
