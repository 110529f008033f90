"""Schedules as files: an execution of the barrier that can be had again, or kept as a test.

A schedule says who does what, step by step. It belongs to a scenario, and to the text of the
barrier that was run, a fault included: with another text it is refused. In the file, threads are
numbered from 0, as the engine does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import NamedTuple

from scheduler.behaviour import Behaviour
from scheduler.engine import Engine, Execution
from scheduler.minimise import Choice, OtherScheduleError, schedule_of
from scheduler.minimise import replay as follow
from scheduler.oracle import Oracle
from scheduler.report import Recording, report
from scheduler.scenarios import SCENARIOS, Scenario, scenario_of
from scheduler.subjects import SUBJECTS, Subject

__all__ = [
    "VERSION",
    "Replayed",
    "Schedule",
    "ScheduleError",
    "checked_name",
    "load",
    "recorded",
    "replay",
    "save",
]

VERSION = 1
"""The version of the form that files have."""


class ScheduleError(ValueError):
    """A schedule that cannot be replayed; the message says why, and what to do."""


@dataclass(frozen=True)
class Schedule:
    """One schedule, in the form in which it is kept."""

    version: int
    scenario: str | Scenario
    """Its name, or, if it has none among ``SCENARIOS``, the scenario itself."""
    barrier: str
    """The name of the subject: the shipped barrier, CPython's, or the one with a fault."""
    code: str
    """The SHA-256 of the text of the barrier that was run."""
    steps: tuple[Choice, ...]


class Replayed(NamedTuple):
    """What came of a replay."""

    schedule: Schedule
    recording: Recording
    execution: Execution
    problem: str | None
    """What is wrong with the execution; ``None``: the failure does not show."""

    def report(self, *, details: bool = False) -> str:
        """Return the report of the execution."""
        return report(
            self.recording,
            self.execution,
            problem=self.problem,
            barrier=self.schedule.barrier,
            details=details,
        )


def recorded(execution: Execution, scenario: str | Scenario, subject: Subject) -> Schedule:
    """Return the schedule of an execution of the barrier as it is now."""
    steps = tuple(schedule_of(execution))
    return Schedule(VERSION, scenario, subject.name, subject.code(), steps)


def save(schedule: Schedule, path: Path) -> None:
    """Write a schedule to a file, one step a line."""
    kept = asdict(schedule)
    steps = ",\n    ".join(json.dumps(step) for step in kept.pop("steps"))
    fields = [f'  "{name}": {json.dumps(value)}' for name, value in kept.items()]
    fields.append(f'  "steps": [\n    {steps}\n  ]')
    path.write_text("{\n" + ",\n".join(fields) + "\n}\n")


def load(path: Path) -> Schedule:
    """Read a schedule from a file.

    Raises ``ScheduleError`` if it is none, or none of the barrier as it is now.
    """
    try:
        kept = json.loads(path.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise ScheduleError(f"cannot read the schedule {str(path)!r}: {error}") from None
    except ValueError as error:
        raise ScheduleError(f"{path} is not JSON ({error}): record the schedule again") from None
    try:
        return _checked(kept)
    except ScheduleError as error:
        raise ScheduleError(f"{path}: {error}") from None


def replay(
    engine: Engine, schedule: Schedule, *, oracle: type[Oracle | Behaviour] | None = None
) -> Replayed:
    """Run the schedule's scenario as it says.

    Parameters: ``oracle``, what judges it; if not given, what always judges this barrier.
    Raises ``ScheduleError`` if the program does something else than the schedule says.
    """
    _check_code(schedule)
    subject = SUBJECTS[schedule.barrier]
    recording = replace(subject, oracle=oracle or subject.oracle).recording(
        engine, schedule.scenario
    )
    try:
        execution = follow(engine, recording, schedule.steps)
    except OtherScheduleError as error:
        raise ScheduleError(f"{error}: the schedule was edited, record it again") from None
    problem = execution.problem or recording.run.judge(execution)
    return Replayed(schedule, recording, execution, problem)


def _checked(kept: object) -> Schedule:
    """Return what was read as a schedule, or raise what says why it is none."""
    if not isinstance(kept, dict):
        raise ScheduleError(f"a schedule is a JSON object, not {kept!r}")
    version = kept.get("version")
    if type(version) is not int or version != VERSION:
        raise ScheduleError(
            f"this is version {version!r} of the form of schedules, and only version {VERSION} "
            "can be read: record the schedule again"
        )
    fields = ("version", "scenario", "barrier", "code", "steps")
    if sorted(kept) != sorted(fields):
        raise ScheduleError(
            f"a schedule has the fields {', '.join(fields)}, not {', '.join(sorted(kept))}"
        )
    scenario = _scenario(kept["scenario"])
    checked_name("barrier", kept["barrier"], SUBJECTS)
    steps = kept["steps"]
    if not isinstance(steps, list):
        raise ScheduleError(f"steps must be a list, not {steps!r}")
    choices = tuple(_choice(number, step) for number, step in enumerate(steps))
    schedule = Schedule(version, scenario, kept["barrier"], kept["code"], choices)
    _check_code(schedule)
    return schedule


def _scenario(kept: object) -> str | Scenario:
    """Return the scenario of a file."""
    if not isinstance(kept, dict):
        return checked_name("scenario", kept, SCENARIOS)
    try:
        return scenario_of(kept)
    except ValueError as error:
        raise ScheduleError(f"{error}: record the schedule again") from None


def checked_name(what: str, name: object, known: Iterable[str]) -> str:
    """Return a name that is known; otherwise raise ``ScheduleError``."""
    names = list(known)
    if not isinstance(name, str) or name not in names:
        raise ScheduleError(f"there is no {what} {name!r}: choose one of {', '.join(names)}")
    return name


def _choice(number: int, step: object) -> Choice:
    match step:
        case [int(thread), str(operation)] if type(thread) is int:
            return Choice(thread, operation)
    raise ScheduleError(
        f'step {number} is {step!r}, and must be a thread\'s number and "operation target"'
    )


def _check_code(schedule: Schedule) -> None:
    now = SUBJECTS[schedule.barrier].code()
    if schedule.code != now:
        raise ScheduleError(
            f"this schedule belongs to another version of {schedule.barrier}, "
            f"{schedule.code!r}, and this one is {now!r}: record it again with make find"
        )
