"""What the checks leave with `--artifacts` is there, whole, and says what happened."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from verification.documents import documented
from verified_barrier import cli
from verified_barrier.verification import check_command
from verified_barrier.verification.check import Check, Report, Verdict, all_checks
from verified_barrier.verification.counterexample import as_changes, as_json, as_steps, as_text
from verified_barrier.verification.evidence import keep
from verified_barrier.verification.files import OutputError, claim_folder
from verified_barrier.verification.graph import parse_dump
from verified_barrier.verification.manifest import load_manifest
from verified_barrier.verification.resources import MODELS, SetupError
from verified_barrier.verification.running import folder_name
from verified_barrier.verification.tlc import Finding, TlcRun

MODEL_NAMES = {model.name: model for model in load_manifest(MODELS)}
FAULT = MODEL_NAMES["fault/abort-reaches-released"]
HEAD = ["check.json", "check.xml", "command.txt"]

OUTSIDE = """1: <Initial predicate>
/\\ phase = "FILLING"
/\\ index = (t1 :> -1 @@ t2 :> -1)
/\\ outcome = (t1 :> "NONE" @@ t2 :> "NONE")
/\\ pc = (t1 :> "OUTSIDE" @@ t2 :> "OUTSIDE")
/\\ arrived = 0
"""
CALLING = """2: <Call line 102, col 5 to line 104, col 51 of module Barrier>
/\\ phase = "FILLING"
/\\ index = (t1 :> -1 @@
  t2 :> -1)
/\\ outcome = (t1 :> "NONE" @@ t2 :> "NONE")
/\\ pc = (t1 :> "OUTSIDE" @@ t2 :> "CALLING")
/\\ arrived = 0
"""
ELSEWHERE = """3: <Odd line 1, col 5 to line 2, col 5 of module Odd>
/\\ n = 1
"""


def run(*states: str, ends: str = "") -> TlcRun:
    """Return a run that has found these states."""
    return TlcRun(Finding.INVARIANT_VIOLATED, "OneOutcome", 1, 1, states, ends, (), "", 0.0)


def test_counterexample_as_json() -> None:
    """Each state has the action that leads there, its variables, and the table's step."""
    fields = json.loads(as_json(FAULT, run(OUTSIDE, CALLING)))
    assert fields["constants"] == {"Parties": 2, "Threads": 2, "HasAction": False}
    assert (fields["violated"], fields["then"], fields["back_to"]) == ("OneOutcome", "ends", None)
    first, second = fields["states"]
    assert (first["action"], first["where"], first["table"]) == (None, None, None)
    assert second == {
        "number": 2,
        "action": "Call",
        "where": "line 102, col 5 to line 104, col 51 of module Barrier",
        "variables": {
            "phase": '"FILLING"',
            "index": "(t1 :> -1 @@\n  t2 :> -1)",
            "outcome": '(t1 :> "NONE" @@ t2 :> "NONE")',
            "pc": '(t1 :> "OUTSIDE" @@ t2 :> "CALLING")',
            "arrived": "0",
        },
        "table": [{"action": "Call", "thread": "t2"}],
    }


def test_counterexample_with_a_step_that_the_table_has_not() -> None:
    """None is listed; of states of another module, nothing is said."""
    changed = OUTSIDE.replace("FILLING", "TRIPPING")
    states = json.loads(as_json(FAULT, run(OUTSIDE, changed, ELSEWHERE)))["states"]
    assert [state["table"] for state in states] == [None, [], None]
    assert states[2]["variables"] == {"n": "1"}


@pytest.mark.parametrize(
    ("ends", "then", "back_to"),
    [
        ("3: Stuttering", "stutters", None),
        ("1: Back to state: <Call line 1, col 2 of module Barrier>\n", "goes back", 1),
    ],
)
def test_counterexample_without_end(ends: str, then: str, back_to: int | None) -> None:
    """What follows for ever is told, as text, too."""
    fields = json.loads(as_json(FAULT, run(OUTSIDE, CALLING, ends=ends)))
    assert (fields["then"], fields["back_to"]) == (then, back_to)
    text = as_text(run(OUTSIDE, CALLING, ends=ends))
    assert text == f"{OUTSIDE}\n{CALLING}\n{ends.strip()}\n"


def test_counterexample_in_an_initial_state() -> None:
    """TLC prints it with the violation, and without a number."""
    text = "Invariant TypeOK is violated by the initial state:\n/\\ arrived = 7\n/\\ phase = 1\n"
    (state,) = json.loads(as_json(FAULT, run(text)))["states"]
    assert state["variables"] == {"arrived": "7", "phase": "1"}
    assert [*as_changes(run(text))] == [
        *("in the beginning:", "    /\\ arrived = 7", "    /\\ phase = 1"),
    ]


BEGINNING = [
    "in the beginning:",
    '    /\\ phase = "FILLING"',
    "    /\\ index = (t1 :> -1 @@ t2 :> -1)",
    '    /\\ outcome = (t1 :> "NONE" @@ t2 :> "NONE")',
    '    /\\ pc = (t1 :> "OUTSIDE" @@ t2 :> "OUTSIDE")',
    "    /\\ arrived = 0",
]
AFTER_CALLING = '    /\\ pc = (t1 :> "OUTSIDE" @@ t2 :> "CALLING")'


def test_counterexample_in_steps() -> None:
    """Where it begins and ends is shown whole, and of each step only what it changes."""
    assert [*as_changes(run(OUTSIDE, CALLING))] == [
        *BEGINNING,
        '  1. Call: pc[t2] = "CALLING"',
        *("in the end:", *BEGINNING[1:4], AFTER_CALLING, BEGINNING[5]),
    ]
    assert [*as_changes(run())] == []


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ("3: Stuttering", "     and so it stays for ever"),
        ("1: Back to state: <Leave line 1, col 2 of module Barrier>\n", "in the beginning"),
        ("2: Back to state: <Leave line 1, col 2 of module Barrier>\n", "after step 1"),
    ],
)
def test_counterexample_without_end_in_steps(ends: str, said: str) -> None:
    """Its last state is none, and what follows for ever is told."""
    if "Back" in ends:
        said = f"  2. Leave: as {said}, and so on for ever"
    steps = ['  1. Call: pc[t2] = "CALLING"', said]
    assert [*as_changes(run(OUTSIDE, CALLING, ends=ends))] == [*BEGINNING, *steps]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("n = 1", "n = 1", "no change"),
        ("n = 1", "n = 2", "n = 2"),  # the only variable of its module
        ("/\\ f = (a :> 1 @@ b :> 1)", "/\\ f = (a :> 1 @@ b :> 2)", "f[b] = 2"),
        ("/\\ f = (a :> 1)", "/\\ f = (a :> 1 @@\n  b :> 2)", "f = (a :> 1 @@ b :> 2)"),
        (
            "/\\ f = (a :> (c :> 1 @@ d :> 1) @@ b :> 3)",
            "/\\ f = (a :> (c :> 1 @@ d :> 2) @@ b :> 3)",
            "f = (a :> (c :> 1 @@ d :> 2) @@ b :> 3)",
        ),
        (
            "/\\ s = {(a :> 1 @@ b :> 1)}",
            "/\\ s = {(a :> 1 @@ b :> 2)}",
            "s = {(a :> 1 @@ b :> 2)}",
        ),
    ],
)
def test_change_of_a_variable(before: str, after: str, said: str) -> None:
    """Of a function, for which arguments; of anything else, what it is now."""
    states = f"1: <Initial predicate>\n{before}\n", f"2: <Go(1) line 1 of module M>\n{after}\n"
    assert [*as_steps(run(*states))] == [f"  1. Go: {said}"]


def test_counterexample_is_as_documented() -> None:
    """`docs/check.md` has each field, and no other."""
    fields = json.loads(as_json(FAULT, run(OUTSIDE, CALLING)))
    states = [f"states[].{name}" for name in fields.pop("states")[0]]
    assert sorted(documented("JSON of a counterexample")) == sorted([*fields, *states])


@pytest.fixture
def some_checks(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make the command have these checks, which run so."""

    def make(**runs: Callable[[float], Report]) -> None:
        found = [Check(f"some/{name}", name, False, run) for name, run in runs.items()]
        monkeypatch.setattr(check_command, "all_checks", lambda _find: found)

    return make


def fine(_timeout: float) -> Report:
    """Leave something, and be as expected."""
    keep("what.txt", "that\n")
    return Report(Verdict.AS_EXPECTED, "fine")


def wrong(_timeout: float) -> Report:
    """Leave something, and be unexpected."""
    keep("what.txt", "other")
    return Report(Verdict.UNEXPECTED, "wrong", ["one", "two"])


def test_folder_for_each_check(some_checks: Callable[..., None], tmp_path: Path) -> None:
    """It holds the report, and what was kept; the results stand beside it."""
    some_checks(fine=fine, wrong=wrong)
    folder = tmp_path / "new" / "artifacts"
    assert cli.main(["check", "--artifacts", str(folder)]) == 1
    assert sorted(path.name for path in folder.iterdir()) == [*HEAD, "some.fine", "some.wrong"]
    assert (folder / "some.fine" / "report.txt").read_text() == "ok\nfine\n"
    assert (folder / "some.fine" / "what.txt").read_text() == "that\n"
    assert (folder / "some.wrong" / "report.txt").read_text() == "FAILED\nwrong\none\ntwo\n"
    assert json.loads((folder / "check.json").read_text())["counts"]["unexpected"] == 1
    assert ElementTree.parse(folder / "check.xml").getroot().get("tests") == "2"  # noqa: S314


def test_defect_keeps_what_there_is(some_checks: Callable[..., None], tmp_path: Path) -> None:
    """What was left until then stays, under its name."""

    def broken(_timeout: float) -> Report:
        keep("what.txt", "until then")
        raise SetupError("something is missing")

    some_checks(fine=fine, broken=broken)
    assert cli.main(["check", "--artifacts", str(tmp_path)]) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("command.txt", "some.broken", "some.fine"),
    ]
    assert (tmp_path / "some.broken" / "what.txt").read_text() == "until then\n"


def test_folder_that_is_not_empty_is_refused(
    some_checks: Callable[..., None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing runs, and nothing in it is touched."""
    some_checks(fine=fine)
    (tmp_path / "mine").write_text("mine")
    assert cli.main(["check", "--artifacts", str(tmp_path)]) == 2
    assert capsys.readouterr() == (
        "",
        f"verified-barrier: {tmp_path} is not empty, and nothing in it is overwritten: name a "
        "folder that is new or empty\n",
    )
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_folder_that_cannot_be_is_refused(
    some_checks: Callable[..., None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is named, with the reason."""
    some_checks(fine=fine)
    (tmp_path / "file").touch()
    for folder, why in (
        (tmp_path / "file", "is a file: name a folder that is new or empty"),
        (
            tmp_path / "file" / "in",
            f"cannot be written: {tmp_path / 'file'} is no folder: name another",
        ),
    ):
        assert cli.main(["check", "--artifacts", str(folder)]) == 2
        output, errors = capsys.readouterr()
        assert output == ""
        assert errors == f"verified-barrier: {folder} {why}\n"


def test_folder_is_taken_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two that find it empty at the same moment, one is refused."""
    claim_folder(tmp_path, {"command.txt": "one"})
    with monkeypatch.context() as patched:
        patched.setattr(Path, "iterdir", lambda _self: iter(()))
        with pytest.raises(OutputError, match="cannot be written: File exists"):
            claim_folder(tmp_path, {"command.txt": "other"})
    assert (tmp_path / "command.txt").read_text() == "one"


def test_folders_of_all_checks_differ() -> None:
    """No name makes two folders one, or leads out of the folder."""
    checks = all_checks(lambda: pytest.fail("nothing is run"))
    names = [folder_name(check) for check in checks]
    assert len(set(names)) == len(checks)
    assert all(name.replace(".", "-").replace("-", "").isalnum() for name in names)


def files(folder: Path) -> list[str]:
    """Return the names of the files in a folder."""
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.check
def test_what_tlc_leaves(caches: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its output, what it was told, the graph, and the counterexample that there must be."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(caches))
    names = ("safety/1-party-1-thread", FAULT.name)
    chosen = [c for c in all_checks(cli._tlc()) if c.name in names]
    monkeypatch.setattr(check_command, "all_checks", lambda _find: chosen)
    folder = tmp_path / "artifacts"
    assert cli.main(["check", "--artifacts", str(folder)]) == 0
    safety, fault = folder / "safety.1-party-1-thread", folder / "fault.abort-reaches-released"
    told = ["cfg", "command.txt", "dot", "log", "tla"]
    assert files(safety) == [*(f"Barrier.{ending}" for ending in told), "report.txt"]
    told = ["cfg", "command.txt", "log", "tla", "trace.json", "trace.txt"]
    assert files(fault) == [*(f"BarrierFaults.{ending}" for ending in told), "report.txt"]

    assert len(parse_dump((safety / "Barrier.dot").read_text()).edges) == 20
    log = (fault / "BarrierFaults.log").read_text()
    assert log.startswith("@!@!@STARTMSG 2262")
    assert "ENDMSG 2186 @!@!@\n" in log[-30:]
    command = shlex.split((fault / "BarrierFaults.command.txt").read_text())
    assert command[-3:] == ["-config", "BarrierFaults.cfg", "BarrierFaults"]
    assert command[command.index("-lncheck") + 1] == "final"  # see test_slow_run_finds_the_same
    assert (fault / "BarrierFaults.cfg").read_text() == FAULT.configuration
    trace = json.loads((fault / "BarrierFaults.trace.json").read_text())
    assert len(trace["states"]) == FAULT.steps
    # The table has each step but the one that is the fault.
    steps = [[step["action"] for step in state["table"]] for state in trace["states"][1:]]
    assert steps[-1] == []
    assert all(len(found) == 1 for found in steps[:-1])
    assert "5: <HistoryNext" in (fault / "BarrierFaults.trace.txt").read_text()


@pytest.mark.check
def test_what_a_run_without_time_leaves(tmp_path: Path, caches: Path) -> None:
    """What TLC said until then."""
    arguments = ["check", "--only", "safety/1-party-1-thread", "--timeout", "0.05"]
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(caches))
        assert cli.main([*arguments, "--artifacts", str(tmp_path / "artifacts")]) == 3
    folder = tmp_path / "artifacts" / "safety.1-party-1-thread"
    assert (folder / "report.txt").read_text().startswith("INCOMPLETE\n")
    assert {"Barrier.cfg", "Barrier.log", "Barrier.command.txt"} <= set(files(folder))


def test_nothing_is_kept_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody wants it, what is kept is dropped."""
    monkeypatch.chdir(tmp_path)
    keep("what.txt", "that")
    assert list(tmp_path.iterdir()) == []


def test_violated_property_that_tlc_does_not_name() -> None:
    """It is the one that there is; of several, nobody knows which."""
    unnamed = replace(run(OUTSIDE), violated=None)
    for properties, violated in ((("Crossing",), "Crossing"), (("Crossing", "Other"), None)):
        model = replace(FAULT, properties=properties)
        assert json.loads(as_json(model, unnamed))["violated"] == violated
