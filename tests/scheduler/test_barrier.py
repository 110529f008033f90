"""The shipped barrier, in every interleaving of every scenario, does what the model does."""

from __future__ import annotations

import pytest

from scheduler.behaviour import Behaviour
from scheduler.counts import by_size, comes_to
from scheduler.dpor import dpor
from scheduler.engine import Ending, Engine
from scheduler.faults import FAULTS, Fault
from scheduler.scenarios import SCENARIOS, Run, load_shipped
from scheduler.search import Verdict
from scheduler.subjects import SHIPPED, SUBJECTS
from scheduler.tour import Tour


@pytest.mark.parametrize("name", by_size(SHIPPED))
def test_every_interleaving_follows_the_model(engine: Engine, name: str) -> None:
    """The search is exhausted, one execution for each trace, and none of them is wrong."""
    run = SHIPPED.run(engine, name)
    result = dpor(engine, run, run.judge)
    assert result.problem is None
    assert result.executions == len(result.traces)
    assert comes_to(SHIPPED, name, result)


UNOBSERVED = "waiter registered after the lock is released"
"""A fault in what is done only while nobody observes the barrier: seen from the outside."""


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fault_is_found(engine: Engine, fault: Fault) -> None:
    """Each fault leaves the model in its scenario, and is told by what it violates."""
    run = SUBJECTS[fault.name].run(engine, fault.scenario)
    if fault.name == UNOBSERVED:
        run = Run(SCENARIOS[fault.scenario], SUBJECTS[fault.name].load(engine), Behaviour)
    result = dpor(engine, run, run.judge, limit=100)
    assert result.verdict is Verdict.FAIL
    assert result.problem is not None
    assert fault.says in result.problem


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("parties", "threads", "has_action", "edges"),
    [
        (1, 1, False, 20),
        (1, 1, True, 52),
        (1, 2, True, 638),
        (2, 2, False, 358),
        (2, 2, True, 688),
        (2, 3, False, 3040),
        pytest.param(2, 3, True, 8896, marks=pytest.mark.full),
        pytest.param(3, 3, True, 7774, marks=pytest.mark.full),
    ],
)
def test_every_edge_of_the_model_is_taken(
    parties: int, threads: int, has_action: bool, edges: int
) -> None:
    """Whatever the model can do, the real barrier does when it is driven there."""
    with Engine(step_bound=1_000_000) as engine:
        tour = Tour(load_shipped(engine), parties, threads, has_action)
        execution = engine.run(tour, tour)
    assert execution.problem is None
    assert execution.ending is Ending.STOPPED
    assert tour.taken == set(tour.oracle.edges.values())
    assert len(tour.taken) == edges
