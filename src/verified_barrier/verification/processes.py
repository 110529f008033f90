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
from typing import Any, Final, NamedTuple, TypeVar

from verified_barrier.verification.resources import SetupError

__all__ = ["EndedError", "Ran", "end", "is_ending", "run", "run_apart", "stop_if_ending"]

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
    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(work)
        try:
            return result.result()
        finally:
            end([result])


def end(work: Collection[Future[Any]]) -> None:
    """See that work that is still under way comes to its end, and the programs that it runs."""
    if all(one.done() for one in work):
        return
    with _uninterrupted():
        _ending.set()
        try:
            while under_way := [one for one in work if not one.done()]:
                for process in list(_running):
                    _kill(process)
                wait(under_way, timeout=0.1)
        finally:
            _ending.clear()


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ignore further requests to end the command: it is being ended."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
