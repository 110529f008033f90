"""Models of one's own are checked like those of the specification, which they may extend."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from verified_barrier import cli
from verified_barrier.table import TABLE
from verified_barrier.verification.check import Verdict, check_model
from verified_barrier.verification.manifest import load_manifest
from verified_barrier.verification.resources import SPEC, SetupError, read_modules
from verified_barrier.verification.tlc import Finding

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "models"

MODULE = r"""---- MODULE Meeting ----
EXTENDS BarrierCalls
CONSTANT Meetings
VARIABLE met
MeetingInit == Init /\ met = [t \in Threads |-> 0]
Meet(t) == Returns(t) /\ met' = [met EXCEPT ![t] = met[t] + 1]
Calls(t) == met[t] < Meetings /\ Call(t) /\ UNCHANGED met
Inside(t) == GoesOn(t) /\ UNCHANGED met
Rest == (\A t \in Threads : met[t] = Meetings) /\ UNCHANGED <<vars, met>>
MeetingNext == Rest \/ \E t \in Threads : Calls(t) \/ Inside(t) \/ Meet(t)
MeetingSpec == MeetingInit /\ [][MeetingNext]_<<vars, met>>
InStep == \A t, u \in Threads : met[t] <= met[u] + 1
Never == \A t \in Threads : met[t] < Meetings
Grows == [][\A t \in Threads : met'[t] >= met[t]]_met
====
"""

MANIFEST = """
[[group]]
name = "meeting"
module = "Meeting"
cfg = "meeting.cfg"
shows = "threads meet again and again"
[[group.models]]
name = "two"
constants = { Parties = 2, Threads = 2, HasAction = false, Meetings = 2 }
size = "small"
distinct = 37
generated = 58
"""

FIGURES = "distinct = 37\ngenerated = 58\n"

Check = Callable[..., tuple[int, str, str]]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder with a model of one's own."""
    (tmp_path / "Meeting.tla").write_text(MODULE)
    (tmp_path / "meeting.cfg").write_text("SPECIFICATION MeetingSpec\nINVARIANT InStep\n")
    (tmp_path / "manifest.toml").write_text(MANIFEST)
    return tmp_path


@pytest.fixture
def check(
    own: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Check:
    """Check that folder; return exit code, output and errors."""
    if request.node.get_closest_marker("check"):
        monkeypatch.setenv("XDG_CACHE_HOME", str(request.getfixturevalue("caches")))

    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(["check", "--manifest", str(own), *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def change(file: Path, old: str, new: str) -> None:
    """Change the text of a file in one place."""
    text = file.read_text()
    assert text.count(old) == 1
    file.write_text(text.replace(old, new))


def details(output: str) -> str:
    """Return what is said below the first line."""
    return "\n".join(output.splitlines()[1:-1])


@pytest.mark.check
def test_model_of_ones_own(own: Path, check: Check) -> None:
    """It finds the specification by itself; what the first run says can be written in."""
    change(own / "manifest.toml", FIGURES, "")
    code, output, _ = check()
    assert code == 1
    assert output.startswith("FAILED      meeting/two")
    assert details(output) == (
        "    the manifest says nothing of distinct and generated; TLC found distinct = 37, "
        "generated = 58: write that into it, if it is what must come of the model"
    )
    with (own / "manifest.toml").open("a") as manifest:
        manifest.writelines(f"{figure}\n" for figure in re.findall(r"\w+ = \d+", output))
    shutil.copy(SPEC / "Barrier.tla", own)  # what was copied, and left as it is, changes nothing
    code, output, _ = check()
    assert code == 0
    assert re.fullmatch(
        r"ok          meeting/two    +\d+\.\d s  37 states, 58 generated; holds: InStep\n"
        r"1 as expected, 0 unexpected, 0 incomplete, in \d+ s\n",
        output,
    )


def test_nothing_else_is_checked(check: Check) -> None:
    """Neither our models nor our contracts."""
    code, output, _ = check("--list")
    assert (code, output) == (0, "meeting/two        threads meet again and again\n")


@pytest.mark.check
@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        (
            "Meeting.tla",
            "MeetingNext == Rest \\/",
            "MeetingNext ==",
            "deadlock: nothing can happen in the end; if that is where it may end, allow a step "
            'that changes nothing there\n    in the beginning:\n        /\\ phase = "FILLING"\n',
        ),
        (
            "manifest.toml",
            ", Meetings = 2",
            "",
            "TLC: failed\n    The constant parameter Meetings is not assigned a value by",
        ),
        (
            "manifest.toml",
            'size = "small"',
            'size = "small"\nreplace = { Meat = "Meet" }',
            "TLC: failed\n    In the configuration file, the identifier Meat does not appear",
        ),
        (
            "manifest.toml",
            'size = "small"',
            'size = "small"\nreplace = { Meet = "Meat" }',
            "TLC: failed\n    The configuration file substitutes for Meet with the undefined",
        ),
        (
            "Meeting.tla",
            "Never == ",
            "Never == )",
            "TLC: failed\n    ***Parse Error***\n",
        ),
        (
            "Meeting.tla",
            "VARIABLE met",
            "VARIABLE met\nASSUME Meetings = 3",
            "TLC: assumption violated\n    Assumption line 5, col 8 to line 5, col 19 of module ",
        ),
    ],
    ids=["deadlock", "constant", "replaced", "replacement", "syntax", "assumption"],
)
def test_mistake_in_a_model_is_explained(
    own: Path, check: Check, file: str, old: str, new: str, says: str
) -> None:
    """What TLC says of it comes first: that model has failed, and the others are checked."""
    other = MANIFEST[MANIFEST.index("[[group.models]]") :].replace('"two"', '"other"')
    change(own / file, old, new)
    if file == "manifest.toml":
        with (own / file).open("a") as manifest:
            manifest.write(other)
    code, output, _ = check()
    assert code == 1
    assert output.startswith("FAILED      meeting/two")
    assert details(output).startswith(f"    {says}")
    assert ("\nok          meeting/other" in output) == (file == "manifest.toml")


class Found:
    """A TLC that has found something."""

    def __init__(self, finding: Finding, violated: str | None = None, steps: int = 0) -> None:
        self.result = SimpleNamespace(
            finding=finding,
            violated=violated,
            distinct=37,
            generated=58,
            trace=tuple(f"{n}: <Meet line 9>\n/\\ met = {n}\n" for n in range(1, steps + 1)),
            ends="",
        )

    def run(self, *_: object) -> SimpleNamespace:
        return self.result


HOLDS = Found(Finding.HOLDS)
VIOLATED = Found(Finding.INVARIANT_VIOLATED, "InStep", 5)
NEVER = Found(Finding.TEMPORAL_PROPERTY_VIOLATED, None, 5)
VIOLATES = 'violates = "InStep"\n'


@pytest.mark.parametrize(
    ("entry", "found", "says"),
    [
        (FIGURES, HOLDS, []),
        ("", HOLDS, ["nothing of distinct and generated; TLC found distinct = 37, generated = 58"]),
        ("distinct = 37\n", HOLDS, ["the manifest says nothing of distinct and generated; TLC"]),
        ("generated = 58\n", HOLDS, ["the manifest says nothing of distinct and generated; TLC"]),
        (
            "distinct = 38\ngenerated = 59\n",
            HOLDS,
            ["distinct states: 37, where the manifest says 38", "generated states: 58, where the"],
        ),
        (
            FIGURES,
            VIOLATED,
            ["InStep is violated, where no property is to be violated", "in the b"],
        ),
        (VIOLATES + FIGURES, HOLDS, ["no property is violated, where InStep is to be violated"]),
        (VIOLATES + "steps = 5\n", VIOLATED, []),
        (VIOLATES + FIGURES, VIOLATED, []),
        (VIOLATES, VIOLATED, ["the manifest says nothing of steps; TLC found steps = 5: write"]),
        (VIOLATES + "steps = 6\n", VIOLATED, ["counterexample: 5, where the manifest says 6"]),
        (VIOLATES + FIGURES, NEVER, []),
        (VIOLATES, NEVER, ["nothing of distinct and generated; TLC found distinct = 37, gen"]),
    ],
)
def test_verdict_and_figures_are_compared(
    own: Path, entry: str, found: Found, says: list[str]
) -> None:
    """A figure that the manifest does not say is told, and the check has not passed."""
    change(own / "manifest.toml", FIGURES, entry)
    (model,) = load_manifest(own)
    report = check_model(model, found, 1.0)  # type: ignore[arg-type]
    assert report.verdict is (Verdict.UNEXPECTED if says else Verdict.AS_EXPECTED)
    for said, detail in zip(says, report.details, strict=False):
        assert said in detail
    assert len(report.details) >= len(says)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            'module = "Meeting"',
            'module = "Meeting2"',
            r"meeting/two: there is no Meeting2\.tla in .*, and none in the specification",
        ),
        ("Meetings = 2", "Meetings = 2, Meatings = 3", "meeting/two: no module has a constant Mea"),
        (
            FIGURES,
            FIGURES + 'compare = { with = "other/one", without = [], pairs = 1, events = 1 }\n'
            '[[group]]\nname = "other"\nmodule = "Barrier"\ncfg = "meeting.cfg"\nshows = "it"\n'
            '[[group.models]]\nname = "one"\nsize = "small"\nedges = 1\n'
            "constants = { Parties = 2, Threads = 2, HasAction = false, Meetings = 2 }\n",
            "meeting/two: what can be observed is known of the modules of the specification alone",
        ),
        ("[[group]]", "[group]", "cannot be read: its groups must begin with"),
    ],
)
def test_manifest_that_cannot_be_used(
    own: Path, check: Check, old: str, new: str, says: str
) -> None:
    """It is named before anything runs: exit code 2."""
    change(own / "manifest.toml", old, new)
    code, output, errors = check()
    assert (code, output) == (2, "")
    assert re.search(says, errors)


def test_folder_without_a_manifest(own: Path, check: Check) -> None:
    """It is named: exit code 2."""
    (own / "manifest.toml").unlink()
    code, _, errors = check()
    assert code == 2
    assert f"{own / 'manifest.toml'} cannot be read" in errors


def test_altered_copy_of_the_specification_is_refused(own: Path, check: Check) -> None:
    """Nobody could tell which of the two was checked: exit code 2."""
    (own / "Barrier.tla").write_text((SPEC / "Barrier.tla").read_text().replace("Woken", "Woke"))
    code, output, errors = check()
    assert (code, output) == (2, "")
    assert "differs from the Barrier.tla of this verified-barrier: remove it" in errors
    with pytest.raises(SetupError, match="give it another name"):
        read_modules(SPEC, own)
    (own / "Barrier.tla").write_bytes(b"\xff")
    with pytest.raises(SetupError, match=r"Barrier\.tla cannot be read: 'utf-8' codec"):
        read_modules(SPEC, own)


CALLS = (SPEC / "BarrierCalls.tla").read_text()


def unspoken(text: str) -> list[str]:
    """Return the actions of the barrier that a program has no word for, or more than one."""
    code = re.sub(r"\\\*[^\n]*|\(\*.*?\*\)", "", text, flags=re.DOTALL)
    said = re.findall(r"^Call|\w+(?=\(t\)$)|(?<=\\/ )\w+$", code, re.MULTILINE)
    said += ["Call", "TimeOut"]  # words of Barrier.tla that serve as they are
    wanted = {row.action: 2 if row.action == "Leave" else 1 for row in TABLE.rows}
    return [action for action, times in wanted.items() if said.count(action) != times]


def test_there_is_a_word_for_each_action() -> None:
    """A program can be modelled that meets with whatever the barrier does; `Leave' is two words."""
    assert unspoken(CALLS) == []


@pytest.mark.parametrize(
    ("old", "new", "action"),
    [
        ("    \\/ ArriveHeld(t)\n", "", "ArriveHeld"),
        ("    \\/ ResetAgain\n", "    \\* \\/ ResetAgain\n", "ResetAgain"),
        ("    \\/ ActionRaised(t)\n", "    \\/ ActionReturned(t)\n", "ActionReturned"),
    ],
)
def test_missing_word_is_found(old: str, new: str, action: str) -> None:
    """One that is left out, or there twice."""
    assert CALLS.count(old) == 1
    assert action in unspoken(CALLS.replace(old, new))


def test_every_property_of_the_examples_can_fail() -> None:
    """Each holds in a model, and is violated in another."""
    models = load_manifest(EXAMPLES)
    holds = {name for model in models if model.violates is None for name in model.properties}
    assert holds == {model.violates for model in models} - {None}
    assert holds == {"TestedApart", "SameSweep", "AllLeave", "AllEnd"}


def test_every_file_of_the_examples_is_used() -> None:
    """No module and no cfg lies about that no model checks."""
    manifest = (EXAMPLES / "manifest.toml").read_text()
    assert all(f'"{path.name}"' in manifest for path in EXAMPLES.glob("*.cfg"))
    assert {model.module for model in load_manifest(EXAMPLES)} == {
        path.stem for path in EXAMPLES.glob("*.tla")
    }
