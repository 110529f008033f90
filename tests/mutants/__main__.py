"""The gallery of faults: ``make mutants``.

Each fault is applied to a copy of the project, and the checks must notice. Exit code: 0 if each is
caught, and those that make no difference are not; 1 if one survives; 2 if a check fails without a
fault, or a fault cannot be applied.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from mutants.checks import Answer
from mutants.faults import ROOT, Fault, FaultError
from mutants.gallery import (
    FAULTS,
    REDUCED,
    Result,
    baseline,
    is_as_expected,
    known_checks,
    run,
    save,
)
from mutants.matrix import MATRIX, RESULTS, written

DEFAULT_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or ROOT / ".venv" / "cache").absolute()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    options = _parser().parse_args(arguments)
    faults = [fault for fault in FAULTS if fnmatchcase(fault.name, options.only)]
    if options.reduced:
        faults = [fault for fault in faults if fault.name in REDUCED]
    checks = known_checks(options.check)
    if not faults or not checks:
        print("mutants: no fault or no check has such a name", file=sys.stderr)
        return 2
    later = [fault for fault in faults if sys.version_info < fault.python]
    for fault in later:
        print(f"left out, needs Python {'.'.join(map(str, fault.python))}: {fault.name}")
    faults = [fault for fault in faults if fault not in later]
    concerned = [c for c in checks if any(co.concerns(f) for f in faults for co in c.commands)]
    start = time.monotonic()
    if not options.no_baseline:
        for name, found in baseline(concerned, DEFAULT_CACHE).items():
            print(f"without a fault  {name}: {found.answer.value}, {found.seconds:.0f} s", flush=True)
            if found.answer not in (Answer.MISSED, Answer.NOT_THERE):
                print(f"mutants: {name} fails without a fault: {found.first}", file=sys.stderr)
                return 2
    try:
        results = _run(faults, checks, options)
    except FaultError as problem:
        print(f"mutants: {problem}", file=sys.stderr)
        return 2
    if options.write:
        save(results, RESULTS)
        MATRIX.write_text(written(), encoding="utf-8")
    return _conclude(faults, results, time.monotonic() - start)


def _run(faults: Sequence[Fault], checks: Sequence, options: argparse.Namespace) -> list[Result]:  # type: ignore[type-arg]
    results = []
    found = run(faults, checks, DEFAULT_CACHE, first=options.first, jobs=options.jobs)
    for fault, result in zip(faults, found, strict=True):
        results.append(result)
        print(_line(fault, result), flush=True)
    return results


def _line(fault: Fault, result: Result) -> str:
    caught = [name for name, found in result.found.items() if found.answer is Answer.CAUGHT]
    none = [f"{n} ({f.first})" for n, f in result.found.items() if f.answer is Answer.NONE]
    said = result.problem or (f"caught by {', '.join(caught)}" if caught else "nobody notices")
    if caught and caught[0]:
        said += f" [{result.found[caught[0]].first}]"
    return f"{fault.kind.value:<18} {fault.name}: {said}" + (
        f"; no verdict of {', '.join(none)}" if none else ""
    )


def _conclude(faults: Sequence[Fault], results: Sequence[Result], seconds: float) -> int:
    pairs = list(zip(faults, results, strict=True))
    wrong = [(fault, result) for fault, result in pairs if not is_as_expected(fault, result)]
    equivalent = sum(bool(fault.equivalent) for fault in faults)
    print(
        f"{len(faults)} faults, {equivalent} of them equivalent; not as expected: {len(wrong)}; "
        f"in {seconds:.0f} s"
    )
    for fault, result in wrong:
        why = "it is called equivalent, and was caught" if fault.equivalent else "it survives"
        print(f"    {fault.name}: {result.problem or why}")
    if any(result.problem for result in results):
        return 2
    return 1 if wrong else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mutants", description="Apply faults, run the checks.")
    parser.add_argument("--only", default="*", metavar="PATTERN", help="the faults of such names")
    parser.add_argument("--check", action="append", default=[], help="a check; else all")
    parser.add_argument("--first", action="store_true", help="stop at the first check that catches")
    parser.add_argument("--reduced", action="store_true", help="a few faults of each kind")
    parser.add_argument("--no-baseline", action="store_true", help="trust the checks to pass")
    parser.add_argument("--write", action="store_true", help="add the results to docs/faults.md")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    return parser


if __name__ == "__main__":
    sys.exit(main())
