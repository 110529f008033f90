"""TLC's counterexamples, as text and as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from verified_barrier.machine import is_valid
from verified_barrier.verification.graph import GraphError, configuration
from verified_barrier.verification.manifest import Model
from verified_barrier.verification.model import Configuration, steps
from verified_barrier.verification.tlc import TlcRun

__all__ = ["as_json", "as_text"]

FORMAT: Final = "verified-barrier counterexample"
FORMAT_VERSION: Final = 1
"""It changes when a field changes its meaning or goes; not when one is added."""

_HEADING: Final = re.compile(r"\d+: <(?:(\w+) (line .*)|Initial predicate)>")
_VARIABLE: Final = re.compile(r"^/\\ (\w+) = ", re.MULTILINE)
_BACK: Final = re.compile(r"(\d+): Back to state")


def as_text(run: TlcRun) -> str:
    """Return a counterexample as TLC prints it."""
    return "\n\n".join(state.strip() for state in (*run.trace, run.ends) if state) + "\n"


def as_json(model: Model, run: TlcRun) -> str:
    """Return a counterexample as JSON; ``docs/check.md`` says what each field means."""
    states = [_state(number, text) for number, text in enumerate(run.trace, 1)]
    before: Configuration | None = None
    for state in states:
        after = _configuration(state["variables"])
        state["table"] = _table_steps(model, before, after) if state["number"] > 1 else None
        before = after
    back = _BACK.match(run.ends)
    fields = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "check": model.name,
        "module": model.module,
        "constants": dict(model.constants),
        "violated": run.violated or (model.properties[0] if len(model.properties) == 1 else None),
        "states": states,
        "then": "ends" if not run.ends else "goes back" if back else "stutters",
        "back_to": int(back[1]) if back else None,
    }
    return json.dumps(fields, indent=1)


def _state(number: int, text: str) -> dict[str, Any]:
    heading = _HEADING.match(text)
    _, *parts = _VARIABLE.split(text)
    return {
        "number": number,
        "action": heading[1] if heading else None,
        "where": heading[2] if heading else None,
        "variables": {
            name: value.strip() for name, value in zip(parts[::2], parts[1::2], strict=True)
        },
    }


def _configuration(variables: Mapping[str, str]) -> Configuration | None:
    """Return a state of ``spec/Barrier.tla``, or ``None`` if it is none."""
    try:
        return configuration(variables)
    except GraphError:
        return None


def _table_steps(
    model: Model, before: Configuration | None, after: Configuration | None
) -> list[dict[str, str | None]] | None:
    """Return which steps of the table lead from one state to the other."""
    constants = model.constants
    if before is None or after is None or not is_valid(constants["Parties"], before.state):
        return None
    return [
        {
            "action": edge.action,
            "thread": None if edge.thread is None else f"t{edge.thread + 1}",
        }
        for edge in steps(constants["Parties"], constants["HasAction"], before)
        if edge.target == after
    ]
