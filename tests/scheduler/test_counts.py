"""How many executions there are of the two barriers, and that DPOR leaves out none that counts."""

from __future__ import annotations

from contextlib import suppress
from math import factorial
from threading import BrokenBarrierError
from typing import Any

import pytest

from scheduler.dpor import dpor
from scheduler.engine import Engine, Execution
from scheduler.minimise import fewest_preemptions
from scheduler.programs import (
    any_outcome,
    crossings,
    each_index_once,
    our_barrier,
    standard_barrier,
)
from scheduler.search import Result, Verdict, naive


@pytest.mark.parametrize(
    ("parties", "times", "executions"),
    [
        (2, 1, 24),
        (2, 2, 1_248),
        pytest.param(3, 1, 10_296, marks=pytest.mark.stress),
    ],
)
def test_all_orders_of_the_standard_barrier(
    engine: Engine, parties: int, times: int, executions: int
) -> None:
    """Without reduction there are many executions, of few traces: the same that DPOR finds."""
    program = crossings(standard_barrier(engine), parties, times)
    full = naive(engine, program, each_index_once)
    assert (full.verdict, full.executions) == (Verdict.PASS, executions)
    assert full.traces == dpor(engine, program, each_index_once).traces


def check_exact(result: Result, traces: int) -> None:
    """Check that a search has executed each trace once, and nothing in vain."""
    assert (result.verdict, result.problem) == (Verdict.PASS, None)
    assert (result.executions, len(result.traces), result.sleep_blocked) == (traces, traces, 0)


@pytest.mark.parametrize(
    ("parties", "times", "traces"),
    [(2, 1, 2), (3, 1, 12), (4, 1, 144), (2, 2, 8), (3, 2, 1_008)],
)
def test_traces_of_the_standard_barrier(
    engine: Engine, parties: int, times: int, traces: int
) -> None:
    """One crossing of N threads has N! * (N-1)! traces.

    They arrive in any of N! orders, and the N - 1 that waited leave in any order. With a second
    crossing come those in which a thread is there again while others have not left yet.
    """
    if times == 1:
        assert traces == factorial(parties) * factorial(parties - 1)
    check_exact(
        dpor(engine, crossings(standard_barrier(engine), parties, times), each_index_once), traces
    )


@pytest.mark.parametrize(
    ("parties", "timeout", "other", "traces"),
    [(2, 1.0, None, 6), (3, 1.0, None, 102), (3, None, "abort", 96), (3, None, "reset", 114)],
)
def test_traces_of_the_standard_barrier_when_it_breaks(
    engine: Engine, parties: int, timeout: float | None, other: str | None, traces: int
) -> None:
    """All threads have a time limit, or another thread breaks or resets the barrier."""
    make = standard_barrier(engine)

    def program(engine: Engine) -> list[Any]:
        barrier = make(parties)

        def call() -> None:
            with suppress(BrokenBarrierError):
                barrier.wait(timeout)

        return [call] * parties + ([getattr(barrier, other)] if other else [])

    check_exact(dpor(engine, program, any_outcome(set())), traces)


@pytest.mark.parametrize(
    ("parties", "times", "traces"),
    [(2, 1, 2), (3, 1, 6), (4, 1, 24), (2, 2, 4), (3, 2, 36)],
)
def test_traces_of_our_barrier(engine: Engine, parties: int, times: int, traces: int) -> None:
    """One crossing of N threads has N! traces, and each further one as many again.

    They arrive in any of N! orders. What a thread does that was woken concerns nobody else, so
    that it does not matter in which order they leave, nor who is back when another has not left.
    """
    assert traces == factorial(parties) ** times
    check_exact(
        dpor(engine, crossings(our_barrier(engine), parties, times), each_index_once), traces
    )


@pytest.mark.parametrize(
    "make", [standard_barrier, pytest.param(our_barrier, marks=pytest.mark.stress)]
)
def test_dpor_finds_the_traces_of_all_orders(engine: Engine, make: Any) -> None:
    """Two threads that cross once: the traces are those of all orders."""
    program = crossings(make(engine), 2)
    full = naive(engine, program, each_index_once)
    assert full.verdict is Verdict.PASS
    assert full.traces == dpor(engine, program, each_index_once).traces


def standing(execution: Execution) -> str | None:
    """Judge that no two threads of one crossing have the same index."""
    indices = [thread.result for thread in execution.threads[:-1] if thread.result]
    return f"indices {indices}" if len(set(indices)) < len(indices) else None


def test_an_interruption_of_the_standard_barrier(engine: Engine) -> None:
    """Two threads of which one may be interrupted: DPOR finds the traces of all orders."""
    program = crossings(standard_barrier(engine), 2, interrupted=True)
    full = naive(engine, program, standing)
    assert (full.verdict, full.executions, len(full.traces)) == (Verdict.PASS, 229, 9)
    assert full.traces == dpor(engine, program, standing).traces


def test_an_interruption_of_our_barrier(engine: Engine) -> None:
    """The same of ours, which has too many orders: another search finds the same traces."""
    program = crossings(our_barrier(engine), 2, interrupted=True)
    bounded = fewest_preemptions(engine, program, standing, limit=10_000)
    assert (bounded.verdict, len(bounded.traces)) == (Verdict.PASS, 17)
    assert bounded.traces == dpor(engine, program, standing).traces
