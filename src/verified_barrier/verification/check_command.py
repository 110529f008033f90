"""The command ``verified-barrier check``."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from verified_barrier.verification.cache import ResultCache
from verified_barrier.verification.check import Check, Verdict, all_checks, model_checks
from verified_barrier.verification.console import open_console
from verified_barrier.verification.exits import (
    EXIT_AS_EXPECTED,
    EXIT_INCOMPLETE,
    EXIT_UNEXPECTED,
    EXIT_USAGE,
)
from verified_barrier.verification.files import (
    OutputError,
    check_writable,
    claim_folder,
    write_whole,
)
from verified_barrier.verification.resources import cache_folder
from verified_barrier.verification.results import (
    Results,
    as_json,
    as_junit,
    github_annotations,
    job_summary,
)
from verified_barrier.verification.running import Conditions, run_checks
from verified_barrier.verification.tlc import Tlc

__all__ = ["add_check_command"]

MOST_JOBS: Final = 8
"""How many checks run at a time at most; each may take up to 2 GB."""


def add_check_command(
    commands: Any, seconds: Callable[[str], float], find_tlc: Callable[[], Tlc], epilog: str
) -> None:
    """Add the command ``check`` to a parser's commands.

    Parameters: ``seconds``, the type of a time limit; ``find_tlc``, called if one is needed;
    ``epilog``, what is said of the exit codes.
    """
    check = commands.add_parser(
        "check",
        help="model-check the specification, compare the table with it, confirm the contracts, "
        "prove the invariant",
        description="Run every model of the manifest in TLC, compare TLC's state graph with the "
        "table's, have CrossHair confirm the contracts, and have Z3 prove the invariant.",
        epilog=epilog,
    )
    check.add_argument("--list", action="store_true", help="list the checks and run none")
    check.add_argument(
        "--only", metavar="PATTERN", help="run the checks whose names match, such as 'safety/*'"
    )
    check.add_argument(
        "--manifest",
        type=Path,
        metavar="DIR",
        help="check the models of DIR/manifest.toml, as docs/your-own-protocol.md says, "
        "and nothing else",
    )
    check.add_argument("--full", action="store_true", help="run the large checks, too")
    check.add_argument(
        "--timeout",
        type=seconds,
        default=300.0,
        metavar="S",
        help="seconds for each check (default: %(default)g)",
    )
    check.add_argument(
        "--no-cache",
        action="store_true",
        help="run what has not changed, too, and remember no result",
    )
    how_much = check.add_mutually_exclusive_group()
    how_much.add_argument(
        "-q", "--quiet", action="store_true", help="show what is not as expected, and the sums"
    )
    how_much.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help="show command lines, seeds, TLC's figures, and what is remembered, too",
    )
    check.add_argument(
        "--json", type=_file, metavar="FILE", help="write the results there, as docs/check.md says"
    )
    check.add_argument(
        "--junit", type=_file, metavar="FILE", help="write the results there, as JUnit's XML"
    )
    check.add_argument(
        "--artifacts",
        type=Path,
        metavar="DIR",
        help="keep there, in a new or empty folder, what each check that is run leaves: TLC's "
        "output, counterexamples, state graphs, command lines",
    )
    check.set_defaults(run=lambda options: _check(options, find_tlc))


def _file(text: str) -> Path:
    if text == "-":
        raise argparse.ArgumentTypeError(
            "'-' names no file, and nothing is written to the standard output: name a file"
        )
    return Path(text)


def _check(options: argparse.Namespace, find_tlc: Callable[[], Tlc]) -> int:
    pattern = "*" if options.only is None else options.only
    own = options.manifest
    checks = all_checks(find_tlc) if own is None else model_checks(own, find_tlc)
    chosen = [check for check in checks if fnmatchcase(check.name, pattern)]
    checks = [check for check in chosen if options.list or options.full or not check.large]
    if not checks:
        print(f"verified-barrier: {_why_none(pattern, len(chosen))}", file=sys.stderr)
        return EXIT_USAGE
    width = max(len(check.name) for check in chosen)
    if options.list:
        for check in checks:
            print(f"{check.name:<{width}}  {'full' if check.large else '':<4}  {check.shows}")
        return EXIT_AS_EXPECTED
    _prepare_files(options)
    results = _run(checks, len(chosen) - len(checks), width, options)
    _tell_others(results, options)
    if results.count(Verdict.UNEXPECTED):
        return EXIT_UNEXPECTED
    return EXIT_INCOMPLETE if results.count(Verdict.INCOMPLETE) else EXIT_AS_EXPECTED


def _why_none(pattern: str, large: int) -> str:
    """Return why there is nothing to run.

    Parameters: ``large``, how many checks match the pattern; all of them are large.
    """
    if not large:
        return f"no check matches {pattern!r}: --list lists those that there are"
    found = "1 check matches" if large == 1 else f"{large} checks match"
    return f"{found} {pattern!r}, and {'it is' if large == 1 else 'they are'} large: add --full"


def _prepare_files(options: argparse.Namespace) -> None:
    """Find out before anything runs whether the results can be written."""
    both = options.json, options.junit
    if all(both) and options.json.resolve() == options.junit.resolve():
        raise OutputError(f"--json and --junit both name {options.junit}: give them two files")
    if options.artifacts:
        claim_folder(options.artifacts, {"command.txt": f"{shlex.join(sys.argv)}\n"})
    for file in filter(None, both):
        check_writable(file)


def _run(
    checks: Sequence[Check], left_out: int, width: int, options: argparse.Namespace
) -> Results:
    start = time.monotonic()
    console = open_console(len(checks), width, quiet=options.quiet, verbose=options.verbose)
    folder = None if options.no_cache else cache_folder()
    conditions = Conditions(
        timeout=options.timeout,
        jobs=_jobs(),
        cache=None if folder is None else ResultCache(folder),
        artifacts=options.artifacts,
        started=console.started,
        finished=console.finished,
    )
    reports = []
    with console, closing(run_checks(checks, conditions)) as found:
        for check, report in found:
            console.show(check, report)
            reports.append((check, report))
    results = Results(reports, left_out, time.monotonic() - start)
    console.close(results.sums)
    return results


def _jobs() -> int:
    """Return how many checks to run at a time: while one compares graphs, others run TLC."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # not on this system
        cores = os.cpu_count() or 1
    return min(cores + 1, MOST_JOBS)


def _tell_others(results: Results, options: argparse.Namespace) -> None:
    """Write the results where other programs look for them."""
    inside = options.artifacts
    for file in filter(None, (options.json, inside and inside / "check.json")):
        write_whole(file, [as_json(results)])
    for file in filter(None, (options.junit, inside and inside / "check.xml")):
        write_whole(file, [as_junit(results)])
    if os.environ.get("GITHUB_ACTIONS") == "true":
        print(*github_annotations(results), sep="\n", end="")
        if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
            with Path(summary).open("a", encoding="utf-8") as file:
                file.writelines(f"{line}\n" for line in job_summary(results))
