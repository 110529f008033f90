"""The run that TLC tells of: each state with the action that leads to it, and its variables."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from verified_barrier.verification.tlc import TlcRun

__all__ = ["Told", "told"]

_ACTION: Final = re.compile(r"^\d+: <(\w+)")
_VARIABLE: Final = re.compile(r"^/\\ (\w+) = ((?:.|\n(?!/\\))*)", re.MULTILINE)


class Told(NamedTuple):
    """A state of a counterexample."""

    action: str
    """What TLC calls the step that leads to it."""
    variables: dict[str, str]
    """As text, each in one line."""


def told(run: TlcRun) -> list[Told]:
    """Return the states of a counterexample."""
    return [
        Told(
            action[1] if (action := _ACTION.match(state)) else "?",
            {name: " ".join(value.split()) for name, value in _VARIABLE.findall(state)},
        )
        for state in run.trace
    ]
