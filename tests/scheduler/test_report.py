"""Failures are reported for people, and kept as schedules that replay.

The reports and schedules in ``golden`` are those of the smallest failure of some faults. After a
change of the barrier or of the report, write them anew and read what has changed::

    UPDATE_GOLDEN=1 make test TESTS=tests/scheduler/test_report.py
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from scheduler.deviations import DEVIATIONS
from scheduler.engine import Engine, Execution
from scheduler.faults import FAULTS
from scheduler.minimise import fewest_preemptions
from scheduler.programs import First
from scheduler.scenarios import Scenario
from scheduler.schedule import ScheduleError, load, recorded, replay, save
from scheduler.search import Verdict
from scheduler.subjects import SHIPPED, STANDARD, SUBJECTS, Subject
from traces.recorder import Recorder
from verified_barrier import cli
from verified_barrier.verification.traces.trace import write_traces

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
UPDATES = bool(os.environ.get("UPDATE_GOLDEN"))

_FAULTS = {fault.name: fault for fault in FAULTS}

NAMES = [
    "one woken instead of all",
    "timeout that ignores an outcome just written",
    "withdrawal that leaves its place taken",
    "withdrawal that ignores an outcome just written",
    "abort that forgets the held",
    "reset that forgets the waiters",
]
"""The faults whose failures are kept."""

ONE = "withdrawal-that-ignores-an-outcome-just-written"
"""The files that serve for the tests of what is refused."""


CASES = [
    *((name, _FAULTS[name].scenario, name, _FAULTS[name].says) for name in NAMES),
    *((one.name, one.scenario, STANDARD.name, one.says) for one in DEVIATIONS),
]
"""File, scenario, barrier, and what is said: of our barrier with a fault, and of CPython's."""


MINE = asdict(Scenario("mine", 2, (("wait",),)))
"""A scenario that is not among those that have names."""


def _failure(engine: Engine, scenario: str, subject: Subject) -> Execution:
    run = subject.run(engine, scenario, livelocks=subject is STANDARD)
    result = fewest_preemptions(engine, run, run.judge, limit=5_000)
    assert result.verdict is Verdict.FAIL
    assert result.failure is not None
    return result.failure


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("name", "scenario", "barrier", "_says"), CASES)
def test_smallest_failure_is_the_golden_one(
    name: str, scenario: str, barrier: str, _says: str, tmp_path: Path
) -> None:
    """Search, schedule and report come to the same each time; the schedule replays."""
    subject = SUBJECTS[barrier]
    with Engine(step_bound=500) as engine:
        schedule = recorded(_failure(engine, scenario, subject), scenario, subject)
        text = replay(engine, schedule).report()
    found, golden = tmp_path / "found.json", GOLDEN / f"{name.replace(' ', '-')}.json"
    save(schedule, found)
    assert load(found) == schedule
    if UPDATES:
        golden.write_text(found.read_text())
        golden.with_suffix(".txt").write_text(text)
    assert found.read_text() == golden.read_text()
    assert text == golden.with_suffix(".txt").read_text()


@pytest.mark.parametrize(("name", "_scenario", "_barrier", "says"), CASES)
def test_golden_schedule_replays_to_the_problem(
    engine: Engine, name: str, _scenario: str, _barrier: str, says: str
) -> None:
    """A schedule that was kept shows the failure again, whatever the search would find now."""
    replayed = replay(engine, load(GOLDEN / f"{name.replace(' ', '-')}.json"))
    assert replayed.problem is not None
    assert says in replayed.problem


def test_details_show_what_threads_read_and_write(engine: Engine) -> None:
    """Each step has a line, and attributes are named by what they belong to."""
    replayed = replay(engine, load(GOLDEN / f"{ONE}.json"))
    lines = replayed.report(details=True).splitlines()
    assert sum(line[:1].isdigit() for line in lines) == len(replayed.execution.steps)
    text = "\n".join(lines)
    assert "write outcome of generation 0" in text
    assert "read calls of generation 0" in text
    assert "@t" not in text


def _edit(**changes: Any) -> Callable[[dict[str, Any]], object]:
    return lambda kept: kept.update(changes)


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (_edit(version=2), "version 2 of the form of schedules, and only version 1"),
        (_edit(version="1"), "version '1' of the form"),
        (_edit(version=True), "version True of the form"),
        (_edit(scenario="5 threads"), "no scenario '5 threads': choose one of 2 threads,"),
        (_edit(scenario=[]), r"there is no scenario \[\]"),
        (_edit(scenario={"name": "mine"}), "a scenario has the fields name, parties, .*, not name"),
        (_edit(scenario={**MINE, "parties": "2"}), "a scenario's parties cannot be '2'"),
        (_edit(scenario={**MINE, "waiters": [["jump"]]}), r"waiters cannot be \[\['jump'\]\]"),
        (_edit(scenario={**MINE, "interrupted": [1]}), r"interrupted cannot be \[1\]"),
        (_edit(scenario={**MINE, "action": [["sings"]]}), r"action cannot be \[\['sings'\]\]"),
        (_edit(barrier="typo"), "no barrier 'typo': choose one of verified_barrier.Barrier, thr"),
        (_edit(code="0" * 64), "another version of withdrawal .*, '0+', .*record it again"),
        (_edit(barrier=SHIPPED.name), "belongs to another version of verified_barrier.Barrier"),
        (_edit(steps="all"), "steps must be a list, not 'all'"),
        (_edit(steps=[["t1", "start t0"]]), r"step 0 is \['t1', 'start t0'\], and must be"),
        (_edit(steps=[[True, "start t0"]]), r"step 0 is \[True, 'start t0'\], and must be"),
        (_edit(more=1), "the fields version, scenario, barrier, code, steps, not barrier, code, m"),
        (lambda kept: kept.pop("steps"), "has the fields .* not barrier, code, scenario, version"),
    ],
)
def test_file_that_is_no_schedule_of_this_barrier_is_refused(
    tmp_path: Path, edit: Callable[[dict[str, Any]], object], says: str
) -> None:
    """The message says what is wrong, which value it has, and what to do."""
    kept = json.loads((GOLDEN / f"{ONE}.json").read_text())
    edit(kept)
    file = tmp_path / "edited.json"
    file.write_text(json.dumps(kept))
    with pytest.raises(ScheduleError, match=says):
        load(file)


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda steps: steps[:-1], r"ends after \d+ steps, but the program goes on with t0: "),
        (
            lambda steps: [*steps, steps[0]],
            r"step \d+ of the schedule is t0: start t0, but the prog",
        ),
        (
            lambda steps: [*steps[:1], [0, "write lock0"], *steps[2:]],
            "step 1 of the schedule is t0: write lock0, but the program goes on with t0: acquire",
        ),
        (lambda steps: [[9, "start t9"], *steps[1:]], "step 0 of the schedule is t9: start t9"),
    ],
)
def test_steps_that_the_program_does_not_take_are_refused(
    engine: Engine, tmp_path: Path, edit: Callable[[list[Any]], list[Any]], says: str
) -> None:
    """A schedule that was cut short or edited is not followed as far as it goes."""
    kept = json.loads((GOLDEN / f"{ONE}.json").read_text())
    kept["steps"] = edit(kept["steps"])
    file = tmp_path / "edited.json"
    file.write_text(json.dumps(kept))
    with pytest.raises(ScheduleError, match=f"{says}.*record it again"):
        replay(engine, load(file))


def test_what_is_no_file_or_no_json_is_refused(tmp_path: Path) -> None:
    """Both are told apart."""
    with pytest.raises(ScheduleError, match="cannot read the schedule"):
        load(tmp_path / "missing.json")
    file = tmp_path / "text.json"
    file.write_text("version 1")
    with pytest.raises(ScheduleError, match=r"is not JSON \(.*record the schedule again"):
        load(file)
    file.write_text("[]")
    with pytest.raises(ScheduleError, match=r"is a JSON object, not \[\]"):
        load(file)


def _scheduler(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scheduler", *arguments],
        env={**os.environ, "PYTHONPATH": str(HERE.parent)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_replay_reports_a_failure_that_shows_again() -> None:
    """It prints the golden report, and ends with 1."""
    done = _scheduler("replay", str(GOLDEN / f"{ONE}.json"))
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == (GOLDEN / f"{ONE}.txt").read_text()


def test_replay_records_what_our_barrier_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The report is the same, and the trace is drawn up to the step that is wrong."""
    file = tmp_path / "run.ndjson"
    done = _scheduler("replay", str(GOLDEN / f"{ONE}.json"), "--trace", str(file))
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == (GOLDEN / f"{ONE}.txt").read_text()
    assert cli.main(["diagram", "sequence", str(file)]) == 1
    assert "no run of the model: event 6, Withdraw by t1, is not" in capsys.readouterr().out


def test_run_that_only_stops_is_drawn_to_its_end(
    engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A call that is held for ever is no step that is wrong."""
    schedule = load(GOLDEN / "abort-that-forgets-the-held.json")
    oracle = replay(engine, schedule, oracle=Recorder).recording.run.oracle
    assert isinstance(oracle, Recorder)
    write_traces([oracle.recording.trace()], tmp_path / "run.ndjson")
    assert cli.main(["diagram", "sequence", str(tmp_path / "run.ndjson")]) == 0
    assert "ArriveHeld" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("schedule", "trace", "says"),
    [
        ("unique-index", "run.ndjson", "threading.Barrier tells nobody which steps it takes"),
        (ONE, "missing/run.ndjson", "missing/run.ndjson"),
    ],
)
def test_trace_that_cannot_be_had_is_refused(
    schedule: str, trace: str, says: str, tmp_path: Path
) -> None:
    """CPython's barrier has no observer; a file needs a folder."""
    file = GOLDEN / f"{schedule}.json"
    done = _scheduler("replay", str(file), "--trace", str(tmp_path / trace))
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


def test_replay_ends_with_0_if_nothing_is_wrong(engine: Engine, tmp_path: Path) -> None:
    """A schedule of the shipped barrier is followed to its end."""
    execution = engine.run(SHIPPED.run(engine, "2 threads"), First())
    file = tmp_path / "right.json"
    save(recorded(execution, "2 threads", SHIPPED), file)
    done = _scheduler("replay", str(file))
    assert (done.returncode, done.stderr) == (0, "")
    assert "wrong:       nothing\n" in done.stdout


def test_replay_ends_with_2_for_a_file_that_it_refuses(tmp_path: Path) -> None:
    """It says why, in one line."""
    done = _scheduler("replay", str(tmp_path / "missing.json"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("cannot read the schedule")
    assert done.stderr.count("\n") == 1


def test_find_keeps_what_it_finds(tmp_path: Path) -> None:
    """It prints the golden report, and writes the golden schedule."""
    file = tmp_path / "found.json"
    where = ("2 threads, action aborts", "--barrier", STANDARD.name)
    done = _scheduler("find", *where, "--output", str(file))
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == (GOLDEN / "open-action.txt").read_text()
    assert file.read_text() == (GOLDEN / "open-action.json").read_text()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["3 threads"], 0, "pass: 6 executions\n"),
        (["3 threads", "--limit", "5"], 2, "inconclusive: 5 executions\n"),
    ],
)
def test_find_says_how_far_it_looked(arguments: list[str], code: int, says: str) -> None:
    """What was not finished is not passed."""
    done = _scheduler("find", *arguments)
    assert (done.returncode, done.stdout) == (code, says)


@pytest.mark.parametrize("arguments", [["5 threads"], ["3 threads", "--barrier", "typo"]])
def test_find_refuses_what_it_does_not_know(arguments: list[str]) -> None:
    """It says what there is."""
    done = _scheduler("find", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{arguments[-1]!r}: choose one of" in done.stderr
