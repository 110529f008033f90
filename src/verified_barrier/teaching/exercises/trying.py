"""Tries the learner's ``step`` with a few parties, in a process of its own.

Arguments: the most parties, and the file where to write what came of it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from verified_barrier.machine import State, can_happen, is_valid, step
from verified_barrier.table import Event, Outcome, Phase

__all__: list[str] = []


def _cases(most: int) -> Iterator[tuple[int, bool, State, Event]]:
    """Yield every state that a barrier can be in, with every event that can happen there."""
    for parties, has_action, phase, event in product(
        range(1, most + 1), (False, True), Phase, Event
    ):
        for arrived in range(parties + 1):
            state = State(phase, arrived)
            acts = has_action or not phase.is_acting
            if acts and is_valid(parties, state) and can_happen(state, event):
                yield parties, has_action, state, event


def _in_words(state: State, outcome: Outcome | None) -> str:
    phase = getattr(state.phase, "value", state.phase)
    return f"{phase}, arrived {state.arrived}, outcome {getattr(outcome, 'value', outcome)}"


def main() -> None:
    """Try it, and write how many cases are right, or the first that is not."""
    from judged_step import judged

    most, found = int(sys.argv[1]), Path(sys.argv[2])
    result: dict[str, object] = {"tried": 0}
    for tried, (parties, has_action, state, event) in enumerate(_cases(most), 1):
        result["tried"] = tried
        right = step(parties, has_action, state, event)
        got = judged(parties, has_action, state, event)
        if got != (right.state, right.outcome):
            result["wrong"] = (
                f"with {parties} {'party' if parties == 1 else 'parties'} and "
                f"{'an' if has_action else 'no'} action, in {state.phase.value} with "
                f"{state.arrived} arrived, {event.value} leads to {_in_words(*got)}: "
                "that breaks a promise"
            )
            break
    found.write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main()
