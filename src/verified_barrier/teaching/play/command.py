"""The command ``verified-barrier play``."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from collections.abc import Callable
from operator import ne
from pathlib import Path
from typing import Any, TypeAlias

from verified_barrier.teaching.barriers import (
    EXHIBITS,
    Challenge,
    Exhibit,
    exhibit,
    followed,
)
from verified_barrier.teaching.errors import TeachingError
from verified_barrier.teaching.followed import shortest
from verified_barrier.teaching.moves import Run
from verified_barrier.teaching.play.plain import PlainScreen
from verified_barrier.teaching.play.session import Session
from verified_barrier.teaching.play.view import view_of
from verified_barrier.teaching.sizes import Size, sizes_in_words
from verified_barrier.verification.exits import EXIT_AS_EXPECTED
from verified_barrier.verification.files import check_writable
from verified_barrier.verification.resources import SetupError
from verified_barrier.verification.tlc import Tlc

__all__ = ["add_play_command", "add_size_options", "begin"]

_Wanted: TypeAlias = tuple[int | None, int | None, bool | None]


def add_play_command(
    commands: Any, seconds: Callable[[str], float], find_tlc: Callable[[], Tlc]
) -> None:
    """Add the command ``play`` to a parser's commands.

    Parameters: ``seconds``, the type of a time limit; ``find_tlc``, called if one is needed.
    """
    play = commands.add_parser(
        "play",
        help="step the threads of a barrier by hand, in the terminal",
        description="Step the threads of a barrier by hand: see its state, which promises are "
        "kept, what can happen next, and why other things cannot. In a terminal it is drawn, if "
        "rich is installed; over a pipe it is plain lines.",
        epilog="Exit code: 0 ended, 2 usage or environment",
    )
    add_size_options(play)
    play.add_argument(
        "--moves", default="", metavar="MOVES", help="make these first, such as 'call 1, arrive 1'"
    )
    play.add_argument("--plain", action="store_true", help="plain lines, in a terminal, too")
    play.add_argument(
        "--svg", type=Path, metavar="FILE", help="write what is to be seen there, and end"
    )
    play.add_argument(
        "--timeout",
        type=seconds,
        default=60.0,
        metavar="S",
        help="seconds for TLC to find the graph (default: %(default)g)",
    )
    play.set_defaults(run=lambda options: _play(options, find_tlc))


def add_size_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which barrier, and how large."""
    parser.add_argument(
        "--barrier",
        default="ours",
        metavar="NAME",
        help=f"one of {', '.join(one.key for one in EXHIBITS)} (default: %(default)s)",
    )
    parser.add_argument("--parties", type=int, metavar="N", help="how many parties")
    parser.add_argument("--threads", type=int, metavar="N", help="how many threads")
    parser.add_argument(
        "--action", action=argparse.BooleanOptionalAction, help="whether it has an action"
    )


def begin(
    key: str,
    wanted: _Wanted,
    tlc: Callable[[], Tlc],
    timeout: float,
) -> tuple[Run, Challenge]:
    """Return the beginning of a run, and what is to be brought about in it.

    Parameters: ``wanted``, parties, threads, and whether there is an action; ``None``: any.
    Raises ``TeachingError`` where there is no such barrier, or not of this size.
    """
    try:
        barrier = exhibit(key)
    except ValueError as problem:
        raise TeachingError(str(problem)) from None
    size = _size(barrier, wanted)
    runs = followed(barrier, size, None if barrier.is_ours else tlc(), timeout)
    can = [c for c in barrier.challenges if shortest(runs, c.violates) is not None]
    return Run(barrier, runs), (can or barrier.challenges)[0]


def _size(barrier: Exhibit, wanted: _Wanted) -> Size:
    """Return the size that is wanted; where nothing is said, as that of the first challenge."""
    usual = Size(2, 2, False) if barrier.is_ours else barrier.challenges[0].size
    offers = [
        size
        for size in barrier.sizes
        if all(want in (None, has) for want, has in zip(wanted, size, strict=True))
    ]
    if offers:
        return min(offers, key=lambda size: sum(map(ne, size, usual)))
    parties, threads, action = wanted
    options = (
        f"--parties {parties}",
        f"--threads {threads}",
        "--action" if action else "--no-action",
    )
    given = [place for place, want in enumerate(wanted) if want is not None]
    # What no size has is what is wrong; otherwise it is that they go together.
    wrong = [place for place in given if wanted[place] not in {s[place] for s in barrier.sizes}]
    said = " ".join(options[place] for place in wrong or given)
    raise TeachingError(f"{said}: {barrier.key} has {sizes_in_words(barrier.sizes)}")


def _play(options: argparse.Namespace, find_tlc: Callable[[], Tlc]) -> int:
    if options.svg:
        check_writable(options.svg)
        _require_rich("--svg")
    wanted = (options.parties, options.threads, options.action)
    run, challenge = begin(options.barrier, wanted, find_tlc, options.timeout)
    for move in filter(None, (move.strip() for move in options.moves.split(","))):
        run.make(run.find(move))
    if options.svg:
        from verified_barrier.teaching.play.pretty import save_svg

        save_svg(view_of(run, challenge), options.svg)
    elif _is_drawn(options.plain):
        _in_terminal(run, challenge)
    else:
        _over_pipe(run, challenge)
    return EXIT_AS_EXPECTED


def _is_drawn(plain: bool) -> bool:
    capable = os.environ.get("TERM", "dumb") != "dumb"
    terminal = sys.stdin.isatty() and sys.stdout.isatty() and capable
    return not plain and terminal and importlib.util.find_spec("rich") is not None


def _require_rich(what: str) -> None:
    if importlib.util.find_spec("rich") is None:
        raise SetupError(f"{what} needs rich: install verified-barrier[check]")


def _in_terminal(run: Run, challenge: Challenge) -> None:
    from rich.console import Console

    from verified_barrier.teaching.play.pretty import PrettyScreen

    screen = PrettyScreen(Console())
    _converse(Session(run, challenge, screen), screen.ask)


def _over_pipe(run: Run, challenge: Challenge) -> None:
    prompt = "> " if sys.stdin.isatty() else ""
    _converse(Session(run, challenge, PlainScreen(sys.stdout)), lambda: input(prompt))


def _converse(session: Session, ask: Callable[[], str]) -> None:
    session.show()
    session.answer("help")
    while True:
        try:
            line = ask()
        except EOFError:
            return
        if not session.answer(line):
            return
