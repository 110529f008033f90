"""How a check is run in a copy of the project, and how its verdict is read.

Only what shows a fault counts: a test that fails, an unexpected verdict. A command that cannot
begin, or is not done in its time, has shown nothing; unless the fault is one that makes threads
wait for ever, for then no other sign is to be expected.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from mutants.checks import Check, Command
from mutants.faults import Fault

__all__ = ["LATE", "NO_VERDICT", "Answer", "Found", "imports", "read", "run_check"]

NO_VERDICT, LATE = 3, 4
"""The exit codes of a command that has found nothing wrong, and has not seen everything; the second
where its time was up."""


class Answer(Enum):
    """What a check says of a fault."""

    CAUGHT = "caught"
    MISSED = "missed"
    UNREAD = "unread"
    """It does not depend on what the fault changes."""
    TIME_OUT = "time-out"
    """It was not done in its time."""
    NO_VERDICT = "no verdict"
    """It could not be run to its end for another reason."""
    SKIPPED = "skipped"
    """It has nothing to say here: all tests of one of its commands need something else, such as a
    newer Python."""


@dataclass(frozen=True)
class Found:
    """What came of a check."""

    answer: Answer
    first: str = ""
    """What failed first, in words."""
    seconds: float = 0.0


def run_check(check: Check, fault: Fault | None, project: Path, cache: Path) -> Found:
    """Run the commands of a check that a fault concerns, or all, until one notices something."""
    found = Found(Answer.UNREAD)
    start = time.monotonic()
    for command in check.commands:
        if fault is None or command.concerns(fault):
            answer, first = _run(command, project, cache)
            if answer is Answer.TIME_OUT and fault is not None and fault.hangs:
                answer = Answer.CAUGHT
            if answer is Answer.MISSED and found.answer is Answer.SKIPPED:
                answer, first = found.answer, found.first
            found = Found(answer, first, time.monotonic() - start)
            if answer not in (Answer.MISSED, Answer.SKIPPED):
                break
    return found


def imports(fault: Fault, project: Path, cache: Path) -> str | None:
    """Return what is wrong with a fault whose Python cannot even be imported."""
    modules = [
        ".".join(Path(file).with_suffix("").parts[1:])
        for file in sorted(fault.files)
        if file.endswith(".py")
    ]
    if not modules:
        return None
    code = "".join(f"import {module}\n" for module in ["verified_barrier.cli", *modules])
    exit_code, output = _process([sys.executable, "-c", code], 60.0, project, cache)
    return None if exit_code == 0 else _last(output)


def _run(command: Command, project: Path, cache: Path) -> tuple[Answer, str]:
    arguments = [each.replace("{cache}", str(cache)) for each in command.arguments]
    program = [sys.executable, "-m", *arguments]
    return read(arguments[0], *_process(program, command.timeout, project, cache))


def _process(
    command: Sequence[str], timeout: float, project: Path, cache: Path
) -> tuple[int | None, str]:
    """Run a command in a copy of the project; return its exit code, if any, and what it printed."""
    environment = os.environ | {
        "PYTHONPATH": f"{project / 'src'}{os.pathsep}{project / 'tests'}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "XDG_CACHE_HOME": str(cache),
        "CI": "true",
    }
    with subprocess.Popen(
        command,
        cwd=project,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=timeout)
            return process.returncode, output
        except subprocess.TimeoutExpired:
            return None, f"not done after {timeout:g} s"
        finally:
            # What it has started and left behind ends with it.
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


_ALL_SKIPPED = re.compile(r"\d+ skipped\b")
_STUCK = re.compile(r"^\++ Timeout \++$", re.MULTILINE)
_FAILED_TEST = re.compile(r"^(?:FAILED|ERROR) (?:\S*/)?(\S+?\.py::.*?)(?: - .*)?$", re.MULTILINE)
_RUNNING_TEST = re.compile(r'File "[^"]*/(test_\w+\.py)", line \d+, in (test_\w+)')


def read(program: str, code: int | None, output: str) -> tuple[Answer, str]:
    """Return what the end of a command means, and what failed first.

    Parameters: ``program``, the module that was run; ``code``, its exit code, ``None`` if its time
    was up; ``output``, what it printed.
    """
    if code == 0:
        is_skipped = program == "pytest" and _ALL_SKIPPED.match(_last(output))
        return (Answer.SKIPPED, _last(output)) if is_skipped else (Answer.MISSED, "")
    if code is None or (code == LATE and program != "pytest"):
        return Answer.TIME_OUT, _last(output)
    if program == "pytest" and code == 2 and "! KeyboardInterrupt !" in output:
        return Answer.CAUGHT, "a test is left by KeyboardInterrupt"
    if code != 1 or output.strip() == "":
        return Answer.NO_VERDICT, _last(output)
    if program == "pytest":
        if failed := _FAILED_TEST.search(output):
            return Answer.CAUGHT, failed[1]
        if _STUCK.search(output):
            running = _RUNNING_TEST.search(output)
            return Answer.TIME_OUT, f"{running[1]}::{running[2]}" if running else "a test"
        return Answer.NO_VERDICT, _last(output)
    if "Traceback (most recent call last)" in output:
        return Answer.NO_VERDICT, _last(output)
    return Answer.CAUGHT, output.strip().splitlines()[0].strip()[:160]


def _last(output: str) -> str:
    return (output.strip().splitlines() or ["nothing was printed"])[-1][:160]
