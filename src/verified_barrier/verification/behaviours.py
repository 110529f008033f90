"""What a program can observe of two barriers, and whether it can tell them apart.

A program sees calls, what comes of them, the beginning and the end of the action, what
``n_waiting`` and ``broken`` read, and that nothing more happens by itself. It does not see the
steps in between, so that a barrier may be in one of several states after what has been seen. These
sets of states are the states of an automaton that has at most one step for each event. The
automata of two barriers are walked through side by side: where one has an event that the other
has not, a program can tell the barriers apart, and the way there is a shortest sequence that does.

Source: the subset construction (Rabin and Scott, 1959). That nothing more happens by itself is
the quiescence of suspension traces (Tretmans, 1996).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from types import MappingProxyType
from typing import Final

from verified_barrier.verification.graph import Dump, GraphError, read_dump, values
from verified_barrier.verification.processes import stop_if_ending

__all__ = ["Behaviour", "Comparison", "compare"]

# What is seen of an action, of either module: of what is done to the barrier ...
_DONE_TO_IT: Final = {
    "{thread} calls wait()": ["Call"],
    "{thread} times out": ["TimeOut"],
    "{thread} is interrupted": ["Withdraw", "WithdrawCall"],
    "the action returns": [
        *("ActionReturned", "ActionReturnedAfterReset", "ActionReturnedAfterAbort"),
    ],
    "the action raises": ["ActionRaised", "ActionRaisedAfterReset", "ActionRaisedAfterAbort"],
    "abort()": [
        *("AbortFilling", "AbortTripping", "AbortResetting", "AbortAgain"),
        *("AbortDraining", "AbortBroken"),
    ],
    "reset()": [
        *("ResetFilling", "ResetTripping", "ResetAgain", "ResetBreaking", "ResetBroken"),
        *("ResetDraining", "ResetResetting"),
    ],
}
# ... and of what it does by itself.
_UNSEEN: Final = ""
_RETURNS: Final = "{thread} returns {index}"
_RAISES: Final = "{thread} raises BrokenBarrierError"
_DONE_BY_IT: Final = {
    "{thread} runs the action": ["ArriveAndAct", "ReleaseActs"],
    _RETURNS: ["Leave"],  # ... or raises, where it has no index
    _RAISES: ["ArriveRefused", "EnterRaises"],
    _UNSEEN: [
        *("ArriveAndWait", "ArriveAndRelease", "ArriveHeld"),
        *("EnterWaits", "Wait", "Release", "WaitReturns", "WaitRaises"),
    ],
}
_SEEN: Final = MappingProxyType(
    {
        action: event
        for events in (_DONE_TO_IT, _DONE_BY_IT)
        for event, actions in events.items()
        for action in actions
    }
)
_BY_ITSELF: Final = frozenset(action for actions in _DONE_BY_IT.values() for action in actions)
_STILL: Final = "nothing happens by itself"


class Behaviour:
    """A barrier with its threads, reduced to what can be observed of it.

    A set of its states is a number here, in which each state has a bit.

    Parameters: ``module``, ``Barrier`` or ``CPythonBarrier``; ``text``, its graph, as TLC writes
    it; ``without``, the actions that are left out. Raises ``GraphError`` where the graph is not
    understood.
    """

    def __init__(self, module: str, text: str, without: Collection[str] = ()) -> None:
        dump = read_dump(text)
        self.actions = frozenset(action for _, _, action in dump.edges)
        """The actions that it has, with those that were left out."""
        steps: dict[str, set[tuple[str, str]]] = {state: set() for state in dump.states}
        busy = set()
        for source, target, action in dump.edges:
            if action not in without:
                steps[source].add((_event(dump, source, action, target), target))
                if action in _BY_ITSELF:
                    busy.add(source)
        for state, variables in dump.states.items():
            steps[state] |= {(reading, state) for reading in _readings(module, variables)}
            if state not in busy:
                steps[state].add((_STILL, state))
        self._number = {state: number for number, state in enumerate(steps)}
        unseen = {state: self._unseen_after(state, steps) for state in steps}
        self.initial = self._union(unseen[state] for state in dump.initial)
        """The states in which it may be before anything was seen."""
        self._events: list[dict[str, int]] = [{} for _ in steps]
        for state, found in steps.items():
            events = self._events[self._number[state]]
            for event, target in found:
                if event != _UNSEEN:
                    events[event] = events.get(event, 0) | unseen[target]
        self._known: dict[int, dict[str, int]] = {}

    def _unseen_after(self, state: str, steps: Mapping[str, set[tuple[str, str]]]) -> int:
        """Return ``state`` and those to which steps lead from there that are not seen."""
        found = {state}
        queue = [state]
        while queue:
            stop_if_ending()
            new = {target for event, target in steps[queue.pop()] if event == _UNSEEN} - found
            found |= new
            queue += new
        return self._union(1 << self._number[state] for state in found)

    @staticmethod
    def _union(sets: Iterable[int]) -> int:
        return reduce(or_, sets, 0)

    def events(self, states: int) -> dict[str, int]:
        """Return what can be seen in one of ``states``, and in which states it may be then."""
        if states not in self._known:
            events: dict[str, int] = {}
            rest = states
            while rest:
                lowest = rest & -rest
                rest ^= lowest
                for event, targets in self._events[lowest.bit_length() - 1].items():
                    events[event] = events.get(event, 0) | targets
            self._known[states] = events
        return self._known[states]


def _readings(module: str, variables: Mapping[str, str]) -> tuple[str, str]:
    """Return what ``n_waiting`` and ``broken`` read in a state."""
    try:
        if module == "Barrier":
            n_waiting = variables["arrived"]
            broken = variables["phase"] in ('"BREAKING"', '"BROKEN"')
        else:
            n_waiting = variables["count"] if variables["state"] == '"filling"' else "0"
            broken = variables["state"] == '"broken"'
    except KeyError as missing:
        raise GraphError(f"not a state of {module}.tla (no {missing}): {variables}") from None
    return f"n_waiting is {n_waiting}", f"broken is {broken}"


def _event(dump: Dump, source: str, action: str, target: str) -> str:
    """Return what is seen of a step."""
    if action not in _SEEN:
        raise GraphError(f"{action}: say in behaviours.py what is seen of this action")
    event = _SEEN[action]
    if "{thread}" not in event:
        return event
    before, after = (values(dump.states[state]["pc"]) for state in (source, target))
    movers = [
        number
        for number, (here, there) in enumerate(zip(before, after, strict=True))
        # A thread that is woken does not move by itself.
        if here != there and (here, there) != ("WAITING", "LEAVING")
    ]
    if len(movers) != 1:
        raise GraphError(f"cannot tell which thread takes {action} from {before} to {after}")
    index = values(dump.states[source]["index"])[movers[0]]
    if event == _RETURNS and index == "-1":
        event = _RAISES
    return event.format(thread=f"t{movers[0] + 1}", index=index)


@dataclass(frozen=True)
class Comparison:
    """What came of a comparison."""

    pairs: int
    """How many pairs of sets of states were met, one of each barrier."""
    events: int
    """How many events both barriers can have, counted for each pair."""
    difference: tuple[str, ...]
    """A shortest sequence of events whose last only one of them can have; empty if none."""
    possible: int | None
    """Which of them can have it: 0 for the first, 1 for the second."""


def compare(one: Behaviour, other: Behaviour) -> Comparison:
    """Look for a sequence of events that one of two barriers can have and the other cannot."""
    start = (one.initial, other.initial)
    ways: dict[tuple[int, int], tuple[tuple[int, int], str] | None] = {start: None}
    queue = deque([start])
    events = 0
    while queue:
        stop_if_ending()
        pair = queue.popleft()
        here, there = one.events(pair[0]), other.events(pair[1])
        if here.keys() != there.keys():
            last = min(here.keys() ^ there.keys())
            sequence = [last]
            while way := ways[pair]:
                pair = way[0]
                sequence.insert(0, way[1])
            return Comparison(len(ways), events, tuple(sequence), int(last in there))
        events += len(here)
        for event in sorted(here):
            following = (here[event], there[event])
            if following not in ways:
                ways[following] = (pair, event)
                queue.append(following)
    return Comparison(len(ways), events, (), None)
