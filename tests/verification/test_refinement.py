"""The proof of the shell of locks proves what holds, and nothing else.

The tests look at the actions that are soon proved; `make check-full` proves all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("z3", reason="needs the extra `check`")

from verified_barrier.verification.graph import read_dump
from verified_barrier.verification.manifest import load_manifest
from verified_barrier.verification.proof import proving, refinement
from verified_barrier.verification.proof.invariant import (
    BEGINNING,
    Deadline,
    Obligation,
    Status,
    conjuncts,
)
from verified_barrier.verification.proof.proving import (
    check_locks_invariant,
    check_locks_refinement,
    judged_locks,
)
from verified_barrier.verification.proof.refinement import INVARIANT, LOCKS, REFINES, Refinement
from verified_barrier.verification.proof.sany import Module, parse
from verified_barrier.verification.proof.values import TranslationError
from verified_barrier.verification.report import Verdict
from verified_barrier.verification.resources import MODELS, SPEC, read_modules
from verified_barrier.verification.tlc import Finding, Tlc

pytestmark = [pytest.mark.check, pytest.mark.xdist_group("proof")]

QUICK = ("Wake", "HeldAcquires", "Acquires", "AcquireTimesOut", "Except", "Command")
"""Actions whose proofs take a second."""


def parsed(modules: Mapping[str, str], tlc: Tlc, name: str = LOCKS) -> Module:
    module = parse(name, modules, tlc, 60.0)
    assert module is not None
    return module


def changed(old: str, new: str, file: str = "BarrierLocks.tla") -> dict[str, str]:
    """The specification with another text in one place."""
    modules = read_modules(SPEC)
    assert modules[file].count(old) == 1, f"{old} is not once in {file}"
    modules[file] = modules[file].replace(old, new)
    return modules


def found(module: Module, *actions: str, without: Sequence[str] = ()) -> list[Obligation]:
    """What comes of some actions."""
    proofs = Refinement(module, Deadline(50.0), without)
    return [*proofs.keeps(actions), *proofs.refines(actions)]


def open_ones(obligations: Sequence[Obligation]) -> set[str]:
    return {one.conjunct for one in obligations if one.status is not Status.PROVED}


def is_open(proofs: Refinement, action: str, conjunct: str) -> bool:
    """Whether one obligation is not proved."""
    if conjunct == REFINES:
        (one,) = proofs.refines([action])
    else:
        (one,) = proofs.keeps([action], [conjunct])
    return one.status is not Status.PROVED


@pytest.fixture(scope="module")
def module(tlc: Tlc) -> Module:
    return parsed(read_modules(SPEC), tlc)


def test_beginning_and_quick_actions_are_proved(module: Module) -> None:
    """One obligation for each of them and each conjunct, and one for the refinement."""
    obligations = found(module, BEGINNING, *QUICK)
    names = {(one.step, one.conjunct) for one in obligations}
    expected = [*conjuncts(module, INVARIANT), REFINES]
    assert names == {(step, name) for step in (BEGINNING, *QUICK) for name in expected}
    assert len(obligations) == len(names)
    assert open_ones(obligations) == set()


def test_call_is_a_call(module: Module) -> None:
    """A step that is seen is proved to be the step of Barrier.tla that it is."""
    proofs = Refinement(module, Deadline(50.0))
    (one,) = proofs.refines(["Call"])
    assert one.status is Status.PROVED
    assert proofs.seen_as == {"Call": ["Call"]}
    assert proofs.happens == {"Call": True}


@pytest.mark.parametrize(
    ("conjunct", "action", "broken"),
    [
        ("BlocksInPlace", "AcquireTimesOut", "StepsInPlace"),
        ("EffectsAtWake", "Wake", "LocksTypeOK"),
        pytest.param("DoneAreGone", "Unlock", REFINES, marks=pytest.mark.full),
        pytest.param("FreshCalls", "Call", REFINES, marks=pytest.mark.full),
        pytest.param("LeavesInPlace", "Leave", REFINES, marks=pytest.mark.full),
    ],
)
def test_conjunct_that_is_left_out_is_missed(
    conjunct: str, action: str, broken: str, module: Module
) -> None:
    """Without it, something is not proved."""
    proofs = Refinement(module, Deadline(50.0), [conjunct])
    assert is_open(proofs, action, broken)


FAULTS = {
    "HeldAcquires": ("HeldAcquiresAndLeaves", "LeavingIsReleased"),
    "AcquireTimesOut": ("AcquireTimesOutMisspelt", "LocksTypeOK"),
    "Except": ("ExceptForgets", REFINES),
    "Unlock": ("UnlockUnlessActing", "LockIsHeld"),
    "Then": ("ThenTimedOutLeaves", "LeavesInPlace"),
}
"""Some of the faults of spec/BarrierLocksFaults.tla: what each replaces, and what is not kept."""


@pytest.mark.parametrize(
    "replaced",
    [pytest.param(name, marks=[pytest.mark.full] * (name != "HeldAcquires")) for name in FAULTS],
)
def test_fault_is_not_proved(replaced: str, tlc: Tlc) -> None:
    """A shell of locks that is almost right is not proved to be right."""
    fault, broken = FAULTS[replaced]
    modules = read_modules(SPEC)
    modules["Both.tla"] = f"---- MODULE Both ----\nEXTENDS {LOCKS}, BarrierLocksFaults\n===="
    module = parsed(modules, tlc, "Both")
    definitions = {**module.definitions, replaced: module.definitions[fault]}
    module = replace(module, definitions=definitions)
    action = "Unlock" if replaced == "Then" else replaced
    assert is_open(Refinement(module, Deadline(50.0)), action, broken)


@pytest.mark.parametrize(
    ("old", "new", "action", "broken"),
    [
        ("effects' = Tail(effects)", "effects' = effects", "Wake", "EffectsApart"),
        pytest.param(
            "\n    /\\ Ends(CallOf(t))\n", "\n    /\\ UNCHANGED <<shut, locals, calls, outcome>>\n",
            "Leave", "FreshCalls", marks=pytest.mark.full),
        ("    /\\ arrived    = 0\n", "    /\\ arrived    = 1\n", BEGINNING, REFINES),
        pytest.param(
            '    /\\ event\' = [event EXCEPT ![t] = None]\n    /\\ Goes(t, "except")',
            '    /\\ event\' = [event EXCEPT ![t] = "RAISED"]\n    /\\ Goes(t, "except")',
            "Interrupt", "EventFits", marks=pytest.mark.full),
    ],
    ids=["woken-twice", "never-ends", "wrong-beginning", "wrong-event"],
)  # fmt: skip
def test_wrong_step_is_not_proved(old: str, new: str, action: str, broken: str, tlc: Tlc) -> None:
    """A text that is wrong in one place."""
    module = parsed(changed(old, new), tlc)
    assert is_open(Refinement(module, Deadline(50.0)), action, broken)


@pytest.mark.full
def test_step_that_is_seen_wrongly_is_not_proved(tlc: Tlc) -> None:
    """A waiter that takes its lock may not be seen to be outside already."""
    module = parsed(
        changed(
            '    /\\ shut\' = shut \\cup {CallOf(t)}\n    /\\ Goes(t, "leave")\n'
            "    /\\ UNCHANGED <<fields, lock, left, locals, number",
            '    /\\ shut\' = shut \\cup {CallOf(t)}\n    /\\ Goes(t, "leave")\n'
            "    /\\ gone' = gone \\cup {<<t, 3 - number[t]>>}\n"
            "    /\\ UNCHANGED <<fields, lock, left, location, mine, number",
        ),
        tlc,
    )
    assert is_open(Refinement(module, Deadline(50.0)), "Acquires", REFINES)


@pytest.mark.full
def test_case_that_is_not_covered_is_not_proved(tlc: Tlc) -> None:
    """Where the text does not say what happens, nothing is proved."""
    text = "[] OTHER ->\n                /\\ Goes(t, IF t = Other"
    module = parsed(changed(text, text.replace("OTHER", "t # Other")), tlc)
    proofs = Refinement(module, Deadline(50.0))
    assert is_open(proofs, "Unlock", "IsOpen")
    assert is_open(proofs, "Unlock", REFINES)


def test_action_that_cannot_happen_is_said(tlc: Tlc) -> None:
    """It keeps everything, and the proof is incomplete nevertheless."""
    text = '/\\ pc[t] = "action"\n    /\\ event\' = [event EXCEPT ![t] = "ACTION_RETURNED"]'
    module = parsed(changed(text, text.replace('"action"', '"asleep"')), tlc)
    proofs = Refinement(module, Deadline(50.0))
    obligations = [*proofs.keeps(["ActionReturns"]), *proofs.refines(["ActionReturns"])]
    assert open_ones(obligations) == set()
    report = judged_locks(obligations, proofs.happens)
    assert report.verdict is Verdict.INCOMPLETE
    assert report.details == ["ActionReturns: no state of the invariant allows it"]


def test_nothing_to_be_shown_is_no_proof(module: Module, monkeypatch: pytest.MonkeyPatch) -> None:
    """A goal that is taken apart into nothing is noticed."""

    def nothing(*_: Any) -> Iterator[Any]:
        return iter(())

    monkeypatch.setattr(refinement, "goals", nothing)
    for run in (Refinement.keeps, Refinement.refines):
        with pytest.raises(TranslationError, match="there is nothing to be shown"):
            list(run(Refinement(module, Deadline(50.0)), ["Wake"]))


def test_no_time_proves_nothing(module: Module) -> None:
    """What Z3 did not get to is not proved."""
    proofs = Refinement(module, Deadline(0.0))
    obligations = [*proofs.keeps(["Wake"]), *proofs.refines(["Wake"])]
    assert {REFINES, "EffectsApart"} <= open_ones(obligations)
    report = judged_locks(obligations, proofs.happens)
    assert report.verdict is Verdict.INCOMPLETE
    assert f"Wake, {REFINES}: not proved" in report.details


@pytest.mark.parametrize("check", [check_locks_invariant, check_locks_refinement])
def test_checks_without_time_are_incomplete(check: Any, tlc: Tlc) -> None:
    """No check of the proof passes by its time limit."""
    assert check(tlc, 0.01).verdict is Verdict.INCOMPLETE


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Spec == Init /\\ [][Next]_vars", "Spec == Init /\\ [][Next]_fields", "Spec must be"),
        ("<<fields, lock, left, shut, locals, pc, number, event, due, effects>>\n\nNoCall",
         "<<fields, lock, left, shut, locals, pc, number, event, due>>\n\nNoCall", "not in vars"),
        ("[][UNCHANGED Seen!vars \\/ Seen!Next]", "[][UNCHANGED fields \\/ Seen!Next]",
         "must be UNCHANGED Seen!vars"),
        ("    \\/ \\E t \\in Threads : Leave(t)", "    \\/ \\A t \\in Threads : Leave(t)",
         "a named action"),
    ],
)  # fmt: skip
def test_specification_of_another_form(
    old: str, new: str, said: str, tlc: Tlc, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is put together in another way is not proved as if it were not."""
    monkeypatch.setattr(proving, "read_modules", lambda _: changed(old, new))
    report = check_locks_invariant(tlc, 50.0)
    assert report.verdict is Verdict.UNEXPECTED
    assert said in report.details[0]


@pytest.mark.full
def test_tlc_takes_every_action(module: Module, tlc: Tlc, tmp_path: Path) -> None:
    """In two small models, in which TLC finds the invariant to hold, each action happens."""
    taken = set()
    models = {model.name: model for model in load_manifest(MODELS)}
    for name in (
        "locks-alone/1-party-1-thread-action",
        "locks/2-parties-2-threads-action-uninterrupted",
    ):
        configuration = models[name].configuration + f"INVARIANT {INVARIANT}\n"
        path = tmp_path / "graph.dot"
        run = tlc.run(LOCKS, configuration, read_modules(SPEC), 60.0, path)
        assert (run.finding, run.distinct) == (Finding.HOLDS, models[name].distinct)
        taken |= {label for _, _, label in read_dump(path.read_text()).edges}
    assert taken == set(Refinement(module, Deadline(50.0)).actions())
