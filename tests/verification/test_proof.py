"""The proof proves what holds, and nothing else."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import pytest

pytest.importorskip("z3", reason="needs the extra `check`")

import z3

from verified_barrier.table import TABLE
from verified_barrier.verification.graph import read_dump
from verified_barrier.verification.proof import proving
from verified_barrier.verification.proof.checks import Sample
from verified_barrier.verification.proof.instances import Prover
from verified_barrier.verification.proof.invariant import (
    BEGINNING,
    PROOF,
    Deadline,
    Machine,
    Obligation,
    Status,
    conjuncts,
    needed,
    possible,
    prove,
)
from verified_barrier.verification.proof.proving import (
    check_invariant,
    check_needed,
    check_translation,
    judged,
)
from verified_barrier.verification.proof.sany import Module, ModuleSyntaxError, Node, parse
from verified_barrier.verification.proof.translation import (
    Comparison,
    TooLateError,
    compare_steps,
    modules_of,
)
from verified_barrier.verification.proof.values import TranslationError, World
from verified_barrier.verification.report import Verdict
from verified_barrier.verification.resources import SPEC, SetupError, read_modules
from verified_barrier.verification.tlc import Tlc

# In one process: what is proved and dumped once serves many of the tests.
pytestmark = [pytest.mark.check, pytest.mark.xdist_group("proof")]

ACTIONS = [row.action for row in TABLE.rows]
EVERYWHERE = Sample("everywhere", 1, 1, has_action=True, everywhere=True, large=False)
REACHABLE = Sample("reachable", 2, 2, has_action=False, everywhere=False, large=False)


def parsed(modules: Mapping[str, str], tlc: Tlc, name: str = PROOF) -> Module:
    module = parse(name, modules, tlc, 60.0)
    assert module is not None
    return module


def changed(old: str, new: str, file: str = "Barrier.tla", name: str = "") -> dict[str, str]:
    """The specification with another text, in one definition or anywhere in a module."""
    modules = read_modules(SPEC)
    if name:
        modules[file] = changed_in(modules[file], name, old, new)
    else:
        assert modules[file].count(old) == 1, f"{old} is not once in {file}"
        modules[file] = modules[file].replace(old, new)
    return modules


def changed_in(text: str, name: str, old: str, new: str) -> str:
    """A module with another text in one definition."""
    found = re.search(rf"^{name}(?:\(t\))? ==\n(?:    .*\n)+", text, re.MULTILINE)
    assert found is not None
    assert old in found[0], f"{old} is not in {found[0]}"
    return text[: found.start()] + found[0].replace(old, new, 1) + text[found.end() :]


def refuted(obligations: list[Obligation], step: str) -> set[str]:
    return {o.conjunct for o in obligations if o.step == step and o.status is Status.REFUTED}


@pytest.fixture(scope="module")
def module(tlc: Tlc) -> Module:
    return parsed(read_modules(SPEC), tlc)


@pytest.fixture(scope="module")
def proved(module: Module) -> list[Obligation]:
    return list(prove(module, Deadline(60.0)))


def test_every_obligation_is_proved(module: Module, proved: list[Obligation]) -> None:
    """One for each action and each conjunct, and one for the beginning and each conjunct."""
    invariant = conjuncts(module)
    expected = [(BEGINNING, name) for name in invariant]
    expected += [(step, name) for step in ACTIONS for name in (*invariant, "BrokenRefuses")]
    assert [(o.step, o.conjunct) for o in proved] == expected
    assert {o.status for o in proved} == {Status.PROVED}


def test_promises_are_in_the_invariant(module: Module) -> None:
    """All safety properties are proved that TLC checks, under the same names."""
    promised = {n for n in conjuncts(module) if module.definitions[n].module != PROOF}
    assert promised == {
        *("TypeOK", "ArrivedCount", "OneAction", "UniqueIndex", "OneOutcome"),
        *("NoEarlyRelease", "ActionBeforeRelease"),
    }


def test_every_action_can_happen(module: Module) -> None:
    """The invariant does not hold because it forbids an action."""
    assert possible(module, Deadline(60.0)) == dict.fromkeys(ACTIONS, True)


def test_action_that_cannot_happen_is_found(tlc: Tlc) -> None:
    """An action that no state of the invariant allows proves nothing."""
    module = parsed(changed('pc[t] = "WAITING"', 'pc[t] = "ASLEEP"', name="TimeOut"), tlc)
    found = possible(module, Deadline(60.0))
    assert [step for step, can in found.items() if not can] == ["TimeOut"]
    report = judged([], found)
    assert report.verdict is Verdict.INCOMPLETE
    assert report.details == ["TimeOut: no state of the invariant is found where it can happen"]


WEAKENED = {
    "Call": ('"CALLING"', '"WAITING"', "ArrivedCount"),
    "ArriveAndWait": (" /\\ ~IsLast", "", "Room"),
    "ArriveAndRelease": (" /\\ IsLast", "", "NoEarlyRelease"),
    "ArriveAndAct": (" /\\ HasAction", "", "TrippingActs"),
    "ArriveHeld": ('"HELD"', '"WAITING"', "ArrivedCount"),
    "ArriveRefused": ('"OUTSIDE"', '"WAITING"', "BrokenRefuses"),
    "ActionReturned": ('= "TRIPPING"', '\\in {"TRIPPING", "RESETTING"}', "OneOutcome"),
    "ActionReturnedAfterReset": ('phase = "RESETTING"', 'phase = "TRIPPING"', "OutcomeInTime"),
    "ActionReturnedAfterAbort": ('"LEAVING"', '"CALLING"', "OutcomeInTime"),
    "ActionRaised": ('phase\'   = "BROKEN"', "phase' = phase", "OneAction"),
    "ActionRaisedAfterReset": ("[outcome EXCEPT ![t] = NoOutcome]", "outcome", "OutcomeInTime"),
    "ActionRaisedAfterAbort": ('"BROKEN"', '"BREAKING"', "OneAction"),
    "TimeOut": ('= "FILLING"', '\\in {"FILLING", "TRIPPING"}', "OneAction"),
    "Withdraw": ("arrived - 1", "arrived", "ArrivedCount"),
    "WithdrawCall": ("MayArrive(t)", 'pc[t] # "OUTSIDE"', "ArrivedCount"),
    "AbortFilling": ('= "FILLING"', '\\in {"FILLING", "TRIPPING"}', "OneAction"),
    "AbortTripping": ('"BREAKING"', '"BROKEN"', "OneAction"),
    "AbortResetting": ('"BREAKING"', '"BROKEN"', "OneAction"),
    "AbortAgain": ("vars", "<<arrived, pc, outcome, index>>", "TypeOK"),
    "ResetFilling": ('Given("RESET")', "outcome", "OutcomeInTime"),
    "ResetTripping": ('"RESETTING"', '"FILLING"', "OneAction"),
    "ResetAgain": ("UNCHANGED vars", 'phase\' = "FILLING"', "OneAction"),
    "ResetBreaking": ('"RESETTING"', '"FILLING"', "OneAction"),
    "ResetBroken": ('phase = "BROKEN"', "IsBroken", "OneAction"),
    "Leave": ('pc[t] = "LEAVING"', 'pc[t] # "OUTSIDE"', "ArrivedCount"),
}
"""Of each action, a text in it, another, and a conjunct that the action breaks with it."""


@pytest.fixture(scope="module")
def weakened(tlc: Tlc) -> list[Obligation]:
    """The proof of a specification in which all actions are wrong."""
    modules = read_modules(SPEC)
    for action, (old, new, _) in WEAKENED.items():
        modules["Barrier.tla"] = changed_in(modules["Barrier.tla"], action, old, new)
    return list(prove(parsed(modules, tlc), Deadline(60.0)))


@pytest.mark.full
@pytest.mark.parametrize("action", ACTIONS)
def test_weakened_action_is_refuted(action: str, weakened: list[Obligation]) -> None:
    """The conjunct that is broken is named, and the step that breaks it is shown."""
    _, _, broken = WEAKENED[action]
    assert broken in refuted(weakened, action)
    (found,) = (o for o in weakened if (o.step, o.conjunct) == (action, broken))
    assert found.counterexample.startswith(f"{broken} is false after this step:\nwith Threads = ")
    assert f"\nafter {action}" in found.counterexample


FAULTS = (
    {
        "AbortFilling": ("AbortFillingReachesReleased", "OneOutcome"),
        "Withdraw": ("WithdrawLeavesGap", "WaitersQueue"),
        "ArriveAndRelease": ("ArriveAndReleaseSkipsAction", "ActionBeforeRelease"),
        "ArriveRefused": ("ArriveRefusedArrives", "BrokenRefuses"),
        "ActionReturnedAfterReset": ("ActionReturnedAfterResetHoldsOn", "OneAction"),
    },
    {
        "AbortFilling": ("AbortFillingMisspelt", "TypeOK"),
        "Withdraw": ("WithdrawIsNotCounted", "ArrivedCount"),
        "ArriveAndRelease": ("ArriveAndReleaseTooSoon", "NoEarlyRelease"),
    },
)
"""The faults of spec/BarrierFaults.tla: which action each replaces, and what it breaks."""


@pytest.mark.full
@pytest.mark.parametrize("faults", FAULTS, ids=["first", "second"])
def test_faults_are_refuted(faults: dict[str, tuple[str, str]], tlc: Tlc) -> None:
    """Each of the specification's own faults breaks a conjunct; the other actions break none."""
    modules = read_modules(SPEC)
    modules["Both.tla"] = f"---- MODULE Both ----\nEXTENDS {PROOF}, BarrierFaults\n===="
    module = parsed(modules, tlc, "Both")
    definitions = dict(module.definitions)
    for action, (fault, _) in faults.items():
        definitions[action] = definitions[fault]
    found = list(prove(replace(module, definitions=definitions), Deadline(60.0)))
    for step in (BEGINNING, *ACTIONS):
        assert bool(refuted(found, step)) is (step in faults), step
    for action, (_, broken) in faults.items():
        assert broken in refuted(found, action)


def test_every_fault_is_tried() -> None:
    """A fault that is added to the specification is to be added here."""
    text = (SPEC / "BarrierFaults.tla").read_text()
    written = set(re.findall(r"^(\w+)(?:\(t\))? ==$", text, re.MULTILINE))
    assert written == {fault for faults in FAULTS for fault, _ in faults.values()}


def test_wrong_beginning_is_refuted(tlc: Tlc) -> None:
    """A conjunct that does not hold at first is found, with the state."""
    module = parsed(changed("/\\ arrived = 0", "/\\ arrived = Parties", name="Init"), tlc)
    found = list(prove(module, Deadline(60.0)))
    assert {"Room", "ArrivedCount"} <= refuted(found, BEGINNING)
    assert '\nin the beginning:\n    /\\ phase = "FILLING"' in next(
        o.counterexample for o in found if o.status is Status.REFUTED
    )


def test_every_conjunct_is_needed(module: Module) -> None:
    """Each one that is dropped leaves a step that breaks another."""
    found = needed(module, Deadline(60.0))
    assert set(found) == {n for n in conjuncts(module) if module.definitions[n].module == PROOF}
    assert None not in found.values()


@pytest.mark.full
def test_idle_conjunct_is_found(tlc: Tlc, monkeypatch: pytest.MonkeyPatch) -> None:
    """A conjunct that says nothing is not needed, and that is said."""
    modules = changed(
        "    /\\ NoReturnsYet\n", "    /\\ NoReturnsYet\n    /\\ Idle\n", f"{PROOF}.tla"
    )
    text = modules[f"{PROOF}.tla"].replace(
        "Invariant ==", "Idle == arrived \\in Nat\n\nInvariant =="
    )
    modules[f"{PROOF}.tla"] = text
    monkeypatch.setattr(proving, "read_modules", lambda _: modules)
    report = check_needed(tlc, 60.0)
    assert report.verdict is Verdict.UNEXPECTED
    assert report.details == ["Idle: nothing is found that is broken without it"]


def test_no_time_proves_nothing(module: Module) -> None:
    """What Z3 did not get to is unknown, and the proof is incomplete."""
    found = list(prove(module, Deadline(0.0)))
    assert len(found) == 26 * 19 - 1
    statuses = {o.status for o in found}
    assert Status.REFUTED not in statuses
    assert Status.UNKNOWN in statuses
    report = judged(found, dict.fromkeys(ACTIONS, True))
    assert report.verdict is Verdict.INCOMPLETE
    assert any(detail.endswith("neither proved nor refuted") for detail in report.details)


def test_checks_without_time_are_incomplete(tlc: Tlc) -> None:
    """No check of the proof passes by its time limit."""
    for report in (
        check_invariant(tlc, 0.01),
        check_needed(tlc, 0.01),
        check_translation(REACHABLE, tlc, 0.01),
    ):
        assert report.verdict is Verdict.INCOMPLETE


# The historian.


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("returns'    = IF", "returns = IF", "the historian must say variable' = value"),
        ("returns'    = IF Ends THEN 0", "returns' = IF Ends THEN arrivals'", "reads arrivals'"),
        ("    /\\ returns'    = IF Ends THEN 0 ELSE ReturnsNow\n", "", "the historian writes"),
        ("returns'    = IF", "arrivals' = IF", "the historian writes"),
        ("arrivals'   = IF Ends", "arrivals'   = IF Ended", "reads returns'"),
    ],
)
def test_historian_that_could_forbid_a_step(old: str, new: str, said: str, tlc: Tlc) -> None:
    """A step that the historian cannot write down would not be looked at."""
    modules = changed(old, new, "BarrierHistory.tla")
    if "Ended" in new:
        text = modules["BarrierHistory.tla"].replace(
            "\nWriteDown", "\nEnded == returns' = 0\n\nWriteDown"
        )
        modules["BarrierHistory.tla"] = text
    with pytest.raises(TranslationError, match=re.escape(said)):
        list(prove(parsed(modules, tlc), Deadline(60.0)))


# The form of the text.


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (
            "BarrierHistory",
            "HistoryInit /\\ [][HistoryNext]",
            "HistoryInit /\\ [][Next]",
            "HistorySpec",
        ),
        ("BarrierHistory", "<<vars, history>>\n\n\\* Gen", "vars\n\n\\* Gen", "what is not in <<"),
        ("BarrierHistory", "Next /\\ WriteDown", "Next /\\ Init", "must be Next /\\ WriteDown"),
        (
            "Barrier",
            "\\E t \\in Threads : Leave(t)",
            "\\A t \\in Threads : Leave(t)",
            "a named action",
        ),
        (
            "Barrier",
            "t \\in Threads : Leave(t)",
            "t, u \\in Threads : Leave(t)",
            "by one of Threads",
        ),
        ("Barrier", "t \\in Threads : Leave(t)", "t \\in {} : Leave(t)", "taken by one of Threads"),
        ("Barrier", "\\/ ResetBroken", "\\/ ResetBroken /\\ arrived = 0", "must be a named action"),
        ("Barrier", "    [][IsBroken =>", "    [](IsBroken =>", "must be [][...]_vars"),
        ("BarrierProof", "/\\ NoReturnsYet", "/\\ returns = 0", "must have a name"),
    ],
)
def test_specification_of_another_form(file: str, old: str, new: str, said: str, tlc: Tlc) -> None:
    """What is put together in another way is not proved as if it were not."""
    modules = changed(old, new, f"{file}.tla")
    if "[](" in new:
        text = modules["Barrier.tla"]
        modules["Barrier.tla"] = text.replace('pc\'[t] \\in {pc[t], "OUTSIDE"}]_vars', "TRUE)")
    with pytest.raises(TranslationError, match=re.escape(said)):
        list(prove(parsed(modules, tlc), Deadline(60.0)))


# Cardinality.


@pytest.mark.parametrize("threads", [1, 2, 3, 4])
def test_facts_of_cardinality_are_true(threads: int) -> None:
    """What is taken for granted of any number of threads holds for a few: for all sets."""
    world = World([], None)
    sets = [z3.Function(f"in {n}", world.thread_sort, world.truths) for n in range(2)]
    for member in sets:
        world.cardinality(replace(world.threads, has=member))
    thread = z3.Const("t", world.thread_sort)
    u = z3.Const("u", world.thread_sort)
    prover = Prover(world, thread, [u == u, sets[0](u)], {}, {})
    facts, witnesses = prover._cardinalities(thread)
    assert len(facts) > 6
    names = [z3.Const(f"t{n}", world.thread_sort) for n in range(threads)]
    solver = z3.Solver(ctx=world.context)
    x = z3.Const("x", world.thread_sort)
    solver.add(z3.Distinct(names) if threads > 1 else world.truth(True))
    solver.add(z3.ForAll([x], z3.Or([x == name for name in names])))
    for has, count in world.counted():
        solver.add(count == z3.Sum([z3.If(has(name), 1, 0) for name in names]))
    for fact in facts:
        assert solver.check(z3.ForAll(witnesses, z3.Not(fact))) == z3.unsat, fact
    assert solver.check() == z3.sat


def test_set_that_depends_on_a_bound_name_is_not_counted(tlc: Tlc) -> None:
    """A number for each member of a set would be taken for one number."""
    modules = changed(
        "Room == ",
        "Room == (\\A u \\in Threads : Cardinality({t \\in Threads : t = u}) > 0) /\\ (",
        f"{PROOF}.tla",
    )
    text = modules[f"{PROOF}.tla"].replace("arrived < Parties", "arrived < Parties)")
    with pytest.raises(TranslationError, match="depends on a bound name cannot be counted"):
        list(prove(parsed({**modules, f"{PROOF}.tla": text}, tlc), Deadline(60.0)))


# The text.


def test_syntax_error_is_quoted(tlc: Tlc, monkeypatch: pytest.MonkeyPatch) -> None:
    """What SANY finds is no proof, and is said."""
    modules = changed("Room == ", "Room === ", f"{PROOF}.tla")
    line = modules[f"{PROOF}.tla"].partition("Room ===")[0].count("\n") + 1
    said = rf"SANY cannot read {PROOF}:\n(.*\n)*.* at line {line}, column \d+ (.*\n)*.*{PROOF}\.tla"
    with pytest.raises(ModuleSyntaxError, match=said):
        parsed(modules, tlc)
    monkeypatch.setattr(proving, "read_modules", lambda _: modules)
    assert check_invariant(tlc, 60.0).verdict is Verdict.UNEXPECTED


@pytest.mark.parametrize("missing", ["Barrier", PROOF])
def test_missing_module_is_named(missing: str, tlc: Tlc) -> None:
    """It is no verdict."""
    modules = {name: text for name, text in read_modules(SPEC).items() if name != f"{missing}.tla"}
    with pytest.raises(SetupError, match=rf"there is no {missing}\.tla"):
        parsed(modules, tlc)


def test_sany_that_does_not_start(tlc: Tlc, tmp_path: Path) -> None:
    """A wrong jar, or a Java that does nothing, is named, and is no verdict."""
    with ZipFile(tmp_path / "empty.jar", "w"):
        pass
    said = r"empty\.jar does not start SANY: (.*\n)*.*SANY \(exit code 1\)"
    with pytest.raises(SetupError, match=said):
        parsed({}, replace(tlc, jar=tmp_path / "empty.jar", java_options=()))
    silent = shutil.which("true")
    if silent is not None:
        with pytest.raises(SetupError, match=r"it prints nothing \(exit code 0\)"):
            parsed({}, replace(tlc, java=Path(silent)))


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ('arrived = "none"', "is never equal to"),
        ("UNION {} = {}", "UNION is not understood"),
        ("pc[t]' = pc", "is never equal to"),
        ("arrived'' = 0", "there is no state after the next one"),
        ('arrived\' \\in {1, "one"}', "the members of a set must be of one kind"),
    ],
)
def test_what_is_not_understood_is_no_proof(new: str, said: str, tlc: Tlc) -> None:
    """Where there is no formula, the place in the text is named."""
    modules = changed_in(read_modules(SPEC)["Barrier.tla"], "TimeOut", 'pc[t] = "WAITING"', new)
    try:
        module = parsed({**read_modules(SPEC), "Barrier.tla": modules}, tlc)
    except ModuleSyntaxError:
        assert "''" in new  # SANY itself refuses it.
        return
    with pytest.raises(TranslationError, match=r"in Barrier, line \d+: .*") as caught:
        list(prove(module, Deadline(60.0)))
    assert said in str(caught.value)


# The formulas against TLC.


def comparison(
    module: Module, sample: Sample, tlc: Tlc, folder: Path
) -> tuple[Machine, Comparison]:
    path = folder / "graph.dot"
    run = tlc.run(
        "Sample", sample.configuration, modules_of(module, read_modules(SPEC)), 60.0, path
    )
    machine = Machine(module, sample.threads)
    dump = read_dump(path.read_text())
    assert run.distinct == len(dump.states)
    return machine, Comparison(machine, sample, dump, Deadline(60.0))


Comparisons = list[tuple[Machine, Comparison]]


@pytest.fixture(scope="module")
def comparisons(module: Module, tlc: Tlc, tmp_path_factory: pytest.TempPathFactory) -> Comparisons:
    samples = [EVERYWHERE, replace(EVERYWHERE, has_action=False)]
    return [comparison(module, sample, tlc, tmp_path_factory.mktemp("dump")) for sample in samples]


@pytest.mark.full
def test_formulas_allow_what_tlc_does(comparisons: Comparisons) -> None:
    """No step of an action differs, from any state that TypeOK allows."""
    for _, compared in comparisons:
        for action in ACTIONS:
            assert list(compared.differences(action)) == []


@pytest.mark.full
@pytest.mark.parametrize("action", ACTIONS)
def test_lost_conjunct_is_noticed(action: str, module: Module, comparisons: Comparisons) -> None:
    """A translator that drops a conjunct of an action allows a step that TLC does not take."""
    body = module.definitions[action].body
    for lost in body.operands:
        rest = body._replace(operands=tuple(node for node in body.operands if node is not lost))
        assert any(differs(pair, action, rest) for pair in comparisons), lost.where


def differs(pair: tuple[Machine, Comparison], action: str, body: Node) -> bool:
    """Whether the comparison finds fault with another formula for an action."""
    machine, compared = pair
    right = machine.steps[action]
    definition = machine.translator.module.definitions[action]
    names = {name: lambda _moment: machine.thread for name in definition.parameters}
    machine.steps[action] = machine.translator.read(body, machine.moment, names)
    try:
        found = list(compared.differences(action))
    finally:
        machine.steps[action] = right
    assert all("the formula allows a step that TLC does not take" in said for said in found)
    return bool(found)


def test_step_that_the_formula_forbids_is_noticed(module: Module, tlc: Tlc, tmp_path: Path) -> None:
    """A formula that is too strong is found as well, with the step."""
    machine, compared = comparison(module, REACHABLE, tlc, tmp_path)
    machine.steps["Leave"] = z3.And(machine.steps["Leave"], machine.before["arrived"] == 0)
    (said,) = compared.differences("Leave")
    assert said.startswith(
        "Leave: TLC takes a step that the formula forbids\nwith Threads = {t1, t2}"
    )
    assert "after Leave" in said


@pytest.mark.full
def test_historian_is_compared(module: Module, tlc: Tlc, tmp_path: Path) -> None:
    """A formula for the historian that forgets a variable allows more."""
    body = module.definitions["WriteDown"].body
    forgetful = body._replace(operands=body.operands[:-1])
    definition = module.definitions["WriteDown"]._replace(body=forgetful)
    other = replace(module, definitions={**module.definitions, "WriteDown": definition})
    path = tmp_path / "graph.dot"
    modules = modules_of(module, read_modules(SPEC))
    tlc.run("Sample", REACHABLE.configuration, modules, 60.0, path)
    dump = read_dump(path.read_text())
    assert compare_steps(module, REACHABLE, dump, Deadline(60.0)).differences == []
    wrong = compare_steps(other, REACHABLE, dump, Deadline(60.0)).differences
    assert len(wrong) == 12  # the actions that are possible without an action
    fewer = dump._replace(edges=set(sorted(dump.edges)[1:]))
    assert compare_steps(module, REACHABLE, fewer, Deadline(60.0)).differences
    with pytest.raises(TooLateError):
        compare_steps(module, REACHABLE, dump, Deadline(0.0))
