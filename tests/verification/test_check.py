"""`verified-barrier check` says what it compared, and every exit code means what it says."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import pytest

from verified_barrier import cli, machine
from verified_barrier.table import TABLE, Phase, Table
from verified_barrier.verification import check as checks
from verified_barrier.verification import contracted
from verified_barrier.verification.check import Verdict, check_contracts, check_model
from verified_barrier.verification.contracts import confirm
from verified_barrier.verification.manifest import Model, load_manifest
from verified_barrier.verification.proof.checks import SAMPLES
from verified_barrier.verification.resources import MODELS, SPEC, SetupError
from verified_barrier.verification.tlc import Tlc

MODEL_NAMES = {model.name: model for model in load_manifest(MODELS)}
SAFETY = MODEL_NAMES["safety/2-parties-2-threads"]
LIVENESS = MODEL_NAMES["liveness/1-party-2-threads-action"]
FAULT = MODEL_NAMES["fault/abort-reaches-released"]
UNFAIR = MODEL_NAMES["unfair-calls/2-parties-2-threads"]

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run the command line in this process; return exit code, output and errors."""

    def run(*arguments: str) -> tuple[int, str, str]:
        if arguments[0] == "check":  # What these tests change is not all in files.
            arguments = (*arguments, "--no-cache")
        try:
            code = cli.main(arguments)
        except SystemExit as left:
            code = left.code if isinstance(left.code, int) else -1
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.mark.check
def test_all_as_expected(command: Command) -> None:
    """One line a check, with what was compared, and a summary; exit code 0."""
    code, output, _ = command("check", "--only", "safety/1-party-*")
    assert code == 0
    lines = output.splitlines()
    assert len(lines) == 5
    assert lines[0].startswith("ok          safety/1-party-1-thread ")
    assert lines[0].endswith(
        "6 states, 21 generated; holds: TypeOK, ArrivedCount, OneAction, BrokenRefuses; "
        "the table has the same 6 states and 20 steps"
    )
    assert lines[-1].startswith("4 as expected, 0 unexpected, 0 incomplete, in ")


@pytest.mark.check
def test_unexpected_verdict(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that says something else than the specification: exit code 1, the row named."""
    rows = [
        row._replace(phase=Phase.FILLING) if row.action == "TimeOut" else row for row in TABLE.rows
    ]
    rows = [row._replace(phase=None) if row.action == "TimeOut" else row for row in rows]
    monkeypatch.setattr("verified_barrier.machine.TABLE", Table(tuple(rows)))
    code, output, _ = command("check", "--only", SAFETY.name)
    assert code == 1
    assert output.startswith(f"FAILED      {SAFETY.name}")
    assert "the table has a step that spec/Barrier.tla has not: TimeOut by t1" in output
    assert output.splitlines()[-1].startswith("0 as expected, 1 unexpected, 0 incomplete")


@pytest.mark.check
def test_incomplete(command: Command) -> None:
    """A check that reaches its time limit has shown nothing: exit code 3."""
    code, output, _ = command("check", "--only", SAFETY.name, "--timeout", "0.05")
    assert code == 3
    assert output.startswith(f"INCOMPLETE  {SAFETY.name}")
    assert "did not finish within 0.05 s" in output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--only", "nothing/*"), "no check matches 'nothing/*': --list lists those that"),
        (("--only", "nothing/*", "--list"), "no check matches 'nothing/*': --list lists those"),
        (("--only", ""), "no check matches '': --list lists those that there are\n"),
        (("--only", "history/4*"), "2 checks match 'history/4*', and they are large: add --full"),
        (("--only", "history/4*n"), "1 check matches 'history/4*n', and it is large: add --full"),
        (("--json", "-"), "--json: '-' names no file, and nothing is written to the standard out"),
        (("--junit", "-"), "--junit: '-' names no file, and nothing is written to the standard"),
        (("--timeout", "soon"), "'soon' is not a positive number of seconds"),
        (("--timeout", "-1"), "'-1' is not a positive number of seconds"),
        (("--timeout", "nan"), "'nan' is not a positive number of seconds"),
        (("--unknown",), "unrecognized arguments: --unknown"),
    ],
)
def test_usage(command: Command, arguments: tuple[str, ...], said: str) -> None:
    """A wrong call is named, with the remedy: exit code 2."""
    code, output, errors = command("check", *arguments)
    assert (code, output) == (2, "")
    assert said in errors


@pytest.mark.check
def test_prove(command: Command) -> None:
    """A row for each action, and a summary; exit code 0."""
    code, output, _ = command("prove")
    assert code == 0
    rows = [line.split() for line in output.splitlines() if re.match(r"\w+ +(\. +)+\.$", line)]
    assert [row[0] for row in rows] == ["Init", *(row.action for row in TABLE.rows)]
    assert " 12  OutcomeInTime         needed for the proof" in output
    assert output.splitlines()[-1].startswith(
        "proved for any number of parties and threads: 493 of 493 obligations; "
        "25 of 25 actions can happen, in "
    )


@pytest.mark.check
def test_prove_without_a_conjunct(command: Command) -> None:
    """What it was needed for is shown, in the words of the model: exit code 1."""
    code, output, _ = command("prove", "--without", "TrippingActs")
    assert code == 1
    assert (
        "ActionReturned breaks ActionBeforeRelease: ActionBeforeRelease is false after this step:\n"
        "with Threads = {t1}, Parties = "
    ) in output
    assert 'HasAction = FALSE\nbefore:\n    /\\ phase = "TRIPPING"\n' in output
    assert '\nafter ActionReturned(t1):\n    /\\ phase = "FILLING"\n' in output
    assert "492 of 493" not in output


@pytest.mark.check
def test_prove_without_time(command: Command) -> None:
    """What was not proved in time was not proved: exit code 3."""
    code, output, _ = command("prove", "--timeout", "0.01")
    assert code == 3
    assert output == "SANY did not finish within 0.01 s\n"


@pytest.mark.check
def test_prove_without_an_unknown_conjunct(command: Command) -> None:
    """A name that the invariant has not is named, with those that it has: exit code 2."""
    code, output, errors = command("prove", "--without", "Rome")
    assert (code, output) == (2, "")
    assert "the invariant has no conjunct 'Rome': it has TypeOK, HistoryTypeOK, " in errors


def test_prove_without_z3(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, the message says what to install: exit code 2."""
    monkeypatch.setitem(sys.modules, "z3", None)
    for arguments in (("prove",), ("check", "--only", "proof/*")):
        code, _, errors = command(*arguments)
        assert code == 2
        assert "no Z3: install verified-barrier[check]" in errors


def test_missing_java(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing is named: exit code 2."""
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    code, output, errors = command("check", "--only", SAFETY.name)
    assert (code, output) == (2, "")
    assert errors.startswith("verified-barrier: JAVA_HOME is")


def test_check_that_needs_no_java(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Java is looked for only when it is needed."""
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert command("check", "--only", "table/names")[0] == 0


def test_missing_specification(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An installation without its models is named: exit code 2."""
    monkeypatch.setattr(checks, "MODELS", tmp_path / "models")
    code, _, errors = command("check")
    assert code == 2
    assert "manifest.toml cannot be read" in errors


def test_defect(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that nobody thought of is no verdict: exit code 2."""
    monkeypatch.setattr(checks, "check_names", lambda: 1 / 0)
    code, _, errors = command("check", "--only", "table/names")
    assert code == 2
    assert "ZeroDivisionError" in errors
    assert "this is a defect; nothing was shown" in errors


def test_version(command: Command) -> None:
    """It is that of the package."""
    assert command("--version") == (0, f"verified-barrier {version('verified-barrier')}\n", "")


def test_list(command: Command) -> None:
    """Every check is listed with what it shows; large ones are marked; none is run."""
    code, output, _ = command("check", "--list")
    assert code == 0
    lines = output.splitlines()
    assert len(lines) == len(MODEL_NAMES) + 6 + len(SAMPLES)
    large = [line for line in lines if line.split()[1] == "full"]
    large_models = sum(model.large for model in MODEL_NAMES.values())
    assert len(large) == large_models + sum(sample.large for sample in SAMPLES) + 3


@pytest.mark.check
@pytest.mark.parametrize("model", [SAFETY, FAULT, UNFAIR, LIVENESS], ids=lambda model: model.name)
def test_model_is_as_the_manifest_says(tlc: Tlc, model: Model) -> None:
    """Those that are changed in the next test."""
    assert check_model(model, tlc, 60.0).verdict is Verdict.AS_EXPECTED


@pytest.mark.check
@pytest.mark.parametrize(
    ("model", "changes", "said"),
    [
        (SAFETY, {"distinct": 81}, "distinct states: 80, where the manifest says 81"),
        (SAFETY, {"generated": 1}, "generated states: 359, where the manifest says 1"),
        (SAFETY, {"edges": 357}, "steps: 358, where the manifest says 357"),
        (SAFETY, {"never": ("TimeOut",)}, "never taken: ['ArriveAndAct', "),
        (SAFETY, {"violates": "TypeOK"}, "no property is violated, where TypeOK is to be"),
        (FAULT, {"violates": None}, "OneOutcome is violated, where no property is to be"),
        (FAULT, {"violates": "UniqueIndex"}, "OneOutcome is violated, where UniqueIndex is"),
        (FAULT, {"steps": 6}, "states in the counterexample: 5, where the manifest says 6"),
        (UNFAIR, {"violates": None}, "Crossing is violated, where no property is to be"),
        (UNFAIR, {"properties": ("Crossing", "Other")}, "a temporal property is violated, where"),
        (LIVENESS, {"module": "Barrier"}, "TLC: failed"),
        (LIVENESS, {"configuration": "SPECIFICATION FairSpec\n"}, "TLC: failed"),
    ],
)
def test_model_that_is_not_as_the_manifest_says(
    tlc: Tlc, model: Model, changes: dict[str, object], said: str
) -> None:
    """Verdict, property, counts and length are compared, each by itself."""
    report = check_model(replace(model, **changes), tlc, 60.0)  # type: ignore[arg-type]
    assert report.verdict is Verdict.UNEXPECTED
    assert report.details[0].startswith(said)


@pytest.mark.check
def test_specification_with_another_action_is_found(
    tlc: Tlc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change of the specification is found against the table, and the action is named."""
    for path in SPEC.glob("*.tla"):
        shutil.copy(path, tmp_path)
    text = (tmp_path / "Barrier.tla").read_text()
    changed = text.replace('/\\ phase\' = "RESETTING"', '/\\ phase\' = "FILLING"')
    assert changed != text
    (tmp_path / "Barrier.tla").write_text(changed)
    monkeypatch.setattr(checks, "SPEC", tmp_path)
    report = check_model(MODEL_NAMES["safety/1-party-1-thread-action"], tlc, 60.0)
    assert report.verdict is Verdict.UNEXPECTED
    assert any("ResetBreaking" in detail for detail in report.details)


CONTRACT = '''
def half(number: int) -> int:
    """Return half of a number.

    pre: number % 2 == 0
    post: __return__ * 2 == number
    post: __return__ <= number
    """
    return number // 2


def power(base: int, exponent: int) -> int:
    """Return a power.

    pre: exponent >= 0
    post: __return__ >= 0 or base < 0
    """
    result = 1
    for _ in range(exponent):
        result *= base
    return result


def twice(number: int) -> int:
    def nested() -> int:
        """Be overlooked.

        post: True
        """
        return 2 * number

    return nested()
'''


@pytest.mark.check
def test_contracts_are_confirmed_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Confirmed, refuted, neither, and passed over: only the first is as expected."""
    package = tmp_path / "with_contracts"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "numbers.py").write_text(CONTRACT)
    monkeypatch.syspath_prepend(tmp_path)
    found = confirm("with_contracts.numbers", timeout=5.0)
    assert found is not None
    assert [contract.confirmed for contract in found] == [True, False, False, False]
    assert found[1].text == "post: __return__ <= number"
    assert "false when calling half(" in found[1].verdict
    assert found[2].verdict == "Not confirmed."
    assert found[3].verdict.startswith("CrossHair said nothing of it: ")
    report = check_contracts("with_contracts.numbers", timeout=5.0)
    assert report.verdict is Verdict.UNEXPECTED
    assert report.summary == "3 of 4 not confirmed"


def test_contracts_assume_little() -> None:
    """The machine's assume no more than that the state is a valid one."""
    assumed = re.findall(r"^ *(pre: .*)$", machine.step.__doc__ or "", re.MULTILINE)
    assert assumed == [
        "pre: parties >= 1",
        "pre: is_valid(parties, state)",
        "pre: can_happen(state, event)",
    ]


@pytest.mark.check
@pytest.mark.parametrize(
    ("module", "old", "new", "broken"),
    [
        (machine, "else 0\n", "else state.arrived\n", "is_valid(parties, __return__.state)"),
        (contracted, "in TABLE.rows", "in TABLE.rows + TABLE.rows[:1]", "__return__ == (0 if"),
        (contracted, "return _until(deadline)", "return _until(deadline) - 1", "0 <= __return__"),
        *(
            pytest.param(*fault, marks=pytest.mark.full)
            for fault in (
                (
                    machine,
                    "arrived + 1 == parties, has",
                    "arrived + 2 == parties, has",
                    "_acts_after(",
                ),
                (
                    machine,
                    "return Step(state, None)",
                    "return Step(EMPTY, None)",
                    "__return__.row is not",
                ),
                (
                    machine,
                    "Step(State(phase, arrived), row)",
                    "Step(State(Phase.BROKEN, 0), row)",
                    "_PHASES",
                ),
                (contracted, "in TABLE.rows", "in TABLE.rows[:-2]", "__return__ == (0 if"),
                (
                    contracted,
                    "for guard in Guard)",
                    "for guard in [*Guard][1:])",
                    "__return__ == 2",
                ),
            )
        ),
    ],
)
def test_broken_contract_is_found(
    module: ModuleType,
    old: str,
    new: str,
    broken: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another step, a row too few or too many: a contract is not confirmed."""
    text = Path(module.__file__ or "").read_text()
    assert text.count(old) == 1
    package = tmp_path / "altered"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "functions.py").write_text(text.replace(old, new))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "altered", raising=False)  # that of the fault before
    found = confirm("altered.functions", timeout=50.0)
    assert found is not None
    assert any(broken in contract.text for contract in found if not contract.confirmed)


@pytest.mark.check
def test_contracts_of_a_module_without_any(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing to confirm is not a confirmation."""
    package = tmp_path / "without_contracts"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "numbers.py").write_text("def one() -> int:\n    return 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert check_contracts("without_contracts.numbers", timeout=5.0).verdict is Verdict.UNEXPECTED


@pytest.mark.check
def test_contracts_that_take_too_long_are_incomplete() -> None:
    """CrossHair that does not finish has shown nothing."""
    report = check_contracts("verified_barrier.machine", timeout=0.01)
    assert report.verdict is Verdict.INCOMPLETE


def test_contracts_without_crosshair(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, the message says what to install."""
    monkeypatch.setitem(sys.modules, "crosshair", None)
    with pytest.raises(SetupError, match=r"no CrossHair: install verified-barrier\[check\]"):
        confirm("verified_barrier.machine", timeout=5.0)
