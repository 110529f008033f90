"""The barriers that one can look at are those that the checks are about."""

from __future__ import annotations

import random
from itertools import permutations

import pytest

from explore.conftest import AllSteps
from verified_barrier.table import LOCATIONS
from verified_barrier.teaching.barriers import EXHIBITS, Exhibit, Size, exhibit, followed, runs_of
from verified_barrier.teaching.followed import LAMPS, Followed, Position, shortest
from verified_barrier.verification.manifest import Model, load_manifest
from verified_barrier.verification.model import initial, steps
from verified_barrier.verification.properties import PROPERTIES, Historian
from verified_barrier.verification.resources import MODELS, SetupError

MANIFEST = {model.name: model for model in load_manifest(MODELS)}
OURS = exhibit("ours")
BROKEN = [one for one in EXHIBITS if not one.is_ours and not one.is_cpythons]


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
    assert one.sizes[0] == _size(model)
    broken = runs_of(one, one.sizes[0], all_steps[one.key, one.sizes[0]])
    run = shortest(broken, model.violates)
    assert run is not None
    assert len(run) + 1 == model.steps
    for challenge in one.challenges:
        assert _violates(broken, shortest(broken, challenge.violates), challenge.violates)


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
    with pytest.raises(ValueError, match="ours is not there with 5 parties"):
        followed(OURS, Size(5, 1, False), None)
    with pytest.raises(SetupError, match=r"TLC is needed .* install verified-barrier\[check\]"):
        followed(exhibit("cpython"), Size(2, 2, False), None)


def test_every_event_can_happen_somewhere() -> None:
    assert set(OURS.events.values()) == set(LOCATIONS)
