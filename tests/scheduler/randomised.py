"""Searches that throw dice: for programs that are too large to be exhausted.

Each is the same for the same seed. They find faults, but never show that there are none.
"""

from __future__ import annotations

from random import Random

from scheduler.engine import Engine, Program, Strategy
from scheduler.search import Judge, Result, trace_of

__all__ = ["pct", "random_walk"]


class _Walk:
    """Each thread that can go on is as likely as the others."""

    def __init__(self, dice: Random) -> None:
        self.dice = dice

    def choose(self, _engine: Engine, possible: tuple[int, ...]) -> int:
        return self.dice.choice(possible)


class _Priorities:
    """The thread with the highest priority goes on; at some steps it gets a low one instead."""

    def __init__(self, dice: Random, depth: int, steps: int) -> None:
        self.dice = dice
        self.changes = {dice.randrange(steps): low for low in range(depth - 1)}
        """The steps before which a priority changes, and the new one."""
        self.first = depth
        self.priorities: list[int] = []

    def choose(self, engine: Engine, possible: tuple[int, ...]) -> int:
        if not self.priorities:
            self.priorities = list(range(self.first, self.first + len(engine.threads)))
            self.dice.shuffle(self.priorities)
        chosen = max(possible, key=self.priorities.__getitem__)
        low = self.changes.get(len(engine.steps))
        if low is not None:
            self.priorities[chosen] = low
            chosen = max(possible, key=self.priorities.__getitem__)
        return chosen


def random_walk(
    engine: Engine, program: Program, judge: Judge, *, seed: int, executions: int
) -> Result:
    """Choose at random at each step, in so many executions or until one is wrong."""
    result = Result()
    walk = _Walk(Random(seed))  # noqa: S311
    while result.executions < executions and result.failure is None:
        _execute(engine, program, judge, walk, result)
    return result


def pct(
    engine: Engine,
    program: Program,
    judge: Judge,
    *,
    seed: int,
    executions: int,
    depth: int,
    steps: int,
) -> Result:
    """Give the threads random priorities, and change them at ``depth`` - 1 random steps.

    A fault that needs ``depth`` orderings to come about is found by one execution of a program
    of n threads with a probability of at least 1 / (n * ``steps`` ** (``depth`` - 1)), if the
    program has no more steps than that.

    Source: S. Burckhardt, P. Kothari, M. Musuvathi, S. Nagarakatte, "A randomized scheduler with
    probabilistic guarantees of finding bugs", ASPLOS 2010.
    """
    if depth < 1 or steps < 1:
        raise ValueError(f"depth and steps must be at least 1, not {depth} and {steps}")
    result = Result()
    dice = Random(seed)  # noqa: S311
    while result.executions < executions and result.failure is None:
        _execute(engine, program, judge, _Priorities(dice, depth, steps), result)
    return result


def _execute(
    engine: Engine, program: Program, judge: Judge, strategy: Strategy, result: Result
) -> None:
    execution = engine.run(program, strategy)
    result.traces.add(trace_of(execution))
    result.judge(execution, judge)
