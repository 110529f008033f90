"""Grading explanations: facts about a run, each compared with what the run shows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Final

from verified_barrier.table import Event, Location
from verified_barrier.teaching.exercises.answers import read_toml
from verified_barrier.teaching.exercises.exercise import NotSolvedError, Tools
from verified_barrier.teaching.exercises.schedules import read_schedule, run_at
from verified_barrier.teaching.followed import LAMPS
from verified_barrier.teaching.moves import MoveError, Run, scene_in_words
from verified_barrier.teaching.sizes import Size

__all__ = ["FILE", "RUN", "grade_changed_outcome", "grade_overtaken"]

FILE: Final = "answers.toml"
RUN: Final = "run.txt"


def _made(run: Run, moves: Sequence[str]) -> bool:
    """Make moves from the beginning, as far as possible; return whether all were."""
    run.restart()
    for move in moves:
        try:
            run.make(run.find(move))
        except MoveError:
            return False
    return True


def _states(run: Run, moves: Sequence[str]) -> list[tuple[tuple[str, ...], str]]:
    """Return which properties are violated in the beginning and after each move, with the scene."""
    states = []
    for number in range(len(moves) + 1):
        if not _made(run, moves[:number]):
            raise NotSolvedError(f"the run cannot be followed beyond step {number - 1}")
        states.append((run.violated, "; ".join(scene_in_words(run.scene))))
    return states


def _refuse(key: str, said: object, finding: str, hint: str) -> NotSolvedError:
    return NotSolvedError(f"{key} = {said!r}: {finding}", hint)


def grade_changed_outcome(folder: Path, tools: Tools, key: str, size: Size, given: str) -> str:
    """Compare an explanation of how an outcome was changed with the run that shows it.

    Parameters: ``key`` and ``size``, of the barrier; ``given``, the run. Returns what was found to
    be so. Raises ``NotSolvedError`` with the first fact that is not.
    """
    kinds = {"property": str, "broken_after": int, "thread": str, "had": str, "has": str}
    said = read_toml(folder, FILE, {**kinds, "enough": list})
    moves = [move for _, move in read_schedule(given)]
    run = run_at(tools, key, size)
    states = _states(run, moves)
    first = next(number for number, (violated, _) in enumerate(states) if violated)
    _compare_property(said["property"], states[first][0])
    _compare_moment(said["broken_after"], first, states)
    scenes = []
    for number in (first - 1, first):
        _made(run, moves[:number])
        scenes.append(run.scene.threads)
    changed = {
        f"t{number}": (one.outcome, other.outcome)
        for number, (one, other) in enumerate(zip(*scenes, strict=True), 1)
        if one.outcome and one.outcome != other.outcome
    }
    if said["thread"] not in changed:
        raise _refuse(
            "thread", said["thread"], f"in step {first} its outcome does not change", _LOOK
        )
    if (said["had"], said["has"]) != changed[said["thread"]]:
        raise _refuse(
            "had, has",
            (said["had"], said["has"]),
            f"these are not the outcomes of {said['thread']} before and after step {first}",
            _LOOK,
        )
    _compare_enough(said["enough"], run, moves, states[first][0][0])
    return (
        f"{said['property']} is broken after step {first}, where the outcome of {said['thread']} "
        f"changes from {said['had']} to {said['has']}; {len(said['enough'])} of {len(moves)} steps "
        "are enough for it"
    )


_LOOK: Final = (
    "make the first steps of the run in `verified-barrier play', and compare what it shows before "
    "and after the step."
)


def _compare_property(said: str, violated: Sequence[str]) -> None:
    if said not in LAMPS:
        raise _refuse("property", said, f"this is none of {', '.join(LAMPS)}", _LOOK)
    if said not in violated:
        raise _refuse(
            "property", said, f"this promise is kept ({LAMPS[said]})", "which other one is not?"
        )


def _compare_moment(said: int, first: int, states: Sequence[tuple[tuple[str, ...], str]]) -> None:
    if not 1 <= said < len(states):
        raise _refuse("broken_after", said, f"the run has the steps 1 to {len(states) - 1}", _LOOK)
    if said < first:
        raise _refuse(
            "broken_after", said, f"every promise is still kept there: {states[said][1]}", _LOOK
        )
    if said > first:
        raise _refuse("broken_after", said, "it is broken before that already", _LOOK)


def _compare_enough(said: Sequence[object], run: Run, moves: Sequence[str], name: str) -> None:
    """See that a part of a run breaks a promise, and that no smaller part does."""
    numbers = range(1, len(moves) + 1)
    if list(said) != sorted({n for n in said if type(n) is int and n in numbers}):
        raise _refuse(
            "enough", said, f"say numbers from 1 to {len(moves)}, each once, in their order", ""
        )
    chosen = [moves[number - 1] for number in said if isinstance(number, int)]
    breaks = _breaks(run, chosen, name)
    if len(run.moves) < len(chosen) and not breaks:
        raise _refuse(
            "enough",
            said,
            f"step {said[len(run.moves)]} is not possible without the steps that you left out",
            "which step made it possible?",
        )
    if not breaks:
        raise _refuse("enough", said, "with these steps the promise is kept", _LOOK)
    fewer = (part for n in range(len(chosen)) for part in combinations(moves, n))
    if any(_breaks(run, part, name) for part in fewer):
        raise _refuse(
            "enough",
            said,
            "this breaks it, but fewer steps do, too",
            "leave a step out: is the rest possible, and is the promise still broken?",
        )


def _breaks(run: Run, moves: Sequence[str], name: str) -> bool:
    """Make moves from the beginning, as far as possible, until a property is violated."""
    run.restart()
    for move in moves:
        try:
            run.make(run.find(move))
        except MoveError:
            return False
        if name in run.violated:
            return True
    return False


def grade_overtaken(folder: Path, tools: Tools, size: Size, given: str) -> str:
    """Compare an explanation of a run in which a call is held for ever with the run.

    Parameters: ``size``, of the barrier, which is ours; ``given``, the run, which comes back in the
    end to where it has been. Returns what was found to be so. Raises ``NotSolvedError``.
    """
    kinds = {"loop_begins_after": int, "thread": str, "could_arrive_after": list}
    kinds |= {"weak_fairness_allows": bool, "strong_fairness_allows": bool}
    said = read_toml(folder, FILE, kinds)
    moves = [move for _, move in read_schedule(given)]
    run = run_at(tools, "ours", size)
    scenes = [scene for _, scene in _states(run, moves)]
    begins = scenes.index(scenes[-1])
    if said["loop_begins_after"] != begins:
        raise _refuse(
            "loop_begins_after",
            said["loop_begins_after"],
            f"that is not where the run is in the end: {scenes[-1]}",
            "go through the run from its beginning, until you see this state for the first time.",
        )
    held, could = _held_and_could(run, moves, begins)
    if said["thread"] != held:
        raise _refuse(
            "thread",
            said["thread"],
            "this thread is not held all the time from there on",
            "which thread takes no step in the loop, and is not outside?",
        )
    _compare_could(said["could_arrive_after"], could, begins, scenes)
    always = len(could) == len(moves) - begins
    for key, allows, hint in (
        ("weak_fairness_allows", not always, "weak: what can be done all the time is done."),
        ("strong_fairness_allows", not could, "strong: what can be done again and again is done."),
    ):
        if said[key] is not allows:
            raise _refuse(
                key, said[key], f"think of the arrival of {held}, and of could_arrive_after", hint
            )
    return (
        f"{held} is held for ever, though it could arrive after {len(could)} of the "
        f"{len(moves) - begins} steps of the loop: weak fairness allows this run, strong does not"
    )


def _held_and_could(run: Run, moves: Sequence[str], begins: int) -> tuple[str, list[int]]:
    """Return which thread is held in a loop, and the steps after which it could arrive."""
    held = set(range(run.followed.threads))
    could: dict[int, list[int]] = {thread: [] for thread in held}
    for number in range(begins + 1, len(moves) + 1):
        _made(run, moves[:number])
        threads = run.scene.threads
        held -= {t for t in held if threads[t].location != Location.HELD.value}
        for move in run.possible():
            if run.barrier.events[move.action] is Event.ARRIVE and move.thread is not None:
                could[move.thread].append(number)
    (thread,) = held
    return f"t{thread + 1}", could[thread]


def _compare_could(
    said: Sequence[object], could: Sequence[int], begins: int, scenes: Sequence[str]
) -> None:
    for number in said:
        if type(number) is not int or not begins < number < len(scenes):
            raise _refuse(
                "could_arrive_after",
                number,
                f"say steps of the loop, which are {begins + 1} to {len(scenes) - 1}",
                "",
            )
        if number not in could:
            raise _refuse(
                "could_arrive_after",
                number,
                f"it could not arrive after this step: {scenes[number]}",
                "in which phase does a held call arrive?",
            )
    if missing := len(set(could) - set(said)):
        raise NotSolvedError(
            f"could_arrive_after lacks {missing} of the steps after which it could have arrived",
            "in which phase does a held call arrive? It may even be the last to do so.",
        )
