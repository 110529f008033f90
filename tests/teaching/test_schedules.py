"""A schedule is drawn, of whatever barrier."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from verified_barrier import cli
from verified_barrier.teaching.barriers import exhibit, followed
from verified_barrier.teaching.moves import Run
from verified_barrier.teaching.scenarios import SCENARIOS, run_of_scenario, shortest
from verified_barrier.teaching.schedule import run_of_moves
from verified_barrier.teaching.sizes import Size

Draw = Callable[..., tuple[int, list[str], str]]


@pytest.fixture
def draw(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Draw:
    """Draw a schedule; return exit code, the picture's lines, and errors."""

    def run(moves: str, *options: str) -> tuple[int, list[str], str]:
        file = tmp_path / "schedule.txt"
        file.write_text(moves.replace(", ", "\n"), encoding="utf-8")
        code = cli.main(["diagram", "schedule", str(file), *options])
        captured = capsys.readouterr()
        return code, captured.out.splitlines(), captured.err

    return run


@pytest.mark.parametrize("name", SCENARIOS)
def test_schedule_is_drawn_as_the_trace_of_it(name: str) -> None:
    """Of our barrier: an outcome that nobody gets is the one thing that is not seen."""
    one = SCENARIOS[name]
    ours = exhibit("ours")
    run = Run(ours, followed(ours, Size(one.parties, one.threads, one.has_action), None))
    for edge in shortest(one):
        move = edge.action if edge.thread is None else f"{edge.action} {edge.thread + 1}"
        run.make(run.find(move))
    drawn, traced = run_of_moves(run), run_of_scenario(name)
    assert (drawn.before, drawn.lanes) == (traced.before, traced.lanes)
    for one_, other in zip(drawn.moments, traced.moments, strict=True):
        assert one_._replace(outcome=other.outcome) == other
        assert one_.outcome in (other.outcome, None)


@pytest.mark.check
def test_run_of_a_broken_barrier(draw: Draw) -> None:
    """It is shown when which promise is broken."""
    moves = "call 1, arrive 1 # waits, call 2, arrive 2, call 3, withdraw 1, arrive 3"
    code, lines, _ = draw(moves, "--barrier", "withdraw-leaves-gap")
    assert code == 0
    assert lines[0] == "A run of Nobody moves up: 3 parties, 3 threads, without action"
    assert lines[-1].startswith("8 ")
    assert lines[-1].endswith("  ArriveAndWait  FILLING 2 / UniqueIndex is broken")


@pytest.mark.check
def test_run_of_cpythons_barrier(draw: Draw) -> None:
    """A thread that takes the lock again has not returned yet."""
    moves = "call 1, call 2, arrive 1, arrive 2, leave 2, leave 1, leave 1"
    code, lines, _ = draw(moves, "--barrier", "cpython", "--parties", "2", "--no-action")
    assert code == 0
    assert [line.split() for line in lines[-4:]] == [
        ["4", "Release", "draining", "1", "/", "RELEASED"],
        ["5", "returns", "1"],
        ["6", "WaitReturns", "filling", "0"],
        ["7", "returns", "0"],
    ]


@pytest.mark.parametrize(
    ("moves", "options", "says"),
    [
        ("call 1, leave 1", [], "schedule.txt, line 2: leave 1 is not possible: it is at CALLING"),
        ("call 1", ["--threads", "7"], "--threads 7: ours has 1 to 4 parties"),
    ],
)
def test_wrong_usage(draw: Draw, moves: str, options: list[str], says: str) -> None:
    """Exit code 2, and what is wrong."""
    code, lines, errors = draw(moves, *options)
    assert (code, lines) == (2, [])
    assert says in errors


def test_what_is_no_recorded_run_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the command that draws a schedule."""
    file = tmp_path / "schedule.txt"
    file.write_text("call 1\n", encoding="utf-8")
    assert cli.main(["diagram", "sequence", str(file)]) == 2
    assert "is drawn by verified-barrier diagram schedule" in capsys.readouterr().err
