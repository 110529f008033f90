"""Each exercise is unsolved at the start, solvable, and not to be had by what is nearly right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from teaching.solutions import NEAR_MISSES, SOLUTIONS, NearMiss
from verified_barrier import cli
from verified_barrier.teaching.exercises import repairs, rows, schedules
from verified_barrier.teaching.exercises.catalogue import EXERCISES, exercise
from verified_barrier.teaching.exercises.exercise import Kind, NotSolvedError, Tools
from verified_barrier.verification.tlc import Tlc

NAMES = [one.name for one in EXERCISES]
Command = Callable[..., tuple[int, str, str]]
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", autouse=True)
def _graphs_once() -> Iterator[None]:
    """Have TLC find each graph once for all tests."""
    follow, specify = schedules.followed, rows.specified
    follow_once = cache(lambda barrier, size, tlc: follow(barrier, size, tlc))
    graphs = cache(lambda tlc: specify(Tools(lambda: tlc, 60)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            schedules, "followed", lambda barrier, size, tlc, _: follow_once(barrier, size, tlc)
        )
        patch.setattr(rows, "specified", lambda tools: graphs(tools.tlc))
        yield


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run the command line in this process; return exit code, output and errors."""

    def run(*arguments: object) -> tuple[int, str, str]:
        code = cli.main(["exercise", *map(str, arguments)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture
def grade(tlc: Tlc, tmp_path: Path) -> Callable[[str, Mapping[str, str]], str]:
    """Start an exercise, change some of its files, and grade it."""

    def run(name: str, files: Mapping[str, str]) -> str:
        one = exercise(name)
        for file, text in {**one.files(), **files}.items():
            (tmp_path / file).write_text(text, encoding="utf-8")
        return one.grade(tmp_path, Tools(lambda: tlc, 60.0))

    return run


Grade = Callable[[str, Mapping[str, str]], str]


def test_there_are_all_kinds() -> None:
    """At least eight exercises, two of each kind; each has a solution and two near misses."""
    assert len(EXERCISES) >= 8
    assert all(sum(one.kind is kind for one in EXERCISES) >= 2 for kind in Kind)
    assert list(SOLUTIONS) == NAMES
    assert all(sum(miss.name == name for miss in NEAR_MISSES) >= 2 for name in NAMES)
    for one in EXERCISES:
        assert set(one.answers) == set(SOLUTIONS[one.name]) <= set(one.files())


@pytest.mark.check
@pytest.mark.parametrize("name", NAMES)
def test_unsolved_at_the_start(name: str, grade: Grade) -> None:
    """What an exercise starts with is no solution, and it is said why."""
    with pytest.raises(NotSolvedError) as refused:
        grade(name, {})
    assert refused.value.finding


@pytest.mark.check
@pytest.mark.parametrize("name", NAMES)
def test_solved(name: str, grade: Grade) -> None:
    """Its solution is accepted, and it is said what was found."""
    assert grade(name, SOLUTIONS[name])


@pytest.mark.check
@pytest.mark.parametrize(
    "miss",
    [
        pytest.param(miss, id=f"{miss.name}: {miss.label}", marks=[pytest.mark.full] * miss.slow)
        for miss in NEAR_MISSES
    ],
)
def test_near_miss(miss: NearMiss, grade: Grade, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is nearly right, and what is a trick, is refused for the right reason."""
    monkeypatch.setattr(repairs, "SECONDS", 2.0)
    with pytest.raises(NotSolvedError) as refused:
        grade(miss.name, miss.files)
    assert miss.says in f"{refused.value.finding}\n{refused.value.hint}"
