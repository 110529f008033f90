"""The contract of `step()`, which CrossHair confirms for all, in every state of small barriers."""

from __future__ import annotations

import inspect
import re
from itertools import product

import pytest

from verified_barrier import machine
from verified_barrier.machine import State, can_happen, is_valid, step
from verified_barrier.table import Event, Phase

CONDITIONS = re.findall(r"^ *(pre|post): (.*)$", inspect.getdoc(step) or "", re.MULTILINE)


@pytest.mark.parametrize("parties", [1, 2, 3, 4])
def test_contract_holds_of_small_barriers(parties: int) -> None:
    """Each condition in turn, wherever those before allow the step."""
    kept = 0
    for has_action, phase, arrived, event in product(
        (False, True), Phase, range(-1, parties + 2), Event
    ):
        names = {
            **vars(machine),
            "parties": parties,
            "has_action": has_action,
            "state": State(phase, arrived),
            "event": event,
        }
        if all(eval(text, names) for kind, text in CONDITIONS if kind == "pre"):  # noqa: S307
            names["__return__"] = step(parties, has_action, State(phase, arrived), event)
            for kind, text in CONDITIONS:
                assert kind == "pre" or eval(text, names), f"{event} in {names['state']}: {text}"  # noqa: S307
            kept += 1
    assert kept >= 2 * 10 * parties


def test_valid_states() -> None:
    """While the barrier fills, the last has not arrived; while it trips, the tripper has."""
    valid = {
        phase: [arrived for arrived in range(-2, 7) if is_valid(4, State(phase, arrived))]
        for phase in Phase
    }
    assert valid == {phase: [0] for phase in Phase} | {
        Phase.FILLING: [0, 1, 2, 3],
        Phase.TRIPPING: [1, 2, 3, 4],
    }


def test_events_that_can_happen() -> None:
    """Only a waiter times out or withdraws, and only an action that runs can end."""
    of_waiters = {Event.TIMEOUT, Event.WITHDRAW}
    of_actions = {Event.ACTION_RETURNED, Event.ACTION_RAISED}
    for phase, arrived, waiters in (
        (Phase.FILLING, 0, False),
        (Phase.FILLING, 1, True),
        (Phase.TRIPPING, 1, False),
        (Phase.TRIPPING, 2, True),
        (Phase.BROKEN, 0, False),
    ):
        cannot = {event for event in Event if not can_happen(State(phase, arrived), event)}
        actions = phase is Phase.TRIPPING
        assert cannot == (set() if waiters else of_waiters) | (set() if actions else of_actions)
