"""The exercises, from the easiest to the hardest."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

from verified_barrier.table import Location, Outcome, Phase
from verified_barrier.teaching.exercises.counterexamples import FILE as ANSWERS
from verified_barrier.teaching.exercises.counterexamples import (
    RUN,
    grade_changed_outcome,
    grade_overtaken,
)
from verified_barrier.teaching.exercises.exercise import Exercise, ExerciseError, Kind, Tools
from verified_barrier.teaching.exercises.invariants import FILE as INVARIANT
from verified_barrier.teaching.exercises.invariants import Seeded, grade_invariant, grade_proof
from verified_barrier.teaching.exercises.repairs import (
    SPECIFICATION,
    STEP,
    grade_specification,
    grade_step,
    specification_with,
)
from verified_barrier.teaching.exercises.rows import FILE as ROWS
from verified_barrier.teaching.exercises.rows import grade_rows
from verified_barrier.teaching.exercises.schedules import FILE as SCHEDULE
from verified_barrier.teaching.exercises.schedules import Goal, grade_schedule
from verified_barrier.teaching.moves import Run
from verified_barrier.teaching.sizes import Size

__all__ = ["EXERCISES", "exercise"]


def _located(run: Run, location: Location) -> list[int]:
    return [n for n, t in enumerate(run.scene.threads) if t.location == location.value]


def _all_released(run: Run) -> bool:
    return all(t.outcome == Outcome.RELEASED.value for t in run.scene.threads)


def _all_outside(run: Run) -> bool:
    return len(_located(run, Location.OUTSIDE)) == len(run.scene.threads)


_CROSSING: Final = (
    Goal(
        "both threads are released",
        _all_released,
        "no thread has to leave before the other has arrived; both call, and both arrive.",
    ),
    Goal(
        "both threads have returned", _all_outside, "a thread that is released still has to leave."
    ),
)

_HOLDING: Final = (
    Goal(
        "the phase is RESETTING, and a call is held",
        lambda run: run.scene.phase == Phase.RESETTING.value and bool(_located(run, Location.HELD)),
        "two threads have to arrive first. What may happen while the action of the second runs?",
    ),
    Goal(
        "the call that was held waits, and both others are on their way out",
        lambda run: (
            len(_located(run, Location.WAITING)) == 1 and len(_located(run, Location.LEAVING)) == 2
        ),
        "when can a held call arrive? Let nobody leave before that.",
    ),
)

_INDEX: Final = (
    Goal(
        "two threads of a crossing have the same index",
        lambda run: "UniqueIndex" in run.violated,
        "an arrival counts those that wait. How can they become fewer, with nobody released?",
    ),
)

_MISCOUNTS: Final = (
    Seeded(
        "Withdraw",
        """\
FaultyWithdraw(t) ==
    /\\ phase \\in {"FILLING", "TRIPPING"} /\\ pc[t] = "WAITING"
    /\\ pc'    = [pc EXCEPT ![t] = "OUTSIDE"]
    /\\ index' = ClosedUp(t)
    /\\ UNCHANGED <<phase, arrived, outcome>>""",
        "a waiter leaves by an exception, and is still counted",
    ),
    Seeded(
        "ArriveAndWait",
        """\
FaultyArriveAndWait(t) ==
    /\\ phase = "FILLING" /\\ MayArrive(t) /\\ ~IsLast
    /\\ pc'    = [pc EXCEPT ![t] = "WAITING"]
    /\\ index' = [index EXCEPT ![t] = arrived]
    /\\ UNCHANGED <<phase, arrived, outcome>>""",
        "a thread arrives and waits, and is not counted",
    ),
    Seeded(
        "ArriveAndAct",
        """\
FaultyArriveAndAct(t) ==
    /\\ phase = "FILLING" /\\ MayArrive(t) /\\ IsLast /\\ HasAction
    /\\ phase' = "TRIPPING"
    /\\ pc'    = [pc EXCEPT ![t] = "ACTING"]
    /\\ index' = [index EXCEPT ![t] = arrived]
    /\\ UNCHANGED <<arrived, outcome>>""",
        "the last thread arrives and runs the action, and is not counted",
    ),
)

_GAP: Final = MappingProxyType(
    {"    /\\ index'   = ClosedUp(t)\n": "    /\\ index'   = [index EXCEPT ![t] = NoIndex]\n"}
)

_STAYS: Final = (
    "what does the phase have to say afterwards: does an action run, and what follows it?"
)
_COUNT: Final = (
    "an outcome sets the number of arrivals to zero by itself, and without one it is zero."
)
_ROW_OF_TIMEOUT: Final = {
    "phases": "in which phases is somebody still to come? A time limit bounds nothing else.",
    "location": "the thread raises BrokenBarrierError in this very step: where is it then?",
    "phase": "what do those find who call later?",
    "arrived": _COUNT,
    "outcome": "what becomes of the others who wait?",
}
_ROWS_INTERRUPTED: Final = {
    "AbortTripping": {
        "phase": _STAYS,
        "arrived": _COUNT,
        "outcome": "the generation had no outcome yet: what do its waiters get?",
    },
    "ResetTripping": {
        "phase": _STAYS,
        "arrived": _COUNT,
        "outcome": "the generation had no outcome yet: what do its waiters get?",
    },
    "ResetBreaking": {
        "phase": _STAYS,
        "arrived": _COUNT,
        "outcome": "what has the abort done to the generation already?",
    },
}
_UNASKED: Final = {"event": "leave this as it was.", "guard": "leave this as it was."}


def _hints(rows: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    left = dict.fromkeys(("phases", "location"), "leave this as it was.")
    return {action: {**_UNASKED, **left, **hints} for action, hints in rows.items()}


def _grade_step(folder: Path, tools: Tools) -> str:
    return grade_step(folder, tools, exercise("repair-step").files()[STEP])


def _grade_two_outcomes(folder: Path, tools: Tools) -> str:
    given = exercise("two-outcomes").files()[RUN]
    return grade_changed_outcome(folder, tools, "abort-reaches-released", Size(2, 2, False), given)


def _grade_overtaken(folder: Path, tools: Tools) -> str:
    return grade_overtaken(folder, tools, Size(2, 3, True), exercise("overtaken").files()[RUN])


EXERCISES: Final = (
    Exercise(
        "first-crossing",
        Kind.SCHEDULE,
        "a barrier as states and steps",
        (SCHEDULE,),
        partial(grade_schedule, key="ours", size=Size(2, 2, False), goals=_CROSSING),
    ),
    Exercise(
        "timeout-row",
        Kind.ROW,
        "a transition table, and that its graph is compared with the specification's",
        (ROWS,),
        partial(grade_rows, hints=_hints({"TimeOut": _ROW_OF_TIMEOUT})),
    ),
    Exercise(
        "count-arrivals",
        Kind.INVARIANT,
        "what an invariant is, and that one has to notice faults",
        (INVARIANT,),
        partial(grade_invariant, answer="ArrivedCount", faults=_MISCOUNTS),
    ),
    Exercise(
        "held-call",
        Kind.SCHEDULE,
        "what may happen while an action runs",
        (SCHEDULE,),
        partial(grade_schedule, key="ours", size=Size(2, 3, True), goals=_HOLDING),
    ),
    Exercise(
        "same-index",
        Kind.SCHEDULE,
        "to find the run that breaks a promise, in CPython's barrier",
        (SCHEDULE,),
        partial(grade_schedule, key="cpython", size=Size(3, 3, False), goals=_INDEX),
    ),
    Exercise(
        "two-outcomes",
        Kind.EXPLAIN,
        "to read a counterexample, and to find what in it matters",
        (ANSWERS,),
        _grade_two_outcomes,
    ),
    Exercise(
        "interrupted-rows",
        Kind.ROW,
        "why a barrier with an action needs five phases",
        (ROWS,),
        partial(grade_rows, hints=_hints(_ROWS_INTERRUPTED)),
    ),
    Exercise(
        "repair-withdrawal",
        Kind.REPAIR,
        "to repair a specification with TLC's counterexample, without making it another one",
        (SPECIFICATION,),
        grade_specification,
        made=partial(specification_with, _GAP),
    ),
    Exercise(
        "repair-step",
        Kind.REPAIR,
        "contracts that hold for every integer",
        (STEP,),
        _grade_step,
    ),
    Exercise(
        "overtaken",
        Kind.EXPLAIN,
        "weak and strong fairness",
        (ANSWERS,),
        _grade_overtaken,
    ),
    Exercise(
        "any-number",
        Kind.INVARIANT,
        "inductive invariants: a proof for any number of threads",
        (INVARIANT,),
        partial(grade_proof, conjunct="WaitersQueue"),
    ),
)
"""Every exercise."""


def exercise(name: str) -> Exercise:
    """Return the exercise of a name. Raises ``ExerciseError`` where there is none."""
    for one in EXERCISES:
        if one.name == name:
            return one
    names = ", ".join(one.name for one in EXERCISES)
    raise ExerciseError(f"there is no exercise {name!r}: choose one of {names}")
