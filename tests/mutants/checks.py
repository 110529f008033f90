"""The checks that are to notice a fault, as data, and how their verdict is read.

A check is a sequence of commands, the cheapest first, that are run in a copy of the project until
one fails. Only what shows a fault counts: a test that fails, an unexpected verdict. A command that
cannot begin, or is not done in its time, has shown nothing.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from mutants.faults import ROOT, Fault

__all__ = ["CHECKS", "Answer", "Check", "Command", "Found", "run_check"]


class Answer(Enum):
    """What a check says of a fault."""

    CAUGHT = "caught"
    MISSED = "missed"
    UNREAD = "unread"
    """It reads none of the files that the fault changes."""
    NONE = "none"
    """It could not be run to its end."""
    NOT_THERE = "not there"
    """The project does not have it yet."""


@dataclass(frozen=True)
class Found:
    """What came of a check."""

    answer: Answer
    first: str = ""
    """What failed first, in words."""
    seconds: float = 0.0


@dataclass(frozen=True)
class Command:
    """A command, and what it depends on."""

    arguments: tuple[str, ...]
    """What follows ``python -m``; ``{cache}`` is a folder that outlives it."""
    reads: tuple[str, ...]
    """How the files begin that it depends on."""
    needs: str = ""
    """A file without which there is no such command."""
    timeout: float = 120.0
    python: tuple[int, int] = (3, 11)

    def is_there(self) -> bool:
        """Return whether the project has it."""
        return (ROOT / self.needs).exists() and sys.version_info >= self.python

    def concerns(self, fault: Fault) -> bool:
        """Return whether it depends on what a fault changes."""
        return any(file.startswith(self.reads) for file in fault.files)


@dataclass(frozen=True)
class Check:
    """A technique, under the name that the matrix has for it."""

    name: str
    shows: str
    commands: tuple[Command, ...]


_LIBRARY = "src/verified_barrier/"
_MACHINE = (f"{_LIBRARY}table.py", f"{_LIBRARY}machine.py")
_PURE = (*_MACHINE, f"{_LIBRARY}verification/model.py", f"{_LIBRARY}verification/properties.py")
_SHELL = (*_MACHINE, f"{_LIBRARY}barrier.py")
_SPEC = ("spec/Barrier.tla", "spec/BarrierHistory.tla", "spec/BarrierLiveness.tla", "models/")
_TLC = f"{_LIBRARY}verification/tlc.py"


def _verify(pattern: str, *reads: str, **more: float) -> Command:
    arguments = ("verified_barrier.cli", "check", "--timeout", "100", "--only", pattern)
    return Command(arguments, reads, **more)  # type: ignore[arg-type]


def _pytest(
    chosen: str, *reads: str, only: str = "", needs: str = "", python: tuple[int, int] = (3, 11)
) -> Command:
    paths = tuple(chosen.split())
    options = ("-q", "-x", "-rf", "--tb=line", "-p", "no:cacheprovider", "--timeout=30")
    keywords = ("-k", only) if only else ()
    arguments = ("pytest", *paths, *options, *keywords)
    return Command(arguments, reads, needs or paths[0].split("::")[0], python=python)


_VERIFICATION = f"{_LIBRARY}verification/"
_ORDINARY = "not fault and not wrong_table and not is_wrong and not kept_for_the_sake"
_LOCK_TESTS = f"tests/cpython/test_lock_tests.py::test_lock_tests_pass[{{version}}]"

CHECKS = (
    Check(
        "unit tests",
        "the tests of the table, of the pure step and of the barrier",
        (
            _pytest("tests/table tests/machine", *_PURE, only="not random_runs and not step_leads "
                    "and not abort_breaks and not wrong_table and not is_wrong and not is_found"),
            _pytest(
                "tests/barrier/test_generic.py tests/barrier/test_deviations.py "
                "tests/barrier/test_cyclic_barrier.py tests/barrier/test_surroundings.py "
                "tests/barrier/test_signals.py",
                *_SHELL,
                only="not handler_may",
            ),
        ),
    ),
    Check(
        "scheduler",
        "small scenarios in every interleaving of the real code",
        (
            Command(("mutants.interleavings",), (*_SHELL, *_PURE)),
            _pytest(
                "tests/scheduler/test_barrier.py", *_SHELL, *_PURE,
                only="every_edge and (1-2-True or 2-2-True)",
            ),
        ),
    ),
    Check(
        "graph",
        "TLC's graph of small models is the table's",
        (
            _verify("table/names", "spec/Barrier.tla", *_PURE),
            _verify("safety/[12]-part*-2-threads*", *_SPEC, *_PURE),
            _verify("safety/[23]-parties-3-threads-action", *_SPEC, *_PURE),
        ),
    ),
    Check(
        "TLC",
        "what was promised holds in small models, and what must be violated is",
        (
            _verify("history/[12]-part*-2-threads*", *_SPEC),
            _verify("liveness/[12]-part*-2-threads*", *_SPEC),
            _verify("crossing/[12]-part*-2-threads*", *_SPEC),
            _verify("fault/*", *_SPEC, "spec/BarrierFaults.tla"),
            _verify("unfair-*", *_SPEC),
            _verify("history/3-parties-3-threads", *_SPEC),
            _verify("witness/[LR]*", *_SPEC),
            _verify("same-as-cpython/2-parties-2-threads", "spec/CPython"),
            _verify("cpython-*", "spec/CPython"),
        ),
    ),
    Check(
        "proof",
        "the invariant is inductive for any number of parties",
        (
            Command(
                ("verified_barrier.cli", "prove"),
                ("spec/Barrier.tla",),
                "src/verified_barrier/verification/proof.py",
            ),
        ),
    ),
    Check(
        "CrossHair",
        "step() keeps its contract for every number of parties",
        (_verify("contracts/machine", *_MACHINE, timeout=130.0),),
    ),
    Check(
        "Hypothesis",
        "random states, and random runs of the model and of the barrier",
        (
            _pytest(
                "tests/machine", *_PURE, only="random_runs or step_leads or abort_breaks"
            ),
            _pytest("tests/stateful", *_SHELL),
        ),
    ),
    Check(
        "traces",
        "what was recorded of the real code is a behaviour of the specification, says TLC",
        (
            Command(
                ("mutants.recorded", "{cache}"),
                (*_SHELL, *_PURE, "spec/Barrier.tla", "spec/BarrierTrace.tla"),
            ),
        ),
    ),
    Check(
        "interruptions",
        "an exception or a handler at every point where CPython lets one in",
        (
            _pytest(
                "tests/barrier/test_interruptions.py", *_SHELL, only="one_exception",
                python=(3, 12),
            ),
            _pytest("tests/barrier/test_signals.py", *_SHELL, only="handler_may", python=(3, 12)),
        ),
    ),
    Check(
        "CPython's suite",
        "CPython's own tests of its barrier",
        (_pytest(_LOCK_TESTS, *_SHELL),),
    ),
    Check(
        "tools' tests",
        "the tests of what the other checks are made of",
        (
            _pytest("tests/machine", *_PURE, only="wrong_table"),
            _pytest("tests/scheduler/test_litmus.py", "tests/scheduler/", only="not agree"),
            _pytest("tests/scheduler/test_barrier.py", "tests/scheduler/", only="fault_is_found"),
            _pytest("tests/scheduler/test_behaviour.py", "tests/scheduler/", only="fault or alone"),
            _pytest("tests/verification/test_graph.py", f"{_VERIFICATION}graph", f"{_VERIFICATION}model"),
            _pytest("tests/verification/test_manifest.py", f"{_VERIFICATION}manifest", "models/"),
            _pytest("tests/verification/test_tlc.py", _TLC),
            _pytest("tests/verification/test_behaviours.py", f"{_VERIFICATION}behaviours"),
            _pytest(
                "tests/verification/test_check.py",
                *(f"{_VERIFICATION}{name}" for name in ("check", "contracts", "manifest")),
                f"{_LIBRARY}cli.py",
                only="not of_the_machine and not all_as_expected",
            ),
            _pytest("tests/table/test_mutants.py", f"{_VERIFICATION}check", only="renamed"),
            _pytest("tests/traces/test_recording.py", f"{_VERIFICATION}recording"),
            _pytest(
                "tests/traces/test_validation.py",
                *(f"{_VERIFICATION}{name}" for name in ("validation", "following")),
                "spec/BarrierTrace.tla",
                only="line_of or together or no_time or is_wrong or are_wrong or faulty",
            ),
            _pytest("tests/barrier/test_storm.py", "tests/barrier/judge.py", only="judge"),
        ),
    ),
)
"""In the order in which they are run: the cheapest first."""

_STUCK = re.compile(r"^\+* Timeout \+*$", re.MULTILINE)
_FAILED_TEST = re.compile(r"^(?:FAILED|ERROR) (?:\S*/)?(\S+?\.py::.*?)(?: - .*)?$", re.MULTILINE)
_RUNNING_TEST = re.compile(r'File "[^"]*/(test_\w+\.py)", line \d+, in (test_\w+)')
_UNEXPECTED = re.compile(r"^FAILED +(\S+).*\n((?:    .*\n)*)", re.MULTILINE)
_NO_VERDICT = re.compile(r"^    TLC: failed|^    CrossHair said nothing|CrossHair did not", re.M)


def run_check(check: Check, fault: Fault | None, project: Path, cache: Path) -> Found:
    """Run the commands of a check that concern a fault, or all, in a copy of the project."""
    there = [command for command in check.commands if command.is_there()]
    if not there:
        return Found(Answer.NOT_THERE)
    chosen = [command for command in there if fault is None or command.concerns(fault)]
    found = Found(Answer.UNREAD)
    for command in chosen:
        one = _run(command, project, cache)
        found = Found(one.answer, one.first, found.seconds + one.seconds)
        if one.answer is not Answer.MISSED:
            break
    return found


def _run(command: Command, project: Path, cache: Path) -> Found:
    version = "{}.{}".format(*sys.version_info[:2])
    arguments = [
        each.replace("{cache}", str(cache)).replace("{version}", version)
        for each in command.arguments
    ]
    start = time.monotonic()
    code, output = run_process([sys.executable, "-m", *arguments], command.timeout, project, cache)
    answer, first = read(arguments[0], code, output)
    return Found(answer, first, time.monotonic() - start)


def run_process(
    command: list[str], timeout: float, project: Path, cache: Path
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


def read(program: str, code: int | None, output: str) -> tuple[Answer, str]:
    """Return what the end of a command means, and what failed first.

    Parameters: ``program``, the module that was run; ``code``, its exit code, ``None`` if its time
    was up; ``output``, what it printed.
    """
    if code == 0:
        return Answer.MISSED, ""
    last = (output.strip().splitlines() or ["nothing was printed"])[-1]
    if code != 1:
        return Answer.NONE, last
    if program == "pytest":
        return _read_tests(output, last)
    if "Traceback (most recent call last)" in output:
        return Answer.NONE, last
    if program == "verified_barrier.cli":
        verdict = _UNEXPECTED.search(output)
        if verdict is None or _NO_VERDICT.search(output):
            return Answer.NONE, verdict[2].split("\n")[0].strip() if verdict else last
        return Answer.CAUGHT, f"{verdict[1]}: {_short(verdict[2])}"
    return Answer.CAUGHT, _short(output)


def _read_tests(output: str, last: str) -> tuple[Answer, str]:
    if failed := _FAILED_TEST.search(output):
        return Answer.CAUGHT, failed[1]
    if _STUCK.search(output) and (running := _RUNNING_TEST.search(output)):
        return Answer.CAUGHT, f"{running[1]}::{running[2]}, whose time was up"
    return Answer.NONE, last


def _short(text: str) -> str:
    return (text.strip().splitlines() or [""])[0].strip()[:160]


def imports(fault: Fault, project: Path, cache: Path) -> str | None:
    """Return what is wrong with a fault whose Python cannot even be imported."""
    modules = [
        ".".join(Path(file).with_suffix("").parts[1:])
        for file in sorted(fault.files)
        if file.endswith(".py")
    ]
    code = "".join(f"import {module}\n" for module in ["verified_barrier.cli", *modules])
    exit_code, output = run_process([sys.executable, "-c", code], 60.0, project, cache)
    return None if exit_code == 0 else output.strip().splitlines()[-1]


def titles() -> Mapping[str, str]:
    """Return the names of the checks, with what each shows."""
    return {check.name: check.shows for check in CHECKS}
