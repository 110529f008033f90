"""The barrier as a pure function: a state and an event give the next state.

``step`` looks the event up in the table and does nothing else. Its contract is written as
PEP 316 conditions, which CrossHair confirms for every integer ``parties``: between them they
say, without looking at the table, which steps a barrier may take.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from verified_barrier.table import TABLE, Event, Outcome, Phase, Row

__all__ = ["EMPTY", "State", "Step", "can_happen", "is_valid", "step"]


class State(NamedTuple):
    """What a barrier knows of itself."""

    phase: Phase
    arrived: int
    """How many threads of the current generation have arrived and are still there."""


class Step(NamedTuple):
    """What an event does."""

    state: State
    """The state that follows."""
    row: Row | None
    """The action that was taken; ``None`` if the event cannot happen now."""

    @property
    def outcome(self) -> Outcome | None:
        """The outcome of the current generation, if this step ends it."""
        return None if self.row is None else self.row.outcome


EMPTY = State(Phase.FILLING, 0)
"""The state of a barrier that nobody has called, or that was reset."""


def is_valid(parties: int, state: State) -> bool:
    """Return whether a barrier for ``parties`` threads can be in ``state``."""
    if state.phase is Phase.FILLING:
        return 0 <= state.arrived < parties
    if state.phase is Phase.TRIPPING:
        return 1 <= state.arrived <= parties
    return state.arrived == 0


def can_happen(state: State, event: Event) -> bool:
    """Return whether there is a thread to which ``event`` can happen in ``state``.

    Only a waiter times out or withdraws, and only a running action ends.
    """
    if event in (Event.TIMEOUT, Event.WITHDRAW):
        return state.arrived > (1 if state.phase.is_acting else 0)
    if event in (Event.ACTION_RETURNED, Event.ACTION_RAISED):
        return state.phase.is_acting
    return True


def step(parties: int, has_action: bool, state: State, event: Event) -> Step:
    """Return what ``event`` does to a barrier in ``state``.

    Parameters: ``parties``, how many threads must arrive; ``has_action``, whether an action
    runs before each release. Returns the state that follows and the row of the table that
    was applied; an event that cannot happen before the action has ended changes nothing, and
    its row is ``None``. Source: ``spec/Barrier.tla``.

    pre: parties >= 1
    pre: is_valid(parties, state)
    pre: can_happen(state, event)
    post: is_valid(parties, __return__.state)
    post: __return__.row is not None or (event is Event.TIMEOUT and __return__.state == state)
    post: (state.phase, __return__.state.phase) in _PHASES
    post: __return__.state.phase.is_acting == _acts_after(parties, has_action, state, event)
    post: __return__.state.phase.is_broken == _is_broken_after(state, event)
    post: __return__.outcome is _outcome(parties, has_action, state, event)
    post: __return__.state.arrived == _arrived_after(state, event, __return__.outcome)
    """
    row = TABLE.row(event, state.phase, state.arrived + 1 == parties, has_action)
    if row is None:
        return Step(state, None)
    phase = state.phase if row.phase is None else row.phase
    arrived = state.arrived + row.arrived if row.outcome is None else 0
    return Step(State(phase, arrived), row)


# What step() promises, said once more without the table.

_PHASES: Final = frozenset(
    {
        *((Phase.FILLING, phase) for phase in (Phase.FILLING, Phase.TRIPPING, Phase.BROKEN)),
        *((Phase.TRIPPING, phase) for phase in Phase),
        *((Phase.RESETTING, phase) for phase in (Phase.RESETTING, Phase.FILLING, Phase.BREAKING)),
        *((Phase.BREAKING, phase) for phase in (Phase.BREAKING, Phase.BROKEN, Phase.RESETTING)),
        *((Phase.BROKEN, phase) for phase in (Phase.BROKEN, Phase.FILLING)),
    }
)
"""Which phase may follow which."""


def _trips(parties: int, state: State, event: Event) -> bool:
    is_last = state.arrived + 1 == parties
    return event is Event.ARRIVE and state.phase is Phase.FILLING and is_last


def _acts_after(parties: int, has_action: bool, state: State, event: Event) -> bool:
    if state.phase.is_acting:
        return event not in (Event.ACTION_RETURNED, Event.ACTION_RAISED)
    return has_action and _trips(parties, state, event)


def _is_broken_after(state: State, event: Event) -> bool:
    if event is Event.ABORT:
        return True
    if event is Event.RESET:
        return False
    breaks = (state.phase, event) in (
        (Phase.FILLING, Event.TIMEOUT),
        (Phase.TRIPPING, Event.ACTION_RAISED),
    )
    return breaks or state.phase.is_broken


def _outcome(parties: int, has_action: bool, state: State, event: Event) -> Outcome | None:
    if state.phase not in (Phase.FILLING, Phase.TRIPPING):
        return None
    if event is Event.RESET:
        return Outcome.RESET
    if _is_broken_after(state, event):
        return Outcome.BROKEN
    if event is Event.ACTION_RETURNED or (not has_action and _trips(parties, state, event)):
        return Outcome.RELEASED
    return None


def _arrived_after(state: State, event: Event, outcome: Outcome | None) -> int:
    if outcome is not None:
        return 0
    if event is Event.WITHDRAW:
        return state.arrived - 1
    return state.arrived + (event is Event.ARRIVE and state.phase is Phase.FILLING)
