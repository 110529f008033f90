"""The command ``verified-barrier``."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version

from verified_barrier.teaching.diagram_commands import DiagramError, add_diagram_commands
from verified_barrier.teaching.errors import TeachingError
from verified_barrier.teaching.exercises.commands import add_exercise_commands
from verified_barrier.teaching.explore.command import add_explore_command
from verified_barrier.teaching.gallery import add_gallery_command
from verified_barrier.teaching.play.command import add_play_command
from verified_barrier.verification.check_command import add_check_command
from verified_barrier.verification.exits import EXIT_USAGE
from verified_barrier.verification.files import OutputError
from verified_barrier.verification.manifest import ManifestError
from verified_barrier.verification.proof.checks import add_prove_command
from verified_barrier.verification.resources import SetupError, cache_folder
from verified_barrier.verification.tlc import Tlc
from verified_barrier.verification.traces.commands import add_trace_commands
from verified_barrier.verification.traces.trace import TraceError

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    options = _parser().parse_args(arguments)
    with _leaving_on("SIGTERM"), _leaving_on("SIGHUP"):
        return _run(options)


@contextmanager
def _leaving_on(name: str) -> Iterator[None]:
    """Leave the block when a signal comes, so that what it has started is ended with it.

    A signal that this system has not, or that is ignored, as ``nohup`` has it, is left alone.
    """
    number = getattr(signal, name, None)
    in_main = threading.current_thread() is threading.main_thread()
    if number is None or not in_main or signal.getsignal(number) is signal.SIG_IGN:
        yield
        return
    before = signal.signal(number, lambda number, _frame: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(number, before)


def _run(options: argparse.Namespace) -> int:
    # State graphs are large and have no cycles: looking for some takes longer than the checks.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return int(options.run(options))
    except (
        SetupError,
        ManifestError,
        OutputError,
        TraceError,
        DiagramError,
        TeachingError,
    ) as problem:
        print(f"verified-barrier: {problem}", file=sys.stderr)
        return EXIT_USAGE
    except KeyboardInterrupt:
        print("verified-barrier: interrupted", file=sys.stderr)
        return 128 + signal.SIGINT
    except BrokenPipeError:
        # Whoever read what is said has gone: nothing more is said, at the end either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + 13  # as if SIGPIPE had ended this
    except Exception:
        traceback.print_exc()
        print("verified-barrier: this is a defect; nothing was shown", file=sys.stderr)
        return EXIT_USAGE
    finally:
        if collecting:
            gc.enable()


def _parser() -> argparse.ArgumentParser:
    epilog = (
        "Exit code: 0 all as expected, 1 an unexpected verdict, 2 usage or environment, "
        "3 incomplete (a limit was reached)."
    )
    find_tlc = _tlc()
    parser = argparse.ArgumentParser(
        prog="verified-barrier",
        description="Hold the barrier against its specification.",
        epilog=epilog,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="say which version this is")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_check_command(commands, _positive_seconds, find_tlc, epilog)
    add_prove_command(commands, _positive_seconds, find_tlc)
    add_trace_commands(commands, _positive_seconds, find_tlc)
    add_diagram_commands(commands, _positive_seconds, find_tlc)
    add_gallery_command(commands, _positive_seconds, find_tlc)
    add_play_command(commands, _positive_seconds, find_tlc)
    add_exercise_commands(commands, _positive_seconds, find_tlc)
    add_explore_command(commands, _positive_seconds, find_tlc)
    return parser


class _Version(argparse.Action):
    """Say the version, which is looked up only if somebody asks."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(f"verified-barrier {version('verified-barrier')}")
        parser.exit()


def _positive_seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number of seconds")
    return seconds


def _tlc() -> Callable[[], Tlc]:
    """Return what finds TLC, once, when it is needed first."""
    lock = threading.Lock()

    @cache
    def prepare() -> Tlc:
        tlc, folder = Tlc.find(), cache_folder()
        return tlc if folder is None else tlc.prepared(folder)

    def find() -> Tlc:
        with lock:
            return prepare()

    return find


if __name__ == "__main__":
    sys.exit(main())
