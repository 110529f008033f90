"""The command ``verified-barrier diagram``, with a command of its own for each kind of diagram."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from fnmatch import filter as matching
from pathlib import Path
from typing import Any, Final

from verified_barrier.table import TABLE
from verified_barrier.teaching.counterexample import run_of_counterexample, run_of_json
from verified_barrier.teaching.exercises.schedules import read_schedule
from verified_barrier.teaching.folding import MOST_STATES, TooManyStatesError, folded
from verified_barrier.teaching.moves import MoveError
from verified_barrier.teaching.phases import PHASE_FORMATS
from verified_barrier.teaching.play.command import add_size_options, begin
from verified_barrier.teaching.scenarios import SCENARIOS, run_of_scenario
from verified_barrier.teaching.schedule import run_of_moves
from verified_barrier.teaching.sequence import MOST_EVENTS, SEQUENCE_FORMATS, Run, run_of
from verified_barrier.teaching.states import STATE_FORMATS
from verified_barrier.verification.exits import EXIT_AS_EXPECTED, EXIT_UNEXPECTED
from verified_barrier.verification.graph import GraphError
from verified_barrier.verification.tlc import Tlc
from verified_barrier.verification.traces.trace import TraceError, read_traces

__all__ = ["DiagramError", "add_diagram_commands"]

_MOST_THREADS: Final = 8
"""How many threads a diagram of states shows at most: with more, there are too many states."""

_MOST_ARROWS: Final = 500
"""How many arrows Mermaid draws at most, unless whoever shows the page allows more."""


_DRAWN: Final = "Exit code: 0 drawn, 1 drawn until the run leaves the model, 2 usage or environment"


class DiagramError(ValueError):
    """A diagram that cannot be drawn; the message says why, and what to do."""


def add_diagram_commands(
    commands: Any, seconds: Callable[[str], float], find_tlc: Callable[[], Tlc]
) -> None:
    """Add the command ``diagram`` to a parser's commands.

    Parameters: ``seconds``, the type of a time limit; ``find_tlc``, called if one is needed.
    """
    diagram = commands.add_parser(
        "diagram",
        help="draw the barrier's phases, its states, and runs of it",
        description="Draw the barrier's phases, its states, and runs of it.",
    ).add_subparsers(required=True, metavar="COMMAND")
    phases = diagram.add_parser(
        "phases",
        help="the phases, and the actions between them",
        description="Draw the phases of the barrier, and the actions between them.",
    )
    phases.add_argument("--format", choices=PHASE_FORMATS, default="text")
    phases.set_defaults(run=_phases)
    _add_states(diagram)
    sequence = diagram.add_parser(
        "sequence",
        help="a recorded run, with a lane for each thread",
        description="Draw a recorded run, with a lane for each thread and one for the barrier.",
        epilog=_DRAWN,
    )
    sequence.add_argument(
        "file", type=Path, metavar="FILE", help="from verified-barrier trace, or make replay"
    )
    sequence.add_argument("--trace", type=int, default=1, metavar="N", help="which trace of it")
    sequence.add_argument("--first", type=int, default=1, metavar="N", help="the first event")
    sequence.add_argument("--last", type=int, metavar="N", help="the last event")
    sequence.add_argument("--format", choices=SEQUENCE_FORMATS, default="text")
    sequence.set_defaults(run=_sequence)
    counterexample = diagram.add_parser(
        "counterexample",
        help="a counterexample that TLC has printed",
        description="Draw the counterexample in TLC's output, in the same way.",
        epilog=_DRAWN,
    )
    counterexample.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help="what TLC has printed, or a MODULE.trace.json of verified-barrier check --artifacts",
    )
    counterexample.add_argument(
        "--parties", type=_count, metavar="N", help="those of the model; the JSON has them"
    )
    counterexample.add_argument("--action", action="store_true", help="the model has an action")
    counterexample.add_argument("--format", choices=SEQUENCE_FORMATS, default="text")
    counterexample.set_defaults(run=_counterexample)
    _add_schedule(diagram, seconds, find_tlc)
    scenario = diagram.add_parser(
        "scenario",
        help="a run of the model that is worth a look",
        description="Draw a run of the model, the shortest one that does what its name says.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="names:\n"
        + "\n".join(f"  {name:<18}  {one.says}" for name, one in SCENARIOS.items()),
    )
    scenario.add_argument("name", choices=SCENARIOS, metavar="NAME", help="one of those below")
    scenario.add_argument("--format", choices=SEQUENCE_FORMATS, default="text")
    scenario.set_defaults(run=_scenario)


def _add_schedule(
    diagram: Any, seconds: Callable[[str], float], find_tlc: Callable[[], Tlc]
) -> None:
    schedule = diagram.add_parser(
        "schedule",
        help="a run that you lead, of any barrier that can be looked at",
        description="Draw the run that a schedule leads: a file with a move in each line, such as "
        "arrive 1. The barrier may be one that is almost right: then it is shown which promise is "
        "broken, and when.",
        epilog="Exit code: 0 drawn, 2 usage or environment",
    )
    schedule.add_argument("file", type=Path, metavar="FILE", help="such as an exercise's answer")
    add_size_options(schedule)
    schedule.add_argument("--format", choices=SEQUENCE_FORMATS, default="text")
    schedule.add_argument(
        "--timeout",
        type=seconds,
        default=60.0,
        metavar="S",
        help="seconds for TLC to find the graph (default: %(default)g)",
    )
    schedule.set_defaults(run=lambda options: _schedule(options, find_tlc))


def _add_states(diagram: Any) -> None:
    states = diagram.add_parser(
        "states",
        help="all that some threads can do, layer by layer",
        description="Draw the states of a barrier and its threads, layer by layer. Those that "
        "differ only in which thread is which are one state.",
        epilog="The plain crossing: --only 'Call,Arrive*,ActionReturned,Leave'. At most "
        f"{_MOST_THREADS} threads and {MOST_STATES} states are drawn, in Mermaid {_MOST_ARROWS} "
        "arrows.",
    )
    states.add_argument(
        "--parties", type=_count, default=2, metavar="N", help="(default: %(default)s)"
    )
    states.add_argument("--threads", type=_count, metavar="N", help="(default: as many as parties)")
    states.add_argument("--action", action="store_true", help="the barrier has an action")
    states.add_argument(
        "--only", metavar="ACTIONS", help="names or patterns, with commas: nothing else happens"
    )
    states.add_argument("--without", metavar="ACTIONS", help="the same: these do not happen")
    states.add_argument("--format", choices=STATE_FORMATS, default="text")
    states.set_defaults(run=_states)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not an integer from 1 on")
    return int(text)


def _phases(options: argparse.Namespace) -> int:
    print(PHASE_FORMATS[options.format](TABLE), end="")
    return EXIT_AS_EXPECTED


def _states(options: argparse.Namespace) -> int:
    actions = [row.action for row in TABLE.rows]
    if options.only is not None:
        actions = _chosen("--only", options.only)
    if options.without is not None:
        left_out = _chosen("--without", options.without)
        actions = [action for action in actions if action not in left_out]
    threads = options.threads or options.parties
    if threads > _MOST_THREADS:
        raise DiagramError(
            f"{threads} threads are too many for a diagram, which shows at most {_MOST_THREADS}: "
            "choose fewer with --threads"
        )
    remedy = "choose fewer threads, or leave actions out with --only or --without"
    try:
        graph = folded(options.parties, threads, options.action, actions)
    except TooManyStatesError as problem:
        raise DiagramError(f"{problem}, and a diagram shows no more: {remedy}") from None
    arrows = sum(len(state.moves) for state in graph.states.values())
    if options.format == "mermaid" and arrows > _MOST_ARROWS:
        raise DiagramError(
            f"there are {arrows} arrows, and Mermaid draws {_MOST_ARROWS} at most: {remedy}, or "
            "take another --format"
        )
    print(STATE_FORMATS[options.format](graph), end="")
    return EXIT_AS_EXPECTED


def _chosen(option: str, patterns: str) -> list[str]:
    """Return the actions that some patterns stand for."""
    names = [row.action for row in TABLE.rows]
    chosen: list[str] = []
    for pattern in patterns.split(","):
        found = matching(names, pattern.strip())
        if not found:
            raise DiagramError(
                f"{option} has {pattern.strip()!r}, and there is no such action: choose among "
                f"{', '.join(names)}"
            )
        chosen += found
    return chosen


def _sequence(options: argparse.Namespace) -> int:
    try:
        traces = read_traces(options.file)
    except TraceError as problem:
        raise DiagramError(
            f"{problem}\n    a schedule is drawn by verified-barrier diagram schedule; the run of "
            "one of make find is recorded by make replay"
        ) from None
    if not 1 <= options.trace <= len(traces):
        raise DiagramError(
            f"--trace is {options.trace}, and {options.file} has the traces 1 to {len(traces)}"
        )
    trace = traces[options.trace - 1]
    last = len(trace.events) if options.last is None else options.last
    if not 1 <= options.first <= last <= len(trace.events):
        raise DiagramError(
            f"--first is {options.first} and --last {last}, and the trace has the events 1 to "
            f"{len(trace.events)}"
        )
    if last - options.first >= MOST_EVENTS:
        raise DiagramError(
            f"a diagram shows at most {MOST_EVENTS} events, not {last - options.first + 1}: "
            "choose some with --first and --last"
        )
    return _draw(run_of(trace, options.first, last), options)


def _counterexample(options: argparse.Namespace) -> int:
    text = _read(options.file)
    try:
        if text.startswith("{"):
            run = run_of_json(text)
        elif options.parties is None:
            raise DiagramError("--parties is missing: TLC does not print how many there are")
        else:
            run = run_of_counterexample(text, options.parties, options.action)
    except GraphError as problem:
        raise DiagramError(f"{options.file}: {problem}") from None
    return _draw(run, options)


def _schedule(options: argparse.Namespace, find_tlc: Callable[[], Tlc]) -> int:
    moves = read_schedule(_read(options.file))
    wanted = (options.parties, options.threads, options.action)
    run, _ = begin(options.barrier, wanted, find_tlc, options.timeout)
    for line, move in moves:
        try:
            run.make(run.find(move))
        except MoveError as problem:
            raise DiagramError(f"{options.file}, line {line}: {problem}") from None
    return _draw(run_of_moves(run), options)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise DiagramError(f"{file} cannot be read: {problem}") from None


def _scenario(options: argparse.Namespace) -> int:
    return _draw(run_of_scenario(options.name), options)


def _draw(run: Run, options: argparse.Namespace) -> int:
    print(SEQUENCE_FORMATS[options.format](run), end="")
    return EXIT_AS_EXPECTED if run.stuck is None else EXIT_UNEXPECTED
