"""A solution of each exercise, and answers that are nearly right, with what is said of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from verified_barrier.teaching.exercises.catalogue import exercise

__all__ = ["NEAR_MISSES", "SLOW", "SOLUTIONS", "NearMiss"]


def edited(name: str, file: str, *edits: tuple[str, str]) -> str:
    """Return a starting file with some changes, each of a text that is there once."""
    text = exercise(name).files()[file]
    for old, new in edits:
        assert text.count(old) == 1, (name, old)
        text = text.replace(old, new)
    return text


def schedule(*steps: str) -> str:
    return "".join(f"{step}\n" for text in steps for step in text.split(", "))


def timeout_row(
    phases: str = "(Phase.FILLING,)",
    location: str = "Location.OUTSIDE",
    phase: str = "Phase.BROKEN",
    arrived: str = "0",
    outcome: str = "Outcome.BROKEN",
) -> str:
    return edited(
        "timeout-row",
        "row.py",
        ("phases=...", f"phases={phases}"),
        ("location=...", f"location={location}"),
        ("phase=...", f"phase={phase}"),
        ("arrived=...", f"arrived={arrived}"),
        ("outcome=...", f"outcome={outcome}"),
    )


def interrupted_rows(*rows: tuple[str, str, str]) -> str:
    """Return the rows with what is said of them: phase, arrived and outcome."""
    text = exercise("interrupted-rows").files()["row.py"]
    for entry in (entry for row in rows for entry in row):
        text = text.replace("...,", f"{entry},", 1)
    return text


ABORTED = ("Phase.BREAKING", "0", "Outcome.BROKEN")
RESET = ("Phase.RESETTING", "0", "Outcome.RESET")
RESET_AFTER_ABORT = ("Phase.RESETTING", "0", "None")


def missing(name: str, formula: str) -> str:
    return edited(name, "Missing.tla", ("Missing == TRUE", f"Missing ==\n{formula}"))


COUNTED = """\
    arrived = Cardinality({t \\in Threads : pc[t] = "WAITING"})
                + IF phase = "TRIPPING" THEN 1 ELSE 0"""

QUEUED = """\
    \\A t \\in Threads :
        pc[t] = "WAITING" =>
            /\\ index[t] >= 0
            /\\ index[t] < IF phase = "TRIPPING" THEN arrived - 1 ELSE arrived"""


def explained(**changed: str) -> str:
    said = {
        "property": '"OneOutcome"',
        "broken_after": "10",
        "thread": '"t2"',
        "had": '"RELEASED"',
        "has": '"BROKEN"',
        "enough": "[5, 6, 7, 8, 10]",
    }
    return "".join(f"{key} = {value}\n" for key, value in {**said, **changed}.items())


def overtaken(**changed: str) -> str:
    said = {
        "loop_begins_after": "6",
        "thread": '"t3"',
        "could_arrive_after": "[7, 8, 9, 10, 11, 12]",
        "weak_fairness_allows": "true",
        "strong_fairness_allows": "false",
    }
    return "".join(f"{key} = {value}\n" for key, value in {**said, **changed}.items())


def step(*edits: Callable[[str], str]) -> str:
    text = exercise("repair-step").files()["step.py"]
    for edit in edits:
        text = edit(text)
    return text


def raises(text: str) -> str:
    """Repair what follows when the action raises after a reset."""
    begin = text.index("def action_raised")
    old = "    return State(Phase.BROKEN, 0), None\n"
    new = "    return State(Phase.FILLING if phase is Phase.RESETTING else Phase.BROKEN, 0), None\n"
    return text[:begin] + text[begin:].replace(old, new, 1)


def aborts(text: str) -> str:
    """Repair an abort of a generation that has an outcome."""
    return text.replace(
        "State(Phase.BREAKING, 0), Outcome.BROKEN",
        "State(Phase.BREAKING, 0), Outcome.BROKEN if phase is Phase.TRIPPING else None",
    )


def resets(text: str) -> str:
    """Repair a reset while the action runs."""
    begin = text.index("def reset")
    old = "    return State(Phase.FILLING, 0), None\n"
    new = "    return State(Phase.RESETTING if phase.is_acting else Phase.FILLING, 0), None\n"
    return text[:begin] + text[begin:].replace(old, new)


def seven(text: str) -> str:
    """Right, but for seven parties."""
    return text.replace("arrived + 1 < parties:", "arrived + 1 < parties or parties == 7:")


def looks_it_up(text: str) -> str:
    return text.replace(
        "from verified_barrier.machine import State",
        "from verified_barrier.machine import State, step",
    )


def never_ends(text: str) -> str:
    return text.replace(
        "    phase, arrived = state\n",
        "    phase, arrived = state\n    while True:\n        pass\n",
    )


def withdrawal(*edits: tuple[str, str]) -> str:
    return edited("repair-withdrawal", "Barrier.tla", *edits)


GAP = (
    "    /\\ arrived' = arrived - 1\n"
    '    /\\ pc\'      = [pc EXCEPT ![t] = "OUTSIDE"]\n'
    "    /\\ index'   = [index EXCEPT ![t] = NoIndex]\n"
)
REPAIRED = GAP.replace("[index EXCEPT ![t] = NoIndex]", "ClosedUp(t)")

SOLUTIONS: dict[str, dict[str, str]] = {
    "first-crossing": {
        "schedule.txt": schedule(
            "call 1, arrive 1  # it waits", "call t2, arrive 2, leave 1, leave 2"
        )
    },
    "timeout-row": {"row.py": timeout_row()},
    "count-arrivals": {"Missing.tla": missing("count-arrivals", COUNTED)},
    "held-call": {
        "schedule.txt": schedule(
            "call 1, call 2, call 3, arrive 1, arrive 2, arrive 3, reset",
            "action returned 2, arrive 3",
        )
    },
    "same-index": {
        "schedule.txt": schedule(
            "call 1, call 2, call 3, arrive 1, arrive 2, withdraw 1, call 1, arrive 1, arrive 3",
            "wait returns 1, wait returns 2",
        )
    },
    "two-outcomes": {"answers.toml": explained()},
    "interrupted-rows": {"row.py": interrupted_rows(ABORTED, RESET, RESET_AFTER_ABORT)},
    "repair-withdrawal": {"Barrier.tla": withdrawal((GAP, REPAIRED))},
    "repair-step": {"step.py": step(raises, aborts, resets)},
    "overtaken": {"answers.toml": overtaken()},
    "any-number": {"Missing.tla": missing("any-number", QUEUED)},
}
"""Of each exercise, the files with which it is solved."""


class NearMiss(NamedTuple):
    """An answer that is nearly right, or a trick."""

    name: str
    """Of the exercise."""
    label: str
    files: dict[str, str]
    says: str
    """A part of what is said of it."""


SLOW = {
    ("count-arrivals", "at most"),
    ("count-arrivals", "solved"),
    ("same-index", "solved"),
    ("repair-withdrawal", "out of the list"),
    ("repair-withdrawal", "only the last"),
    ("repair-withdrawal", "forbidden"),
    ("repair-withdrawal", "still counted"),
    ("repair-step", "seven"),
    ("repair-step", "solved"),
    ("any-number", "solved"),
    ("any-number", "never"),
    ("any-number", "too little"),
}
"""What is graded only with --full: each takes a second or more, and others are like it."""


def _misses(name: str, file: str, *cases: tuple[str, str, str]) -> list[NearMiss]:
    return [NearMiss(name, label, {file: text}, says) for label, text, says in cases]


NEAR_MISSES: list[NearMiss] = [
    *_misses(
        "first-crossing",
        "schedule.txt",
        (
            "nobody calls",
            schedule("arrive 1"),
            "schedule.txt, line 1: arrive 1 is not possible: it is at OUTSIDE; to arrive",
        ),
        (
            "one stays",
            schedule("call 1, arrive 1, call 2, arrive 2, leave 1"),
            "not reached: both threads have returned",
        ),
        (
            "they raise",
            schedule("call 1, call 2, arrive 1, abort, leave 1, arrive 2"),
            "not reached: both threads are released",
        ),
        ("no such thread", schedule("call 3"), "there are the threads 1 to 2"),
        ("which end?", schedule("call 1, wobble 1"), "nothing is called that"),
    ),
    *_misses(
        "timeout-row",
        "row.py",
        (
            "while the action runs",
            timeout_row(phases="(Phase.FILLING, Phase.TRIPPING)"),
            "the table has a step that spec/Barrier.tla has not: TimeOut by t1",
        ),
        (
            "one thread alone",
            timeout_row(outcome="None", arrived="-1"),
            "TimeOut, arrived: an outcome sets the number",
        ),
        (
            "on its way out",
            timeout_row(location="Location.LEAVING"),
            "TimeOut, location: the thread raises",
        ),
        (
            "counted twice",
            timeout_row(arrived="-1"),
            "this is no table: TimeOut: an outcome sets the count to zero: leave the count alone",
        ),
        ("computed", timeout_row(arrived="int('0')"), "arrived is int('0'), and must be a number"),
        ("no name", timeout_row(phase="Phase.ABORTED"), "phase is Phase.ABORTED, and must be a"),
        ("another row", timeout_row().replace('"TimeOut"', '"Timeout"'), "and has: Timeout"),
        ("no Python", timeout_row(arrived="0)"), "row.py, line 16: unmatched ')'"),
        ("no text", "\0", "null bytes"),
    ),
    *_misses(
        "count-arrivals",
        "Missing.tla",
        (
            "never",
            missing("count-arrivals", "    FALSE"),
            "the invariant is FALSE",
        ),
        (
            "without the tripper",
            missing("count-arrivals", COUNTED.splitlines()[0]),
            "ArriveAndAct: FILLING -> TRIPPING, arrived 1 -> 2",
        ),
        (
            "at most",
            missing("count-arrivals", COUNTED.replace("arrived =", "arrived >=")),
            "it does not notice this fault: a waiter leaves by an exception",
        ),
        (
            "its name",
            missing("count-arrivals", "    ArrivedCount"),
            "Unknown operator: `ArrivedCount'",
        ),
        (
            "looks at the faults",
            missing("count-arrivals", COUNTED).replace("EXTENDS Barrier", "EXTENDS BarrierFaults"),
            "must say EXTENDS Barrier, once",
        ),
    ),
    *_misses(
        "held-call",
        "schedule.txt",
        (
            "left too soon",
            schedule(
                "call 1, call 2, call 3, arrive 1, arrive 2, arrive 3, reset, leave 1",
                "action returned 2, arrive 3",
            ),
            "not reached: the call that was held waits",
        ),
        (
            "refused",
            schedule("call 1, call 2, call 3, arrive 1, arrive 2, arrive 3, abort, arrive 3"),
            "not reached: the phase is RESETTING, and a call is held",
        ),
        (
            "while it runs",
            schedule("call 1, call 2, call 3, arrive 1, arrive 2, arrive 3, reset, arrive 3"),
            "line 8: arrive 3 is not possible: in RESETTING a thread at HELD cannot",
        ),
    ),
    *_misses(
        "same-index",
        "schedule.txt",
        (
            "nobody leaves",
            schedule("call 1, call 2, call 3, arrive 1, arrive 2, arrive 3"),
            "not reached: two threads of a crossing have the same index",
        ),
        (
            "broken",
            schedule("call 1, call 2, arrive 1, arrive 2, time out 1, call 1, arrive 1"),
            "not reached: two threads of a crossing have the same index",
        ),
        (
            "the last to arrive",
            schedule(
                "call 1, call 2, call 3, arrive 1, arrive 2, withdraw 2, call 2, arrive 2, arrive 3"
            ),
            "not reached: two threads of a crossing have the same index",
        ),
    ),
    *_misses(
        "two-outcomes",
        "answers.toml",
        (
            "kept",
            explained(property='"HeldArrives"'),
            "property = 'HeldArrives': this promise is kept",
        ),
        ("too late", explained(broken_after="11"), "it is broken before that already"),
        ("too soon", explained(broken_after="3"), "every promise is still kept there: BROKEN"),
        ("who raises", explained(thread='"t1"'), "in step 10 its outcome does not change"),
        ("what for", explained(has='"RESET"'), "these are not the outcomes of t2"),
        ("all", explained(enough=str([*range(1, 13)])), "but fewer steps do, too"),
        ("one more", explained(enough="[5, 6, 7, 8, 9, 10]"), "but fewer steps do, too"),
        ("one less", explained(enough="[5, 6, 8, 10]"), "step 8 is not possible without the steps"),
        ("kept so", explained(enough="[3]"), "with these steps the promise is kept"),
        ("no TOML", "property = OneOutcome", "answers.toml is not TOML"),
        ("no number", explained(broken_after='"10"'), "must be a number"),
    ),
    *_misses(
        "interrupted-rows",
        "row.py",
        (
            "usable at once",
            interrupted_rows(ABORTED, ("Phase.FILLING", "0", "Outcome.RESET"), RESET_AFTER_ABORT),
            "ResetTripping, phase: what does the phase have to say",
        ),
        (
            "an outcome twice",
            interrupted_rows(ABORTED, RESET, RESET),
            "ResetBreaking, outcome: what has the abort done to the generation already?",
        ),
        (
            "nobody is woken",
            interrupted_rows(("Phase.BREAKING", "0", "None"), RESET, RESET_AFTER_ABORT),
            "AbortTripping, outcome: the generation had no outcome yet",
        ),
    ),
    *_misses(
        "repair-withdrawal",
        "Barrier.tla",
        (
            "forbidden",
            withdrawal((GAP, "    /\\ FALSE\n" + GAP)),
            "the table has a step that your Barrier.tla has not: Withdraw by t1",
        ),
        (
            "out of the list",
            withdrawal(("    \\/ \\E t \\in Threads : Withdraw(t)\n", "")),
            "the table has a step that your Barrier.tla has not: Withdraw by t1",
        ),
        (
            "only the last",
            withdrawal((GAP, "    /\\ index[t] = arrived - 1\n" + GAP)),
            "the table has a step that your Barrier.tla has not: Withdraw by t1",
        ),
        (
            "still counted",
            withdrawal((GAP, GAP.replace("arrived - 1", "arrived"))),
            "ArrivedCount is false after this run",
        ),
        (
            "TLC cannot read it",
            withdrawal((GAP, REPAIRED.replace("ClosedUp(t)", "CloseUp(t)"))),
            "Unknown operator: `CloseUp'",
        ),
    ),
    *_misses(
        "repair-step",
        "step.py",
        ("one is left", step(raises, aborts), "RESET leads to FILLING, arrived 0, outcome None"),
        (
            "another is left",
            step(raises, resets),
            "ABORT leads to BREAKING, arrived 0, outcome BROKEN",
        ),
        ("looked up", looks_it_up(step()), "line 3: it imports something else than at the start"),
        (
            "another judge",
            step() + "\nPhase.is_acting = True\n",
            "it changes Phase.is_acting: do without it",
        ),
        ("a new class", step() + "\nclass State(tuple): pass\n", "it has a class, State"),
        ("for ever", never_ends(step()), "did not come to an end within"),
        ("no Python", step() + "\n)", "step.py, line 71: unmatched ')'"),
        ("seven", seven(step(raises, aborts, resets)), "all is well with up to 4 parties"),
        ("it raises", step() + "\nreset = None\n", "'NoneType' object is not callable"),
    ),
    *_misses(
        "overtaken",
        "answers.toml",
        ("too soon", overtaken(loop_begins_after="5"), "that is not where the run is in the end"),
        ("another", overtaken(thread='"t1"'), "this thread is not held all the time"),
        (
            "not then",
            overtaken(could_arrive_after="[7, 13]"),
            "it could not arrive after this step",
        ),
        ("more", overtaken(could_arrive_after="[7, 8, 9, 10, 11]"), "lacks 1 of the steps"),
        ("weak", overtaken(weak_fairness_allows="false"), "weak_fairness_allows = False"),
        ("strong", overtaken(strong_fairness_allows="true"), "strong_fairness_allows = True"),
    ),
    *_misses(
        "any-number",
        "Missing.tla",
        ("never", missing("any-number", "    FALSE"), "Init breaks Missing"),
        (
            "too little",
            missing("any-number", "    \\A t \\in Threads : index[t] < Parties"),
            "breaks UniqueIndex",
        ),
        (
            "its name",
            missing("any-number", "    WaitersQueue"),
            "no formula can be made of Missing.tla: SANY cannot read BarrierProof:\n"
            "Semantic errors:\n"
            "line 6, col 5 to line 6, col 16 of module Missing\n"
            "Unknown operator: `WaitersQueue'.\n",
        ),
    ),
]
