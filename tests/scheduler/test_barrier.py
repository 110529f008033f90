"""The shipped barrier, in every interleaving of every scenario, does what the model does."""

from __future__ import annotations

import pytest

from scheduler.dpor import dpor
from scheduler.engine import Ending, Engine
from scheduler.faults import FAULTS, Fault, load_faulty
from scheduler.scenarios import SCENARIOS, Run, load_shipped
from scheduler.search import Verdict
from scheduler.tour import Tour

EXECUTIONS = {
    "2 threads": 2,
    "3 threads": 12,
    "4 threads": 144,
    "2 threads, two crossings": 4,
    "3 threads, two crossings": 144,
    "3 threads on 2 parties, two crossings": 60,
    "2 threads, timeout": 6,
    "2 threads, two timeouts": 10,
    "3 threads, timeout": 294,
    "3 threads, abort": 36,
    "3 threads, reset": 42,
    "3 threads, timeout and abort": 1164,
    "2 threads, abort and reset": 24,
    "2 threads, one that aborts then resets": 12,
    "2 threads, one that resets then aborts": 12,
    "2 threads, withdrawal": 7,
    "2 threads, two withdrawals": 13,
    "3 threads on 2 parties, withdrawal": 22,
    "3 threads, withdrawal": 72,
    "4 threads on 3 parties, withdrawal": 408,
    "2 threads, action returns": 2,
    "3 threads on 2 parties, action returns": 30,
    "2 threads, action raises": 2,
    "3 threads on 2 parties, action raises": 30,
    "2 threads, action is slow": 2,
    "3 threads on 2 parties, action is slow": 30,
    "2 threads, action aborts": 2,
    "3 threads on 2 parties, action aborts": 54,
    "2 threads, action resets": 2,
    "3 threads on 2 parties, action resets": 42,
    "2 threads, action waits": 2,
    "3 threads on 2 parties, action waits": 30,
    "2 threads, timeout, action is slow": 7,
    "2 threads, abort, action is slow": 8,
    "2 threads, reset, action is slow": 8,
    "2 threads, withdrawal, action is slow": 9,
    "3 threads on 2 parties, held calls with timeouts": 348,
    "3 threads on 2 parties, abort, action is slow": 126,
    "3 threads on 2 parties, reset, action is slow": 138,
}
"""How many executions exhaust a scenario: one for each trace, and none of them wrong."""


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_interleaving_follows_the_model(engine: Engine, name: str) -> None:
    """The search is exhausted, and no execution leaves the model."""
    run = Run(SCENARIOS[name], load_shipped(engine))
    result = dpor(engine, run, run.judge)
    assert result.problem is None
    assert result.verdict is Verdict.PASS
    assert result.executions == len(result.traces) == EXECUTIONS[name]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fault_is_found(engine: Engine, fault: Fault) -> None:
    """Each fault leaves the model in its scenario, and is told by what it violates."""
    run = Run(SCENARIOS[fault.scenario], load_faulty(engine, fault))
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
        (2, 3, True, 8896),
        (3, 3, True, 7774),
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
