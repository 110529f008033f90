"""Programs that are run, and how they and the work that waits for them are ended.

No program outlives the call that runs it. A command that is ended, by Ctrl-C or by SIGTERM, ends
the programs that its other threads wait for, and lets those threads clear up: see ``run_apart``.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Final, NamedTuple, TypeVar

from verified_barrier.verification.resources import SetupError

__all__ = ["EndedError", "Ran", "is_ending", "run", "run_apart", "stop_if_ending", "threads"]

_T = TypeVar("_T")


class EndedError(Exception):
    """The command is being ended: nothing more is to be started."""


class Ran(NamedTuple):
    """What came of a program."""

    output: str
    errors: str
    exit_code: int | None
    """``None`` if it was ended, because the time was up."""


_running: Final[set[subprocess.Popen[str]]] = set()
_ending: Final = threading.Event()


def run(
    command: Sequence[str],
    *,
    timeout: float,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    together: bool = False,
) -> Ran:
    """Run a program, and wait until it has ended.

    Parameters: ``timeout``, in seconds; ``folder``, where it runs; ``together``, whether its
    errors go where its output goes. Raises ``SetupError`` where it cannot be run.
    """
    stop_if_ending()
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=None if environment is None else dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if together else subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=sys.platform != "win32",
        )
    except OSError as problem:
        raise SetupError(f"{command[0]} cannot be run: {problem}") from None
    _running.add(process)
    with process:
        try:
            output, errors = process.communicate(timeout=timeout)
            return Ran(output, errors or "", process.returncode)
        except subprocess.TimeoutExpired:
            _kill(process)
            output, errors = process.communicate()
            return Ran(output, errors or "", None)
        finally:
            _kill(process)
            _running.discard(process)


def _kill(process: subprocess.Popen[str]) -> None:
    """End a process that still runs, with those that it has started."""
    if process.poll() is not None:
        return
    if sys.platform == "win32":
        process.kill()
        return
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # it has just ended


def is_ending() -> bool:
    """Return whether the command is being ended, so that work that takes long should stop."""
    return _ending.is_set()


def stop_if_ending() -> None:
    """Raise ``EndedError`` if the command is being ended: what takes long calls it now and then."""
    if _ending.is_set():
        raise EndedError


def run_apart(work: Callable[[], _T]) -> _T:
    """Do some work in a thread of its own, so that this one can be interrupted while it waits.

    Where it is, what the work has started is ended before the exception goes on.
    """
    with threads(1) as begin:
        result: Future[_T] = begin(work)
        return result.result()


@contextmanager
def threads(number: int) -> Iterator[Callable[[Callable[[], Any]], Future[Any]]]:
    """Yield what begins some work in another thread, of which there are so many.

    Work that is still under way when the block is left comes to its end, and so do the programs
    that it runs; what has not begun does not begin. Only the first signal that ends the command
    interrupts the block: the others would keep it from clearing up.
    """
    with ThreadPoolExecutor(number) as pool, _interrupted_once() as no_more:
        work: list[Future[Any]] = []

        def begin(function: Callable[[], Any]) -> Future[Any]:
            work.append(pool.submit(function))
            return work[-1]

        try:
            yield begin
        finally:
            no_more()
            pool.shutdown(wait=False, cancel_futures=True)
            _end(work)


def _end(work: Collection[Future[Any]]) -> None:
    if all(one.done() for one in work):
        return
    _ending.set()
    try:
        while under_way := [one for one in work if not one.done()]:
            for process in list(_running):
                _kill(process)
            wait(under_way, timeout=0.1)
    finally:
        _ending.clear()


_SIGNALS: Final = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]
"""Those that end a command."""


@contextmanager
def _interrupted_once() -> Iterator[Callable[[], None]]:
    """Let only the first signal interrupt the block; yield what lets none do so from then on."""
    handlers: dict[int, Callable[[int, FrameType | None], Any]] = {}

    def no_more() -> None:
        for number in handlers:
            signal.signal(number, lambda _number, _frame: None)

    def first(number: int, frame: FrameType | None) -> None:
        no_more()
        handlers[number](number, frame)

    if threading.current_thread() is threading.main_thread():
        for number in _SIGNALS:
            handler = signal.getsignal(number)
            if callable(handler):  # and not ignored, or left to the system
                handlers[number] = handler
    for number in handlers:
        signal.signal(number, first)
    try:
        yield no_more
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
