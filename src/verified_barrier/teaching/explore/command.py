"""The command ``verified-barrier explore``."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from verified_barrier.verification.exits import EXIT_AS_EXPECTED
from verified_barrier.verification.files import check_writable, write_whole
from verified_barrier.verification.tlc import Tlc

__all__ = ["add_explore_command"]


def add_explore_command(
    commands: Any, positive_seconds: Callable[[str], float], find_tlc: Callable[[], Tlc]
) -> None:
    """Add the command ``explore`` to a parser's commands.

    Parameters: ``find_tlc``, called when TLC is needed.
    """
    explore = commands.add_parser(
        "explore",
        help="write a page in which anyone can step threads through a barrier",
        description="Write a page, one file that needs no network, in which anyone can step "
        "threads through a barrier: ours, CPython's, or one that is almost right.",
        epilog="Exit code: 0 written, 2 usage or environment",
    )
    explore.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help="such as barrier.html"
    )
    explore.add_argument(
        "--timeout",
        type=positive_seconds,
        default=120.0,
        metavar="S",
        help="seconds for each run of TLC (default: %(default)g)",
    )

    def run(options: argparse.Namespace) -> int:
        # What draws the page is not needed by the other commands.
        from verified_barrier.teaching.explore.export import all_graphs, export
        from verified_barrier.teaching.explore.page import page

        check_writable(options.output)
        with _progress() as tell:
            tell("starting TLC")
            text = page(export(all_graphs(find_tlc(), options.timeout, tell)))
        write_whole(options.output, [text.removesuffix("\n")])
        print(f"{options.output}: {len(text.encode()) / 1e6:.1f} MB")
        return EXIT_AS_EXPECTED

    explore.set_defaults(run=run)


_CLEARED = "\r\x1b[K"
"""Puts the cursor at the beginning of its line, which is empty then."""


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """Yield what shows, in one line of a terminal, what is under way; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return

    def tell(text: str) -> None:
        width = shutil.get_terminal_size().columns - 1
        print(_CLEARED + text[:width], end="", file=sys.stderr, flush=True)

    try:
        yield tell
    finally:
        print(_CLEARED, end="", file=sys.stderr, flush=True)
