"""The storm passes for ours, and fails for a barrier with a fault, and for CPython's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from barrier import storm as program
from barrier.judge import Acted, Acts, Called, Entry, Judge, Left, Stepped
from barrier.storm import Plan, Site, storm
from scheduler.oracle import Interruption
from verified_barrier import Barrier, BrokenBarrierError
from verified_barrier.table import TABLE

ROWS = {row.action: row for row in TABLE.rows}


@pytest.mark.stress
def test_storm() -> None:
    """Three seconds of it, or a few times that: there is everything, and nothing fails."""
    missing = {"RELEASED", "TimeOut", "Withdraw", "ActionRaised", "AbortFilling", "ResetBroken"}
    for seed in range(5):
        report = storm(Barrier, 3.0, seed=seed)
        assert report.failures == []
        missing -= {name for name, number in report.counts.items() if number}
        if not missing:
            break
    assert missing == set()


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the storm as a program, with whatever gets stuck in it; it ends at the first failure."""
    assert program.__file__ is not None
    tests = Path(program.__file__).parents[1]
    command = [sys.executable, program.__file__, "--seconds", "30", "--most", "1", *arguments]
    environment = os.environ | {"PYTHONPATH": str(tests)}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


@pytest.mark.stress
@pytest.mark.parametrize(
    ("barrier", "says"),
    [
        ("generation used again", ""),
        ("withdrawal that is forgotten", ""),
        ("one woken instead of all", "stuck"),
        ("threading.Barrier", ""),
    ],
)
def test_storm_fails(barrier: str, says: str) -> None:
    """What is wrong is found, and said, and how to repeat the round."""
    done = run("--barrier", barrier, "--limit", "1")
    assert done.returncode == 1, done.stderr
    assert done.stdout.splitlines()[1].startswith("seed 0, round ")
    assert says in done.stdout
    assert "failures: 1" in done.stdout


def test_plan_depends_on_the_seed_alone() -> None:
    """The same seed makes the same plan; another seed another."""
    one, same, other = (plans(seed) for seed in ("0", "0", "1"))
    assert one == same != other


def plans(seed: str) -> tuple[Site, Plan]:
    """Return a round's plan, and its barrier's."""
    random = Random(seed)  # noqa: S311
    return Site.plan(random), Plan.make(random, 8)


def stepped(thread: int | None, action: str, lock: str | None) -> Stepped:
    """Return the entry of a step."""
    return Stepped(thread, ROWS[action], lock)


ARRIVED: list[Entry] = [Called(0, False), stepped(0, "ArriveAndWait", "a"), Called(1, False)]
RELEASED: list[Entry] = [*ARRIVED, stepped(1, "ArriveAndRelease", "b")]
ACTING: list[Entry] = [*ARRIVED, stepped(1, "ArriveAndAct", "b")]
BROKEN: list[Entry] = [*ARRIVED, stepped(None, "AbortFilling", None)]

WRONG: dict[str, tuple[bool, list[Entry], str]] = {
    "index of another": (False, [*RELEASED, Left(0, 1)], "UniqueIndex: t0"),
    "released and broken": (False, [*RELEASED, Left(0, BrokenBarrierError())], "OneOutcome: t0"),
    "broken and released": (False, [*BROKEN, Left(0, 0)], "OneOutcome: t0"),
    "return of a waiter": (False, [*ARRIVED, Left(0, 0)], "OneOutcome: t0"),
    "release of too few": (False, [Called(0, False), stepped(0, "ArriveAndRelease", "a")], "took"),
    "step of a waiter that is none": (False, [*RELEASED, stepped(0, "TimeOut", "a")], "cannot"),
    "timeout without a limit": (False, [*ARRIVED, stepped(0, "TimeOut", "a")], "no time limit"),
    "step of another call": (
        False,
        [*RELEASED, Called(2, True), stepped(2, "ArriveAndWait", "c"), stepped(2, "Withdraw", "a")],
        "Withdraw happened to t0 LEAVING",
    ),
    "no action": (True, [*ACTING, stepped(1, "ActionReturned", "b")], "ActionBeforeRelease"),
    "half an action": (
        True,
        [*ACTING, Acts(1), stepped(1, "ActionReturned", "b")],
        "ActionBeforeRelease",
    ),
    "two actions": (True, [*ACTING, Acts(1), Acted(1), Acts(1)], "OneAction"),
    "action of a waiter": (True, [*ACTING, Acts(0)], "OneAction"),
    "error of nobody": (False, [*ARRIVED, Left(0, ZeroDivisionError())], "raised ZeroDivision"),
}


def problem(parties: int, has_action: bool, entries: list[Entry]) -> str:
    """Return what the replay of a log says."""
    judge = Judge(parties, has_action)
    judge.feed(entries)
    return judge.problem or "nothing"


@pytest.mark.parametrize("name", WRONG)
def test_judge(name: str) -> None:
    """The replay says what is wrong, as soon as it is."""
    has_action, entries, says = WRONG[name]
    assert problem(2, has_action, entries[:-1]) == "nothing"
    assert says in problem(2, has_action, entries)


def test_judge_of_a_call_that_was_left() -> None:
    """Its step may come after one that was being taken, and not after another."""
    left = [*ARRIVED, Left(0, Interruption()), stepped(1, "ArriveAndWait", "b")]
    due, other = stepped(1, "Withdraw", "a"), stepped(1, "Withdraw", "b")
    assert problem(3, False, [*left, due, other]) == "nothing"
    assert "NoStrandedWaiter: t0" in problem(3, False, [*left, other])
