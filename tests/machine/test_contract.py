"""The contract of `step()`, which CrossHair confirms for all, in every state of small barriers."""

from __future__ import annotations

import inspect
import re
from itertools import product

import pytest

from verified_barrier import machine
from verified_barrier.machine import State, step
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
