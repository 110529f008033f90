"""Schedules as files: an execution of the barrier that can be had again, or kept as a test.

A schedule says who does what, step by step. It belongs to a scenario, and to the text of the
barrier that was run, a fault included: with another text it is refused. In the file, threads are
numbered from 0, as the engine does.
"""

from __future__ import annotations

import inspect
import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from scheduler.engine import Engine, Execution
from scheduler.faults import FAULTS, Fault, load_faulty
from scheduler.minimise import Choice, OtherScheduleError, schedule_of
from scheduler.minimise import replay as follow
from scheduler.report import Recording, report
from scheduler.scenarios import SCENARIOS, Run, load_shipped
from verified_barrier import barrier as shipped

__all__ = ["VERSION", "Replayed", "Schedule", "ScheduleError", "load", "recorded", "replay", "save"]

VERSION = 1
"""The version of the form that files have."""

_FAULTS = {fault.name: fault for fault in FAULTS}


class ScheduleError(ValueError):
    """A schedule that cannot be replayed; the message says why, and what to do."""


@dataclass(frozen=True)
class Schedule:
    """One schedule, in the form in which it is kept."""

    version: int
    scenario: str
    fault: str | None
    """The name of the barrier's fault; ``None``: the shipped barrier."""
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
            fault=self.schedule.fault,
            details=details,
        )


def recorded(execution: Execution, scenario: str, fault: str | None) -> Schedule:
    """Return the schedule of an execution of the barrier as it is now."""
    return Schedule(VERSION, scenario, fault, _code(fault), tuple(schedule_of(execution)))


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


def replay(engine: Engine, schedule: Schedule) -> Replayed:
    """Run the schedule's scenario as it says.

    Raises ``ScheduleError`` if the program does something else than the schedule says.
    """
    _check_code(schedule)
    module = (
        load_shipped(engine)
        if schedule.fault is None
        else load_faulty(engine, _FAULTS[schedule.fault])
    )
    recording = Recording(Run(SCENARIOS[schedule.scenario], module))
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
    fields = ("version", "scenario", "fault", "code", "steps")
    if sorted(kept) != sorted(fields):
        raise ScheduleError(
            f"a schedule has the fields {', '.join(fields)}, not {', '.join(sorted(kept))}"
        )
    _check_name("scenario", kept["scenario"], list(SCENARIOS))
    if kept["fault"] is not None:
        _check_name("fault", kept["fault"], list(_FAULTS))
    steps = kept["steps"]
    if not isinstance(steps, list):
        raise ScheduleError(f"steps must be a list, not {steps!r}")
    choices = tuple(_choice(number, step) for number, step in enumerate(steps))
    schedule = Schedule(version, kept["scenario"], kept["fault"], kept["code"], choices)
    _check_code(schedule)
    return schedule


def _check_name(what: str, name: object, known: list[str]) -> None:
    if name not in known:
        raise ScheduleError(f"there is no {what} {name!r}: choose one of {', '.join(known)}")


def _choice(number: int, step: object) -> Choice:
    match step:
        case [int(thread), str(operation)] if type(thread) is int:
            return Choice(thread, operation)
    raise ScheduleError(
        f'step {number} is {step!r}, and must be a thread\'s number and "operation target"'
    )


def _check_code(schedule: Schedule) -> None:
    now = _code(schedule.fault)
    if schedule.code != now:
        raise ScheduleError(
            f"this schedule belongs to another version of barrier.py, {schedule.code!r}, and "
            f"this one is {now!r}: record it again with schedule.recorded()"
        )


def _code(fault: str | None) -> str:
    """Return the SHA-256 of the barrier's text as it is now, with a fault."""
    source = inspect.getsource(shipped)
    if fault is not None:
        changed: Fault = _FAULTS[fault]
        source = source.replace(changed.old, changed.new)
    return sha256(source.encode()).hexdigest()
