"""Every fault there is, and what came of each."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mutants.checks import CHECKS, Answer, Check, Found, imports, run_check
from mutants.collected import collected
from mutants.declared import declared
from mutants.faults import Fault, apply, copy_project

__all__ = ["FAULTS", "REDUCED", "Result", "baseline", "load", "run", "save"]

FAULTS: tuple[Fault, ...] = tuple(
    sorted([*collected(), *declared()], key=lambda fault: list(type(fault.kind)).index(fault.kind))
)
"""In the order of what they are in."""

REDUCED = (
    "fault/withdraw-leaves-gap",
    "Withdraw, phase: None → BREAKING",
    "one arrival too many",
    "one woken instead of all",
    "one-outcome: an abort reaches those who were released",
    "comparer that compares nothing",
    "TLC wrapper that ignores the exit code",
    "oracle that always agrees",
)
"""The faults that every run of continuous integration applies."""


@dataclass(frozen=True)
class Result:
    """What came of a fault."""

    fault: str
    found: dict[str, Found]
    """By the name of the check; those that were not run are missing."""
    problem: str = ""
    """Why it is no fault worth having."""

    @property
    def first(self) -> str | None:
        """The check that caught it first."""
        caught = [name for name, found in self.found.items() if found.answer is Answer.CAUGHT]
        return caught[0] if caught else None


def baseline(checks: Iterable[Check], cache: Path) -> dict[str, Found]:
    """Run checks in a copy of the project that has no fault."""
    with tempfile.TemporaryDirectory(prefix="verified-barrier-") as name:
        project = Path(name)
        copy_project(project)
        return {check.name: run_check(check, None, project, cache) for check in checks}


def run(
    faults: Sequence[Fault],
    checks: Sequence[Check],
    cache: Path,
    *,
    first: bool,
    jobs: int,
) -> Iterator[Result]:
    """Apply each fault to a copy of the project of its own, run the checks, and yield the result.

    Parameters: ``first``, whether to stop at the first check that catches it; ``jobs``, how many
    faults to deal with at a time.
    """
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(lambda fault: _result(fault, checks, cache, first=first), faults)


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
    return not result.problem and (result.first is None) is bool(fault.equivalent)


def save(results: Iterable[Result], path: Path) -> None:
    """Add results to those in a file; of faults that there are no more, it forgets them."""
    kept = {result.fault: result for result in (load(path) if path.exists() else [])}
    kept |= {result.fault: result for result in results}
    rows = [_as_json(kept[fault.name]) for fault in FAULTS if fault.name in kept]
    lines = [f"  {json.dumps(row, ensure_ascii=False)}" for row in rows]
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


def load(path: Path) -> list[Result]:
    """Return the results that are in a file."""
    rows = json.loads(path.read_text(encoding="utf-8"))
    return [
        Result(
            row["fault"],
            {
                name: Found(Answer(answer), first, seconds)
                for name, (answer, first, seconds) in row["found"].items()
            },
            row.get("problem", ""),
        )
        for row in rows
    ]


def _as_json(result: Result) -> dict[str, Any]:
    found = {
        name: [one.answer.value, one.first, round(one.seconds, 1)]
        for name, one in result.found.items()
    }
    row: dict[str, Any] = {"fault": result.fault, "found": found}
    return row | ({"problem": result.problem} if result.problem else {})


def known_checks(names: Sequence[str]) -> list[Check]:
    """Return checks by their names, or all."""
    return [check for check in CHECKS if not names or check.name in names]
