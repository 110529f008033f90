"""The barrier as a pure function. Some of it is wrong."""

from verified_barrier.machine import State
from verified_barrier.table import Event, Outcome, Phase


def step(
    parties: int, has_action: bool, state: State, event: Event
) -> tuple[State, Outcome | None]:
    """Return the state that follows, and the outcome of the generation if the event ends it."""
    phase, arrived = state
    if event is Event.ARRIVE and phase is Phase.FILLING:
        return arrive(parties, has_action, arrived)
    if event is Event.ACTION_RETURNED:
        return action_returned(phase)
    if event is Event.ACTION_RAISED:
        return action_raised(phase)
    if event is Event.TIMEOUT and phase is Phase.FILLING:
        return State(Phase.BROKEN, 0), Outcome.BROKEN
    if event is Event.WITHDRAW:
        return State(phase, arrived - 1), None
    if event is Event.ABORT:
        return abort(phase)
    if event is Event.RESET:
        return reset(phase)
    return state, None


def arrive(parties: int, has_action: bool, arrived: int) -> tuple[State, Outcome | None]:
    """Return what an arrival does while the barrier is filling."""
    if arrived + 1 < parties:
        return State(Phase.FILLING, arrived + 1), None
    if has_action:
        return State(Phase.TRIPPING, parties), None
    return State(Phase.FILLING, 0), Outcome.RELEASED


def action_returned(phase: Phase) -> tuple[State, Outcome | None]:
    """Return what follows when the action has returned."""
    if phase is Phase.TRIPPING:
        return State(Phase.FILLING, 0), Outcome.RELEASED
    if phase is Phase.RESETTING:
        return State(Phase.FILLING, 0), None
    return State(Phase.BROKEN, 0), None


def action_raised(phase: Phase) -> tuple[State, Outcome | None]:
    """Return what follows when the action has raised an exception."""
    if phase is Phase.TRIPPING:
        return State(Phase.BROKEN, 0), Outcome.BROKEN
    return State(Phase.BROKEN, 0), None


def abort(phase: Phase) -> tuple[State, Outcome | None]:
    """Return what ``abort()`` does."""
    if phase is Phase.FILLING:
        return State(Phase.BROKEN, 0), Outcome.BROKEN
    if phase.is_acting:
        return State(Phase.BREAKING, 0), Outcome.BROKEN
    return State(Phase.BROKEN, 0), None


def reset(phase: Phase) -> tuple[State, Outcome | None]:
    """Return what ``reset()`` does."""
    if phase is Phase.TRIPPING:
        return State(Phase.RESETTING, 0), Outcome.RESET
    if phase is Phase.FILLING:
        return State(Phase.FILLING, 0), Outcome.RESET
    return State(Phase.FILLING, 0), None
