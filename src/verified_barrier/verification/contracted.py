"""Contracts of the pure functions that ``machine.step`` is made of, and of the table.

Each function here asks the library one question; its contract says what the answer is, for all
arguments. They do not stand in the library, because there CrossHair would check them again
wherever the functions are called, and take three times as long to confirm ``step``.

Two functions have none: CrossHair comes to no end with the messages of ``barrier._seconds``, which
quote any number, nor with the lists of any length of ``barrier._without``.
"""

from __future__ import annotations

from _thread import TIMEOUT_MAX  # noqa: F401 - named in a contract

from verified_barrier.barrier import _until
from verified_barrier.machine import EMPTY, State, can_happen, is_valid  # noqa: F401 - so is EMPTY
from verified_barrier.table import LOCATIONS, TABLE, Event, Guard, Phase  # noqa: F401 - and these

__all__ = ["guards_that_hold", "happens", "rows_that_apply", "seconds_left", "valid"]


def guards_that_hold(last: bool, has_action: bool) -> int:
    """Return how many guards let an arrival through: ``ALWAYS``, and one other.

    post: __return__ == 2 and Guard.ALWAYS.holds(last, has_action)
    """
    return sum(guard.holds(last, has_action) for guard in Guard)


def rows_that_apply(parties: int, has_action: bool, state: State, event: Event) -> int:
    """Return how many rows of the table say what ``event`` does in ``state``.

    It is one, whatever the count; only a timeout while the action runs is held until it ends.

    pre: parties >= 1
    pre: is_valid(parties, state)
    pre: can_happen(state, event)
    post: __return__ == (0 if event is Event.TIMEOUT and state.phase is Phase.TRIPPING else 1)
    """
    last = state.arrived + 1 == parties
    return sum(
        row.event is event and state.phase in row.phases and row.guard.holds(last, has_action)
        for row in TABLE.rows
    )


def valid(parties: int, state: State) -> bool:
    """Return whether a barrier can be in a state: an empty one can, an overfull one cannot.

    pre: parties >= 1
    post: __return__ or state != EMPTY
    post: not __return__ or 0 <= state.arrived <= parties
    post: not __return__ or state.arrived < parties or state.phase is Phase.TRIPPING
    """
    return is_valid(parties, state)


def happens(state: State, event: Event) -> bool:
    """Return whether an event can happen: all can but those that need a thread that has arrived.

    post: __return__ or any(location.has_arrived for location in LOCATIONS[event])
    """
    return can_happen(state, event)


def seconds_left(deadline: float) -> float:
    """Return the seconds until ``deadline``: as many as a lock can wait, and none if it is past.

    post: 0 <= __return__ <= TIMEOUT_MAX
    """
    return _until(deadline)
