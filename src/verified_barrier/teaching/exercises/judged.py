"""The promises that the learner's ``step`` has to keep, as conditions that CrossHair confirms.

A copy of this module stands beside the answer while it is graded. The conditions are those of
``machine.step``.
"""

from __future__ import annotations

from learned_step import step

from verified_barrier.machine import (
    _PHASES,  # noqa: F401 - named in a contract, as all of these
    State,
    _acts_after,  # noqa: F401
    _arrived_after,  # noqa: F401
    _is_broken_after,  # noqa: F401
    _outcome,  # noqa: F401
    can_happen,  # noqa: F401
    is_valid,  # noqa: F401
)
from verified_barrier.table import Event, Outcome

__all__ = ["judged"]


def judged(
    parties: int, has_action: bool, state: State, event: Event
) -> tuple[State, Outcome | None]:
    """Return what the learner's ``step`` returns.

    pre: parties >= 1
    pre: is_valid(parties, state)
    pre: can_happen(state, event)
    post: is_valid(parties, __return__[0])
    post: (state.phase, __return__[0].phase) in _PHASES
    post: __return__[0].phase.is_acting == _acts_after(parties, has_action, state, event)
    post: __return__[0].phase.is_broken == _is_broken_after(state, event)
    post: __return__[1] is _outcome(parties, has_action, state, event)
    post: __return__[0].arrived == _arrived_after(state, event, __return__[1])
    """
    after, outcome = step(parties, has_action, state, event)
    return State(after.phase, after.arrived), outcome
