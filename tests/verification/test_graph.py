"""TLC's graph is read exactly, and any difference from the table's is told in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from verified_barrier.machine import EMPTY, State
from verified_barrier.table import Location, Outcome, Phase
from verified_barrier.verification.graph import GraphError, differences, parse_dump
from verified_barrier.verification.manifest import load_manifest
from verified_barrier.verification.model import (
    Configuration,
    Edge,
    Graph,
    ThreadState,
    enumerate_graph,
    initial,
)
from verified_barrier.verification.resources import MODELS, SPEC, read_modules
from verified_barrier.verification.tlc import Tlc


def node(number: int, pc: str, extra: str = "") -> str:
    """Return a state of one thread as TLC writes it."""
    return (
        f'{number} [label="/\\\\ index = (t1 :> -1)\\n/\\\\ outcome = (t1 :> \\"NONE\\")\\n'
        f'/\\\\ phase = \\"FILLING\\"\\n/\\\\ pc = (t1 :> \\"{pc}\\")\\n/\\\\ arrived = 0"{extra}]'
    )


CALL = '1 -> 2 [label="Call",color="black",fontcolor="black"];'
DUMP = "\n".join(
    ["strict digraph {", node(1, "OUTSIDE", ",style = filled"), CALL, node(2, "CALLING") + ";", "}"]
)


LATER = DUMP.replace(node(2, "CALLING"), node(2, "CALLING", ',tooltip="\\"]\\\\ or not"'))
"""As TLC writes it since it has tooltips: of the states that are not initial."""


@pytest.mark.parametrize("dump", [DUMP, LATER], ids=["2.15", "later"])
def test_dump_is_read(dump: str) -> None:
    """Initial state, states, and edges with their thread."""
    outside = initial(1)
    calling = Configuration(EMPTY, (ThreadState(Location.CALLING, None, None),))
    assert parse_dump(dump) == Graph(
        frozenset([outside]),
        frozenset([outside, calling]),
        frozenset([Edge(outside, "Call", 0, calling)]),
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ((",style = filled", ""), "the dump has no initial state"),
        (("-> 2", "-> 3"), "Call leads from or to '3', which is no state"),
        (("1 -> 2 [", "1 => 2 ["), "neither a state nor a step: 1 => 2"),
        ((",style = filled", ",style = dashed"), "neither a state nor a step: 1 "),
        ((",style = filled", ',tooltip="'), "neither a state nor a step: 1 "),
        (("FILLING", "FLYING"), "not a state of Barrier.tla .*FLYING"),
        (("arrived = 0", "arrived = zero"), "not a state of Barrier.tla .*zero"),
        (("outcome =", "income ="), "not a state of Barrier.tla .'outcome'"),
        (("(t1 :> -1)", "(t1 :> -1 @@ t2 :> -1)"), "not a state of Barrier.tla"),
    ],
)
def test_wrong_dump_is_refused(change: tuple[str, str], message: str) -> None:
    """What cannot be understood is quoted, and never passed over."""
    with pytest.raises(GraphError, match=message):
        parse_dump(DUMP.replace(*change))


def test_empty_dump_is_refused() -> None:
    """A dump without states is not an empty graph."""
    with pytest.raises(GraphError, match="no initial state"):
        parse_dump("strict digraph {\n}\n")


def test_thread_that_cannot_be_told_is_refused() -> None:
    """An edge on which two threads move by themselves has no thread."""
    two = DUMP.replace("(t1 :> -1)", "(t1 :> -1 @@ t2 :> -1)")
    two = two.replace('(t1 :> \\"NONE\\")', '(t1 :> \\"NONE\\" @@ t2 :> \\"NONE\\")')
    for pc in ("OUTSIDE", "CALLING"):
        two = two.replace(f'(t1 :> \\"{pc}\\")', f'(t1 :> \\"{pc}\\" @@ t2 :> \\"{pc}\\")')
    with pytest.raises(GraphError, match="cannot tell which thread takes Call"):
        parse_dump(two)


@pytest.fixture(scope="module")
def graph() -> Graph:
    """The graph of two threads at a barrier for two with an action."""
    return enumerate_graph(2, 2, True)


def test_equal_graphs_do_not_differ(graph: Graph) -> None:
    """There is nothing to say."""
    assert differences(graph, enumerate_graph(2, 2, True)) == []


def test_each_missing_or_additional_edge_is_found(graph: Graph) -> None:
    """Every single edge matters, in both directions."""
    for edge in graph.edges:
        less = replace(graph, edges=graph.edges - {edge})
        assert differences(graph, less) == [
            f"spec/Barrier.tla has a step that the table has not: {edge}"
        ]
        assert differences(less, graph) == [
            f"the table has a step that spec/Barrier.tla has not: {edge}"
        ]


def test_each_missing_or_additional_state_is_found(graph: Graph) -> None:
    """Every single state matters, in both directions."""
    for state in graph.states:
        less = replace(graph, states=graph.states - {state})
        assert any("a state that the table has not" in line for line in differences(graph, less))
        assert any("a state that spec/" in line for line in differences(less, graph))


def test_another_initial_state_is_found(graph: Graph) -> None:
    """Where a run begins matters, too."""
    other = replace(graph, initial=graph.states)
    assert differences(graph, other)[0].startswith("the table has an initial state that spec/")
    assert differences(other, graph)[0].startswith("spec/Barrier.tla has an initial state that")


def test_another_thread_or_action_is_found(graph: Graph) -> None:
    """An edge is more than its two ends."""
    edge = next(edge for edge in graph.edges if edge.action == "Call")
    for changed in (edge._replace(thread=1 - (edge.thread or 0)), edge._replace(action="Leave")):
        other = replace(graph, edges=graph.edges - {edge} | {changed})
        assert len(differences(graph, other)) == 2


def test_difference_reads_as_a_sentence() -> None:
    """It says who has it, the action, the thread, and both ends."""
    source = Configuration(
        State(Phase.FILLING, 1),
        (ThreadState(Location.WAITING, None, 0), ThreadState(Location.CALLING, None, None)),
    )
    target = Configuration(
        EMPTY,
        (
            ThreadState(Location.LEAVING, Outcome.RELEASED, 0),
            ThreadState(Location.LEAVING, Outcome.RELEASED, 1),
        ),
    )
    edge = Edge(source, "ArriveAndRelease", 1, target)
    states = frozenset([source, target])
    one = Graph(frozenset([source]), states, frozenset([edge]))
    assert differences(one, replace(one, edges=frozenset())) == [
        "spec/Barrier.tla has a step that the table has not: ArriveAndRelease by t2\n"
        "    from  FILLING, arrived 1; t1 WAITING (index 0); t2 CALLING\n"
        "    to    FILLING, arrived 0; t1 LEAVING (index 0, RELEASED); "
        "t2 LEAVING (index 1, RELEASED)"
    ]


@pytest.mark.check
def test_graphs_of_small_models_are_equal(tlc: Tlc, tmp_path: Path) -> None:
    """TLC and the table agree on every model of up to two threads, however they are compared."""
    modules = read_modules(SPEC)
    models = [m for m in load_manifest(MODELS) if m.edges and m.constants["Threads"] <= 2]
    assert len(models) == 6
    for model in models:
        dump = tmp_path / "graph.dot"
        tlc.run(model.module, model.configuration, modules, 60.0, dump)
        constants = model.constants
        tabled = enumerate_graph(constants["Parties"], constants["Threads"], constants["HasAction"])
        assert parse_dump(dump.read_text()) == tabled
