"""The manifest refuses an entry that would check nothing, or not what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from verified_barrier.table import TABLE, Phase
from verified_barrier.verification.manifest import Compared, ManifestError, load_manifest
from verified_barrier.verification.properties import PROPERTIES
from verified_barrier.verification.resources import MODELS, SPEC

COMPARED = """
[[group]]
name = "compared"
module = "Other"
cfg = "safety.cfg"
shows = "what it shows"
[[group.models]]
name = "two"
constants = { Parties = 1, Threads = 2, HasAction = true }
size = "small"
distinct = 1
generated = 2
compare = { with = "safety/one", without = ["Call"], pairs = 3, events = 4 }
"""

MANIFEST = """
[[group]]
name = "safety"
module = "Barrier"
cfg = "safety.cfg"
shows = "what it shows"
[[group.models]]
name = "one"
constants = { Parties = 1, Threads = 2, HasAction = true }
size = "small"
distinct = 1
generated = 2
edges = 3
"""

ENTRY = MANIFEST[MANIFEST.index("[[group.models]]") :]


def write(folder: Path, manifest: str, cfg: str = "SPECIFICATION Spec\nINVARIANT TypeOK\n") -> Path:
    """Write a manifest and its cfg."""
    (folder / "manifest.toml").write_text(manifest)
    (folder / "safety.cfg").write_text(cfg)
    return folder


def test_model_has_all_that_tlc_needs(tmp_path: Path) -> None:
    """Its configuration is the cfg with the constants."""
    (model,) = load_manifest(write(tmp_path, MANIFEST))
    assert model.name == "safety/one"
    assert model.properties == ("TypeOK",)
    assert model.configuration == (
        "SPECIFICATION Spec\nINVARIANT TypeOK\n"
        "CONSTANTS\n    Threads = {t1, t2}\n    Parties = 1\n    HasAction = TRUE\n"
    )


def test_constants_of_its_own_are_added(tmp_path: Path) -> None:
    """Numbers, strings and truth values, in the words of TLA+."""
    own = 'true, Sweeps = 2, Name = "one", Fast = false }'
    (model,) = load_manifest(write(tmp_path, MANIFEST.replace("true }", own)))
    assert model.configuration.endswith(
        '    HasAction = TRUE\n    Sweeps = 2\n    Name = "one"\n    Fast = FALSE\n'
    )


def test_replacement_and_invariant_are_added(tmp_path: Path) -> None:
    """A model may replace an action, and add an invariant."""
    entry = 'invariant = "NeverCall"\nviolates = "NeverCall"\nreplace = { Call = "Other" }\n'
    manifest = MANIFEST.replace("edges = 3\n", entry)
    (model,) = load_manifest(write(tmp_path, manifest))
    assert model.properties == ("TypeOK", "NeverCall")
    assert "    Call <- Other\n" in model.configuration


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('module = "Barrier"', "", "a group of .* lacks module"),
        ("shows =", "sows =", "a group of .* lacks shows"),
        ("size =", "large =", "safety/one lacks size"),
        ("distinct = 1", "distnct = 1", "safety/one has the unknown keys distnct"),
        ('"small"', '"huge"', "safety/one: its size is 'huge': say small or large"),
        ("distinct = 1", "steps = 0", "it has steps, the length of a counterexample, but all"),
        ("edges = 3", "", "safety/one: say how many edges its graph has"),
        ('module = "Barrier"', 'module = "Other"', "only graphs of Barrier have edges"),
        ("edges = 3", 'violates = "TypeOK"\nedges = 3', "only graphs of Barrier have edges"),
        ("edges", 'violates = "Other"\nedges', "must violate Other, which it does not check"),
        ("edges = 3", 'violates = "TypeOK"\nsteps = 1\nnever = []', "never taken, but no edges"),
        ("HasAction = true", "Action = true", "its constants must be Parties, Threads and"),
        ("Threads = 2", "Threads = 0", "safety/one: Threads must be how many there are, not 0"),
        ("Threads = 2", "Threads = true", "Threads must be how many there are, not True"),
        ("Threads = 2", 'Threads = "t1"', "Threads must be how many there are, not 't1'"),
        ("true }", "true, Own = 1.5 }", "Own must be a number, true, false or a string, not 1.5"),
        ("true }", "true, Own = [1] }", r"Own must be a number, .*, not \[1\]"),
        ("safety.cfg", "missing.cfg", "its cfg .*/missing.cfg cannot be read: No such file"),
        ("[[group]]", "[[group]", "manifest.toml cannot be read"),
        ("[[group]]", "[[groups]]", "its groups must begin with"),
        (MANIFEST, "", "its groups must begin with"),
        (MANIFEST, "group = [1]", "a group of .* must be a table, not 1"),
        (
            MANIFEST[MANIFEST.index("[[group.models]]") :],
            "models = [2]",
            "safety/a model must be a t",
        ),
        (
            MANIFEST[MANIFEST.index("[[group.models]]") :],
            "models = 3",
            "models must be a list, not 3",
        ),
        ('name = "one"', "name = 1", "safety/1: name must be a string, not 1"),
        ('"safety.cfg"', "[]", r"cfg must be a string, not \[\]"),
        ("distinct = 1", 'distinct = "1"', "safety/one: distinct must be a number, not '1'"),
        ("distinct = 1", "distinct = true", "safety/one: distinct must be a number, not True"),
        ("edges = 3", "edges = 3\nreplace = 1", "safety/one: replace must be a table, not 1"),
    ],
)
def test_wrong_entry_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    """The message names the model and what is wrong."""
    with pytest.raises(ManifestError, match=message):
        load_manifest(write(tmp_path, MANIFEST.replace(old, new)))


def test_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """A manifest, and a cfg."""
    folder = write(tmp_path, MANIFEST)
    (folder / "safety.cfg").write_bytes(b"\xff")
    with pytest.raises(ManifestError, match=r"safety/one: its cfg .*/safety\.cfg cannot be read"):
        load_manifest(folder)
    (folder / "manifest.toml").write_bytes(b"\xff")
    with pytest.raises(ManifestError, match=r"manifest\.toml cannot be read: 'utf-8' codec"):
        load_manifest(folder)
    (folder / "manifest.toml").unlink()
    with pytest.raises(
        ManifestError, match=r"manifest\.toml cannot be read: No such file .* name a"
    ):
        load_manifest(folder)


def test_comparison(tmp_path: Path) -> None:
    """It says with what, without what, and what must come of it."""
    _, model = load_manifest(write(tmp_path, MANIFEST + COMPARED))
    assert model.compared == Compared("safety/one", ("Call",), 3, 4, (), None)
    differs = COMPARED.replace("pairs = 3, events = 4", 'difference = ["a"], only = "Other"')
    _, model = load_manifest(write(tmp_path, MANIFEST + differs))
    assert model.compared == Compared("safety/one", ("Call",), None, None, ("a",), "Other")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("pairs = 3, ", "", "the comparison of compared/two lacks pairs"),
        ("pairs = 3", 'only = "Other"', "the comparison of compared/two lacks pairs"),
        ("pairs = 3", "pairs = []", r"the comparison of compared/two: pairs must be a number, not"),
        ("pairs = 3", 'difference = ["a"]', "the comparison of compared/two lacks only"),
        ('without = ["Call"], ', "", "the comparison of compared/two lacks without"),
        ("safety/one", "safety/three", "compared/two: there is no safety/three to compare"),
        ("Threads = 2", "Threads = 3", "compared/two: safety/one has other constants"),
        ('"safety/one"', '"compared/two"', "compared/two is of the same module"),
        ("pairs = 3, events = 4", 'difference = [], only = "Other"', "its difference is empty"),
    ],
)
def test_wrong_comparison_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    """The message names the model and what is wrong."""
    with pytest.raises(ManifestError, match=message):
        load_manifest(write(tmp_path, MANIFEST + COMPARED.replace(old, new)))


@pytest.mark.parametrize(
    "cfg",
    [
        "SPECIFICATION Spec\n",
        "SPECIFICATION Spec\nINVARIANTS \\* TypeOK OneAction\n",
        "SPECIFICATION Spec\n(* INVARIANTS\nTypeOK *)\nVIEW Some\n",
    ],
)
def test_model_that_checks_nothing_is_refused(tmp_path: Path, cfg: str) -> None:
    """A cfg without invariants and properties, or with those in a comment, shows nothing."""
    with pytest.raises(ManifestError, match="it checks no invariant and no property"):
        load_manifest(write(tmp_path, MANIFEST, cfg))


def test_all_properties_of_a_cfg_are_found(tmp_path: Path) -> None:
    """On several lines, with comments between them, and under each keyword."""
    cfg = "INVARIANTS\n  One \\* two\n  Two\nPROPERTY Three\nVIEW Four\nPROPERTIES Five Six\n"
    (model,) = load_manifest(write(tmp_path, MANIFEST, cfg))
    assert model.properties == ("One", "Two", "Three", "Five", "Six")


def test_repeated_name_is_refused(tmp_path: Path) -> None:
    """Two models of one name cannot be told apart."""
    with pytest.raises(ManifestError, match="safety/one: two models have this name"):
        load_manifest(write(tmp_path, MANIFEST * 2))


def test_every_model_has_its_figures() -> None:
    """Also those that run with --full alone, which would report it later."""
    for model in load_manifest(MODELS):
        assert model.steps is not None or None not in (model.distinct, model.generated), model.name


def test_every_phase_and_action_has_a_witness() -> None:
    """There is a model that must reach it."""
    witnesses = {m.violates for m in load_manifest(MODELS) if m.name.startswith("witness/")}
    phases = {f"Never{phase.value.capitalize()}" for phase in Phase}
    assert witnesses == phases | {f"Never{row.action}" for row in TABLE.rows}


def test_small_models_take_every_action() -> None:
    """It is checked without the large ones, too: in a whole graph, and by a witness."""
    models = [model for model in load_manifest(MODELS) if not model.large]
    (never,) = (model.never for model in models if model.never is not None)
    assert {f"witness/{action}" for action in never} == {
        model.name for model in models if model.name.startswith("witness/")
    }


DEVIATIONS = {
    "cpython-history/unique-index": "UniqueIndex",
    "cpython-history/one-outcome": "OneOutcome",
    "cpython-at-once/no-draining": "NoDraining",
    "cpython-at-once/open-action": "OpenAction",
    "cpython-at-once/timed-call": "TimedCall",
}


@pytest.mark.parametrize("name", DEVIATIONS)
def test_ours_keeps_what_cpythons_violates(name: str) -> None:
    """The property that CPython's barrier violates holds for ours, with the same constants."""
    models = {model.name: model for model in load_manifest(MODELS)}
    deviating = models[name]
    assert (deviating.module[:7], deviating.violates) == ("CPython", DEVIATIONS[name])
    assert any(
        model.module.startswith("Barrier")
        and model.violates is None
        and model.constants == deviating.constants
        and deviating.violates in model.properties
        for model in models.values()
    )


def test_each_exclusion_is_needed() -> None:
    """For what is left out of the comparisons, there is one that differs because of it."""
    compared = [model.compared for model in load_manifest(MODELS) if model.compared]
    same = {(c.other, frozenset(c.without)) for c in compared if not c.difference}
    needed = {
        (left_out - frozenset(c.without))
        for c in compared
        if c.difference
        for other, left_out in same
        if other == c.other
    }
    assert needed == {
        frozenset({action})
        for action in ("Withdraw", "AbortDraining", "AbortTripping", "ResetTripping")
    }
    assert {action for _, left_out in same for action in left_out} == set().union(*needed)


EVERY_PROPERTY = {
    *PROPERTIES,
    *("Crossing", "NoStrandedWaiter", "HeldArrives"),
    *("NoDraining", "OpenAction", "TimedCall", "RefinesBarrier"),
}
CPYTHON_INVARIANTS = {"CPythonTypeOK", "CountIsRight", "WaitsWhileFilling"}
"""Of CPython's barrier alone; test_behaviours.py sees that they can fail."""
LOCKS_PROPERTIES = {
    *("EnoughGenerations", "LocksTypeOK", "LockIsHeld", "NobodyIsStuck", "HolderGoesOn"),
    *("ReleasedOnce", "WokenByOutcome", "ReturnsAsReleased", "CallsAreCounted", "OutcomeOnce"),
    *("DueComesFirst", "LocksInvariant"),
}
"""Of the shell of locks alone."""


def test_every_property_is_checked() -> None:
    """Each property of the specification holds in some model, by name."""
    models = load_manifest(MODELS)
    checked = {name for model in models if not model.violates for name in model.properties}
    assert checked == EVERY_PROPERTY | CPYTHON_INVARIANTS | LOCKS_PROPERTIES


def test_every_property_can_fail() -> None:
    """Each property of the specification is violated in some model, by name."""
    violated = {m.violates for m in load_manifest(MODELS) if not m.name.startswith("witness/")}
    assert violated - {None} == EVERY_PROPERTY | LOCKS_PROPERTIES


def sizes(group: str) -> set[tuple[int, int, bool]]:
    """Return the parties, the threads, and whether there is an action, of a group's models."""
    names = ("Parties", "Threads", "HasAction")
    return {
        (m.constants[names[0]], m.constants[names[1]], m.constants[names[2]])
        for m in load_manifest(MODELS)
        if m.name.startswith(f"{group}/")
    }


def test_sizes_of_the_models() -> None:
    """As many threads as parties, and one more, with an action and without."""
    both = (False, True)
    equal = {(n, n, action) for n in (1, 2, 3, 4) for action in both}
    one_more = {(n, n + 1, action) for n in (1, 2, 3) for action in both}
    assert sizes("safety") == sizes("history") == equal | one_more
    assert sizes("liveness") >= {(n, n, True) for n in (2, 3)} | {(1, 2, True), (2, 3, True)}
    assert sizes("crossing") >= {(n, n, True) for n in (2, 3)} | {(1, 2, True), (2, 3, True)}


def test_every_module_and_cfg_is_used() -> None:
    """No file lies about that no model checks."""
    manifest = (MODELS / "manifest.toml").read_text()
    assert all(f'"{path.name}"' in manifest for path in MODELS.glob("*.cfg"))
    # BarrierHistory is checked by itself, and extended by BarrierFaults.
    extended = {"BarrierHistory", "BarrierPromises"}
    extended |= {"BarrierTrace", "Traces"}  # run by `verified-barrier trace check`
    extended |= {"BarrierCalls"}  # for the models of programs, as in docs/examples
    extended |= {"BarrierProof"}  # proved by `verified-barrier prove`
    modules = {model.module for model in load_manifest(MODELS)}
    assert modules | extended == {path.stem for path in SPEC.glob("*.tla")}
