"""The state search: known counts, and the largest scenario that is exhausted."""

from __future__ import annotations

import inspect
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from types import ModuleType
from typing import Any

import pytest

from scheduler import primitives
from scheduler.engine import Body, Ending, Engine, Execution, Operation
from scheduler.primitives import Surroundings, load_module, load_source
from scheduler.programs import standard_barrier
from scheduler.search import Result, Verdict
from scheduler.states import search_states
from verified_barrier import barrier as shipped


class Crossings:
    """Threads that cross a barrier, each as often as the others.

    What each crossing returned is judged as soon as it has, and belongs to the state.
    """

    def __init__(self, make: Callable[[int], Any], threads: int, crossings: int) -> None:
        self.make = make
        self.threads = threads
        self.crossings = crossings
        self.results: list[list[int]] = []

    def __call__(self, engine: Engine) -> Sequence[Body | Callable[[], object]]:
        barrier = self.make(self.threads)
        self.results = [[] for _ in range(self.threads)]
        engine.observer = self.problem

        def body(number: int) -> None:
            for _ in range(self.crossings):
                self.results[number].append(barrier.wait())

        return [partial(body, number) for number in range(self.threads)]

    def problem(self) -> str | None:
        """Return what is wrong with the indices up to now."""
        for crossing in range(self.crossings):
            indices = [r[crossing] for r in self.results if len(r) > crossing]
            if len(set(indices)) < len(indices):
                return f"UniqueIndex: {indices} in crossing {crossing}"
        return None

    def judge(self, execution: Execution) -> str | None:
        """Return what is wrong with an execution; one that was stopped is known already."""
        if execution.ending in (Ending.DEADLOCK, Ending.BOUND):
            return str(execution.ending.value)
        errors = [t.error for t in execution.threads if t.error and not t.cancelled]
        return str(errors) if errors else None

    def search(self, engine: Engine, file: str | None) -> Result:
        """Visit every state."""
        return search_states(
            engine,
            self,
            self.judge,
            files=frozenset([file or "", primitives.__file__]),
            alike=[range(self.threads)],
            more=lambda order: tuple(tuple(self.results[number]) for number in order),
        )


@pytest.mark.parametrize(
    ("threads", "crossings", "executions", "states"),
    [(2, 1, 8, 19), (3, 1, 35, 48), (4, 1, 120, 113), (2, 2, 22, 66), (3, 2, 292, 495)],
)
def test_known_counts(
    engine: Engine, threads: int, crossings: int, executions: int, states: int
) -> None:
    """On CPython's barrier, whose every lock operation is a point."""
    make = standard_barrier(engine)
    result = Crossings(make, threads, crossings).search(engine, threading.__file__)
    assert result.verdict is Verdict.PASS
    assert (result.executions, result.states) == (executions, states)


OLDER = sys.version_info < (3, 12)
"""With instructions of which fewer leave threads in the same place."""


@pytest.mark.parametrize(
    ("threads", "crossings", "executions", "states"),
    [
        (2, 1, 10, 16),
        (3, 1, 43, 38),
        (4, 1, 125, 77) if OLDER else (4, 1, 124, 75),
        (2, 2, 22, 40),
        (3, 2, 180, 193),
        (4, 2, 1424, 1154) if OLDER else (4, 2, 1421, 1149),
    ],
)
def test_shipped_barrier(
    engine: Engine, threads: int, crossings: int, executions: int, states: int
) -> None:
    """On ours, up to four threads that cross twice."""
    module: ModuleType = load_module(shipped, Surroundings(engine))
    result = Crossings(module.Barrier, threads, crossings).search(engine, shipped.__file__)
    assert result.verdict is Verdict.PASS
    assert (result.executions, result.states) == (executions, states)


def test_wrong_index_is_found(engine: Engine) -> None:
    """A fault shows in some state, and the search says so."""
    faulty = inspect.getsource(shipped).replace("generation.calls.index(call)", "0")
    module = load_source(faulty, shipped.__file__, Surroundings(engine))
    result = Crossings(module.Barrier, 3, 1).search(engine, shipped.__file__)
    assert result.verdict is Verdict.FAIL
    assert result.problem is not None
    assert result.problem.startswith("UniqueIndex: ")


def test_state_that_cannot_be_told_is_refused(engine: Engine) -> None:
    """An object that keeps its state to itself could make two states look like one."""

    class Opaque:
        def wait(self) -> int:
            engine.point(Operation("look", "somewhere"))
            return 0

    with pytest.raises(TypeError, match="of a kind that may keep its state to itself"):
        Crossings(lambda _parties: Opaque(), 2, 1).search(engine, __file__)
