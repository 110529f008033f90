"""The runner tells who caught a fault, and what survives; what is unknown is not caught."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mutants import page
from mutants.checks import CHECKS, Check, Command
from mutants.command import main
from mutants.faults import ROOT, Fault, Kind, fault
from mutants.gallery import FAULTS, REDUCED, Result, is_as_expected, load, run, save
from mutants.matrix import signs
from mutants.running import LATE, NO_VERDICT, Answer, Found, read, run_check
from mutants.survivors import SURVIVORS

SPEC = "spec/Barrier.tla"
RENAMED = fault("renamed action", Kind.SPECIFICATION, SPEC, "    \\/ ResetBroken\n", "")
UNNOTICED = fault("other remark", Kind.SPECIFICATION, SPEC, "CONSTANTS", "CONSTANTS \\* ...\n")
NAMES = Check(
    "names", "the names", "all else", (Command(("mutants.chain", "table/names"), ("spec/",)),)
)
OTHER = Check("other", "nothing", "all", (Command(("mutants.chain",), ("src/",)),))


def ran(arguments: list[str], faults: list[Fault], tmp_path: Path, check: Check = NAMES) -> int:
    results = tmp_path / "results.json"
    options = ["--results", str(results), "--cache", str(tmp_path), "--jobs", "2"]
    return main([*options, *arguments], faults, [check, OTHER])


def test_fault_that_is_caught(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The matrix says who caught it, and whom it does not concern; the result is kept."""
    assert ran([], [RENAMED], tmp_path) == 0
    said = capsys.readouterr().out
    assert "without a fault  names: missed" in said
    assert "\n  F  ·  renamed action\n" in said
    assert "1 faults, 0 of them equivalent; not as expected: 0" in said
    (kept,) = load(tmp_path / "results.json")
    assert kept.caught == ["names"]
    assert kept.found["names"].first.startswith("table/names: ")
    assert kept.found["other"].answer is Answer.UNREAD


def test_fault_that_survives(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is named, and the exit code is 1."""
    assert ran([], [RENAMED, UNNOTICED], tmp_path) == 1
    said = capsys.readouterr().out
    assert "\n  -  ·  other remark\n" in said
    assert "not as expected: 1" in said
    assert "    other remark: it survives\n" in said


def test_equivalent_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One that makes no difference is not to be caught: else it makes one."""
    assert ran([], [replace(UNNOTICED, equivalent="a remark")], tmp_path) == 0
    assert ran([], [replace(RENAMED, equivalent="it seems")], tmp_path) == 1
    said = capsys.readouterr().out
    assert "    renamed action: it is called equivalent, and is caught by names\n" in said


@pytest.mark.parametrize("pattern", ["no such*", "shell"])
def test_unknown_name(pattern: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A pattern that names nothing is an error, and tries nothing."""
    assert ran(["--only", pattern], [RENAMED], tmp_path) == 2
    said = capsys.readouterr()
    assert f"has a name like '{pattern}'" in said.err
    assert said.out == ""


def test_fault_that_needs_a_newer_python(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is left out, and named; and if there is no other, nothing is shown."""
    newer = replace(RENAMED, name="newer", python=(99, 0))
    assert ran([], [RENAMED, newer], tmp_path) == 0
    said = capsys.readouterr().out
    assert said.startswith("left out, needs Python 99.0: newer\n")
    assert "\n1 faults, " in said
    assert ran([], [newer], tmp_path) == 2
    assert "none of these faults can be found with this Python" in capsys.readouterr().err


@pytest.mark.parametrize("pattern", ["renamed action", "ren*", "specification"])
def test_known_name(pattern: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A fault is named by its name, or by what it is in."""
    assert ran(["--only", pattern, "--list"], [RENAMED], tmp_path) == 0
    assert capsys.readouterr().out == "specification     renamed action\n"


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (Command(("mutants.chain", "no/such"), ("spec/",)), "there is no check no/such"),
        (Command(("mutants.chain", "table/names"), ("spec/",), 0.001), "not done after 0.001 s"),
    ],
)
def test_check_that_fails_without_a_fault(
    command: Command, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """That it fails with one would say nothing: so no fault is tried."""
    assert ran([], [RENAMED], tmp_path, replace(NAMES, commands=(command,))) == 2
    said = capsys.readouterr()
    assert f"mutants: names does not pass without a fault: {why}" in said.err
    assert "renamed action" not in said.out


def test_fault_that_cannot_be_tried(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is about nothing that is there, or it cannot be imported."""
    lost = fault("lost", Kind.SPECIFICATION, SPEC, "no such text", "")
    assert ran([], [lost], tmp_path) == 2
    assert "mutants: lost: what it changes" in capsys.readouterr().err
    file = "src/verified_barrier/machine.py"
    broken = fault("broken", Kind.STEP, file, "EMPTY = State(Phase.FILLING, 0)", "EMPTY = empty")
    assert ran([], [broken], tmp_path) == 2
    assert "broken: it cannot be imported: NameError" in capsys.readouterr().out


def test_page_needs_all_faults(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was not tried is not made up."""
    assert ran(["--only", "ren*", "--write"], [RENAMED, UNNOTICED], tmp_path) == 2
    assert "not tried yet: other remark" in capsys.readouterr().err
    assert ran(["--write"], [RENAMED, UNNOTICED], tmp_path) == 2
    assert "not so: other remark" in capsys.readouterr().err


def test_time_out_is_not_caught(tmp_path: Path) -> None:
    """Only a fault that is declared to hang is caught by a time limit; any is told apart."""
    late = replace(NAMES, commands=(Command(("mutants.chain",), ("spec/",), timeout=0.001),))
    assert run_check(late, RENAMED, ROOT, tmp_path).answer is Answer.TIME_OUT
    hangs = replace(RENAMED, hangs=True)
    assert run_check(late, hangs, ROOT, tmp_path).answer is Answer.CAUGHT
    result = Result("renamed action", {"names": Found(Answer.TIME_OUT)})
    assert not is_as_expected(RENAMED, result)
    assert not is_as_expected(replace(RENAMED, equivalent="it seems"), result)
    assert signs(result, [NAMES, OTHER]) == ["t", "·"]


SKIPPED = "2 skipped, 9 deselected in 1 s"
STUCK = """\
+++++++++++ Timeout +++++++++++
  File "tests/barrier/test_x.py", line 3, in test_one
"""


@pytest.mark.full
def test_check_that_is_skipped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On an older Python it has no verdict, and is not blind; the others are asked nevertheless."""
    skipped = tmp_path / "test_skipped.py"
    skipped.write_text("import pytest\npytestmark = pytest.mark.skip\ndef test(): pass\n")
    command = Command(("pytest", "-q", "-p", "no:cacheprovider", str(skipped)), ("spec/",))
    alone, first = replace(NAMES, commands=(command,)), (command, *NAMES.commands)
    assert ran([], [RENAMED], tmp_path, alone) == 1
    said = capsys.readouterr().out
    assert "without a fault  names: skipped" in said
    assert "\n  ?  ·  renamed action\n" in said
    assert ran([], [replace(RENAMED, equivalent="it seems")], tmp_path, alone) == 0
    both = replace(NAMES, commands=first)
    assert run_check(both, None, ROOT, tmp_path).answer is Answer.SKIPPED
    assert ran([], [RENAMED], tmp_path, both) == 0


@pytest.mark.parametrize(
    ("program", "code", "output", "answer", "first"),
    [
        ("pytest", 0, "1 passed", Answer.MISSED, ""),
        ("pytest", 0, ".s\n1 passed, 1 skipped in 1 s", Answer.MISSED, ""),
        ("pytest", 0, "ss\n2 skipped, 9 deselected in 1 s", Answer.SKIPPED, SKIPPED),
        (
            "pytest",
            1,
            "FAILED tests/a/test_x.py::test_one - no",
            Answer.CAUGHT,
            "test_x.py::test_one",
        ),
        ("pytest", 1, "ERROR tests/a/test_x.py::test_one", Answer.CAUGHT, "test_x.py::test_one"),
        ("pytest", 1, STUCK, Answer.TIME_OUT, "test_x.py::test_one"),
        ("pytest", 1, "no tests", Answer.NO_VERDICT, "no tests"),
        ("pytest", 2, "error in a conftest", Answer.NO_VERDICT, "error in a conftest"),
        (
            "pytest",
            2,
            "!!! KeyboardInterrupt !!!",
            Answer.CAUGHT,
            "a test is left by KeyboardInterrupt",
        ),
        ("pytest", 4, "no such option", Answer.NO_VERDICT, "no such option"),
        ("pytest", 5, "", Answer.NO_VERDICT, "nothing was printed"),
        ("mutants.chain", 1, "this is wrong\nand that", Answer.CAUGHT, "this is wrong"),
        ("mutants.chain", 1, "", Answer.NO_VERDICT, "nothing was printed"),
        (
            "mutants.chain",
            1,
            "Traceback (most recent call last):\nNameError: x",
            Answer.NO_VERDICT,
            "NameError: x",
        ),
        ("mutants.chain", NO_VERDICT, "TLC: failed", Answer.NO_VERDICT, "TLC: failed"),
        ("mutants.chain", LATE, "too late", Answer.TIME_OUT, "too late"),
        ("mutants.chain", None, "not done after 3 s", Answer.TIME_OUT, "not done after 3 s"),
        ("mutants.chain", -9, "killed", Answer.NO_VERDICT, "killed"),
    ],
)
def test_reading(program: str, code: int | None, output: str, answer: Answer, first: str) -> None:
    """Only what is shown to be wrong counts as caught."""
    assert read(program, code, output) == (answer, first)


def test_results_are_merged(tmp_path: Path) -> None:
    """A later result of a fault takes the place of the earlier one; the others stay."""
    file = tmp_path / "folder" / "results.json"
    one, two = Result("one", {"names": Found(Answer.MISSED)}), Result("two", {}, "why")
    save([one, two], file)
    again = Result("one", {"names": Found(Answer.CAUGHT, "this", 1.0)})
    save([again], file)
    assert load(file) == [again, two]


def test_each_fault_concerns_a_check() -> None:
    """And each check depends on files that are there."""
    files = [path.relative_to(ROOT).as_posix() for path in ROOT.glob("[smt]*/**/*")]
    for check in CHECKS:
        for command in check.commands:
            for prefix in command.reads:
                assert any(file.startswith(prefix) for file in files), (check.name, prefix)
    for one in FAULTS:
        assert any(command.concerns(one) for check in CHECKS for command in check.commands)


@pytest.mark.check
@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", REDUCED)
def test_fault_is_caught(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A few faults, one for each technique; `make mutants` tries all of them."""
    (one,) = (one for one in FAULTS if one.name == name)
    (check,) = (check for check in CHECKS if check.name == REDUCED[name])
    cache = tmp_path_factory.getbasetemp() / "cache"
    (result,) = run([one], [check], cache, first=False, jobs=1)
    assert result.problem == ""
    found = result.found[check.name]
    if found.answer is Answer.SKIPPED:
        pytest.skip(f"{check.name} says nothing here: {found.first}")
    assert found.answer is Answer.CAUGHT, found


def test_page_is_about_these_faults() -> None:
    """The page names every fault, each of which was caught, and every equivalent one with why."""
    text = page.PAGE.read_text(encoding="utf-8")
    gallery = text.partition("## Every fault")[2].partition(page.MADE_UP)[0]
    rows = [line.split(" | ") for line in gallery.splitlines() if line.startswith("| ")]
    tabled = {
        row[0].removeprefix("| "): row[1:] for row in rows if row[0] not in ("| fault", "| ---")
    }
    assert list(tabled) == [page.escaped(one.name) for one in FAULTS]
    evidence = page.PAGE.with_name("evidence.md").read_text(encoding="utf-8")
    assert f"| {len(FAULTS)} faults of " in evidence
    for one in FAULTS:
        assert ("**F**" in tabled[page.escaped(one.name)]) is not bool(one.equivalent), one.name
        assert not one.equivalent or f"- {page.escaped(one.name)}: {one.equivalent}.\n" in text


def test_page_is_about_these_survivors() -> None:
    """Each mutant that survives is on the page, with the reason, and about a line that is there."""
    text = page.PAGE.read_text(encoding="utf-8").partition(page.MADE_UP)[2]
    assert f"and {len(SURVIVORS)}\nsurvive." in text
    for name, reason in SURVIVORS.items():
        assert f"- {page.escaped(name)}: {reason}.\n" in text
        module, _, change = name.partition(": ")
        source = (ROOT / "src" / "verified_barrier" / module).read_text(encoding="utf-8")
        assert change.partition(" → ")[0] in {
            " ".join(line.split()) for line in source.splitlines()
        }
