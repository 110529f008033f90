"""What `verified-barrier check` tells other programs is what it found."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from verification.documents import documented
from verified_barrier import cli
from verified_barrier.verification import check_command
from verified_barrier.verification.check import Check, Report, Verdict
from verified_barrier.verification.files import OutputError, check_writable, write_whole
from verified_barrier.verification.results import (
    Results,
    as_json,
    as_junit,
    github_annotations,
    job_summary,
)


def check(name: str, verdict: Verdict, summary: str, *details: str) -> tuple[Check, Report]:
    """Return a check and what it found."""
    report = Report(verdict, summary, details, 1.25, "2026-11-24T02:30:00Z")
    return Check(name, f"what {name} shows", large=False, run=lambda _timeout: report), report


FINE = check("safety/one", Verdict.AS_EXPECTED, "6 states")
WRONG = check("fault/two", Verdict.UNEXPECTED, "100% wrong, isn't it: <&>", "a\nb\x1b[0m", "c")
SLOW = check("locks/three", Verdict.INCOMPLETE, "did not finish within 1 s")
KNOWN = FINE[0], replace(FINE[1], remembered=True)
RESULTS = Results([FINE, WRONG, SLOW, KNOWN], left_out=7, seconds=3.5)


def test_json() -> None:
    """Every field is there, and every check."""
    fields = json.loads(as_json(RESULTS))
    assert fields["format"] == "verified-barrier check"
    assert fields["version"] == 2
    assert fields["counts"] == {
        "as_expected": 2,
        "unexpected": 1,
        "incomplete": 1,
        "remembered": 1,
    }
    assert (fields["left_out"], fields["seconds"]) == (7, 3.5)
    assert fields["checks"][1] == {
        "name": "fault/two",
        "shows": "what fault/two shows",
        "large": False,
        "verdict": "unexpected",
        "remembered": False,
        "ran": "2026-11-24T02:30:00Z",
        "seconds": 1.25,
        "summary": "100% wrong, isn't it: <&>",
        "details": ["a\nb\x1b[0m", "c"],
    }


def test_json_is_as_documented() -> None:
    """`docs/check.md` has each field, and no other."""
    rows = documented("JSON")
    fields = json.loads(as_json(RESULTS))
    inner = [f"{outer}[].{name}" for outer in ("checks",) for name in fields[outer][0]]
    inner += [f"counts.{name}" for name in fields["counts"]]
    assert sorted(rows) == sorted([*fields.keys() - {"checks", "counts"}, *inner])


def test_junit() -> None:
    """What is unexpected is a failure, what is incomplete an error; anything can be read back."""
    suite = ElementTree.fromstring(as_junit(RESULTS))  # noqa: S314 - our own
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("4", "1", "1")
    fine, wrong, slow, _ = suite
    assert (fine.get("classname"), fine.get("name"), fine.get("time")) == ("safety", "one", "1.250")
    assert [part.tag for part in fine] == ["system-out"]
    (failure,) = wrong
    assert failure.tag == "failure"
    assert failure.get("message") == "100% wrong, isn't it: <&>"
    assert failure.text == "a\nb?[0m\nc"
    assert [part.tag for part in slow] == ["error"]


def test_remembered_result_is_not_taken_for_a_run() -> None:
    """JSON and JUnit say that it was not run, when it was, and how long it took then."""
    fields = json.loads(as_json(RESULTS))
    assert [one["remembered"] for one in fields["checks"]] == [False, False, False, True]
    assert fields["checks"][3]["ran"] == "2026-11-24T02:30:00Z"
    known = ElementTree.fromstring(as_junit(RESULTS))[3]  # noqa: S314 - our own
    assert (known.get("time"), known.find("./properties/property").attrib) == (  # type: ignore[union-attr]
        "0.000",
        {"name": "remembered", "value": "2026-11-24T02:30:00Z"},
    )
    said = "remembered, not run: it ran 2026-11-24T02:30:00Z, and took 1.2 s; 6 states"
    assert known.findtext("system-out") == said


def test_annotations() -> None:
    """One for each check that is not as expected, in the form that GitHub reads."""
    assert list(github_annotations(RESULTS)) == [
        "::error title=FAILED%3A fault/two::100%25 wrong, isn't it: <&>%0Aa%0Ab\x1b[0m%0Ac",
        "::error title=INCOMPLETE%3A locks/three::did not finish within 1 s",
    ]


@pytest.mark.parametrize(
    ("file", "place"),
    [
        ("models/manifest.toml", "file=models/manifest.toml,"),
        ("a, b/manifest.toml", "file=a%2C b/manifest.toml,"),
        ("../elsewhere/manifest.toml", ""),
    ],
)
@pytest.mark.parametrize("folder", [".", "models"])
def test_annotation_marks_the_manifest(
    file: str, place: str, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is named from the repository's folder, wherever the command runs; outside, it is not."""
    (tmp_path / "models").mkdir()
    monkeypatch.chdir(tmp_path / folder)
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    given = Path(os.path.relpath(tmp_path / file))
    results = replace(RESULTS, reports=[(replace(WRONG[0], file=given), WRONG[1])])
    (line,) = github_annotations(results)
    assert line.startswith(f"::error {place}title=FAILED%3A fault/two::")


def test_job_summary() -> None:
    """The sums, and what is wrong."""
    text = "\n".join(job_summary(RESULTS))
    assert (
        "2 as expected (1 remembered, not run), 1 unexpected, 1 incomplete, in 4 s; left out"
        in text
    )
    assert "### FAILED: fault/two\n\n100% wrong" in text
    assert "safety/one" not in text


@pytest.fixture
def one_check(monkeypatch: pytest.MonkeyPatch) -> Callable[[Verdict], None]:
    """Make the command have one check, which comes out so."""

    def make(verdict: Verdict) -> None:
        found = check("some/check", verdict, "as it is")
        monkeypatch.setattr(check_command, "all_checks", lambda _find: [found[0]])

    return make


@pytest.mark.parametrize(
    ("verdict", "code"),
    [(Verdict.AS_EXPECTED, 0), (Verdict.UNEXPECTED, 1), (Verdict.INCOMPLETE, 3)],
)
def test_command_writes_them(
    verdict: Verdict,
    code: int,
    one_check: Callable[[Verdict], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Both files, and what GitHub reads, whatever the verdict; the exit code stays what it is."""
    one_check(verdict)
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    as_files = [tmp_path / "check.json", tmp_path / "check.xml"]
    assert cli.main(["check", "--json", str(as_files[0]), "--junit", str(as_files[1])]) == code
    assert json.loads(as_files[0].read_text())["counts"][verdict.name.lower()] == 1
    assert ElementTree.fromstring(as_files[1].read_text()).get("tests") == "1"  # noqa: S314
    assert ("::error " in capsys.readouterr().out) == (code != 0)
    assert summary.read_text().startswith("before\n## verified-barrier check\n")
    assert sorted(tmp_path.iterdir()) == sorted([*as_files, summary])


def test_file_that_cannot_be_written_is_refused_before_anything_runs(
    one_check: Callable[[Verdict], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and the file is named."""
    one_check(Verdict.AS_EXPECTED)
    (tmp_path / "file").touch()
    for file, why in (
        (tmp_path, "it is there, and no ordinary file"),
        (tmp_path / "no" / "x", f"there is no folder {tmp_path / 'no'}: make it, or name another"),
        (tmp_path / "file" / "x", f"{tmp_path / 'file'} is no folder: name another"),
    ):
        assert cli.main(["check", "--json", str(file)]) == 2
        output, errors = capsys.readouterr()
        assert output == ""
        assert errors == f"verified-barrier: {file} cannot be written: {why}\n"


@pytest.mark.parametrize("spelling", ["check.out", "./check.out", "in/../check.out", "link"])
def test_one_file_for_both_is_refused(
    spelling: str,
    one_check: Callable[[Verdict], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """However it is spelled: one of them would be lost. Nothing runs, and nothing is written."""
    one_check(Verdict.AS_EXPECTED)
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    Path("link").symlink_to("check.out")
    arguments = ["--json", "check.out", "--junit", spelling, "--artifacts", "artifacts"]
    assert cli.main(["check", *arguments]) == 2
    assert capsys.readouterr() == (
        "",
        f"verified-barrier: --json and --junit both name {Path(spelling)}: give them two files\n",
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "link"]
    assert cli.main(["check", "--json", "check.out", "--junit", "in/check.out"]) == 0


def test_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    """What was there before stays if something fails, and nothing else is left."""
    file = tmp_path / "file"
    write_whole(file, ["before"])
    with pytest.raises(ZeroDivisionError):
        write_whole(file, (str(1 // number) for number in (1, 0)))
    with pytest.raises(OutputError, match=r"no/file cannot be written: there is no folder .*/no: "):
        write_whole(tmp_path / "no" / "file", ["after"])
    check_writable(file)
    assert file.read_text() == "before\n"
    assert list(tmp_path.iterdir()) == [file]
