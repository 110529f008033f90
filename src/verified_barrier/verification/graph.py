"""TLC's state graph, and whether it is the same as the table's.

TLC's dump labels an edge with the action's name, but not with the thread. The thread is the
one that moves, other than by being woken: each action of ``spec/Barrier.tla`` moves at most
one thread in another way than from WAITING to LEAVING.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from verified_barrier.machine import State
from verified_barrier.table import Location, Outcome, Phase
from verified_barrier.verification.model import Configuration, Edge, Graph, ThreadState
from verified_barrier.verification.processes import stop_if_ending

__all__ = [
    "Dump",
    "GraphError",
    "configuration",
    "differences",
    "graph_of",
    "mover",
    "parse_dump",
    "read_dump",
    "values",
]


class GraphError(ValueError):
    """A dump that is not a graph of the module; the message quotes the line."""


class Dump(NamedTuple):
    """A dump as it is written: states by their numbers, with their variables as text."""

    states: dict[str, dict[str, str]]
    initial: set[str]
    edges: set[tuple[str, str, str]]
    """Source, target and action of each."""


_EDGE: Final = re.compile(r'^(-?\d+) -> (-?\d+) \[label="(\w+)"')
_TEXT: Final = r'(?:[^"\\]|\\.)*'
# TLC's later than 2.15 say the state once more where it is pointed at.
_NODE: Final = re.compile(
    rf'^(-?\d+) \[label="({_TEXT})"(?:,tooltip="{_TEXT}")?(,style = filled)?\];?$'
)
_VARIABLE: Final = re.compile(r"/\\ (\w+) = (.*)")
_MAPPING: Final = re.compile(r'\w+ :> (?:"(\w+)"|(-?\d+))')


def read_dump(text: str) -> Dump:
    """Return what TLC wrote with ``-dump dot,actionlabels``, of whatever module.

    Raises ``GraphError`` where a line is not understood, or a step leads to no state.
    """
    dump = Dump({}, set(), set())
    for line in text.splitlines():
        stop_if_ending()
        if edge := _EDGE.match(line):
            dump.edges.add((edge[1], edge[2], edge[3]))
        elif node := _NODE.match(line):
            lines = (line.replace(r"\"", '"').replace(r"\\", "\\") for line in node[2].split(r"\n"))
            dump.states[node[1]] = {
                match[1]: match[2] for line in lines if (match := _VARIABLE.match(line))
            }
            if node[3]:
                dump.initial.add(node[1])
        elif "[label=" in line:
            raise GraphError(f"neither a state nor a step: {line}")
    if not dump.initial:
        raise GraphError("the dump has no initial state: did TLC run to its end?")
    for source, target, action in dump.edges:
        for number in (source, target):
            if number not in dump.states:
                raise GraphError(f"{action} leads from or to {number!r}, which is no state")
    return dump


def parse_dump(text: str) -> Graph:
    """Return the graph of ``spec/Barrier.tla`` that TLC wrote with ``-dump dot,actionlabels``.

    Raises ``GraphError`` where a line is not understood, or a thread cannot be told.
    """
    return graph_of(read_dump(text))


def graph_of(dump: Dump) -> Graph:
    """Return the graph of ``spec/Barrier.tla`` that a dump holds.

    Raises ``GraphError`` where a state is none, or a thread cannot be told.
    """
    states = {number: configuration(variables) for number, variables in dump.states.items()}
    edges = set()
    for source, target, action in dump.edges:
        stop_if_ending()
        before, after = states[source], states[target]
        edges.add(Edge(before, action, mover(before, action, after), after))
    initial = frozenset(states[number] for number in dump.initial)
    return Graph(initial, frozenset(states.values()), frozenset(edges))


def configuration(variables: Mapping[str, str]) -> Configuration:
    """Return the state that TLC writes with these variables, each as text.

    Raises ``GraphError`` where they are not those of ``spec/Barrier.tla``.
    """
    try:
        locations, outcomes, indices = (
            values(variables[name]) for name in ("pc", "outcome", "index")
        )
        return Configuration(
            State(Phase(variables["phase"].strip('"')), int(variables["arrived"])),
            tuple(
                ThreadState(
                    Location(location),
                    None if outcome == "NONE" else Outcome(outcome),
                    None if index == "-1" else int(index),
                )
                for location, outcome, index in zip(locations, outcomes, indices, strict=True)
            ),
        )
    except (KeyError, ValueError) as problem:
        raise GraphError(f"not a state of Barrier.tla ({problem}): {variables}") from None


def values(function: str) -> list[str]:
    """Return the values of a function of the threads, in their order."""
    return [string or number for string, number in _MAPPING.findall(function)]


def mover(before: Configuration, action: str, after: Configuration) -> int | None:
    """Return the thread that moves in another way than by being woken, if any."""
    movers = [
        number
        for number, (one, other) in enumerate(zip(before.threads, after.threads, strict=True))
        if one.location is not other.location
        and (one.location, other.location) != (Location.WAITING, Location.LEAVING)
    ]
    if len(movers) > 1:
        raise GraphError(f"cannot tell which thread takes {action} from {before} to {after}")
    return movers[0] if movers else None


def differences(specified: Graph, tabled: Graph, limit: int = 3) -> list[str]:
    """Return in words how the table's graph differs from the specification's.

    Parameters: ``specified``, the graph that TLC found; ``tabled``, the one that the table
    spans; ``limit``, how many differences to name of each kind. Returns nothing if the two
    have the same initial states, states and edges; otherwise what differs first: in steps
    from states that both reach, if there are any.
    """
    shared = specified.states & tabled.states
    only_specified = specified.edges - tabled.edges
    only_tabled = tabled.edges - specified.edges
    first = [
        *_in_words("an initial state", specified.initial - tabled.initial, _SPEC, limit),
        *_in_words("an initial state", tabled.initial - specified.initial, _TABLE, limit),
        *_in_words("a step", {e for e in only_specified if e.source in shared}, _SPEC, limit),
        *_in_words("a step", {e for e in only_tabled if e.source in shared}, _TABLE, limit),
    ]
    return first or [
        *_in_words("a state", specified.states - tabled.states, _SPEC, limit),
        *_in_words("a state", tabled.states - specified.states, _TABLE, limit),
        *_in_words("a step", only_specified, _SPEC, limit),
        *_in_words("a step", only_tabled, _TABLE, limit),
    ]


_SPEC: Final = ("spec/Barrier.tla", "the table")
_TABLE: Final = ("the table", "spec/Barrier.tla")


def _in_words(
    what: str, only: Iterable[Configuration | Edge], who: tuple[str, str], limit: int
) -> list[str]:
    one, other = who
    first = sorted(only, key=_simplest_first)
    lines = [f"{one} has {what} that {other} has not: {item}" for item in first[:limit]]
    if len(first) > limit:
        lines.append(f"... and {len(first) - limit} more like these")
    return lines


def _simplest_first(item: Configuration | Edge) -> tuple[int, str]:
    source = item.source if isinstance(item, Edge) else item
    idle = sum(thread.location is Location.OUTSIDE for thread in source.threads)
    return (-idle, str(item))
