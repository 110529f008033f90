"""The safety properties of the specification, as predicates on a run of the model.

Each has the name that it has in ``spec/Barrier.tla`` and ``spec/BarrierHistory.tla``. A run is
followed by a ``Historian``, who keeps the history variables of ``BarrierHistory.tla``: like
there, it looks only at how the configuration changes, not at which action changed it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from verified_barrier.table import LOCATIONS, Event, Location, Outcome, Phase
from verified_barrier.verification.model import Configuration, ThreadState

__all__ = ["PROPERTIES", "Historian"]


class Historian:
    """A run of the model up to now, with what has to be remembered of it.

    Parameters: ``parties`` and ``has_action``, the barrier's; ``start``, the configuration in
    which the run begins.
    """

    def __init__(self, parties: int, has_action: bool, start: Configuration) -> None:
        self.parties = parties
        self.has_action = has_action
        self.now = start
        self.before = start
        self.generation = 1
        self.joined = [0 for _ in start.threads]
        self.first: list[Outcome | None] = [None for _ in start.threads]
        self.arrivals = 0
        self.returns = 0
        self.releases: set[tuple[int, int]] = set()
        """Of each crossing: its arrivals, and how often its action returned."""

    def __copy__(self) -> Historian:
        other = Historian.__new__(Historian)
        other.__dict__ |= self.__dict__
        other.joined, other.first = [*self.joined], [*self.first]
        other.releases = {*self.releases}
        return other

    def see(self, now: Configuration) -> None:
        """Write down what changed from the last configuration to ``now``."""
        pairs = list(zip(self.now.threads, now.threads, strict=True))
        arrivals = self.arrivals + sum(_arrives(*pair) for pair in pairs)
        returns = self.returns + sum(_returns(*pair) for pair in pairs)
        if any(_releases(*pair) for pair in pairs):
            self.releases.add((arrivals, returns))
        for number, (one, other) in enumerate(pairs):
            if not other.location.has_arrived:
                self.joined[number], self.first[number] = 0, None
                continue
            if _arrives(one, other):
                self.joined[number] = self.generation
            if self.first[number] is None:
                self.first[number] = other.outcome
        before = any(_is_member(one) or _arrives(one, other) for one, other in pairs)
        if before and not any(_is_member(other) for _, other in pairs):
            self.generation += 1
            self.arrivals = self.returns = 0
        else:
            if self.arrivals < self.parties:
                arrivals -= sum(_gives_up(*pair) for pair in pairs)
            self.arrivals, self.returns = arrivals, returns
        self.before, self.now = self.now, now

    def violated(self) -> list[str]:
        """Return the names of the properties that do not hold now."""
        return [name for name, holds in PROPERTIES.items() if not holds(self)]


def _is_member(thread: ThreadState) -> bool:
    return thread.location.has_arrived and thread.outcome is None


def _arrives(one: ThreadState, other: ThreadState) -> bool:
    may_arrive = one.location in LOCATIONS[Event.ARRIVE]
    return may_arrive and other.location.has_arrived


def _gives_up(one: ThreadState, other: ThreadState) -> bool:
    return one.location is Location.WAITING and other.location is Location.OUTSIDE


def _returns(one: ThreadState, other: ThreadState) -> bool:
    acts = one.location is Location.ACTING and one.outcome is None
    return acts and other.location is Location.LEAVING


def _releases(one: ThreadState, other: ThreadState) -> bool:
    return one.outcome is not Outcome.RELEASED and other.outcome is Outcome.RELEASED


def _count(run: Historian, location: Location) -> int:
    return sum(thread.location is location for thread in run.now.threads)


def _type_ok(run: Historian) -> bool:
    indices = [t.index for t in run.now.threads if t.index is not None]
    return 0 <= run.now.state.arrived <= run.parties and all(
        0 <= index < run.parties for index in indices
    )


def _arrived_count(run: Historian) -> bool:
    tripper = run.now.state.phase is Phase.TRIPPING
    return run.now.state.arrived == _count(run, Location.WAITING) + tripper


def _one_action(run: Historian) -> bool:
    return _count(run, Location.ACTING) == run.now.state.phase.is_acting


def _broken_refuses(run: Historian) -> bool:
    pairs = zip(run.before.threads, run.now.threads, strict=True)
    return not run.before.state.phase.is_broken or all(
        other.location in (one.location, Location.OUTSIDE)
        for one, other in pairs
        if one.location in LOCATIONS[Event.ARRIVE]
    )


def _unique_index(run: Historian) -> bool:
    threads = run.now.threads
    given = [
        (generation, thread.index)
        for generation, thread in zip(run.joined, threads, strict=True)
        if thread.index is not None
    ]
    released = [thread for thread in threads if thread.outcome is Outcome.RELEASED]
    return len(set(given)) == len(given) and all(
        thread.index is not None and 0 <= thread.index < run.parties for thread in released
    )


def _one_outcome(run: Historian) -> bool:
    outcomes: dict[int, set[Outcome | None]] = {}
    for generation, thread in zip(run.joined, run.now.threads, strict=True):
        if generation:
            outcomes.setdefault(generation, set()).add(thread.outcome)
    return all(len(different) == 1 for different in outcomes.values()) and run.first == [
        thread.outcome for thread in run.now.threads
    ]


def _no_early_release(run: Historian) -> bool:
    return all(arrivals == run.parties for arrivals, _ in run.releases)


def _action_before_release(run: Historian) -> bool:
    return all(returns == run.has_action for _, returns in run.releases)


PROPERTIES: Final[Mapping[str, Callable[[Historian], bool]]] = MappingProxyType(
    {
        "TypeOK": _type_ok,
        "ArrivedCount": _arrived_count,
        "OneAction": _one_action,
        "UniqueIndex": _unique_index,
        "OneOutcome": _one_outcome,
        "NoEarlyRelease": _no_early_release,
        "ActionBeforeRelease": _action_before_release,
        "BrokenRefuses": _broken_refuses,
    }
)
"""Every safety property, by name."""
