"""Folded states are the orbits of the model's graph, and each way to draw them shows them all."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import permutations
from math import factorial

import pytest

from verified_barrier import cli
from verified_barrier.table import TABLE, Event
from verified_barrier.teaching import folding
from verified_barrier.teaching.folding import MOST_STATES, Folded, Move, fold, folded
from verified_barrier.teaching.states import STATE_FORMATS
from verified_barrier.verification.manifest import load_manifest
from verified_barrier.verification.model import Configuration, Edge, Graph, enumerate_graph, steps
from verified_barrier.verification.resources import MODELS, SPEC, read_modules
from verified_barrier.verification.tlc import Finding, Tlc

Orbit = frozenset[Configuration]

SIZES = [
    (parties, threads, has_action)
    for parties, threads in [(1, 1), (2, 1), (1, 2), (2, 2), (3, 2), (2, 3), (3, 3)]
    for has_action in (False, True)
]


def _orbit(configuration: Configuration) -> Orbit:
    """Return all that a state can become when threads are exchanged."""
    state, threads = configuration
    return frozenset(Configuration(state, order) for order in permutations(threads))


def _orbits(graph: Graph) -> int:
    """Return how many orbits there are: the mean number of states that an exchange leaves alone.

    Source: Burnside's lemma.
    """
    (start,) = graph.initial
    threads = range(len(start.threads))
    fixed = sum(
        tuple(state.threads[thread] for thread in order) == state.threads
        for order in permutations(threads)
        for state in graph.states
    )
    count, rest = divmod(fixed, factorial(len(threads)))
    assert rest == 0
    return count


def _depths(graph: Graph) -> dict[Configuration, int]:
    out: dict[Configuration, list[Configuration]] = {}
    for edge in graph.edges:
        out.setdefault(edge.source, []).append(edge.target)
    depths = dict.fromkeys(graph.initial, 0)
    queue = deque(depths)
    while queue:
        source = queue.popleft()
        for target in out[source]:
            if target not in depths:
                depths[target] = depths[source] + 1
                queue.append(target)
    return depths


def _wrong(graph: Folded) -> list[str]:
    """Return in what a folded graph differs from the one that it is of."""
    whole = enumerate_graph(graph.parties, graph.threads, graph.has_action)
    wrong = []
    if len(graph.states) != _orbits(whole):
        wrong.append("the number of states")
    orbits = {number: _orbit(state.configuration) for number, state in graph.states.items()}
    depths = {_orbit(state): depth for state, depth in _depths(whole).items()}
    if {orbits[number]: state.depth for number, state in graph.states.items()} != depths:
        wrong.append("depths")
    moves = [
        (orbits[number], action, orbits[move.target])
        for number, state in graph.states.items()
        for move in state.moves
        for action in move.actions
    ]
    ways = {(_orbit(edge.source), edge.action, _orbit(edge.target)) for edge in whole.edges}
    if set(moves) != ways or len(moves) != len(ways):
        wrong.append("moves")
    return wrong


@pytest.mark.parametrize(("parties", "threads", "has_action"), SIZES)
def test_states_are_the_orbits_of_the_graph(parties: int, threads: int, has_action: bool) -> None:
    """Counted by Burnside's lemma; depths and moves compared with those of the whole graph."""
    assert _wrong(folded(parties, threads, has_action)) == []


def _without_a_move(graph: Folded) -> Folded:
    states = dict(graph.states)
    states[3] = states[3]._replace(moves=states[3].moves[1:])
    return replace(graph, states=states)


def _too_deep(graph: Folded) -> Folded:
    last = len(graph.states)
    states = {**graph.states, last: graph.states[last]._replace(depth=graph.states[last].depth + 1)}
    return replace(graph, states=states)


def _to_another_state(graph: Folded) -> Folded:
    states = dict(graph.states)
    states[1] = states[1]._replace(moves=(Move(("Call",), 1), *states[1].moves[1:]))
    return replace(graph, states=states)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (_without_a_move, ["moves"]),
        (_too_deep, ["depths"]),
        (_to_another_state, ["moves"]),
    ],
)
def test_graph_with_a_fault_is_found(fault: Callable[[Folded], Folded], says: list[str]) -> None:
    assert _wrong(fault(folded(2, 2, False))) == says


def _not_folded(configuration: Configuration) -> Configuration:
    return configuration


def _without_outcomes(configuration: Configuration) -> Configuration:
    """Return a state in which a thread that is released looks like one that is not."""
    threads = (thread._replace(outcome=None) for thread in configuration.threads)
    return fold(configuration._replace(threads=tuple(threads)))


@pytest.mark.parametrize("fault", [_not_folded, _without_outcomes])
def test_wrong_folding_is_found(
    fault: Callable[[Configuration], Configuration], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It makes no difference, or one where there is none."""
    monkeypatch.setattr(folding, "fold", fault)
    assert "the number of states" in _wrong(folded(2, 2, False))


def test_step_that_is_left_out_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """What happens to the second of two threads alone is a step, too."""

    def too_few(parties: int, has_action: bool, source: Configuration) -> Iterator[Edge]:
        for edge in steps(parties, has_action, source):
            if (edge.action, edge.thread) != ("Withdraw", 1):
                yield edge

    monkeypatch.setattr(folding, "steps", too_few)
    assert "moves" in _wrong(folded(2, 2, False))


def test_depths_are_those_of_tlcs_witnesses() -> None:
    """The manifest has TLC's shortest run to a state in which each action is possible."""
    graph = folded(2, 3, True)
    shallowest: dict[str, int] = {}
    for state in graph.states.values():
        for action in (action for move in state.moves for action in move.actions):
            shallowest[action] = min(state.depth, shallowest.get(action, state.depth))
    witnesses = {
        model.name.removeprefix("witness/"): model.steps
        for model in load_manifest(MODELS)
        if model.name.startswith("witness/") and model.constants["Threads"] == 3
    }
    found = {action: steps - 1 for action, steps in witnesses.items() if steps is not None}
    phases = {phase.value.title() for row in TABLE.rows for phase in row.phases}
    assert shallowest == {action: depth for action, depth in found.items() if action not in phases}


_FOLDED = """---- MODULE Folded ----
EXTENDS Barrier, TLC
Exchanged == Permutations(Threads)
====
"""
_CONFIGURATION = """SPECIFICATION Spec
INVARIANT TypeOK
SYMMETRY Exchanged
CONSTANTS
    Threads = {t1, t2, t3}
    Parties = 2
    HasAction = TRUE
"""


@pytest.mark.check
def test_states_are_as_many_as_tlcs() -> None:
    """TLC folds the specification's states, too, if it is told that threads can be exchanged."""
    modules = {**read_modules(SPEC), "Folded.tla": _FOLDED}
    run = Tlc.find().run("Folded", _CONFIGURATION, modules, 50.0)
    assert run.finding is Finding.HOLDS
    assert run.distinct == len(folded(2, 3, True).states) == 299


def test_plain_crossing_pinches_where_all_are_released() -> None:
    """Whatever the order of arrival, it leads through the same two states."""
    plain = [row.action for row in TABLE.rows if row.event in (Event.CALL, Event.ARRIVE)]
    graph = folded(3, 3, False, [*plain, "Leave"])
    sizes = [len(layer) for layer in graph.layers]
    assert sizes == [1, 1, 2, 2, 2, 1, 1, 3, 6, 6, 6, 3, 3]
    (released,) = graph.layers[6]
    threads = [str(thread) for thread in graph.states[released].configuration.threads]
    assert threads == [f"LEAVING (index {index}, RELEASED)" for index in range(3)]
    assert graph.left_out == (
        *("TimeOut", "Withdraw", "WithdrawCall", "AbortFilling", "ResetFilling"),
    )


def _numbers(text: str) -> list[tuple[str, str]]:
    """Return the arrows of a DOT or Mermaid text, by the names of states."""
    return re.findall(r"^ +(s\d+) --?>(?:\|[^|]*\|)? (s\d+)", text, re.MULTILINE)


@pytest.mark.parametrize(("parties", "threads"), [(2, 2), (1, 3)])
def test_each_format_shows_all_states_and_moves(parties: int, threads: int) -> None:
    graph = folded(parties, threads, True)
    arrows = {
        (f"s{number}", f"s{move.target}")
        for number, state in graph.states.items()
        for move in state.moves
    }
    for form in ("dot", "mermaid"):
        drawn = STATE_FORMATS[form](graph)
        assert set(_numbers(drawn)) == arrows
        assert len(re.findall(r"^ +s\d+ ?\[", drawn, re.MULTILINE)) == len(graph.states)
    lines = STATE_FORMATS["text"](graph).splitlines()
    assert sum(line.startswith("        ") for line in lines) == len(arrows)
    assert sum(bool(re.match(r" {4}s\d+ ", line)) for line in lines) == len(graph.states)
    svg = STATE_FORMATS["svg"](graph)
    assert svg.count("<polygon") == sum(map(len, graph.forward.values())) + 1
    actions = {row.action for row in TABLE.rows}
    told = re.findall(r">(\w+)(?: → s\d+| stays)?</text>", svg)
    assert sum(name in actions for name in told) == sum(
        len(move.actions) for state in graph.states.values() for move in state.moves
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--parties", "4"], f"more than {MOST_STATES} states, .*--only or --without"),
        (["--parties", "9"], "9 threads are too many .* at most 8: choose fewer with --threads"),
        (["--only", "Call,Bar"], "--only has 'Bar', and there is no such action: choose among Cal"),
        (["--without", ""], "--without has '', and there is no such action"),
        (
            ["--threads", "3", "--action", "--format", "mermaid"],
            "1603 arrows, and Mermaid draws 500 at most: .*another --format",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["diagram", "states", *arguments]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert re.search(says, output.err)


@pytest.mark.parametrize("count", ["0", "-1", "1.5", "two", ""])
def test_number_that_is_none_is_refused(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(["diagram", "states", f"--threads={count}"])
    assert left.value.code == 2
    assert f"{count!r} is not an integer from 1 on" in capsys.readouterr().err


def test_most_states_is_enough_for_three_threads() -> None:
    counts = {size: len(folded(*size).states) for size in SIZES}
    assert max(counts.values()) == counts[2, 3, True] == 299
