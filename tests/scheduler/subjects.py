"""The barriers under test: the shipped one, each of its faults, and CPython's."""

from __future__ import annotations

import ast
import inspect
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from types import ModuleType
from typing import Any

from scheduler.behaviour import Behaviour
from scheduler.engine import Engine
from scheduler.faults import FAULTS, faulty_text, load_faulty
from scheduler.names import Names, ShippedNames, StandardNames
from scheduler.oracle import Oracle
from scheduler.report import Recording
from scheduler.scenarios import SCENARIOS, Run, Scenario, load_shipped, load_standard
from verified_barrier import barrier as shipped

__all__ = ["SHIPPED", "STANDARD", "SUBJECTS", "Subject"]


@dataclass(frozen=True)
class Subject:
    """A barrier under test."""

    name: str
    load: Callable[[Engine], ModuleType]
    """Returns a module with the barrier, controlled by an engine."""
    text: Callable[[], str]
    """Returns the text of the barrier, which a schedule belongs to."""
    file: str
    """Where the barrier's code is."""
    oracle: type[Oracle | Behaviour] = Oracle
    names: Callable[[Any], Names] = ShippedNames

    def run(self, engine: Engine, scenario: str | Scenario, *, livelocks: bool = False) -> Run:
        """Return a scenario, or the one of this name, with this barrier.

        Parameters: ``livelocks``, whether they are to be told.
        """
        files = frozenset([self.file] if livelocks else [])
        known = SCENARIOS[scenario] if isinstance(scenario, str) else scenario
        return Run(known, self.load(engine), self.oracle, files)

    def recording(self, engine: Engine, scenario: str | Scenario) -> Recording:
        """Return a scenario with this barrier, recorded."""
        return Recording(self.run(engine, scenario, livelocks=True), self.names)

    def code(self) -> str:
        """Return the SHA-256 of the barrier's text."""
        return sha256(self.text().encode()).hexdigest()


def _standard_text() -> str:
    """Return what CPython's barrier does once it is made: this is the same in 3.11 to 3.13."""
    methods = []
    for cls in (threading.Condition, threading.Barrier):
        for node in ast.walk(ast.parse(inspect.getsource(cls))):
            if isinstance(node, ast.FunctionDef) and node.name != "__init__":
                if ast.get_docstring(node) is not None:
                    del node.body[0]
                methods.append(ast.unparse(node))
    return "\n".join(methods)


SHIPPED = Subject(
    "verified_barrier.Barrier", load_shipped, partial(inspect.getsource, shipped), shipped.__file__
)
STANDARD = Subject(
    "threading.Barrier",
    load_standard,
    _standard_text,
    threading.__file__,
    Behaviour,
    StandardNames,
)
SUBJECTS = {subject.name: subject for subject in (SHIPPED, STANDARD)} | {
    fault.name: Subject(
        fault.name,
        partial(load_faulty, fault=fault),
        partial(faulty_text, fault),
        f"{fault.name}.py",
    )
    for fault in FAULTS
}
"""By name; a fault's name stands for the barrier that has it."""
