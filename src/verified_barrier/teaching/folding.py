"""The states of a barrier and its threads, folded: who is where counts, and not which thread.

To exchange threads makes no difference to a barrier. So all states that differ only in that are
one here, whose threads are in a fixed order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

from verified_barrier.machine import State
from verified_barrier.table import TABLE, Location, Outcome
from verified_barrier.teaching.layers import ordered
from verified_barrier.verification.model import Configuration, ThreadState, initial, steps

__all__ = ["MOST_STATES", "Folded", "FoldedState", "Move", "TooManyStatesError", "fold", "folded"]

MOST_STATES: Final = 400
"""How many states a diagram shows at most: all of three threads, but not of four."""


class TooManyStatesError(ValueError):
    """There are more states than a diagram can show."""


class Move(NamedTuple):
    """What leads from one state to another."""

    actions: tuple[str, ...]
    """The names of the actions that do, in the order of the table."""
    target: int
    """The number of the state that they lead to."""


class FoldedState(NamedTuple):
    """One state, for all that threads can be exchanged to."""

    configuration: Configuration
    depth: int
    """The number of steps on a shortest way from the first state."""
    moves: tuple[Move, ...]
    """First to the states one step deeper, then to the others, then to itself."""

    @property
    def barrier(self) -> State:
        """The barrier's own state."""
        return self.configuration.state

    @property
    def threads(self) -> list[tuple[ThreadState, int]]:
        """Where the threads are, and how many of them."""
        return list(Counter(self.configuration.threads).items())


@dataclass(frozen=True)
class Folded:
    """All that can happen to threads at a barrier, layer by layer.

    States are numbered from 1, layer by layer, in an order in which few moves cross.
    """

    parties: int
    threads: int
    has_action: bool
    left_out: tuple[str, ...]
    """The actions that could happen, were they not left out."""
    states: Mapping[int, FoldedState]

    @cached_property
    def layers(self) -> list[list[int]]:
        """The numbers of the states of each depth."""
        deepest = max(state.depth for state in self.states.values())
        layers: list[list[int]] = [[] for _ in range(deepest + 1)]
        for number, state in self.states.items():
            layers[state.depth].append(number)
        return layers

    @cached_property
    def forward(self) -> dict[int, list[int]]:
        """Where the moves of each state lead that go one step deeper."""
        return {
            number: [m.target for m in state.moves if self.leads_on(number, m)]
            for number, state in self.states.items()
        }

    def leads_on(self, source: int, move: Move) -> bool:
        """Return whether a move of a state goes one step deeper."""
        return self.states[move.target].depth > self.states[source].depth


_ORDER: Final = {value: place for place, value in enumerate((*Location, None, *Outcome))}


def fold(configuration: Configuration) -> Configuration:
    """Return the state that stands for all that differ from one in who is who."""
    return configuration._replace(threads=tuple(sorted(configuration.threads, key=_rank)))


def _rank(thread: ThreadState) -> tuple[int, int, int]:
    index = -1 if thread.index is None else thread.index
    return _ORDER[thread.location], _ORDER[thread.outcome], index


def folded(
    parties: int, threads: int, has_action: bool, actions: Collection[str] | None = None
) -> Folded:
    """Return the states of so many threads at a barrier for ``parties``, folded.

    Parameters: ``actions``, the names of those that happen; if not given, all do.
    Raises ``TooManyStatesError`` where there are more than ``MOST_STATES``.
    """
    start = initial(threads)
    depths = {start: 0}
    moves: dict[Configuration, dict[Configuration, dict[str, None]]] = {}
    left_out = set()
    for source in (queue := [start]):
        own = moves.setdefault(source, {})
        for edge in steps(parties, has_action, source):
            if actions is not None and edge.action not in actions:
                left_out.add(edge.action)
                continue
            target = fold(edge.target)
            own.setdefault(target, {})[edge.action] = None
            if target not in depths:
                depths[target] = depths[source] + 1
                queue.append(target)
        if len(queue) > MOST_STATES:
            raise TooManyStatesError(f"there are more than {MOST_STATES} states")
    found = [row.action for row in TABLE.rows if row.action in left_out]
    return Folded(parties, threads, has_action, tuple(found), _numbered(depths, moves))


def _numbered(
    depths: Mapping[Configuration, int],
    moves: Mapping[Configuration, Mapping[Configuration, Collection[str]]],
) -> dict[int, FoldedState]:
    found = list(depths)
    place = {configuration: number for number, configuration in enumerate(found)}
    layers: list[list[int]] = [[] for _ in range(max(depths.values()) + 1)]
    for configuration, depth in depths.items():
        layers[depth].append(place[configuration])
    arrows = {
        place[source]: [place[t] for t in targets if depths[t] > depths[source]]
        for source, targets in moves.items()
    }
    in_order = [found[number] for layer in ordered(layers, arrows) for number in layer]
    numbers = {configuration: number for number, configuration in enumerate(in_order, 1)}

    def rank(source: Configuration, target: Configuration) -> tuple[bool, bool, int]:
        return depths[target] <= depths[source], target == source, numbers[target]

    return {
        number: FoldedState(
            source,
            depths[source],
            tuple(
                Move(tuple(moves[source][target]), numbers[target])
                for target in sorted(moves[source], key=lambda t: rank(source, t))
            ),
        )
        for source, number in numbers.items()
    }
