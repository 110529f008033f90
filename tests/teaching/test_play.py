"""Stepping a barrier by hand, over a pipe and in a terminal."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from verified_barrier import cli
from verified_barrier.teaching.barriers import EXHIBITS, exhibit, followed
from verified_barrier.teaching.followed import LAMPS, Followed
from verified_barrier.teaching.moves import MoveError, Run
from verified_barrier.teaching.play.session import HELP
from verified_barrier.teaching.play.view import in_short, view_of
from verified_barrier.teaching.sizes import Size

GOLDEN = Path(__file__).parent / "golden" / "play.txt"
IMAGE = Path(__file__).parents[2] / "docs" / "images" / "play.svg"

Play = Callable[..., tuple[int, str, str]]


@pytest.fixture
def play(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Play:
    """Run the program with some lines of input; return exit code, output and errors."""

    def run(lines: str, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
        code = cli.main(["play", *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture(scope="module")
def graph() -> Followed:
    """All runs of our barrier, for two parties with an action and three threads."""
    return followed(exhibit("ours"), Size(2, 3, True), None)


@pytest.fixture
def run(graph: Followed) -> Run:
    """A run of our barrier, of which nothing has happened yet."""
    return Run(exhibit("ours"), graph)


def make(run: Run, moves: str) -> None:
    for move in moves.split(", "):
        run.make(run.find(move))


def test_session_over_a_pipe(play: Play) -> None:
    """What is said to each command, as it is kept: UPDATE_GOLDEN=1 makes it anew."""
    lines = (
        "call 1\n1\narrive 2\nundo\nredo\nredo\nrestart\nundo\nwhy arrive 1\nwhy\n99\nwobble\n"
        "solution\nhelp\n"
    )
    code, said, errors = play(lines, "--threads", "1", "--parties", "1", "--action")
    assert (code, errors) == (0, "")
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(said, encoding="utf-8")
    assert said == GOLDEN.read_text(encoding="utf-8")


def test_a_link_leads_to_the_same_run(play: Play) -> None:
    """The command that it gives shows what is to be seen; so does the page's address."""
    _, said, _ = play("call 1\ncall 2\narrive 2\nlink\n", "--threads", "3")
    command, address = said.splitlines()[-2:]
    assert command == (
        "verified-barrier play --barrier ours --parties 2 --threads 3 "
        "--moves 'Call t1, Call t2, ArriveAndWait t2'"
    )
    assert address.endswith("#barrier=ours&size=2-3-plain&run=c1.c2.a2")
    moves = re.findall("--moves '(.*)'", command)[0]
    _, again, _ = play("", "--threads", "3", "--moves", moves)
    shown = again[again.index("to do:") : again.index("Type a number")]
    assert "3 moves, the last: ArriveAndWait t2" in shown
    assert shown in said


@pytest.mark.parametrize(
    ("arguments", "title"),
    [
        ([], "2 parties, 2 threads, without action"),
        (["--threads", "3"], "2 parties, 3 threads, without action"),
        (["--action", "--parties", "1"], "1 party, 2 threads, with an action"),
    ],
)
def test_what_is_not_said_is_as_usual(play: Play, arguments: list[str], title: str) -> None:
    """A size is changed in what is said of it, and in nothing else."""
    assert play("", *arguments)[1].startswith(f"verified_barrier.Barrier: {title}\n")


def test_what_is_changed_is_marked(play: Play) -> None:
    """Against the state before the last move, and only that."""
    _, said, _ = play("", "--moves", "call 1, arrive 1")
    shown = [line.strip() for line in said.splitlines()]
    assert "arrived  1   <- 0" in shown
    assert "t1       WAITING (index 0)   <- CALLING" in shown
    assert "t2       OUTSIDE" in shown


@pytest.mark.check
def test_a_broken_promise_is_a_lamp(play: Play) -> None:
    """It is said which one, and that the task is done."""
    moves = "call 1, ArriveAndReleaseTooSoon 1"
    _, said, _ = play("why\nsolution\n", "--barrier", "release-too-soon", "--moves", moves)
    assert "DONE: Cross before all have arrived: in 2 moves; no run is shorter" in said
    meaning = LAMPS["NoEarlyRelease"]
    assert f"  BROKEN   NoEarlyRelease: {meaning}\n" in said
    assert f"NoEarlyRelease is broken: {meaning}" in said
    assert (
        "Cross before all have arrived, in 2 moves:\nCall t1, ArriveAndReleaseTooSoon t1\n" in said
    )


def test_a_barrier_that_cannot_be_broken_has_no_solution(play: Play) -> None:
    """The task of ours is to break any promise."""
    _, said, _ = play("solution\n", "--parties", "2", "--threads", "2")
    assert said.endswith("there is none: no run of this barrier does it\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--barrier", "theirs"], "there is no barrier 'theirs': choose one of ours, cpython"),
        (
            ["--threads", "7"],
            "--threads 7: ours has 1 to 4 parties and 1 to 4 threads, with or without an action",
        ),
        (
            ["--moves", "call 1, leave 1"],
            "leave 1 is not possible: it is at CALLING; to leave",
        ),
        (["--moves", "call"], "call is not possible: it happens to a thread: call 1"),
        (["--svg", "no/such/folder/play.svg"], "no/such/folder/play.svg cannot be written"),
    ],
)
def test_wrong_usage(play: Play, arguments: list[str], says: str) -> None:
    """Exit code 2, and what is wrong."""
    code, said, errors = play("", *arguments)
    assert (code, said) == (2, "")
    assert errors.startswith(f"verified-barrier: {says}")


@pytest.mark.parametrize(
    ("before", "move", "says"),
    [
        ("", "arrive 1", "it is at OUTSIDE; to arrive it must be at CALLING or HELD"),
        ("", "call 4", "there are the threads 1 to 3"),
        ("", "abort 1", "it happens to no one thread: abort"),
        ("", "1 call", "is no move: say what happens, and to which thread: arrive 1"),
        ("call 1", "wobble 1", "nothing is called that; there are call, arrive, action done"),
        (
            "call 1, call 2, arrive 1, arrive 2",
            "action 2",
            "may be any of: ActionReturned t2, ActionRaised t2",
        ),
        ("call 1, call 2, arrive 1, arrive 2", "time out 1", "cannot time out, only in FILLING"),
        ("call 1", "withdraw 2", "it is at OUTSIDE; to withdraw it must be"),
        ("call 1, arrive 1", "withdraw call 1", "what can be is Withdraw t1"),
    ],
)
def test_a_move_that_cannot_be_made(run: Run, before: str, move: str, says: str) -> None:
    """It is said why."""
    if before:
        make(run, before)
    made = run.moves
    with pytest.raises(MoveError) as refused:
        run.find(move)
    assert says in str(refused.value)
    assert run.moves == made


@pytest.mark.parametrize(
    "move", ["ArriveAndWait t1", "arriveandwait 1", "arrive 1", "ARRIVE t1", "arr 1", "Arrive  1"]
)
def test_a_move_has_several_names(run: Run, move: str) -> None:
    """The action, the event, the page's word, or how they begin."""
    make(run, "call 1")
    assert str(run.find(move)) == "ArriveAndWait t1"


def test_undo_and_redo_go_back_and_forth(run: Run) -> None:
    """Until another move is made."""
    make(run, "call 1, arrive 1")
    here = run.position
    assert run.undo()
    assert run.redo()
    assert run.position == here
    assert not run.redo()
    assert run.restart()
    assert run.position == run.followed.start
    assert not run.restart()
    assert run.redo()
    make(run, "call 2")
    assert not run.redo()


def test_every_reason_is_in_short(run: Run) -> None:
    """The words that reasons are made of are known: none is left as long as it was."""
    seen = set()
    for moves in ("call 1", "arrive 1", "call 2", "arrive 2", "call 3", "arrive 3", "reset"):
        make(run, moves)
        seen |= {one.why for one in run.impossible()}
    assert len(seen) > 20
    assert all(in_short(why) != why for why in seen)


@pytest.mark.check
def test_image_of_the_documentation_is_of_today(
    play: Play, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command that docs/play.md names makes the same picture, and loads nothing."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs" / "images").mkdir(parents=True)
    text = (IMAGE.parents[1] / "play.md").read_text(encoding="utf-8")
    joined = re.sub(r"\\\n\s*", "", text)
    (barrier, moves, file) = re.findall("play --barrier (.*) --moves '(.*)' --svg (.*)", joined)[0]
    assert play("", "--barrier", barrier, "--moves", moves, "--svg", file)[0] == 0
    made, kept = (
        re.findall(">([^<>]+)</text>", path.read_text(encoding="utf-8"))
        for path in (tmp_path / file, IMAGE)
    )
    assert made == kept
    assert any("UniqueIndex" in line for line in kept)
    assert "url(http" not in IMAGE.read_text(encoding="utf-8")


@pytest.mark.check
def test_all_is_legible_in_80_columns(run: Run) -> None:
    """Where a thread is, and was, stands in one line, and no name is cut off."""
    from rich.console import Console

    from verified_barrier.teaching.play.pretty import PrettyScreen

    make(run, "call 1, call 2, call 3, arrive 3, arrive 2, action done 2")
    output = io.StringIO()
    screen = PrettyScreen(Console(width=80, file=output))
    screen.show(view_of(run, run.barrier.challenges[0]))
    shown = output.getvalue()
    assert "t3        LEAVING (index 0, RELEASED)  \u2190 WAITING (index 0)" in shown
    assert [name for name in LAMPS if f"\u25cf {name} " not in shown] == []
    assert [line for line in HELP if len(line) > 80] == []


PROGRAM = [sys.executable, "-m", "verified_barrier.cli", "play"]


def test_a_real_pipe() -> None:
    """Nothing is drawn, and the end of the input ends it."""
    run = subprocess.run(
        PROGRAM,
        input="call 1\nquit\ncall 2\n",
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert "t1       CALLING   <- OUTSIDE" in run.stdout
    assert "Call t2\n" in run.stdout
    assert "\x1b" not in run.stdout
    assert "t2       CALLING" not in run.stdout


@pytest.mark.check
@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
@pytest.mark.parametrize(
    ("options", "term", "drawn"),
    [([], "xterm", True), (["--plain"], "xterm", False), ([], "dumb", False)],
)
def test_a_real_terminal(options: list[str], term: str, drawn: bool) -> None:
    """There it is drawn, unless it cannot be, or is not to be."""
    import pty

    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*PROGRAM, *options],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": term, "COLUMNS": "100", "NO_COLOR": ""},
    ) as process:
        os.close(theirs)
        os.write(ours, b"call 1\nquit\n")
        said = b""
        try:
            while block := os.read(ours, 4096):
                said += block
        except OSError:
            pass  # This is how a pseudo-terminal says that the other side is closed.
        assert process.wait(30) == 0
    os.close(ours)
    shown = re.sub("\x1b\\[[0-9;]*m", "", said.decode())
    assert "CALLING" in shown
    assert ("\u256d" in shown, "\x1b[" in said.decode()) == (drawn, drawn)


def test_every_barrier_can_be_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    """The help names them."""
    with pytest.raises(SystemExit):
        cli.main(["play", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert ", ".join(one.key for one in EXHIBITS) in said.replace("- ", "-")
