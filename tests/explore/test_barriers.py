"""The barriers that one can look at are those that the checks are about."""

from __future__ import annotations

import random
from itertools import permutations
from pathlib import Path

import pytest

from explore.conftest import AllSteps
from verified_barrier.table import LOCATIONS
from verified_barrier.teaching.barriers import EXHIBITS, Exhibit, exhibit, followed, runs_of
from verified_barrier.teaching.followed import LAMPS, Followed, Position, shortest
from verified_barrier.teaching.searched import replacement_of, search_broken, search_cpython
from verified_barrier.teaching.sizes import Size, searched
from verified_barrier.verification.graph import parse_dump
from verified_barrier.verification.manifest import Model, load_manifest
from verified_barrier.verification.model import Edge, initial, steps
from verified_barrier.verification.properties import PROPERTIES, Historian
from verified_barrier.verification.resources import MODELS, SPEC, SetupError, read_modules
from verified_barrier.verification.tlc import Tlc

MANIFEST = {model.name: model for model in load_manifest(MODELS)}
OURS = exhibit("ours")
BROKEN = [one for one in EXHIBITS if one.is_broken]


def _size(model: Model) -> Size:
    return Size(*(model.constants[name] for name in ("Parties", "Threads", "HasAction")))


def test_lamps_are_the_properties() -> None:
    assert list(LAMPS)[:-2] == list(PROPERTIES)


def test_every_fault_of_the_manifest_is_there_but_the_misspelt_one() -> None:
    faults = {name.partition("/")[2] for name in MANIFEST if name.startswith("fault/")}
    assert faults - {one.key for one in BROKEN} == {"misspelt-phase"}


@pytest.mark.parametrize(
    "size",
    [pytest.param(size, marks=pytest.mark.full if size.threads > 3 else ()) for size in OURS.sizes],
    ids=str,
)
def test_ours_breaks_no_promise(size: Size) -> None:
    ours = followed(OURS, size, None)
    assert {name for node in ours.nodes for name in node.violated} == set()
    assert shortest(ours, None) is None


@pytest.mark.parametrize(
    "model",
    [m for n, m in MANIFEST.items() if n.startswith("history/") and not m.large],
    ids=lambda model: model.name,
)
def test_ours_has_the_states_that_tlc_finds(model: Model) -> None:
    """With the threads in every order again, there are as many states as TLC's historian finds.

    Generations are told apart here by their order, and there by who shares one.
    """
    size = _size(model)
    ours = followed(OURS, size, None)
    found = set()
    for moment in ours.moments:
        h = moment.historian
        for order in permutations(range(size.threads)):
            joined = [h.joined[n] for n in order]
            together = tuple(joined.index(j) if j else None for j in joined)
            current = tuple(j == h.generation for j in joined)
            first = tuple(h.first[n] for n in order)
            counts = h.arrivals, h.returns, frozenset(h.releases)
            found.add((moment.place.in_order(order).judged, together, current, first, counts))
    assert len(found) == model.distinct


def _walk(ours: Followed, size: Size, seed: int) -> None:
    """Take steps at random, and compare what is possible, seen and judged with the model."""
    chance = random.Random(seed)  # noqa: S311 - nothing is secret here
    position, now = ours.start, initial(size.threads)
    historian = Historian(size.parties, size.has_action, now)
    for _ in range(300):
        edges = {(e.action, e.thread): e.target for e in steps(size.parties, size.has_action, now)}
        moves = {(action, thread): target for action, thread, target in ours.moves(position)}
        assert moves.keys() == edges.keys()
        taken = chance.choice(sorted(edges, key=str))
        position, now = moves[taken], edges[taken]
        historian.see(now)
        scene = ours.scene(position)
        assert (scene.phase, scene.arrived) == (now.state.phase.value, now.state.arrived)
        assert [(t.location, t.index) for t in scene.threads] == [
            (t.location.value, t.index) for t in now.threads
        ]
        assert list(ours.violated(position)) == historian.violated()


@pytest.mark.parametrize("size", [Size(2, 3, True), Size(3, 3, False), Size(2, 4, False)], ids=str)
def test_walks_are_runs_of_the_model(size: Size) -> None:
    ours = followed(OURS, size, None)
    for seed in range(2):
        _walk(ours, size, seed)


def test_step_that_is_not_possible_is_refused() -> None:
    ours = followed(OURS, Size(1, 1, False), None)
    with pytest.raises(ValueError, match="Leave by t1 is not possible here; possible: AbortFill"):
        ours.after(ours.start, "Leave", 0)


@pytest.mark.parametrize("one", BROKEN, ids=lambda one: one.key)
@pytest.mark.check
@pytest.mark.timeout(240)
@pytest.mark.xdist_group("page")
def test_broken_barrier_breaks_what_the_manifest_says(one: Exhibit, all_steps: AllSteps) -> None:
    """It is the manifest's model: as large, and its shortest counterexample is as long."""
    model = MANIFEST[f"fault/{one.key}"]
    size = _size(model)
    assert {challenge.size for challenge in one.challenges} == {size}
    broken = runs_of(one, size, all_steps[one.key, size])
    run = shortest(broken, model.violates)
    assert run is not None
    assert len(run) + 1 == model.steps
    for challenge in one.challenges:
        assert _violates(broken, shortest(broken, challenge.violates), challenge.violates)


@pytest.mark.check
@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    "size",
    [pytest.param(size, marks=pytest.mark.full if size.threads > 1 else ()) for size in searched()],
    ids=str,
)
def test_size_is_offered_where_the_challenge_can_be_met(size: Size, tlc: Tlc) -> None:
    """Of a broken barrier all such sizes are there; in the others the fault makes no difference."""
    found = search_broken([one.key for one in BROKEN], size, tlc, 120.0)
    for one in BROKEN:
        runs = runs_of(one, size, found[one.key])
        for challenge in one.challenges:
            can_be_met = shortest(runs, challenge.violates) is not None
            assert can_be_met is (size in one.sizes), (one.key, challenge.title)


@pytest.mark.check
@pytest.mark.parametrize(
    "key",
    ["withdrawal-not-counted", pytest.param("release-skips-action", marks=pytest.mark.full)],
)
def test_searching_several_at_once_finds_what_each_does(key: str, tlc: Tlc, tmp_path: Path) -> None:
    """In one run of TLC no barrier gets into another's steps: each is its model in the manifest."""
    size = Size(2, 2, True)
    several = search_broken([one.key for one in BROKEN if size in one.sizes], size, tlc, 60.0)[key]
    modules = read_modules(SPEC)
    replaced = "\n    {} <- {}\nINIT Init\nNEXT Next\n".format(*replacement_of(key))
    configuration = (
        "CONSTANTS\n    Threads = {t1, t2}\n    Parties = 2\n    HasAction = TRUE" + replaced
    )
    modules["BarrierFaults.tla"] = modules["BarrierFaults.tla"].replace(
        "EXTENDS BarrierHistory", "EXTENDS Barrier"
    )
    tlc.run("BarrierFaults", configuration, modules, 60.0, tmp_path / "graph.dot")
    alone = parse_dump((tmp_path / "graph.dot").read_text(encoding="utf-8"))
    seen = [several.start]
    edges = set()
    for place in seen:
        for action, thread, after in several.after(place):
            edges.add(Edge(place.judged, action, thread, after.judged))
            if after not in seen:
                seen.append(after)
    assert {place.judged for place in seen} == alone.states
    assert edges == alone.edges


@pytest.mark.check
def test_search_that_comes_to_no_end_is_said_to(tlc: Tlc) -> None:
    """It is said of which barrier, and of which size."""
    with pytest.raises(SetupError, match="no graph of holds-on, 1 party, 1 thread, with an action"):
        search_broken(["holds-on"], Size(1, 1, True), tlc, 0.001)
    with pytest.raises(SetupError, match=r"no graph of cpython, 1 party.*: timed out"):
        search_cpython(Size(1, 1, True), tlc, 0.001)


@pytest.mark.check
@pytest.mark.timeout(240)
@pytest.mark.xdist_group("page")
def test_cpythons_barrier_has_the_counterexamples_of_the_manifest(all_steps: AllSteps) -> None:
    cpython = exhibit("cpython")
    for challenge, name in zip(cpython.challenges, ("unique-index", "one-outcome"), strict=True):
        model = MANIFEST[f"cpython-history/{name}"]
        assert challenge.size == _size(model)
        runs = runs_of(cpython, challenge.size, all_steps["cpython", challenge.size])
        run = shortest(runs, challenge.violates)
        assert run is not None
        assert len(run) + 1 == model.steps
        assert _violates(runs, run, challenge.violates)


def _violates(runs: Followed, run: list[tuple[str, int | None]] | None, name: str | None) -> bool:
    position: Position = runs.start
    for action, thread in run or []:
        position = runs.after(position, action, thread)
    return name in runs.violated(position)


def test_wrong_choices_are_refused() -> None:
    with pytest.raises(ValueError, match="there is no barrier 'mine': choose one of ours, cpython"):
        exhibit("mine")
    with pytest.raises(ValueError, match="with 5 parties, 1 thread, without action: choose 1 to 4"):
        followed(OURS, Size(5, 1, False), None)
    with pytest.raises(SetupError, match=r"TLC is needed .* install verified-barrier\[check\]"):
        followed(exhibit("cpython"), Size(2, 2, False), None)


def test_every_event_can_happen_somewhere() -> None:
    assert set(OURS.events.values()) == set(LOCATIONS)
