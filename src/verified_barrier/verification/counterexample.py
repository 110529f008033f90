"""TLC's counterexamples: as text, as JSON, and in steps, each with what it changes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, Final, NamedTuple

from verified_barrier.machine import is_valid
from verified_barrier.verification.graph import GraphError, configuration
from verified_barrier.verification.manifest import Model
from verified_barrier.verification.model import Configuration, steps
from verified_barrier.verification.tlc import TlcRun

__all__ = ["Told", "as_changes", "as_json", "as_steps", "as_text", "told"]

FORMAT: Final = "verified-barrier counterexample"
FORMAT_VERSION: Final = 1
"""It changes when a field changes its meaning or goes; not when one is added."""

_HEADING: Final = re.compile(r"\d+: <(?:(\w+)(?:\(.*\))? (line .*)|Initial predicate)>")
_VARIABLE: Final = re.compile(r"^(?:/\\ )?(\w+) = ", re.MULTILINE)
_BACK: Final = re.compile(r"(\d+): Back to state(?:: <(\w+))?")
_TOGETHER: Final = ("HistoryNext", "RefinesNext", "InTime")
"""What TLC calls a step that is an action and something else together: it does not say which."""


class Told(NamedTuple):
    """A state of a counterexample."""

    action: str
    """The step that leads to it, as TLC calls it."""
    variables: dict[str, str]
    """As text, each in one line."""


def told(run: TlcRun) -> list[Told]:
    """Return the states of a counterexample."""
    states = [_state(number, text) for number, text in enumerate(run.trace, 1)]
    return [
        Told(
            state["action"] or "?",
            {name: " ".join(value.split()) for name, value in state["variables"].items()},
        )
        for state in states
    ]


def as_steps(run: TlcRun) -> Iterator[str]:
    """Yield a line for each step of a counterexample: what it changes, or what follows for ever."""
    states = told(run)
    for number, (before, after) in enumerate(pairwise(states), 1):
        changed = [
            entry
            for name, value in after.variables.items()
            for entry in _changed(name, before.variables[name], value)
        ]
        name = "" if after.action in _TOGETHER else f"{after.action}: "
        yield f"{number:>3}. {name}{', '.join(changed) or 'no change'}"
    if back := _BACK.match(run.ends):
        step = int(back[1]) - 1
        where = f"as after step {step}" if step else "as in the beginning"
        yield f"{len(states):>3}. {back[2] or '?'}: {where}, and so on for ever"
    elif run.ends:
        yield "     and so it stays for ever"


def as_changes(run: TlcRun) -> Iterator[str]:
    """Yield the lines of a counterexample: where it begins, its steps, and where it ends."""
    states = told(run)
    if not states:
        return
    yield "in the beginning:"
    yield from _listed(states[0])
    yield from as_steps(run)
    if len(states) > 1 and not run.ends:
        yield "in the end:"
        yield from _listed(states[-1])


def _listed(state: Told) -> Iterator[str]:
    return (f"    /\\ {name} = {value}" for name, value in state.variables.items())


def _changed(name: str, before: str, after: str) -> Iterator[str]:
    """Yield what is different in a variable; of a function, the arguments for which it is."""
    if before == after:
        return
    old, new = _entries(before), _entries(after)
    if new and old.keys() == new.keys():
        yield from (f"{name}[{key}] = {new[key]}" for key in new if new[key] != old[key])
    else:
        yield f"{name} = {after}"


def _entries(value: str) -> dict[str, str]:
    """Return what a function is for each argument; nothing if it is none, or one of functions."""
    if value.rfind("(") != 0:
        return {}
    pairs = [entry.partition(" :> ") for entry in value.strip("()").split(" @@ ")]
    return {key: what for key, arrow, what in pairs if arrow}


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
