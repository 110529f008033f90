"""Grading schedules: they are followed in a barrier's graph, step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from verified_barrier.teaching.barriers import exhibit, followed
from verified_barrier.teaching.exercises.answers import read_answer
from verified_barrier.teaching.exercises.exercise import NotSolvedError, Tools
from verified_barrier.teaching.moves import MoveError, Run, scene_in_words
from verified_barrier.teaching.sizes import Size
from verified_barrier.verification.tlc import Tlc

__all__ = ["FILE", "Goal", "followed_run", "grade_schedule", "read_schedule", "run_at"]

FILE: Final = "schedule.txt"


class Goal(NamedTuple):
    """Something that a run has to reach."""

    says: str
    reached: Callable[[Run], bool]
    hint: str


def run_at(tools: Tools, key: str, size: Size) -> Run:
    """Return the beginning of a run of a barrier.

    Parameters: those of ``exhibit`` and of ``followed``.
    """
    barrier = exhibit(key)
    tlc: Tlc | None = None if barrier.is_ours else tools.tlc
    return Run(barrier, followed(barrier, size, tlc, tools.left()))


def read_schedule(text: str) -> list[tuple[int, str]]:
    """Return the moves of a schedule, each with its line; ``#`` begins a comment."""
    bare = (
        (number, line.partition("#")[0].strip()) for number, line in enumerate(text.splitlines(), 1)
    )
    return [(number, line) for number, line in bare if line]


def followed_run(run: Run, moves: Sequence[tuple[int, str]], goals: Sequence[Goal]) -> int:
    """Make moves, and return how many goals are reached, one after another.

    Raises ``NotSolvedError`` at the first move that is not possible.
    """
    reached = 0
    for line, text in [(0, ""), *moves]:
        if text:
            try:
                run.make(run.find(text))
            except MoveError as problem:
                raise NotSolvedError(
                    f"{FILE}, line {line}: {problem}\nbefore it: {_now(run)}",
                    f"possible there: {', '.join(map(str, run.possible()))}",
                ) from None
        while reached < len(goals) and goals[reached].reached(run):
            reached += 1
    return reached


def _now(run: Run) -> str:
    return "; ".join(scene_in_words(run.scene))


def grade_schedule(folder: Path, tools: Tools, key: str, size: Size, goals: Sequence[Goal]) -> str:
    """Follow a schedule in a barrier, and see that it reaches its goals, one after another.

    Returns what it did. Raises ``NotSolvedError`` where it cannot be followed, or ends too soon.
    """
    moves = read_schedule(read_answer(folder, FILE))
    if not moves:
        raise NotSolvedError(
            f"{FILE} has no steps yet", "begin with: call 1. The grader says what is possible then."
        )
    run = run_at(tools, key, size)
    reached = followed_run(run, moves, goals)
    if reached < len(goals):
        done = "".join(f"reached: {goal.says}\n" for goal in goals[:reached])
        raise NotSolvedError(
            f"every step is possible, {len(moves)} in all, but it is not done.\n{done}"
            f"not reached: {goals[reached].says}\nin the end: {_now(run)}",
            goals[reached].hint,
        )
    return f"{len(moves)} steps, all of them possible, and: {goals[-1].says}"
