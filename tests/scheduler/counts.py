"""What each scenario comes to, for our barrier and for CPython's: ``golden/counts.json``.

A number says how many executions exhaust the scenario, one for each trace, and that none is wrong;
a text says what is wrong with the first that is; ``null``, that there are too many to be counted.
After a change of the barrier or of the search, write them anew and read what has changed::

    UPDATE_GOLDEN=1 make test TESTS='tests/scheduler --full'
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from scheduler.scenarios import SCENARIOS
from scheduler.search import Result, Verdict
from scheduler.subjects import SHIPPED, STANDARD, Subject

__all__ = ["by_size", "comes_to", "counts"]

_FILE = Path(__file__).parent / "golden" / "counts.json"

_MANY = 300
"""Scenarios with more executions of our barrier are left to ``make check-full``."""

_LARGE = [pytest.mark.full, pytest.mark.timeout(1_200)]


def counts() -> dict[str, dict[str, int | str | None]]:
    """Return what was noted: for each scenario and each barrier."""
    kept: dict[str, dict[str, int | str | None]] = json.loads(_FILE.read_text())
    return {name: kept.get(name, {}) for name in SCENARIOS}


def by_size(subject: Subject) -> list[Any]:
    """Return the scenarios as parameters of a test, the large ones marked."""
    noted = counts()
    sizes = {name: noted[name].get(SHIPPED.name) for name in SCENARIOS}
    return [
        pytest.param(name, marks=_LARGE if isinstance(size, int) and size > _MANY else [])
        for name, size in sizes.items()
        if subject is SHIPPED or noted[name].get(STANDARD.name, "") is not None
    ]


def comes_to(subject: Subject, name: str, result: Result) -> bool:
    """Return whether a search came to what was noted, and began nothing in vain."""
    assert result.verdict is not Verdict.INCONCLUSIVE
    found = result.executions if result.problem is None else result.problem
    noted = counts()
    if os.environ.get("UPDATE_GOLDEN"):
        noted[name][subject.name] = found
        lines = [f"  {json.dumps(name)}: {json.dumps(kept)}" for name, kept in noted.items()]
        _FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    return found == noted[name][subject.name] and result.sleep_blocked == 0
