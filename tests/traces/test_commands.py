"""`verified-barrier trace` records any program, checks what was recorded, says what is wrong."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import verified_barrier
from verification.ended import leaves_nothing
from verified_barrier import cli
from verified_barrier.verification.traces import validation
from verified_barrier.verification.traces.following import follow
from verified_barrier.verification.traces.trace import Trace, TraceEvent, read_traces, write_traces

PROGRAM = """
import sys, threading
from threading import Barrier
from verified_barrier import Barrier as Other
import beside

barrier = Barrier(2, lambda: None)
Other(1).wait()
Other(3)

def body():
    barrier.wait()
    assert sys.modules["__main__"].barrier is barrier

if __name__ == "__main__":
    threads = [threading.Thread(target=body) for _ in range(2)]
    for thread in threads:
        thread.start()
    print(*sys.argv[1:])
"""

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run the command line in this process; return exit code, output and errors."""

    def run(*arguments: object) -> tuple[int, str, str]:
        before = threading.Barrier, verified_barrier.Barrier, sys.argv, sys.path
        try:
            code = cli.main(["trace", *map(str, arguments)])
        except SystemExit as left:
            code = left.code if isinstance(left.code, int) else -1
        assert (threading.Barrier, verified_barrier.Barrier, sys.argv, sys.path) == before
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], Path]:
    """Write a program."""

    def write(text: str) -> Path:
        (tmp_path / "beside.py").touch()
        (tmp_path / "program.py").write_text(text)
        return tmp_path / "program.py"

    return write


Script = Callable[[str], Path]


def test_program_is_recorded(command: Command, script: Script, tmp_path: Path) -> None:
    """Its barriers, whichever class it asked for, until its threads have ended."""
    output = tmp_path / "run.ndjson"
    code, said, errors = command("record", script(PROGRAM), "one", "two", "-o", output)
    assert (code, errors) == (0, "")
    assert said == f"one two\n{output}: traces: 2, events: 12; barriers that were not used: 1\n"
    one, other = read_traces(output)
    assert (one.parties, one.has_action, one.threads) == (2, True, 2)
    assert (other.parties, other.has_action, other.threads) == (1, False, 1)
    assert follow(one)[1] is follow(other)[1] is None
    assert '"source": "' + str(tmp_path / "program.py") in output.read_text()


def test_arguments_that_begin_with_a_dash(command: Command, script: Script, tmp_path: Path) -> None:
    """They come after two dashes."""
    output = tmp_path / "run.ndjson"
    code, said, _ = command("record", "-o", output, "--", script(PROGRAM), "--fast")
    assert code == 0
    assert said.startswith("--fast\n")


@pytest.mark.parametrize(
    ("ending", "code", "says"),
    [
        ("raise KeyError('x')", 1, "program.py raised KeyError; this was recorded until then"),
        ("sys.exit(3)", 1, "program.py ended with exit code 3; this was"),
        ("sys.exit('no')", 1, "program.py ended with exit code 'no'; this was"),
        ("sys.exit()", 0, ""),
        ("raise KeyboardInterrupt", 130, "verified-barrier: interrupted"),
    ],
)
def test_program_that_fails(
    command: Command, script: Script, tmp_path: Path, ending: str, code: int, says: str
) -> None:
    """What was recorded until then is written, and it is said how the program ended."""
    output = tmp_path / "run.ndjson"
    program = f"{PROGRAM}\n    for thread in threads:\n        thread.join()\n{ending}\n"
    found, said, errors = command("record", script(program), "-o", output)
    assert found == code
    assert "traces: 2" in said
    assert says in errors
    assert "trace_commands.py" not in errors
    assert len(read_traces(output)) == 2


def test_barrier_of_processes_is_left_alone(
    command: Command, script: Script, tmp_path: Path
) -> None:
    """It extends the one of ``threading``, and needs what that has inside."""
    program = "import multiprocessing, threading\nthreading.Barrier(1).wait()\n"
    program += "print(multiprocessing.Barrier(1).wait())\n"
    code, said, errors = command("record", script(program), "-o", tmp_path / "run")
    assert (code, errors) == (0, "")
    assert said == f"0\n{tmp_path / 'run'}: traces: 1, events: 3\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("print()", "program.py made no barrier: nothing was recorded, and nothing is written"),
        ("import threading; threading.Barrier(1)", "program.py used no barrier that it made: "),
        ("if", "program.py is no Python program: invalid syntax"),
    ],
)
def test_program_with_nothing_to_record(
    command: Command, script: Script, tmp_path: Path, text: str, says: str
) -> None:
    """Nothing is written: exit code 2."""
    output = tmp_path / "run.ndjson"
    code, _, errors = command("record", script(text), "-o", output)
    assert code == 2
    assert says in errors
    assert not output.exists()


def test_record_that_cannot_begin(command: Command, script: Script, tmp_path: Path) -> None:
    """A program that is not there, or a place that cannot be written: the program is not run."""
    program = script("print('run')\n" + PROGRAM)
    for arguments, says in (
        ((tmp_path / "missing.py", "-o", tmp_path / "x"), "missing.py cannot be read: No such"),
        ((program, "-o", tmp_path / "no" / "x"), "x cannot be written: there is no folder "),
        ((program, "-o", tmp_path), "cannot be written: it is there, and no ordinary file"),
        ((program, "-o", "/dev/null"), "/dev/null cannot be written: it is there, and no ordinary"),
        ((program,), "the following arguments are required: -o"),
    ):
        code, said, errors = command("record", *arguments)
        assert (code, said) == (2, "")
        assert says in errors


def test_child_that_was_forked_writes_nothing(
    command: Command, script: Script, tmp_path: Path
) -> None:
    """The file is its parent's."""
    output = tmp_path / "run.ndjson"
    program = "import os, sys, threading\nbarrier = threading.Barrier(1)\nbarrier.wait()\n"
    ending = "if child := os.fork():\n    os.waitpid(child, 0)\nelse:\n    barrier.wait()\n"
    run = [sys.executable, "-m", "verified_barrier.cli", "trace", "record", "-o", str(output)]
    done = subprocess.run(
        [*run, str(script(program + ending))], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{output}: traces: 1, events: 3\n"


CALL, ARRIVE = TraceEvent("Call", 0), TraceEvent("ArriveAndRelease", 0)
RETURN = TraceEvent("Returned", 0, index=0)
GOOD = Trace(1, False, 1, (CALL, ARRIVE, RETURN))
BAD = replace(GOOD, events=(CALL, ARRIVE, TraceEvent("Returned", 0, index=1)))


@pytest.mark.check
def test_traces_that_are_behaviours(command: Command, tmp_path: Path) -> None:
    """Exit code 0, and how many they were."""
    files = [tmp_path / "one", tmp_path / "other"]
    write_traces([GOOD, GOOD], files[0])
    write_traces([replace(GOOD, has_action=True, events=(CALL,))], files[1])
    code, said, _ = command("check", *files)
    assert code == 0
    assert said.startswith("3 traces accepted, 0 rejected, 0 without a verdict; 7 events, in ")


@pytest.mark.check
def test_trace_that_is_no_behaviour(command: Command, tmp_path: Path) -> None:
    """Exit code 1: the line, the state before it, and what was possible there."""
    path = tmp_path / "run.ndjson"
    write_traces([GOOD, BAD, GOOD], path)
    code, said, _ = command("check", path)
    assert code == 1
    assert said.splitlines()[:-1] == [
        f"REJECTED    {path}, line 8: Returned 1 by t1 is not possible",
        "    the trace begins in line 5: parties: 1, action: no, threads: 1",
        "    the state before it: FILLING, arrived 0; t1 LEAVING (index 0, RELEASED)",
        "    possible there: AbortFilling, ResetFilling, Returned 0 by t1, "
        "Raised * (raised by: other) by t1",
    ]
    assert "2 traces accepted, 1 rejected, 0 without a verdict; 9 events" in said


@pytest.mark.check
def test_check_without_time(command: Command, tmp_path: Path) -> None:
    """No verdict is no acceptance: exit code 3."""
    write_traces([GOOD], tmp_path / "run")
    code, said, _ = command("check", tmp_path / "run", "--timeout", "0.05")
    assert code == 3
    assert said.startswith("0 traces accepted, 0 rejected, 1 without a verdict")


@pytest.mark.check
def test_check_that_contradicts_itself(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the table says something else than TLC, nothing was shown: exit code 2."""
    write_traces([BAD], tmp_path / "run")
    monkeypatch.setattr(validation, "follow", lambda _trace: ([], None))
    code, said, errors = command("check", tmp_path / "run")
    assert (code, said) == (2, "")
    assert "this is a defect; nothing was shown" in errors


def test_check_of_wrong_files(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 2, before TLC is looked for."""
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    (tmp_path / "wrong").write_text("{}\n")
    for name, says in (
        ("missing", "missing cannot be read"),
        ("wrong", "wrong, line 1: the first"),
    ):
        code, said, errors = command("check", tmp_path / name)
        assert (code, said) == (2, "")
        assert says in errors
    write_traces([GOOD], tmp_path / "good")
    assert "JAVA_HOME is" in command("check", tmp_path / "good")[2]
    assert "is not a positive number" in command("check", tmp_path / "good", "--timeout", "0")[2]


@pytest.mark.check
@pytest.mark.stress
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_ended_check_leaves_nothing(name: str, caches: Path, tmp_path: Path) -> None:
    """Whoever ends the command ends TLC with it, and nothing is left behind."""
    write_traces([replace(GOOD, events=GOOD.events * 5_000)], tmp_path / "long")
    leaves_nothing(
        ["trace", "check", str(tmp_path / "long")],
        "verified-barrier-*/tmp/*",
        [name],
        caches,
        tmp_path,
    )
