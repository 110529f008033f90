"""All runs of a barrier, with the properties judged after each step.

Runs that cannot be told apart by what happens next, nor by what is promised of the past, are one
node here. Threads are alike, so that it does not matter which of them is where: in a node they are
in the order of their slots, and each move says which slot every thread goes to. So a graph has a
twenty-fourth of the states for four threads.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import Final, NamedTuple

from verified_barrier.table import Location, Outcome
from verified_barrier.teaching.places import Place, Scene, Steps, ThreadScene
from verified_barrier.teaching.sizes import Size
from verified_barrier.verification.model import ThreadState
from verified_barrier.verification.properties import Historian

__all__ = ["LAMPS", "Followed", "Moment", "Move", "Node", "Position", "follow", "shortest"]

LAMPS: Final = {
    "TypeOK": "every variable is in its domain",
    "ArrivedCount": "the count is right: who waits, and who acts",
    "OneAction": "an action runs just when the phase says so",
    "UniqueIndex": "no two threads of a crossing get one index",
    "OneOutcome": "a generation has one outcome, written once",
    "NoEarlyRelease": "no release before all parties have arrived",
    "ActionBeforeRelease": "the action returned once before the release",
    "BrokenRefuses": "at a broken barrier no call arrives",
    "NoStrandedWaiter": "a thread that has an outcome can return",
    "HeldArrives": "a held call can go on once the action ends",
}
"""What each property says. The last two speak of the future: they are judged by whether it can
still happen without a timeout, an exception, an abort or a reset."""


class Move(NamedTuple):
    """What can happen in a node."""

    action: str
    slot: int | None
    """Of the thread that takes it; ``None`` if no one thread does."""
    target: int
    """The node it leads to."""
    slots: tuple[int, ...]
    """The slot there of the thread in each slot here."""


class Node(NamedTuple):
    """A moment of runs that are alike, with its threads in slots."""

    scene: Scene
    violated: tuple[str, ...]
    """The properties that do not hold now."""
    moves: tuple[Move, ...]


class Moment(NamedTuple):
    """A run up to now."""

    place: Place
    historian: Historian
    violated: tuple[str, ...]

    @property
    def key(self) -> object:
        """What decides what can happen and what is promised."""
        h = self.historian
        counts = h.generation, h.arrivals, h.returns, frozenset(h.releases)
        return self.place, tuple(h.joined), tuple(h.first), counts, self.violated

    def after(self, place: Place) -> tuple[Moment, tuple[int, ...]]:
        """Return the run with one step more, which leads to ``place``, in slots."""
        historian = copy.copy(self.historian)
        historian.see(place.judged)
        return _in_slots(place, historian)

    def sorts(self, number: int) -> tuple[str, int, str]:
        """Return what puts a thread into its slot: what tells it from the others."""
        return _sorts(self.place, self.historian, number)


def _in_slots(place: Place, historian: Historian) -> tuple[Moment, tuple[int, ...]]:
    """Return a run up to now with its threads in slots, and the slot of each.

    Parameters: ``historian``, who is nobody else's.
    """
    h, violated = historian, tuple(historian.violated())
    order = sorted(range(len(h.joined)), key=partial(_sorts, place, h))
    place = place.in_order(order)
    h.before = h.now = place.judged
    h.first = [h.first[old] for old in order]
    # Generations are numbered anew: only their order matters, and who shares one.
    ranks = {number: rank for rank, number in enumerate(sorted({*h.joined} - {0}), 1)}
    h.joined = [ranks.get(h.joined[old], 0) for old in order]
    h.generation = ranks.get(h.generation, len(ranks) + 1)
    slots = tuple(order.index(old) for old in range(len(order)))
    return Moment(place, h, violated), slots


def _sorts(place: Place, historian: Historian, number: int) -> tuple[str, int, str]:
    words = _in_words(place.scene.threads[number], place.judged.threads[number])
    return words, historian.joined[number], _in_words(historian.first[number])


@cache
def _in_words(*parts: ThreadScene | ThreadState | Outcome | None) -> str:
    return " ".join(map(str, parts))


class Position(NamedTuple):
    """Where a run is."""

    node: int
    slots: tuple[int, ...]
    """The slot of each thread."""


@dataclass(frozen=True)
class Followed:
    """All runs of a barrier of one size. Node 0 is where they begin."""

    parties: int
    threads: int
    has_action: bool
    nodes: tuple[Node, ...]
    moments: tuple[Moment, ...]
    """Of each node, the run by which it was found first."""

    @property
    def size(self) -> Size:
        """How large the barrier is, and how many threads there are."""
        return Size(self.parties, self.threads, self.has_action)

    @property
    def start(self) -> Position:
        """The position in which every run begins."""
        return Position(0, tuple(range(self.threads)))

    def scene(self, position: Position) -> Scene:
        """Return what is to be seen, with the threads in their own order."""
        scene = self.nodes[position.node].scene
        return scene._replace(threads=tuple(scene.threads[slot] for slot in position.slots))

    def violated(self, position: Position) -> tuple[str, ...]:
        """Return the names of the properties that do not hold now."""
        return self.nodes[position.node].violated

    def moves(self, position: Position) -> Iterator[tuple[str, int | None, Position]]:
        """Yield each step: its action, the thread that takes it, counted from 0, and its target."""
        for action, slot, target, slots in self.nodes[position.node].moves:
            thread = None if slot is None else position.slots.index(slot)
            yield action, thread, Position(target, tuple(slots[s] for s in position.slots))

    def after(self, position: Position, action: str, thread: int | None) -> Position:
        """Return where a step leads to. Raises ``ValueError`` where it is not possible."""
        for possible, mover, target in self.moves(position):
            if (possible, mover) == (action, thread):
                return target
        by = "" if thread is None else f" by t{thread + 1}"
        possible_now = sorted(
            name if mover is None else f"{name} by t{mover + 1}"
            for name, mover, _ in self.moves(position)
        )
        raise ValueError(f"{action}{by} is not possible here; possible: {', '.join(possible_now)}")


def follow(
    steps: Steps,
    parties: int,
    threads: int,
    has_action: bool,
    is_intervention: Callable[[str], bool],
) -> Followed:
    """Return all runs of a barrier.

    Parameters: ``steps``, what can happen; ``is_intervention``, whether an action is a timeout, an
    exception, an abort or a reset.
    """
    start, _ = _in_slots(steps.start, Historian(parties, has_action, steps.start.judged))
    numbers, found, queue = {start.key: 0}, [start], deque([start])
    moves: list[tuple[Move, ...]] = []
    while queue:
        moment = queue.popleft()
        here: dict[tuple[str, int | None], Move] = {}
        twins = _twins(moment)
        for action, slot, place in sorted(steps.after(moment.place), key=_in_order):
            if slot is not None and slot in twins:
                here[action, slot] = _of_twin(here[action, slot - 1], slot)
                continue
            if (action, slot) in here:
                raise ValueError(f"{action} leads from {moment.place.scene} to two places")
            target, slots = moment.after(place)
            if target.key not in numbers:
                numbers[target.key] = len(found)
                found.append(target)
                queue.append(target)
            here[action, slot] = Move(action, slot, numbers[target.key], slots)
        moves.append(tuple(here.values()))
    nodes = tuple(
        Node(moment.place.scene, moment.violated, there)
        for moment, there in zip(found, moves, strict=True)
    )
    judged = [moment.place.judged.threads for moment in found]
    nodes = _judge(nodes, judged, "NoStrandedWaiter", _has_outcome, is_intervention)
    nodes = _judge(nodes, judged, "HeldArrives", _is_held, is_intervention)
    return Followed(parties, threads, has_action, nodes, tuple(found))


def _twins(moment: Moment) -> set[int]:
    """Return the slots of the threads that are in every respect where the one before them is."""
    sorts = [moment.sorts(slot) for slot in range(len(moment.historian.joined))]
    return {slot for slot in range(1, len(sorts)) if sorts[slot] == sorts[slot - 1]}


def _of_twin(move: Move, slot: int) -> Move:
    """Return the move of the thread in a slot, given that of the one before it."""
    slots = [*move.slots]
    slots[slot - 1], slots[slot] = slots[slot], slots[slot - 1]
    return move._replace(slot=slot, slots=tuple(slots))


def _in_order(step: tuple[str, int | None, Place]) -> tuple[str, int]:
    return step[0], -1 if step[1] is None else step[1]


def _has_outcome(thread: ThreadState) -> bool:
    return thread.outcome is not None


def _is_held(thread: ThreadState) -> bool:
    return thread.location is Location.HELD


def _judge(
    nodes: tuple[Node, ...],
    judged: list[tuple[ThreadState, ...]],
    name: str,
    is_bound: Callable[[ThreadState], bool],
    is_intervention: Callable[[str], bool],
) -> tuple[Node, ...]:
    """Add a property's name to the nodes in which a bound thread cannot get free any more."""
    bound = {
        (number, slot)
        for number, threads in enumerate(judged)
        for slot, thread in enumerate(threads)
        if is_bound(thread)
    }
    while True:
        freed = {
            (number, slot)
            for number, slot in bound
            for move in nodes[number].moves
            if (move.target, move.slots[slot]) not in bound and not is_intervention(move.action)
        }
        if not freed:
            break
        bound -= freed
    lost = {number for number, _ in bound}
    return tuple(
        node._replace(violated=(*node.violated, name)) if number in lost else node
        for number, node in enumerate(nodes)
    )


def shortest(followed: Followed, name: str | None) -> list[tuple[str, int | None]] | None:
    """Return a shortest run that violates a property.

    Parameters: ``name``, of the property; ``None``: any. Returns its actions, each with the
    thread that takes it; ``None`` where there is no such run.
    """
    start = followed.start
    ways: dict[int, tuple[Position, Position, str, int | None] | None] = {start.node: None}
    queue = deque([start])
    while queue:
        position = queue.popleft()
        violated = followed.violated(position)
        if name in violated or (name is None and violated):
            return _way_to(position, ways)
        for action, thread, target in followed.moves(position):
            if target.node not in ways:
                ways[target.node] = (position, target, action, thread)
                queue.append(target)
    return None


def _way_to(
    position: Position, ways: dict[int, tuple[Position, Position, str, int | None] | None]
) -> list[tuple[str, int | None]]:
    run: list[tuple[str, int | None]] = []
    while way := ways[position.node]:
        position, _, action, thread = way
        run.insert(0, (action, thread))
    return run
