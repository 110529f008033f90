"""A result is remembered for as long as nothing has changed that decides it, and not longer."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from verified_barrier import cli
from verified_barrier.verification import cache, check_command
from verified_barrier.verification import check as checks
from verified_barrier.verification.cache import ResultCache
from verified_barrier.verification.check import Check, Report, Verdict, all_checks, model_inputs
from verified_barrier.verification.evidence import keep
from verified_barrier.verification.manifest import Compared, Model, load_manifest
from verified_barrier.verification.proof import checks as proof_checks
from verified_barrier.verification.resources import MODELS, SPEC, modules_read, read_modules
from verified_barrier.verification.running import Conditions, run_checks
from verified_barrier.verification.tlc import Tlc


class Counted:
    """A check that counts its runs."""

    def __init__(self, verdict: Verdict = Verdict.AS_EXPECTED) -> None:
        self.runs = 0
        self.text: object = "what it depends on"
        self.verdict = verdict
        self.check = Check("some/check", "that it runs", False, self._run, lambda: self.text)

    def _run(self, _timeout: float) -> Report:
        self.runs += 1
        keep("what.txt", "what it leaves")
        return Report(self.verdict, f"run {self.runs}")

    def report(self, folder: Path, *, artifacts: Path | None = None) -> Report:
        """Return what comes of it, with the results that a folder remembers."""
        conditions = Conditions(60.0, 1, ResultCache(folder), artifacts)
        ((_, report),) = run_checks([self.check], conditions)
        return report


def entry(folder: Path) -> Path:
    """Return the only file of remembered results."""
    (path,) = (folder / "results").iterdir()
    return path


def test_result_is_remembered(tmp_path: Path) -> None:
    """The second time it is not run, and says when it was, and how long it took."""
    counted = Counted()
    first, second = counted.report(tmp_path), counted.report(tmp_path)
    assert (first.remembered, second.remembered, counted.runs) == (False, True, 1)
    assert (second.summary, second.seconds, second.ran) == ("run 1", first.seconds, first.ran)
    assert second.notes == (f"remembered in {entry(tmp_path)}",)


@pytest.mark.parametrize("verdict", [Verdict.UNEXPECTED, Verdict.INCOMPLETE])
def test_only_what_is_as_expected_is_remembered(verdict: Verdict, tmp_path: Path) -> None:
    """What was wrong, or did not finish, is run again."""
    counted = Counted(verdict)
    assert [counted.report(tmp_path).remembered for _ in range(2)] == [False, False]
    assert (counted.runs, list(tmp_path.iterdir())) == (2, [])


def test_check_without_inputs_is_run_each_time(tmp_path: Path) -> None:
    """What does not say what it depends on is not remembered."""
    counted = Counted()
    counted.check = replace(counted.check, inputs=None)
    assert [counted.report(tmp_path).summary for _ in range(2)] == ["run 1", "run 2"]


def test_other_inputs_or_another_name(tmp_path: Path) -> None:
    """It is run again; and what was there before is still remembered."""
    counted = Counted()
    counted.report(tmp_path)
    counted.text = "something else"
    assert counted.report(tmp_path).summary == "run 2"
    counted.check = replace(counted.check, name="other/check")
    assert counted.report(tmp_path).summary == "run 3"
    counted.check, counted.text = Counted().check, "what it depends on"
    assert counted.report(tmp_path).summary == "run 1"


@pytest.mark.parametrize("file", ["table.py", "verification/tlc.py", "new.py"])
def test_changed_python(file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte in any of this package's files, or a file more, and it is run again."""
    package = tmp_path / "package"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(cli.__file__).parent, package, ignore=ignored)
    monkeypatch.setattr(cache, "_PACKAGE", package)
    counted = Counted()
    counted.report(tmp_path)
    with (package / file).open("a") as source:
        source.write("#")
    assert counted.report(tmp_path).summary == "run 2"


def test_other_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version of Python, and it is run again."""
    counted = Counted()
    counted.report(tmp_path)
    monkeypatch.setattr(sys, "version", "4.0.0")
    assert counted.report(tmp_path).summary == "run 2"


def test_change_while_it_runs(tmp_path: Path) -> None:
    """Nobody knows of which state the result is: it is not remembered."""
    counted = Counted()

    def run(_timeout: float) -> Report:
        counted.text = "changed"
        return Report(Verdict.AS_EXPECTED, "done")

    counted.check = replace(counted.check, run=run)
    report = counted.report(tmp_path)
    assert report.notes[-1] == "not remembered: what it depends on has changed while it ran"
    assert list(tmp_path.iterdir()) == []


def damage(change: Callable[[dict[str, object]], object]) -> Callable[[Path], None]:
    """Return what rewrites an entry."""

    def rewrite(path: Path) -> None:
        fields = json.loads(path.read_text())
        changed = change(fields)
        path.write_text(json.dumps(fields if changed is None else changed))

    return rewrite


def to_folder(path: Path) -> None:
    """Put a folder where the entry was."""
    path.unlink()
    path.mkdir()


def other_fields(fields: dict[str, object]) -> None:
    """Make a report that is whole, and of another form."""
    fields["report"] = {"summary": "run 1"}
    fields["checksum"] = cache._hash(fields["report"])


DAMAGED: dict[str, Callable[[Path], object]] = {
    "cut off": lambda path: path.write_text(path.read_text()[:-20]),
    "empty": lambda path: path.write_text(""),
    "no text": lambda path: path.write_bytes(b"\xff\xfe\x00"),
    "deep": lambda path: path.write_text("[" * 100_000),
    "a list": damage(lambda _: [1]),
    "a number": damage(lambda _: 1),
    "other words": damage(lambda fields: fields["report"].update(summary="better")),  # type: ignore[attr-defined]
    "other fields": damage(other_fields),
    "no report": damage(lambda fields: fields.update(report=None)),
    "another format": damage(lambda fields: fields.update(format="verified-barrier result 0")),
    "another check": damage(lambda fields: fields.update(check="other/check")),
    "another key": damage(lambda fields: fields.update(key="0" * 64)),
    "a field too few": damage(lambda fields: fields.pop("checksum") and None),
    "a folder": to_folder,
}


@pytest.mark.parametrize("how", DAMAGED)
def test_damaged_entry_is_not_used(how: str, tmp_path: Path) -> None:
    """It is run again, and --verbose tells why; afterwards it is remembered again."""
    counted = Counted()
    counted.report(tmp_path)
    DAMAGED[how](entry(tmp_path))
    report = counted.report(tmp_path)
    assert (report.summary, report.remembered) == ("run 2", False)
    assert report.notes[0].startswith(f"{entry(tmp_path)} is not used: ")
    if how != "a folder":
        assert counted.report(tmp_path).summary == "run 2"


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """It is run, and nothing is remembered."""
    (tmp_path / "file").touch()
    counted = Counted()
    assert [counted.report(tmp_path / "file").summary for _ in range(2)] == ["run 1", "run 2"]
    assert counted.report(tmp_path / "file").notes[-1].startswith("not remembered: ")


def test_artifacts_are_those_of_a_run(tmp_path: Path) -> None:
    """What is remembered is not run for their sake: it leaves its report, which says so."""
    counted = Counted()
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
        counted.report(tmp_path / "results", artifacts=tmp_path / folder)
    assert counted.runs == 1
    first, second = (tmp_path / name / "some.check" for name in ("first", "second"))
    assert (first / "report.txt").read_text() == "ok\nrun 1\n"
    assert (first / "what.txt").exists()
    assert [path.name for path in second.iterdir()] == ["report.txt"]
    assert re.fullmatch(
        r"ok\nrun 1\nnot run: it ran \S+Z; --no-cache runs it, and keeps the rest\n",
        (second / "report.txt").read_text(),
    )


def test_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It shows what is remembered, and counts it; --no-cache neither reads nor writes."""
    counted = Counted()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(check_command, "all_checks", lambda _find: [counted.check])
    assert cli.main(["check", "--no-cache"]) == 0
    assert list(tmp_path.iterdir()) == []
    assert cli.main(["check"]) == 0
    kept = {path: path.read_bytes() for path in tmp_path.rglob("*.json")}
    capsys.readouterr()
    assert cli.main(["check"]) == 0
    line, sums = capsys.readouterr().out.splitlines()
    assert line.startswith("remembered  some/check    0.0 s  ran 2")
    assert line.endswith(" UTC: run 2")
    assert sums.startswith("1 as expected (1 remembered, not run), 0 unexpected, ")
    assert cli.main(["check", "--no-cache", "--verbose"]) == 0
    assert "ok          some/check    0.0 s  run 3\n    not remembered: --no-cache\n" in (
        capsys.readouterr().out
    )
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.json")} == kept


# What decides the verdicts of the checks that there are.

MANIFEST = load_manifest(MODELS)
MODEL_NAMES = {model.name: model for model in MANIFEST}
SAFETY = MODEL_NAMES["safety/1-party-1-thread"]
COMPARED = next(model for model in MANIFEST if model.compared is not None)


@pytest.fixture
def fake_tlc(tmp_path: Path) -> Tlc:
    """A Java that says its version, and something for a jar."""
    java = tmp_path / "java"
    java.write_text(f"#!{sys.executable}\nprint('version 1')\n")
    java.chmod(java.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "tla2tools.jar").write_bytes(b"a jar")
    return Tlc(java, tmp_path / "tla2tools.jar")


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the specification, which is used in its place."""
    folder = tmp_path / "spec"
    shutil.copytree(SPEC, folder)
    for module in (checks, proof_checks):
        monkeypatch.setattr(module, "SPEC", folder)
    return folder


def append(path: Path, text: str) -> None:
    """Add to a file."""
    with path.open("a") as file:
        file.write(text)


CHANGES: dict[str, Callable[[Path, Path], object]] = {
    "the module": lambda spec, _: append(spec / "Barrier.tla", " "),
    "the jar": lambda _, folder: append(folder / "tla2tools.jar", "!"),
    "the Java": lambda _, folder: append(folder / "java", "print('version 2')\n"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_decides_about_a_model(change: str, fake_tlc: Tlc, spec: Path, tmp_path: Path) -> None:
    """A byte of a module that it reads, or of the jar, or another Java, and it is run again."""
    before = model_inputs(SAFETY, MANIFEST, replace(fake_tlc))
    assert model_inputs(SAFETY, MANIFEST, replace(fake_tlc)) == before
    append(spec / "CPythonBarrier.tla", " ")  # which it does not read
    assert model_inputs(SAFETY, MANIFEST, replace(fake_tlc)) == before
    CHANGES[change](spec, tmp_path)
    assert model_inputs(SAFETY, MANIFEST, replace(fake_tlc)) != before


@pytest.mark.parametrize(
    "changes",
    [
        {"configuration": SAFETY.configuration + "\n"},
        {"constants": {"Parties": 1, "Threads": 2, "HasAction": False}},
        *({name: 1} for name in ("distinct", "generated", "edges", "steps")),
        {"violates": "TypeOK"},
        {"never": ("TimeOut",)},
        {"compared": Compared("safety/1-party-1-thread-action", (), 1, 1, (), None)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_the_manifest_says_decides(changes: dict[str, object], fake_tlc: Tlc) -> None:
    """Another configuration, another constant, another figure, and it is run again."""
    changed: Model = replace(SAFETY, **changes)  # type: ignore[arg-type]
    before = model_inputs(SAFETY, MANIFEST, fake_tlc)
    assert json.dumps(model_inputs(changed, MANIFEST, fake_tlc)) != json.dumps(before)


def test_model_with_which_another_is_compared_decides(fake_tlc: Tlc, spec: Path) -> None:
    """Its figures and its modules do, too."""
    before = model_inputs(COMPARED, MANIFEST, fake_tlc)
    assert COMPARED.compared is not None
    other = COMPARED.compared.other
    altered = [replace(model, distinct=1) if model.name == other else model for model in MANIFEST]
    assert model_inputs(COMPARED, altered, fake_tlc) != before
    append(spec / f"{MODEL_NAMES[other].module}.tla", " ")
    assert model_inputs(COMPARED, MANIFEST, fake_tlc) != before


def test_options_of_the_environment_decide(fake_tlc: Tlc, monkeypatch: pytest.MonkeyPatch) -> None:
    """Java reads them without being told to."""
    before = model_inputs(SAFETY, MANIFEST, replace(fake_tlc))
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-Xss1m")
    assert model_inputs(SAFETY, MANIFEST, replace(fake_tlc)) != before


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("contracts/machine", "crosshair-tool"),
        ("contracts/machine", "z3-solver"),
        ("proof/invariant", "z3-solver"),
        ("proof/needed", "z3-solver"),
        ("proof/translation/2-parties-2-threads-action", "z3-solver"),
        ("proof/locks/refinement", "z3-solver"),
    ],
)
def test_packages_decide(
    name: str, package: str, fake_tlc: Tlc, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another CrossHair or another Z3, and it is run again."""
    (found,) = (check for check in all_checks(lambda: fake_tlc) if check.name == name)
    assert found.inputs is not None
    before = found.inputs()
    monkeypatch.setattr(
        "verified_barrier.verification.resources.version",
        lambda asked: "0" if asked == package else "1",
    )
    changed = found.inputs()
    monkeypatch.setattr("verified_barrier.verification.resources.version", lambda _asked: "1")
    assert changed not in (before, found.inputs())


def test_every_module_decides_about_the_proof(fake_tlc: Tlc, spec: Path) -> None:
    """A byte anywhere in the specification, and it is run again."""
    (found,) = (c for c in all_checks(lambda: fake_tlc) if c.name == "proof/invariant")
    assert found.inputs is not None
    before = found.inputs()
    append(spec / "CPythonBarrier.tla", " ")
    assert found.inputs() != before


def test_every_check_but_one_is_remembered(fake_tlc: Tlc) -> None:
    """Only the comparison of names is not: it takes no time."""
    without = [check.name for check in all_checks(lambda: fake_tlc) if check.inputs is None]
    assert without == ["table/names"]


def test_modules_that_are_read() -> None:
    """Those that a module extends or makes an instance of, and those that they do."""
    modules = read_modules(SPEC)
    assert list(modules_read("Barrier", modules)) == ["Barrier.tla"]
    for root in (path.stem for path in SPEC.glob("*.tla")):
        read = modules_read(root, modules)
        for text in read.values():
            lines = (line.split() for line in text.splitlines())
            named = {word.strip(",") for line in lines for word in line if "EXTENDS" in line}
            assert {f"{name}.tla" for name in named} & modules.keys() <= read.keys()


@pytest.mark.check
def test_specification_that_is_changed_is_checked_again(
    caches: Path, spec: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Run, remembered, and, after a byte was added to a module, run again."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(caches))

    def status() -> str:
        assert cli.main(["check", "--only", SAFETY.name]) == 0
        return capsys.readouterr().out.split()[0]

    assert [status(), status()] == ["ok", "remembered"]
    append(spec / "Barrier.tla", " ")
    assert [status(), status()] == ["ok", "remembered"]


@pytest.mark.check
def test_commands_at_the_same_time(caches: Path, tmp_path: Path) -> None:
    """Two share what is remembered, and neither disturbs the other."""
    command = [sys.executable, "-m", "verified_barrier.cli", "check"]
    command += ["--only", "safety/1-party-1-thread*"]
    environment = os.environ | {"XDG_CACHE_HOME": str(caches), "TMPDIR": str(tmp_path)}
    both = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in both:
        output, _ = process.communicate(timeout=50)
        assert process.returncode == 0, output
        assert output.splitlines()[-1].startswith("2 as expected")
    kept = [path.name for path in (caches / "verified-barrier" / "results").iterdir()]
    assert len(kept) == 2
    assert [path for path in kept if not path.endswith(".json")] == []
    assert list(tmp_path.glob("verified-barrier-*")) == []
