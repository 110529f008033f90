"""The command ``verified-barrier``."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from verified_barrier.teaching.diagram_commands import DiagramError, add_diagram_commands
from verified_barrier.verification.check import Check, Report, Verdict, all_checks, run_checks
from verified_barrier.verification.exits import (
    EXIT_AS_EXPECTED,
    EXIT_INCOMPLETE,
    EXIT_UNEXPECTED,
    EXIT_USAGE,
)
from verified_barrier.verification.files import OutputError, check_writable, write_whole
from verified_barrier.verification.manifest import ManifestError
from verified_barrier.verification.proof.checks import add_prove_command
from verified_barrier.verification.resources import SetupError
from verified_barrier.verification.results import (
    Results,
    as_json,
    as_junit,
    github_annotations,
    job_summary,
)
from verified_barrier.verification.tlc import Tlc
from verified_barrier.verification.traces.commands import add_trace_commands
from verified_barrier.verification.traces.trace import TraceError

__all__ = ["main"]

MOST_JOBS = 8
"""How many checks run at a time at most; each may take up to 2 GB."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    options = _parser().parse_args(arguments)
    if threading.current_thread() is threading.main_thread():
        # Whoever ends this command ends what it has started, too.
        signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    # State graphs are large and have no cycles: looking for some takes longer than the checks.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return int(options.run(options))
    except (SetupError, ManifestError, OutputError, TraceError, DiagramError) as problem:
        print(f"verified-barrier: {problem}", file=sys.stderr)
        return EXIT_USAGE
    except KeyboardInterrupt:
        print("verified-barrier: interrupted", file=sys.stderr)
        return 128 + signal.SIGINT
    except Exception:
        traceback.print_exc()
        print("verified-barrier: this is a defect; nothing was shown", file=sys.stderr)
        return EXIT_USAGE
    finally:
        if collecting:
            gc.enable()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="verified-barrier",
        description="Hold the barrier against its specification.",
        epilog="Exit code: 0 all as expected, 1 an unexpected verdict, 2 usage or environment, "
        "3 incomplete (a limit was reached).",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    check = commands.add_parser(
        "check",
        help="model-check the specification, compare the table with it, confirm the contracts",
        description="Run every model of the manifest in TLC, compare TLC's state graph with the "
        "table's, and have CrossHair confirm the contracts.",
        epilog=parser.epilog,
    )
    check.add_argument("--list", action="store_true", help="list the checks and run none")
    check.add_argument(
        "--only", metavar="PATTERN", help="run the checks whose names match, such as 'safety/*'"
    )
    check.add_argument("--full", action="store_true", help="run the large checks, too")
    check.add_argument(
        "--timeout",
        type=_positive_seconds,
        default=300.0,
        metavar="S",
        help="seconds for each check (default: %(default)g)",
    )
    check.add_argument(
        "--json", type=Path, metavar="FILE", help="write the results there, as docs/check.md says"
    )
    check.add_argument(
        "--junit", type=Path, metavar="FILE", help="write the results there, as JUnit's XML"
    )
    check.set_defaults(run=_check)
    add_prove_command(commands, _positive_seconds, _tlc())
    add_trace_commands(commands, _positive_seconds, _tlc())
    add_diagram_commands(commands)
    return parser


def _positive_seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number of seconds")
    return seconds


def _check(options: argparse.Namespace) -> int:
    pattern = "*" if options.only is None else options.only
    chosen = [check for check in all_checks(_tlc()) if fnmatchcase(check.name, pattern)]
    width = max((len(check.name) for check in chosen), default=0)
    if options.list:
        for check in chosen:
            print(f"{check.name:<{width}}  {'full' if check.large else '':<4}  {check.shows}")
        return EXIT_AS_EXPECTED
    checks = [check for check in chosen if options.full or not check.large]
    if not checks:
        remedy = "they are large: add --full" if chosen else "see verified-barrier check --list"
        print(
            f"verified-barrier: {len(chosen)} checks match {pattern!r}, and none is to be run: "
            f"{remedy}",
            file=sys.stderr,
        )
        return EXIT_USAGE
    for file in filter(None, (options.json, options.junit)):
        check_writable(file)
    start = time.monotonic()
    reports = []
    for check, report in run_checks(checks, timeout=options.timeout, jobs=_jobs()):
        _print(check, report, width)
        reports.append((check, report))
    results = Results(reports, len(chosen) - len(checks), time.monotonic() - start)
    print(results.sums)
    _tell_others(results, options)
    if results.count(Verdict.UNEXPECTED):
        return EXIT_UNEXPECTED
    return EXIT_INCOMPLETE if results.count(Verdict.INCOMPLETE) else EXIT_AS_EXPECTED


def _tell_others(results: Results, options: argparse.Namespace) -> None:
    """Write the results where other programs look for them."""
    if options.json:
        write_whole(options.json, [as_json(results)])
    if options.junit:
        write_whole(options.junit, [as_junit(results)])
    if os.environ.get("GITHUB_ACTIONS") == "true":
        print(*github_annotations(results), sep="\n", end="")
        if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
            with Path(summary).open("a", encoding="utf-8") as file:
                file.writelines(f"{line}\n" for line in job_summary(results))


def _jobs() -> int:
    """Return how many checks to run at a time: while one compares graphs, others run TLC."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # not on this system
        cores = os.cpu_count() or 1
    return min(cores + 1, MOST_JOBS)


def _tlc() -> Callable[[], Tlc]:
    """Return what finds TLC, once, when it is needed first."""
    lock = threading.Lock()

    @cache
    def prepare() -> Tlc:
        # Where programs keep what they can make again (XDG Base Directory Specification).
        caches = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))  # noqa: PTH111 - does not raise
        tlc = Tlc.find()
        return tlc.prepared(caches / "verified-barrier") if caches.is_absolute() else tlc

    def find() -> Tlc:
        with lock:
            return prepare()

    return find


def _print(check: Check, report: Report, width: int) -> None:
    print(
        f"{report.verdict.value:<10}  {check.name:<{width}}  {report.seconds:5.1f} s  "
        f"{report.summary}",
        flush=True,
    )
    for detail in report.details:
        print("    " + detail.replace("\n", "\n    "), flush=True)


if __name__ == "__main__":
    sys.exit(main())
