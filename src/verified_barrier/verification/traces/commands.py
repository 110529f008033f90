"""The commands ``verified-barrier trace record`` and ``verified-barrier trace check``."""

from __future__ import annotations

import argparse
import gc
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from verified_barrier.verification.exits import (
    EXIT_AS_EXPECTED,
    EXIT_INCOMPLETE,
    EXIT_UNEXPECTED,
)
from verified_barrier.verification.files import check_writable, reason
from verified_barrier.verification.processes import run_apart
from verified_barrier.verification.tlc import Tlc
from verified_barrier.verification.traces.recording import RecordedBarrier, all_recorded
from verified_barrier.verification.traces.trace import Trace, TraceError, read_traces, write_traces
from verified_barrier.verification.traces.validation import Judged, validate

__all__ = ["add_trace_commands"]


def add_trace_commands(
    commands: Any, seconds: Callable[[str], float], find_tlc: Callable[[], Tlc]
) -> None:
    """Add the command ``trace`` to a parser's commands.

    Parameters: ``seconds``, the type of a time limit; ``find_tlc``, called if one is needed.
    """
    trace = commands.add_parser(
        "trace",
        help="record what barriers do in a program, and check it against the specification",
        description="Record what barriers do in a program, and check it against the specification.",
    ).add_subparsers(required=True, metavar="COMMAND")
    record = trace.add_parser(
        "record",
        help="run a Python program, and record what its barriers do",
        description="Run a Python program. Each threading.Barrier and verified_barrier.Barrier "
        "that it makes is a verified_barrier.Barrier that records what it does.",
        epilog="Exit code: 0 recorded, 1 recorded, but the program failed, 2 nothing recorded. "
        "Write -- before a program whose arguments begin with a dash.",
    )
    record.add_argument("program", nargs="+", metavar="SCRIPT.py", help="with its arguments")
    record.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help="where to write the traces"
    )
    record.set_defaults(run=_record)
    check = trace.add_parser(
        "check",
        help="have TLC decide whether traces are behaviours of spec/Barrier.tla",
        description="Have TLC decide whether each trace is a behaviour of spec/Barrier.tla.",
        epilog="Exit code: 0 all are, 1 one is not, 2 usage or environment, 3 incomplete (the "
        "time limit was reached).",
    )
    check.add_argument("files", nargs="+", type=Path, metavar="FILE")
    check.add_argument(
        "--timeout",
        type=seconds,
        default=300.0,
        metavar="S",
        help="seconds for all traces together (default: %(default)g)",
    )
    check.set_defaults(run=lambda options: _check(options.files, options.timeout, find_tlc))


def _record(options: argparse.Namespace) -> int:
    script, output = Path(options.program[0]), options.output
    process = os.getpid()
    code = _read_program(script)
    check_writable(output)
    gc.enable()
    with all_recorded() as barriers:
        try:
            ended = _run(code, script, options.program)
        except BaseException:
            if os.getpid() == process:
                _save(barriers, script, output)
            raise
    if os.getpid() != process:
        return EXIT_AS_EXPECTED  # a child that was forked; its parent saves what was recorded
    _save(barriers, script, output)
    if ended is None:
        return EXIT_AS_EXPECTED
    print(f"verified-barrier: {script} {ended}; this was recorded until then", file=sys.stderr)
    return EXIT_UNEXPECTED


def _read_program(script: Path) -> Any:
    try:
        return compile(script.read_bytes(), str(script), "exec", dont_inherit=True)
    except OSError as problem:
        raise TraceError(f"{script} cannot be read: {reason(problem)}") from None
    except (SyntaxError, ValueError) as problem:
        raise TraceError(f"{script} is no Python program: {problem}") from None


def _run(code: Any, script: Path, arguments: Sequence[str]) -> str | None:
    """Run a program until its threads have ended; return how it failed, if it did."""
    main = ModuleType("__main__")
    main.__dict__.update(__file__=str(script), __builtins__=__builtins__)
    others = set(threading.enumerate())
    with _as_program(main, script, arguments):
        ended = None
        try:
            exec(code, main.__dict__)  # noqa: S102 - this is what the command is for
        except SystemExit as end:
            if end.code is not None and end.code != 0:
                ended = f"ended with exit code {end.code!r}"
        except Exception as error:
            following = error.__traceback__.tb_next if error.__traceback__ else None
            traceback.print_exception(error.with_traceback(following))
            ended = f"raised {type(error).__name__}"
        _await_threads(others)
    return ended


@contextmanager
def _as_program(main: ModuleType, script: Path, arguments: Sequence[str]) -> Iterator[None]:
    """Let a module be the program that runs, and find what stands beside it."""
    before = sys.modules["__main__"], sys.argv, sys.path
    sys.modules["__main__"] = main
    sys.argv, sys.path = list(arguments), [str(script.resolve().parent), *sys.path]
    try:
        yield
    finally:
        sys.modules["__main__"], sys.argv, sys.path = before


def _await_threads(others: set[threading.Thread]) -> None:
    """Wait for the threads that the program has left running, as Python does at its end."""
    while running := [t for t in threading.enumerate() if not t.daemon and t not in others]:
        running[0].join()


def _save(barriers: Sequence[RecordedBarrier], script: Path, output: Path) -> None:
    """Write what was recorded, and say so. Raises ``TraceError`` if nothing was."""
    traces = [barrier.recording.trace(str(script)) for barrier in list(barriers)]
    used = [trace for trace in traces if trace.events]
    if not used:
        made = "used no barrier that it made" if traces else "made no barrier"
        raise TraceError(
            f"{script} {made}: nothing was recorded, and nothing is written. A class that was "
            "imported before the program began is not replaced"
        )
    write_traces(used, output)
    unused = f"; barriers that were not used: {len(traces) - len(used)}" if used != traces else ""
    events = sum(len(trace.events) for trace in used)
    print(f"{output}: traces: {len(used)}, events: {events}{unused}")


def _check(files: Sequence[Path], timeout: float, find_tlc: Callable[[], Tlc]) -> int:
    traces = [trace for file in files for trace in read_traces(file)]
    start = time.monotonic()
    judged = run_apart(lambda: validate(traces, find_tlc(), timeout))
    rejected = [one for one in judged if one.accepted is False]
    undecided = sum(one.accepted is None for one in judged)
    for one in rejected:
        print("\n".join(_explain(one)))
    accepted = len(judged) - len(rejected) - undecided
    print(
        f"{accepted} {'trace' if accepted == 1 else 'traces'} accepted, {len(rejected)} rejected, "
        f"{undecided} without a verdict; {sum(len(trace.events) for trace in traces)} events, "
        f"in {time.monotonic() - start:.0f} s"
    )
    if rejected:
        return EXIT_UNEXPECTED
    return EXIT_INCOMPLETE if undecided else EXIT_AS_EXPECTED


def _explain(judged: Judged) -> Iterator[str]:
    """Yield lines that say where a trace is no behaviour of the specification."""
    trace, stuck = judged.trace, judged.stuck
    if stuck is None:
        return
    line = trace.line + 1 + stuck.place
    yield f"REJECTED    {trace.source}, line {line}: {trace.events[stuck.place]} is not possible"
    yield f"    the trace begins in line {trace.line}: {_about(trace)}"
    yield f"    the state before it: {stuck.before}"
    yield f"    possible there: {', '.join(stuck.possible)}"


def _about(trace: Trace) -> str:
    action = "yes" if trace.has_action else "no"
    return f"parties: {trace.parties}, action: {action}, threads: {trace.threads}"
