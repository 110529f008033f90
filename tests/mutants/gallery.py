"""Every fault there is, and how what comes of each is found out and kept."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mutants.checks import Check
from mutants.collected import collected
from mutants.declared import declared
from mutants.faults import Fault, Kind, apply, copy_project
from mutants.running import Answer, Found, imports, run_check

__all__ = [
    "FAULTS",
    "HANGING",
    "REDUCED",
    "Result",
    "baseline",
    "is_as_expected",
    "load",
    "run",
    "save",
]

HANGING = {
    "ArriveAndWait, arrived: 1 → 0",
    "ArriveAndRelease, phase: None → TRIPPING",
    "one arrival too many",
    "one arrival too few",
    "count that is set instead of changed",
    "one woken instead of all",
    "release of the wrong generation's waiters",
    "generation used again",
    "action run under the lock",
    "loop under the lock",
    "timeout that only withdraws",
    "held calls woken instead of waiters",
}
"""With these, threads wait for ever: the time limit of a check is a sign of them."""

FAULTS: tuple[Fault, ...] = tuple(
    replace(fault, hangs=fault.name in HANGING)
    for fault in sorted([*collected(), *declared()], key=lambda fault: list(Kind).index(fault.kind))
)
"""In the order of what they are in."""

REDUCED = {
    "fault/withdrawal-not-counted": "TLC",
    "Withdraw, phase: None → BREAKING": "graph equality",
    "one arrival too many": "unit tests",
    "one woken instead of all": "scheduler",
    "fault/broken-lets-in": "trace validation",
    "abort that ends the action": "proof",
    "an error of its own": "CPython's suite",
    "refused call that returns": "Hypothesis",
    "historian that never objects": "tests of the tools",
}
"""The faults that every run of continuous integration applies, each with a check of its own."""


@dataclass(frozen=True)
class Result:
    """What came of a fault."""

    fault: str
    found: dict[str, Found]
    """By the name of the check; those that were not run are missing."""
    problem: str = ""
    """Why it is no fault worth having."""

    @property
    def caught(self) -> list[str]:
        """The checks that have caught it."""
        return [name for name, found in self.found.items() if found.answer is Answer.CAUGHT]

    @property
    def open(self) -> list[str]:
        """The checks that came to no verdict, though they were run."""
        unknown = (Answer.TIME_OUT, Answer.NO_VERDICT)
        return [name for name, found in self.found.items() if found.answer in unknown]


def baseline(
    checks: Sequence[Check], faults: Sequence[Fault], cache: Path, jobs: int
) -> Iterator[tuple[str, Found]]:
    """Run what concerns some faults in a copy of the project that has none, and yield what came."""
    with tempfile.TemporaryDirectory(prefix="verified-barrier-") as name:
        project = Path(name)
        copy_project(project)
        chosen = [
            replace(
                check, commands=tuple(c for c in check.commands if any(map(c.concerns, faults)))
            )
            for check in checks
        ]
        chosen = [check for check in chosen if check.commands]
        with ThreadPoolExecutor(jobs) as pool:
            found = pool.map(lambda check: run_check(check, None, project, cache), chosen)
            yield from zip((check.name for check in chosen), found, strict=True)


def run(
    faults: Sequence[Fault], checks: Sequence[Check], cache: Path, *, first: bool, jobs: int
) -> Iterator[Result]:
    """Apply each fault to a copy of the project of its own, run the checks, and yield the result.

    Parameters: ``first``, whether to stop at the first check that catches it; ``jobs``, how many
    faults to deal with at a time.
    """
    with ThreadPoolExecutor(jobs) as pool:
        try:
            yield from pool.map(lambda fault: _result(fault, checks, cache, first=first), faults)
        finally:
            pool.shutdown(cancel_futures=True)


def _result(fault: Fault, checks: Sequence[Check], cache: Path, *, first: bool) -> Result:
    found: dict[str, Found] = {}
    with tempfile.TemporaryDirectory(prefix="verified-barrier-") as name:
        project = Path(name)
        copy_project(project)
        apply(fault, project)
        if problem := imports(fault, project, cache):
            return Result(fault.name, found, f"it cannot be imported: {problem}")
        for check in checks:
            found[check.name] = run_check(check, fault, project, cache)
            if first and found[check.name].answer is Answer.CAUGHT:
                break
    return Result(fault.name, found)


def is_as_expected(fault: Fault, result: Result) -> bool:
    """Return whether a fault was caught; or, if it makes no difference, whether nobody objects."""
    if result.problem:
        return False
    if fault.equivalent:
        return not result.caught and not result.open
    return bool(result.caught)


def save(results: Iterable[Result], path: Path) -> None:
    """Add results to those in a file."""
    kept = {result.fault: result for result in (load(path) if path.exists() else [])}
    kept |= {result.fault: result for result in results}
    lines = [json.dumps(_as_json(result), ensure_ascii=False) for result in kept.values()]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


def load(path: Path) -> list[Result]:
    """Return the results that are in a file."""
    return [
        Result(
            row["fault"],
            {
                name: Found(Answer(answer), first, seconds)
                for name, (answer, first, seconds) in row["found"].items()
            },
            row["problem"],
        )
        for row in json.loads(path.read_text(encoding="utf-8"))
    ]


def _as_json(result: Result) -> dict[str, Any]:
    found = {
        name: [one.answer.value, one.first, round(one.seconds, 1)]
        for name, one in result.found.items()
    }
    return {"fault": result.fault, "found": found, "problem": result.problem}
