"""What is said in the same words wherever it is said, and drawn in the same colours."""

from __future__ import annotations

from collections.abc import Iterable

from verified_barrier.machine import State
from verified_barrier.table import Outcome

__all__ = ["barrier_words", "counted", "kind_of", "state_words"]


def counted(number: int, one: str, more: str) -> str:
    """Return how many there are of something: ``one`` is its name, ``more`` that of several."""
    return f"{number} {one if number == 1 else more}"


def barrier_words(parties: int, has_action: bool) -> str:
    """Return what a barrier is."""
    return f"a barrier for {parties}, {'with an action' if has_action else 'without action'}"


def state_words(state: State) -> str:
    """Return what state a barrier is in."""
    return f"{state.phase.value} {state.arrived}"


def kind_of(outcomes: Iterable[Outcome | None]) -> str:
    """Return the class of what is drawn for some actions: the outcome they have in common."""
    found = set(outcomes)
    outcome = found.pop()
    return outcome.value if outcome is not None and not found else ""
