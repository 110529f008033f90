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
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Final, NamedTuple, Self, TypeVar

from verified_barrier.verification.files import reason
from verified_barrier.verification.resources import SetupError

__all__ = [
    "EndedError",
    "Ran",
    "is_ending",
    "result_of",
    "run",
    "run_apart",
    "stop_if_ending",
    "threads",
]

_T = TypeVar("_T")


class EndedError(Exception):
    """The command is being ended: nothing more is to be started."""


class Ran(NamedTuple):
    """What came of a program."""

    output: str
    errors: str
    exit_code: int | None
    """``None`` if it was ended, because the time was up."""


_ending: Final = threading.Event()

_LOOK_AGAIN: Final = 0.1
"""Seconds until a thread that waits looks whether it should."""


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
    errors go where its output goes. Raises ``SetupError`` where it cannot be run, and
    ``EndedError`` where the command is being ended.
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
        raise SetupError(f"{command[0]} cannot be run: {reason(problem)}") from None
    with process:
        try:
            return _communicate(process, timeout)
        finally:
            _kill(process)


def _communicate(process: subprocess.Popen[str], timeout: float) -> Ran:
    end = time.monotonic() + timeout
    while True:
        left = end - time.monotonic()
        try:
            output, errors = process.communicate(timeout=max(0.0, min(_LOOK_AGAIN, left)))
            return Ran(output, errors or "", process.returncode)
        except subprocess.TimeoutExpired:
            stop_if_ending()
            if left <= 0:
                _kill(process)
                output, errors = process.communicate()
                return Ran(output, errors or "", None)


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
        return result_of(result)


def result_of(future: Future[_T]) -> _T:
    """Wait for some work in another thread: return what it returns, or raise what it raises.

    A signal that comes at the moment before a thread blocks is not heard until it wakes: so it
    wakes now and then.
    """
    while not wait([future], timeout=_LOOK_AGAIN).done:
        pass
    return future.result()


@contextmanager
def threads(number: int) -> Iterator[Callable[[Callable[[], Any]], Future[Any]]]:
    """Yield what begins some work in another thread, of which there are so many.

    Where the block is left by an exception, work that is under way comes to its end, and so do the
    programs that it runs; what has not begun does not begin. Only the first signal that ends the
    command interrupts the block: the others would keep it from clearing up.
    """
    with ThreadPoolExecutor(number) as pool, _Signals() as signals:

        def begin(function: Callable[[], Any]) -> Future[Any]:
            # A thread that is half started is one that nobody waits for.
            with signals.held():
                return pool.submit(function)

        try:
            yield begin
        except BaseException:
            signals.ignore()
            _ending.set()
            try:
                pool.shutdown(cancel_futures=True)
            finally:
                _ending.clear()
            raise


_SIGNALS: Final = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]
"""Those that end a command."""


class _Signals:
    """Lets only the first signal that ends the command interrupt a block."""

    def __init__(self) -> None:
        self._handlers: Final[dict[int, Callable[[int, FrameType | None], Any]]] = {}
        self._holds = False
        self._held: list[int] = []

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                handler = signal.getsignal(number)
                if callable(handler):  # and not ignored, or left to the system
                    self._handlers[number] = handler
        for number in self._handlers:
            signal.signal(number, self._first)
        return self

    def __exit__(self, *_exception: object) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def ignore(self) -> None:
        """Let no signal interrupt the block from now on."""
        for number in self._handlers:
            signal.signal(number, lambda _number, _frame: None)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let none interrupt the block within, but when that is left."""
        self._holds = True
        try:
            yield
        finally:
            self._holds = False
            if self._held:
                self._first(self._held[0], None)

    def _first(self, number: int, frame: FrameType | None) -> None:
        if self._holds:
            self._held.append(number)
            return
        self.ignore()
        self._handlers[number](number, frame)
