"""Each exercise is unsolved at the start, solvable, and not to be had by what is nearly right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from teaching.solutions import NEAR_MISSES, SLOW, SOLUTIONS, NearMiss
from verified_barrier import cli
from verified_barrier.teaching.barriers import followed
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
    follow, specify = followed, rows.specified
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
@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=[pytest.mark.full] * ((n, "solved") in SLOW)) for n in NAMES],
)
def test_solved(name: str, grade: Grade) -> None:
    """Its solution is accepted, and it is said what was found."""
    assert grade(name, SOLUTIONS[name])


@pytest.mark.check
@pytest.mark.parametrize(
    "miss",
    [
        pytest.param(
            miss,
            id=f"{miss.name}: {miss.label}",
            marks=[pytest.mark.full] * ((miss.name, miss.label) in SLOW),
        )
        for miss in NEAR_MISSES
    ],
)
def test_near_miss(miss: NearMiss, grade: Grade, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is nearly right, and what is a trick, is refused for the right reason."""
    if miss.label == "for ever":
        monkeypatch.setattr(repairs, "SECONDS", 0.5)
    with pytest.raises(NotSolvedError) as refused:
        grade(miss.name, miss.files)
    assert miss.says in f"{refused.value.finding}\n{refused.value.hint}"


def test_learners_files_are_kept(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder with files in it is refused, whatever they are, and stays as it is."""
    monkeypatch.chdir(tmp_path)
    code, said, _ = command("start", "first-crossing")
    assert code == 0
    assert said == (
        "first-crossing/README.md says what to do; the answer goes into schedule.txt.\n"
        "Then: verified-barrier exercise grade first-crossing\n"
    )
    Path("first-crossing/schedule.txt").write_text("mine")
    code, _, error = command("start", "first-crossing")
    assert code == 2
    assert error == (
        "verified-barrier: first-crossing is not empty, and nothing in it is overwritten: name a "
        "folder that is new or empty\n"
    )
    assert Path("first-crossing/schedule.txt").read_text() == "mine"
    assert command("start", "timeout-row", "first-crossing")[0] == 2
    assert command("start", "timeout-row", "first-crossing/schedule.txt")[0] == 2
    assert sorted(path.name for path in tmp_path.rglob("*")) == [
        "README.md",
        "first-crossing",
        "schedule.txt",
    ]


def test_from_start_to_solved(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is listed, started, graded and solved, and what a later change does to it."""
    monkeypatch.chdir(tmp_path)
    listed = command("list")[1]
    assert "first-crossing               Two threads cross" in listed
    assert listed.endswith("\nverified-barrier exercise start NAME begins one.\n")
    command("start", "first-crossing")
    assert "first-crossing     started   Two threads cross" in command("list")[1]
    code, said, _ = command("grade", "first-crossing")
    assert code == 1
    assert said == (
        "not solved: Two threads cross\n"
        "    schedule.txt has no steps yet\n"
        "    hint: begin with: call 1. The grader says what is possible then.\n"
    )
    answer = Path("first-crossing/schedule.txt")
    answer.write_text(SOLUTIONS["first-crossing"]["schedule.txt"])
    code, said, _ = command("grade", "first-crossing")
    assert code == 0
    assert said == (
        "solved: Two threads cross\n"
        "    6 steps, all of them possible, and: both threads have returned\n"
        "next: verified-barrier exercise start timeout-row\n"
    )
    assert "first-crossing     solved    Two threads cross" in command("list")[1]
    answer.write_text("call 1")
    assert "first-crossing     changed   Two threads cross" in command("list")[1]
    assert command("grade", "first-crossing", tmp_path / "first-crossing")[0] == 1


def test_wrong_usage(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 2, and what to do."""
    monkeypatch.chdir(tmp_path)
    code, _, error = command("grade", "first-crosing")
    assert code == 2
    assert "there is no exercise 'first-crosing': choose one of first-crossing, " in error
    code, _, error = command("grade", "first-crossing")
    assert code == 2
    assert "begin with verified-barrier exercise start first-crossing" in error
    (tmp_path / "first-crossing").mkdir()
    code, _, error = command("grade", "first-crossing")
    assert code == 2
    assert "first-crossing/schedule.txt cannot be read: No such file or directory\n" in error
    assert "to get the file again" in error
    (tmp_path / "first-crossing" / "schedule.txt").write_bytes(b"\xff")
    assert command("grade", "first-crossing")[0] == 2


@pytest.mark.check
def test_incomplete_is_not_solved(command: Command, tmp_path: Path) -> None:
    """A grader that has too little time: exit code 3."""
    command("start", "any-number", tmp_path / "here")
    (tmp_path / "here" / "Missing.tla").write_text(SOLUTIONS["any-number"]["Missing.tla"])
    code, said, _ = command("grade", "any-number", tmp_path / "here", "--timeout", "0.001")
    assert code == 3
    assert said == "incomplete: not graded within 0.001 s: allow more with --timeout\n"
    assert not (tmp_path / "here" / ".solved").exists()


def test_documentation_lists_the_exercises() -> None:
    """docs/exercises.md has each, in order, with its kind and what one learns."""
    text = (ROOT / "docs" / "exercises.md").read_text(encoding="utf-8")
    rows = [
        f"| {number} | `{one.name}` | {one.title} | {one.kind.value} | {one.learns} |"
        for number, one in enumerate(EXERCISES, 1)
    ]
    assert "\n".join(rows) in text
