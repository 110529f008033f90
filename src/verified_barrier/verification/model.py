"""The state graph of any number of threads at a barrier, spanned by the table.

This module knows what a thread is and nothing about barriers: which steps there are, and what
becomes of the barrier, it asks ``machine.step``; where the threads go, it reads in the row.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from verified_barrier.machine import EMPTY, State, is_valid, step
from verified_barrier.table import LOCATIONS, Event, Location, Outcome, Row
from verified_barrier.verification.processes import stop_if_ending

__all__ = ["Configuration", "Edge", "Graph", "ThreadState", "enumerate_graph", "initial", "steps"]


class ThreadState(NamedTuple):
    """One thread, as ``pc``, ``outcome`` and ``index`` of ``spec/Barrier.tla`` describe it."""

    location: Location
    outcome: Outcome | None
    index: int | None  # type: ignore[assignment]

    def __str__(self) -> str:
        details = [] if self.index is None else [f"index {self.index}"]
        if self.outcome is not None:
            details.append(self.outcome.value)
        return self.location.value + (f" ({', '.join(details)})" if details else "")


class Configuration(NamedTuple):
    """A barrier and its threads at one moment: a state of the model."""

    state: State
    threads: tuple[ThreadState, ...]

    def __str__(self) -> str:
        threads = (f"t{number} {thread}" for number, thread in enumerate(self.threads, 1))
        phase, arrived = self.state
        return f"{phase.value}, arrived {arrived}; {'; '.join(threads)}"


class Edge(NamedTuple):
    """One step of the model."""

    source: Configuration
    action: str
    """The action's name in ``spec/Barrier.tla``."""
    thread: int | None
    """The thread, counted from 0, to which it happens; ``None`` if to no one thread."""
    target: Configuration

    def __str__(self) -> str:
        by = "" if self.thread is None else f" by t{self.thread + 1}"
        return f"{self.action}{by}\n    from  {self.source}\n    to    {self.target}"


@dataclass(frozen=True)
class Graph:
    """All that a model can do."""

    initial: frozenset[Configuration]
    states: frozenset[Configuration]
    edges: frozenset[Edge]


_OUTSIDE = ThreadState(Location.OUTSIDE, None, None)


def initial(threads: int) -> Configuration:
    """Return the configuration in which ``threads`` threads have not called yet."""
    return Configuration(EMPTY, (_OUTSIDE,) * threads)


def steps(parties: int, has_action: bool, source: Configuration) -> Iterator[Edge]:
    """Yield every step that the table allows in ``source``."""
    for event in Event:
        where = LOCATIONS[event]
        for number in _numbers(source, where):
            state, row = step(parties, has_action, source.state, event)
            if row is None:
                continue
            if number is not None and source.threads[number].location is row.location:
                continue  # A call that is held again has not moved: it is held still.
            threads = _move(row, source, number)
            yield Edge(source, row.action, number, Configuration(state, threads))


def _numbers(source: Configuration, where: tuple[Location, ...]) -> list[int | None]:
    if not where:
        return [None]
    return [n for n, thread in enumerate(source.threads) if thread.location in where]


def _move(row: Row, source: Configuration, mover: int | None) -> tuple[ThreadState, ...]:
    """Return where the threads are after a step; ``mover`` is the one to which it happens."""
    threads = list(source.threads)
    if row.outcome is not None:
        threads = [_given(thread, row.outcome) for thread in threads]
    if mover is not None and row.location is not None:
        before = source.threads[mover]
        if not row.location.has_arrived:
            threads[mover] = ThreadState(row.location, None, None)
        elif not before.location.has_arrived:
            threads[mover] = ThreadState(row.location, row.outcome, source.state.arrived)
        else:
            threads[mover] = threads[mover]._replace(location=row.location)
        if row.event is Event.WITHDRAW:
            threads = [_moved_up(thread, before.index) for thread in threads]
    return tuple(threads)


def _given(thread: ThreadState, outcome: Outcome) -> ThreadState:
    """Return a thread whose generation gets its outcome."""
    if thread.location not in (Location.WAITING, Location.ACTING):
        return thread
    return ThreadState(
        Location.LEAVING if thread.location is Location.WAITING else thread.location,
        outcome,
        thread.index if outcome is Outcome.RELEASED else None,
    )


def _moved_up(thread: ThreadState, place: int | None) -> ThreadState:
    """Return a thread before which a waiter has given up its place."""
    if thread.location is not Location.WAITING or thread.index is None or place is None:
        return thread
    return thread._replace(index=thread.index - (thread.index > place))


def enumerate_graph(parties: int, threads: int, has_action: bool) -> Graph:
    """Return the graph of all that ``threads`` threads can do at a barrier for ``parties``."""
    start = initial(threads)
    states = {start}
    edges = set()
    queue = deque([start])
    while queue:
        stop_if_ending()
        source = queue.popleft()
        if not is_valid(parties, source.state):
            continue  # A wrong table may lead here, and from here on without end.
        for edge in steps(parties, has_action, source):
            edges.add(edge)
            if edge.target not in states:
                states.add(edge.target)
                queue.append(edge.target)
    return Graph(frozenset([start]), frozenset(states), frozenset(edges))
