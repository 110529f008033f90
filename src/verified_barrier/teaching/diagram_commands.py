"""The commands ``verified-barrier diagram phases`` and ``verified-barrier diagram sequence``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from verified_barrier.table import TABLE
from verified_barrier.teaching.phases import PHASE_FORMATS
from verified_barrier.teaching.sequence import MOST_EVENTS, SEQUENCE_FORMATS, run_of
from verified_barrier.verification.exits import EXIT_AS_EXPECTED, EXIT_UNEXPECTED
from verified_barrier.verification.traces.trace import TraceError, read_traces

__all__ = ["add_diagram_commands"]


def add_diagram_commands(commands: Any) -> None:
    """Add the command ``diagram`` to a parser's commands."""
    diagram = commands.add_parser(
        "diagram",
        help="draw the barrier's phases, or a recorded run",
        description="Draw the barrier's phases, or a recorded run.",
    ).add_subparsers(required=True, metavar="COMMAND")
    phases = diagram.add_parser(
        "phases",
        help="the phases, and the actions between them",
        description="Draw the phases of the barrier, and the actions between them.",
    )
    phases.add_argument("--format", choices=PHASE_FORMATS, default="text")
    phases.set_defaults(run=_phases)
    sequence = diagram.add_parser(
        "sequence",
        help="a recorded run, with a lane for each thread",
        description="Draw a recorded run, with a lane for each thread and one for the barrier.",
        epilog="Exit code: 0 drawn, 1 drawn until the run leaves the model, 2 usage or environment",
    )
    sequence.add_argument("file", type=Path, metavar="FILE", help="from verified-barrier trace")
    sequence.add_argument("--trace", type=int, default=1, metavar="N", help="which trace of it")
    sequence.add_argument("--first", type=int, default=1, metavar="N", help="the first event")
    sequence.add_argument("--last", type=int, metavar="N", help="the last event")
    sequence.add_argument("--format", choices=SEQUENCE_FORMATS, default="text")
    sequence.set_defaults(run=_sequence)


def _phases(options: argparse.Namespace) -> int:
    print(PHASE_FORMATS[options.format](TABLE), end="")
    return EXIT_AS_EXPECTED


def _sequence(options: argparse.Namespace) -> int:
    traces = read_traces(options.file)
    if not 1 <= options.trace <= len(traces):
        raise TraceError(
            f"--trace is {options.trace}, and {options.file} has the traces 1 to {len(traces)}"
        )
    trace = traces[options.trace - 1]
    last = len(trace.events) if options.last is None else options.last
    if not 1 <= options.first <= last <= len(trace.events):
        raise TraceError(
            f"--first is {options.first} and --last {last}, and the trace has the events 1 to "
            f"{len(trace.events)}"
        )
    if last - options.first >= MOST_EVENTS:
        raise TraceError(
            f"a diagram shows at most {MOST_EVENTS} events, not {last - options.first + 1}: "
            "choose some with --first and --last"
        )
    run = run_of(trace, options.first, last)
    print(SEQUENCE_FORMATS[options.format](run), end="")
    return EXIT_AS_EXPECTED if run.stuck is None else EXIT_UNEXPECTED
