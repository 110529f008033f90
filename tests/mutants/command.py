"""The gallery of faults: ``make mutants``.

Each fault is applied to a copy of the project, and the checks must notice. Exit code: 0 if each is
caught, and those that make no difference are not; 1 if one survives; 2 if a check does not pass
without a fault, a fault cannot be applied, or there is none of such a name.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from mutants import page
from mutants.checks import CHECKS, Check
from mutants.faults import ROOT, Fault, FaultError
from mutants.gallery import FAULTS, Result, baseline, is_as_expected, load, run, save
from mutants.matrix import as_text, legend, row
from mutants.running import Answer

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or ROOT / ".venv" / "cache").absolute()
"""Where the results are kept between runs, and what TLC needs to start quickly."""


def main(
    arguments: Sequence[str] | None = None,
    faults: Sequence[Fault] = FAULTS,
    checks: Sequence[Check] = CHECKS,
) -> int:
    """Run the command line and return its exit code."""
    options = _parser().parse_args(arguments)
    chosen = [fault for fault in faults if is_meant(fault, options.only)]
    if options.list:
        print(*(f"{fault.kind.value:<18}{fault.name}" for fault in chosen), sep="\n")
        return 0
    if not chosen:
        print(
            f"mutants: no fault and no kind of faults has a name like {options.only!r}: "
            "make mutants LIST=1 names all",
            file=sys.stderr,
        )
        return 2
    later = [fault for fault in chosen if sys.version_info < fault.python]
    for fault in later:
        print(f"left out, needs Python {'.'.join(map(str, fault.python))}: {fault.name}")
    chosen = [fault for fault in chosen if fault not in later]
    if not chosen:
        print("mutants: none of these faults can be found with this Python", file=sys.stderr)
        return 2
    start = time.monotonic()
    try:
        if not is_sound(checks, chosen, options):
            return 2
        results = _run(chosen, checks, options)
        if options.write:
            page.write_gallery(faults, {result.fault: result for result in load(options.results)})
    except (FaultError, page.PageError) as problem:
        print(f"mutants: {problem}", file=sys.stderr)
        return 2
    return _conclude(chosen, results, time.monotonic() - start)


def is_meant(fault: Fault, pattern: str) -> bool:
    """Return whether a pattern names a fault, or what it is in."""
    return pattern == fault.name or any(
        fnmatchcase(text, pattern) for text in (fault.name, fault.kind.value)
    )


def is_sound(checks: Sequence[Check], faults: Sequence[Fault], options: argparse.Namespace) -> bool:
    """Return whether the checks pass without a fault: else that they fail with one says nothing.

    One that is skipped here will not fail, either.
    """
    for name, found in baseline(checks, faults, options.cache, options.jobs):
        print(f"without a fault  {name}: {found.answer.value}, {found.seconds:.0f} s", flush=True)
        if found.answer not in (Answer.MISSED, Answer.SKIPPED):
            print(f"mutants: {name} does not pass without a fault: {found.first}", file=sys.stderr)
            return False
    return True


def _run(
    faults: Sequence[Fault], checks: Sequence[Check], options: argparse.Namespace
) -> list[Result]:
    print(legend(checks))
    results = []
    found = run(faults, checks, options.cache, first=False, jobs=options.jobs)
    for fault, result in zip(faults, found, strict=True):
        save([result], options.results)
        results.append(result)
        print(row(fault, result, checks), flush=True)
    return results


def _conclude(faults: Sequence[Fault], results: Sequence[Result], seconds: float) -> int:
    pairs = list(zip(faults, results, strict=True))
    print(as_text(pairs))
    wrong = [(fault, result) for fault, result in pairs if not is_as_expected(fault, result)]
    equivalent = sum(bool(fault.equivalent) for fault in faults)
    print(
        f"{len(faults)} faults, {equivalent} of them equivalent; not as expected: {len(wrong)}; "
        f"in {seconds:.0f} s"
    )
    for fault, result in wrong:
        print(f"    {fault.name}: {result.problem or _why(fault, result)}")
    return 2 if any(result.problem for result in results) else 1 if wrong else 0


def _why(fault: Fault, result: Result) -> str:
    unknown = f"; no verdict of {', '.join(result.open)}" if result.open else ""
    if not fault.equivalent:
        return f"it survives{unknown}"
    by = f", and is caught by {', '.join(result.caught)}" if result.caught else ""
    return f"it is called equivalent{by}{unknown}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mutants", description="Apply faults, run the checks.")
    parser.add_argument(
        "--only", default="*", metavar="PATTERN", help="the faults of such names, or kinds"
    )
    parser.add_argument("--list", action="store_true", help="name the faults and try none")
    parser.add_argument("--write", action="store_true", help="write docs/faults.md")
    add_options(parser, CACHE / "mutants.json")
    return parser


def add_options(parser: argparse.ArgumentParser, results: Path) -> None:
    """Add what both commands understand."""
    parser.add_argument("--results", type=Path, default=results, help="where they are kept")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where TLC is prepared")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="faults at a time")
