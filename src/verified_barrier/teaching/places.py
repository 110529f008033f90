"""The states of any barrier that can be looked at, and the steps between them, in one form.

Ours is spanned by the table; a barrier that is written in TLA+ alone is read from the graph that
TLC finds. A place has two sides: the scene, which is shown, and the configuration, by which the
properties are judged. They are the same of a barrier in our words, and not of CPython's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Final, NamedTuple, TypeAlias

from verified_barrier.verification.graph import (
    Dump,
    GraphError,
    configuration,
    graph_of,
    values,
)
from verified_barrier.verification.model import Configuration, ThreadState, initial, steps

__all__ = [
    "SEEN",
    "Place",
    "Scene",
    "Steps",
    "ThreadScene",
    "broken_steps",
    "cpython_steps",
    "our_steps",
]

SEEN: Final = "Seen"
"""Before the name of each step in a graph that TLC finds."""


class ThreadScene(NamedTuple):
    """One thread, as it is shown."""

    location: str
    outcome: str | None
    index: int | None  # type: ignore[assignment]


class Scene(NamedTuple):
    """A barrier and its threads, as they are shown."""

    phase: str
    arrived: int
    threads: tuple[ThreadScene, ...]


class Place(NamedTuple):
    """A barrier and its threads at one moment."""

    scene: Scene
    judged: Configuration
    rest: str = ""
    """What is neither shown nor judged, and still decides what can happen."""

    def in_order(self, order: Sequence[int]) -> Place:
        """Return the same place with its threads in another order.

        Parameters: ``order``, the old numbers of the threads, counted from 0.
        """
        scene, judged, rest = self
        return Place(
            scene._replace(threads=tuple(scene.threads[n] for n in order)),
            judged._replace(threads=tuple(judged.threads[n] for n in order)),
            rest,
        )


Step: TypeAlias = tuple[str, int | None, Place]
"""An action, the thread that takes it, counted from 0, and where it leads."""


class Steps(NamedTuple):
    """Where a barrier begins, and what can happen then."""

    start: Place
    after: Callable[[Place], Iterable[Step]]


def _shown(judged: Configuration) -> Place:
    """Return a configuration of ours as it is shown: as it is."""
    (phase, arrived), threads = judged
    return Place(Scene(phase.value, arrived, tuple(map(_shown_thread, threads))), judged)


@cache
def _shown_thread(thread: ThreadState) -> ThreadScene:
    location, outcome, index = thread
    return ThreadScene(location.value, None if outcome is None else outcome.value, index)


def our_steps(parties: int, threads: int, has_action: bool) -> Steps:
    """Return the steps of our barrier, as the table has them."""

    def after(place: Place) -> Iterable[Step]:
        for edge in steps(parties, has_action, place.judged):
            yield edge.action, edge.thread, _shown(edge.target)

    return Steps(_shown(initial(threads)), after)


def broken_steps(dump: Dump) -> dict[str, Steps]:
    """Return the steps of each barrier in a graph of ``SeveralBroken.tla``, by its name.

    Raises ``GraphError`` where the graph is not understood.
    """
    names = {number: variables["which"].strip('"') for number, variables in dump.states.items()}
    parts = {name: Dump({}, set(), set()) for name in names.values()}
    for number, variables in dump.states.items():
        parts[names[number]].states[number] = variables
    for number in dump.initial:
        parts[names[number]].initial.add(number)
    for source, target, action in dump.edges:
        parts[names[source]].edges.add((source, target, action.removeprefix(SEEN)))
    return {name: _broken_steps(part) for name, part in parts.items()}


def _broken_steps(dump: Dump) -> Steps:
    graph = graph_of(dump)
    shown = {judged: _shown(judged) for judged in graph.states}
    edges = ((shown[e.source], (e.action, e.thread, shown[e.target])) for e in graph.edges)
    return _looked_up({shown[start] for start in graph.initial}, edges)


CPYTHON_ACTS: Final = "filling (action runs)"
"""What is shown as the state of CPython's barrier while its action runs, with the lock held."""


def cpython_steps(dump: Dump) -> Steps:
    """Return the steps of a graph of ``CPythonSeen.tla``.

    Raises ``GraphError`` where the graph is not understood.
    """
    places = {number: _cpython_place(variables) for number, variables in dump.states.items()}
    if len(set(places.values())) < len(places):
        raise GraphError("two states of CPythonSeen.tla look the same: show more of them")
    edges = []
    for source, target, action in dump.edges:
        before, after = places[source], places[target]
        mover = _cpython_mover(before, after)
        edges.append((before, (action.removeprefix(SEEN), mover, after)))
    return _looked_up({places[start] for start in dump.initial}, edges)


def _cpython_place(variables: Mapping[str, str]) -> Place:
    """Return a state: a thread that waits on the condition variable may be notified already."""
    judged = configuration(
        {
            name: variables[f"seen{name.title()}"]
            for name in ("phase", "arrived", "pc", "outcome", "index")
        }
    )
    locations, indices = values(variables["pc"]), values(variables["index"])
    threads = []
    for number, (location, index) in enumerate(zip(locations, indices, strict=True)):
        waits = location in ("_enter", "_wait")
        notified = waits and f"t{number + 1}" not in variables["waiters"].strip("{}").split(", ")
        outcome = judged.threads[number].outcome
        threads.append(
            ThreadScene(
                location + (" (notified)" if notified else ""),
                None if outcome is None else outcome.value,
                None if index == "-1" else int(index),
            )
        )
    state = CPYTHON_ACTS if "_release" in locations else variables["state"].strip('"')
    scene = Scene(state, int(variables["count"]), tuple(threads))
    return Place(scene, judged, variables["ended"].strip('"'))


def _cpython_mover(before: Place, after: Place) -> int | None:
    """Return the thread that moves other than by being notified, if any."""
    pairs = zip(before.scene.threads, after.scene.threads, strict=True)
    movers = [
        number
        for number, (one, other) in enumerate(pairs)
        if one.location != other.location and f"{one.location} (notified)" != other.location
    ]
    if len(movers) > 1:
        raise GraphError(f"cannot tell which thread moves from {before.scene} to {after.scene}")
    return movers[0] if movers else None


def _looked_up(initial_places: set[Place], edges: Iterable[tuple[Place, Step]]) -> Steps:
    (start,) = initial_places
    after: dict[Place, list[Step]] = {}
    for source, step in edges:
        after.setdefault(source, []).append(step)
    return Steps(start, lambda place: after.get(place, []))
