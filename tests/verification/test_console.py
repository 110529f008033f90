"""What `check` shows: plain lines, and on a terminal what is under way, too."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from verified_barrier import cli
from verified_barrier.verification import check_command
from verified_barrier.verification.check import Check, Report, Verdict
from verified_barrier.verification.evidence import note

LONG = "a summary that is far longer than what is left of a line of a terminal of 80 columns"


def check(name: str, verdict: Verdict, *details: str) -> Check:
    """Return a check that comes out so."""

    def run(_timeout: float) -> Report:
        note("what was done")
        return Report(verdict, LONG, details)

    return Check(name, "what it shows", large=False, run=run)


CHECKS = [
    check("some/check", Verdict.AS_EXPECTED),
    check("other/check", Verdict.UNEXPECTED, "one\ntwo", "three"),
    check("slow/one", Verdict.INCOMPLETE),
]


@pytest.fixture
def shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., list[str]]:
    """Run these checks in this process, and return the lines."""
    monkeypatch.setattr(check_command, "all_checks", lambda _find: CHECKS)

    def run(*arguments: str) -> list[str]:
        assert cli.main(["check", "--no-cache", *arguments]) == 1
        return capsys.readouterr().out.splitlines()

    return run


PLAIN = [
    f"ok          some/check     0.0 s  {LONG}",
    f"FAILED      other/check    0.0 s  {LONG}",
    *("    one", "    two", "    three"),
    f"INCOMPLETE  slow/one       0.0 s  {LONG}",
    "1 as expected, 1 unexpected, 1 incomplete, in 0 s",
]


def test_plain_lines(shown: Callable[..., list[str]]) -> None:
    """Where it is no terminal: one line a check, what is wrong below it, and the sums."""
    assert shown() == PLAIN


def test_quiet(shown: Callable[..., list[str]]) -> None:
    """What is not as expected, and the sums."""
    assert shown("--quiet") == PLAIN[1:]
    assert shown("-q") == PLAIN[1:]


def test_verbose(shown: Callable[..., list[str]]) -> None:
    """What was done, too."""
    notes = ["    what was done", "    not remembered: --no-cache"]
    assert shown("--verbose") == [
        *(PLAIN[0], *notes, *PLAIN[1:5], *notes, PLAIN[5], *notes, PLAIN[6]),
    ]


def test_quiet_and_verbose(capsys: pytest.CaptureFixture[str]) -> None:
    """Both at once are refused."""
    with pytest.raises(SystemExit, match="2"):
        cli.main(["check", "-q", "-v"])
    assert "not allowed with argument" in capsys.readouterr().err


@pytest.mark.check
def test_verbose_run_of_tlc(
    caches: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command line, the seed, the figures, and where the result is remembered."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(caches))
    assert cli.main(["check", "-v", "--only", "safety/1-party-1-thread"]) == 0
    _, unknown, command, seed, figures, depth, seconds, known, _ = (
        capsys.readouterr().out.splitlines()
    )
    assert unknown.startswith("    no result is remembered under ")
    assert " tlc2.TLC -tool " in command
    assert re.search(r" with fp \d+ and seed -?\d+ with 1 worker ", seed)
    assert figures == "    21 states generated, 6 distinct states found, 0 states left on queue."
    assert depth.startswith("    The depth of the complete state graph search is ")
    assert seconds.startswith("    Finished in ")
    assert known.startswith(f"    remembered from now on in {caches}")


# On a terminal.

PROGRAM = """
import sys
from verified_barrier import cli
from verified_barrier.verification import check_command
from verified_barrier.verification.check import Check, Report, Verdict
from verification.test_console import CHECKS

def waits(_timeout):
    sys.stdin.readline()
    return Report(Verdict.AS_EXPECTED, "it went on")

waiting = Check("waits/for-the-test", "that it is shown", large=False, run=waits)
checks = [*CHECKS, waiting] if WAITS else CHECKS
check_command.all_checks = lambda find: checks
sys.exit(cli.main(["check", "--no-cache", *sys.argv[1:]]))
"""


class Terminal:
    """A program with a terminal of 80 columns."""

    def __init__(self, *arguments: str, waits: bool = False, **environment: str) -> None:
        pty = pytest.importorskip("pty")
        import fcntl
        import termios

        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        clean = {
            name: value
            for name, value in os.environ.items()
            if name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "GITHUB_ACTIONS", "CI")
        }
        clean |= {"TERM": "xterm-256color", "PYTHONPATH": str(Path(__file__).parents[1])}
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM.replace("WAITS", str(waits)), *arguments],
            env=clean | environment,
            stdin=subprocess.PIPE,
            text=True,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        self.output = ""

    def read_until(self, text: str | None) -> None:
        """Read until something has been shown, or everything has."""
        while text is None or text not in self.output:
            try:
                read = os.read(self._ours, 4096)
            except OSError:  # the program has ended
                read = b""
            if not read:
                assert text is None, f"{text!r} was not shown: {self.output!r}"
                return
            self.output += read.decode()

    def go_on(self) -> None:
        """Let the program end what it waits with."""
        self.process.communicate("\n", timeout=20)

    def close(self) -> None:
        """End the program, if it has not ended."""
        self.process.kill()
        self.process.communicate()
        with suppress(OSError):
            os.close(self._ours)

    @property
    def lines(self) -> list[str]:
        """What stays on the terminal, without colours."""
        # A line that is erased is gone; what is under way is written again and again.
        text = re.sub(r"\x1b\[[0-9;?]*[mhl]", "", self.output.replace("\r\n", "\n"))
        shown: list[str] = [""]
        for part in re.split(r"(\n|\r|\x1b\[1A|\x1b\[2K)", text):
            if part == "\n":
                shown.append("")
            elif part == "\x1b[1A":
                shown.pop()
            elif part == "\x1b[2K":
                shown[-1] = ""
            elif part != "\r":
                shown[-1] += part
        return [line.rstrip() for line in shown if line.strip()]


@contextmanager
def terminal(*arguments: str, waits: bool = False, **environment: str) -> Iterator[Terminal]:
    """Run the command on a terminal."""
    running = Terminal(*arguments, waits=waits, **environment)
    try:
        yield running
    finally:
        running.close()


def on_terminal(*arguments: str, **environment: str) -> Terminal:
    """Return a terminal on which the command has run."""
    with terminal(*arguments, waits=False, **environment) as running:
        running.read_until(None)
        assert running.process.wait() == 1, running.output
    return running


pytest.importorskip("pty", reason="this system has no terminals of that kind")


FITTING = [
    "ok            0.0 s  some/check  a summary that is far longer than what is left…",
    "FAILED        0.0 s  other/check",
    "    a summary that is far longer than what is left of a line of a terminal of 80",
    *("    columns", "    one", "    two", "    three"),
    "INCOMPLETE    0.0 s  slow/one",
    "    a summary that is far longer than what is left of a line of a terminal of 80",
    "    columns",
    "1 as expected, 1 unexpected, 1 incomplete, in 0 s",
]


@pytest.mark.check
def test_terminal() -> None:
    """Lines that fit; what is wrong is shown whole."""
    shown = on_terminal()
    assert shown.lines == FITTING
    assert max(len(line) for line in FITTING) <= 80
    assert "\x1b[32mok" in shown.output
    assert "\x1b[1;31mFAILED" in shown.output
    assert shown.output.count("\x1b[?25l") == shown.output.count("\x1b[?25h")  # the cursor


@pytest.mark.check
def test_terminal_shows_what_is_under_way() -> None:
    """A check is shown while it runs, below those that have ended; its line stays afterwards."""
    with terminal(waits=True) as running:
        running.read_until("3 of 4 done")
        running.read_until("waits/for-the-test")
        assert running.lines[0].startswith("ok            0.0 s  some/check")
        assert re.search(r"running +\d+ s  waits/for-the-test", "\n".join(running.lines[-3:]))
        running.go_on()
        running.read_until(None)
        assert running.process.returncode == 1
    assert re.match(r"ok +\d+\.\d s  waits/for-the-test  it went on", running.lines[-2])
    assert [line for line in running.lines if "running" in line or "done" in line] == []


@pytest.mark.check
def test_terminal_without_colour() -> None:
    """`NO_COLOR` leaves the colours out, and nothing else."""
    shown = on_terminal(NO_COLOR="1")
    assert shown.lines == FITTING
    assert re.findall(r"\x1b\[[0-9;]*3[0-7]m", shown.output) == []


@pytest.mark.check
@pytest.mark.parametrize("arguments", [(), ("--quiet",)])
def test_terminal_that_can_do_nothing(arguments: tuple[str, ...]) -> None:
    """On a dumb terminal, the lines are plain."""
    shown = on_terminal(*arguments, TERM="dumb")
    assert shown.output.replace("\r\n", "\n").splitlines() == PLAIN[len(arguments) :]


@pytest.mark.check
def test_quiet_terminal() -> None:
    """What is not as expected, and the sums; nothing is said of what is under way."""
    shown = on_terminal("--quiet")
    assert shown.lines == FITTING[1:]
    assert "done" not in shown.output


@pytest.mark.check
def test_verbose_terminal() -> None:
    """What was done, too, and the whole summary."""
    lines = on_terminal("--verbose").lines
    assert lines[:5] == [
        "ok            0.0 s  some/check",
        "    a summary that is far longer than what is left of a line of a terminal of 80",
        *("    columns", "    what was done", "    not remembered: --no-cache"),
    ]


def test_without_rich(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without the extra, the lines are plain on a terminal, too."""
    monkeypatch.setitem(sys.modules, "rich", None)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(check_command, "all_checks", lambda _find: CHECKS)
    assert cli.main(["check", "--no-cache"]) == 1
    assert capsys.readouterr().out.splitlines() == PLAIN
