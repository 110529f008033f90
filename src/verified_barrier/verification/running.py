"""Running checks, side by side."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from verified_barrier.verification.cache import ResultCache
from verified_barrier.verification.evidence import Evidence, collecting, keep, note
from verified_barrier.verification.processes import is_ending, result_of, threads
from verified_barrier.verification.report import Check, Report

__all__ = ["Conditions", "folder_name", "run_checks"]


def _nobody(_check: Check) -> None:
    pass


@dataclass(frozen=True)
class Conditions:
    """How checks are run."""

    timeout: float
    """Seconds for each."""
    jobs: int
    """How many at a time."""
    cache: ResultCache | None = None
    """Remembered results."""
    artifacts: Path | None = None
    """The folder in which what a check leaves is kept. What is remembered leaves no more than its
    report."""
    started: Callable[[Check], None] = _nobody
    finished: Callable[[Check], None] = _nobody
    """Are told of a check, in its thread."""


def run_checks(checks: Sequence[Check], conditions: Conditions) -> Generator[tuple[Check, Report]]:
    """Run checks side by side, and yield each with its report, in their order.

    Where the caller goes no further, and closes what this returns, what is under way is ended.
    """
    with threads(conditions.jobs) as begin:
        reports = [begin(partial(_run, check, conditions)) for check in checks]
        for check, report in zip(checks, reports, strict=True):
            yield check, result_of(report)


def folder_name(check: Check) -> str:
    """Return the name of the folder in which what a check leaves is kept."""
    return check.name.replace("/", ".")


def _run(check: Check, conditions: Conditions) -> Report:
    conditions.started(check)
    try:
        if conditions.artifacts is None:
            return _collected(check, conditions, Evidence())
        unfinished = conditions.artifacts / f".{folder_name(check)}.part"
        unfinished.mkdir()
        try:
            return _collected(check, conditions, Evidence(unfinished))
        finally:
            if is_ending():
                shutil.rmtree(unfinished)
            else:
                unfinished.rename(conditions.artifacts / folder_name(check))
    finally:
        conditions.finished(check)


def _collected(check: Check, conditions: Conditions, evidence: Evidence) -> Report:
    with collecting(evidence):
        report = _recalled_or_run(check, conditions)
        lines = [report.verdict.value, report.summary, *report.details]
        if report.remembered:
            lines.append(f"not run: it ran {report.ran}; --no-cache runs it, and keeps the rest")
        keep("report.txt", "\n".join(lines))
    return replace(report, notes=tuple(evidence.notes))


def _recalled_or_run(check: Check, conditions: Conditions) -> Report:
    cache = conditions.cache
    key = None if cache is None else cache.key(check)
    if cache is not None and key is not None:
        known = cache.recall(check, key)
        if known is not None:
            return known
    ran = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    start = time.monotonic()
    report = replace(check.run(conditions.timeout), seconds=time.monotonic() - start, ran=ran)
    if cache is not None and key is not None:
        cache.remember(check, key, report)
    elif cache is None:
        note("not remembered: --no-cache")
    return report
