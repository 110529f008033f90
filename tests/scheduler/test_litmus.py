"""Every search finds what is known of classic programs, and of programs made at random."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import pytest

from scheduler.dpor import dpor
from scheduler.engine import Engine, Execution
from scheduler.litmus import LIMITED, PROGRAMS, Litmus, counters, philosophers
from scheduler.minimise import fewest_preemptions, preemptions, replay, schedule_of
from scheduler.programs import any_outcome, generated, outcome, unless
from scheduler.randomised import pct, random_walk
from scheduler.search import Result, Verdict, naive

all_programs = pytest.mark.parametrize("litmus", [*PROGRAMS, *LIMITED], ids=lambda row: row.name)
wrong_programs = pytest.mark.parametrize(
    "litmus", [row for row in [*PROGRAMS, *LIMITED] if row.wrong], ids=lambda row: row.name
)


class Known(NamedTuple):
    """What all executions of a program have shown."""

    result: Result
    outcomes: set[object]
    lengths: dict[int, int]
    """The fewest steps of a wrong execution, for each number of preemptions."""


@cache
def all_executions(name: str) -> Known:
    """Execute all orders of the steps of a program."""
    [litmus] = [row for row in [*PROGRAMS, *LIMITED] if row.name == name]
    outcomes: set[object] = set()
    lengths: dict[int, int] = {}

    def judge(execution: Execution) -> str | None:
        outcomes.add(outcome(execution))
        if outcome(execution) in litmus.wrong:
            count, steps = preemptions(execution), len(execution.steps)
            lengths[count] = min(steps, lengths.get(count, steps))
        return None

    with Engine() as engine:
        return Known(naive(engine, litmus.program, judge), outcomes, lengths)


@all_programs
def test_all_traces_and_outcomes_are_found(engine: Engine, litmus: Litmus) -> None:
    """Every search that exhausts a program finds the same traces, with the known outcomes."""
    known = all_executions(litmus.name)
    found: list[set[object]] = [set(), set()]
    reduced = dpor(engine, litmus.program, any_outcome(found[0]))
    bounded = fewest_preemptions(engine, litmus.program, any_outcome(found[1]), limit=10_000)
    assert {known.result.verdict, reduced.verdict, bounded.verdict} == {Verdict.PASS}
    assert known.result.traces == reduced.traces == bounded.traces
    assert reduced.executions == len(reduced.traces) == litmus.traces
    assert known.outcomes == found[0] == found[1] == litmus.right | litmus.wrong


@pytest.mark.parametrize("litmus", PROGRAMS, ids=lambda row: row.name)
def test_no_execution_is_in_vain(engine: Engine, litmus: Litmus) -> None:
    """Without time limits and interruptions DPOR gives up none of its executions."""
    assert dpor(engine, litmus.program, any_outcome(set())).sleep_blocked == 0


@all_programs
def test_the_verdict_is_right(engine: Engine, litmus: Litmus) -> None:
    """A search fails exactly if there is a wrong outcome, and shows an execution that has it."""
    result = dpor(engine, litmus.program, unless(litmus.right))
    assert result.verdict is (Verdict.FAIL if litmus.wrong else Verdict.PASS)
    if result.failure is not None:
        assert outcome(result.failure) in litmus.wrong
        assert result.problem == str(outcome(result.failure))


@wrong_programs
def test_a_failure_has_the_fewest_preemptions(engine: Engine, litmus: Litmus) -> None:
    """It has as few as are known to be needed, it is a shortest one, and can be had again."""
    lengths = all_executions(litmus.name).lengths
    result = fewest_preemptions(engine, litmus.program, unless(litmus.right), limit=10_000)
    assert result.verdict is Verdict.FAIL
    assert result.failure is not None
    assert preemptions(result.failure) == litmus.preemptions == min(lengths)
    assert len(result.failure.steps) == lengths[litmus.preemptions]
    again = replay(engine, litmus.program, schedule_of(result.failure))
    assert outcome(again) == outcome(result.failure)


@wrong_programs
def test_random_searches_find_the_fault(engine: Engine, litmus: Litmus) -> None:
    """A random walk and random priorities find it, and the same one with the same seed."""
    judge = unless(litmus.right)
    for _ in range(2):
        walk = random_walk(engine, litmus.program, judge, seed=7, executions=500)
        assert walk.verdict is Verdict.FAIL
        again = random_walk(engine, litmus.program, judge, seed=7, executions=500)
        assert again.executions == walk.executions
    few = [
        pct(
            engine,
            litmus.program,
            judge,
            seed=7,
            executions=500,
            depth=litmus.preemptions + 1,
            steps=20,
        )
        for _ in range(2)
    ]
    assert [result.verdict for result in few] == [Verdict.FAIL] * 2
    assert few[0].executions == few[1].executions


def test_random_searches_never_pass(engine: Engine) -> None:
    """Where a random search finds nothing, it does not say that there is nothing."""
    program, judge = counters(locked=True), any_outcome(set())
    walk = random_walk(engine, program, judge, seed=1, executions=50)
    few = pct(engine, program, judge, seed=1, executions=50, depth=3, steps=10)
    assert (walk.verdict, walk.executions) == (Verdict.INCONCLUSIVE, 50)
    assert (few.verdict, few.executions) == (Verdict.INCONCLUSIVE, 50)


@pytest.mark.parametrize(("depth", "steps"), [(0, 10), (3, 0)])
def test_pct_refuses_what_makes_no_sense(engine: Engine, depth: int, steps: int) -> None:
    """There is no depth below 1, and no execution without steps."""
    with pytest.raises(ValueError, match=f"not {depth} and {steps}"):
        pct(
            engine,
            counters(locked=True),
            any_outcome(set()),
            seed=1,
            executions=1,
            depth=depth,
            steps=steps,
        )


def test_no_search_passes_before_its_end(engine: Engine) -> None:
    """A search that may not execute everything, and finds nothing wrong, is inconclusive."""
    program, judge = philosophers(3, ordered=True), any_outcome(set())
    for result in (
        naive(engine, program, judge, limit=5),
        dpor(engine, program, judge, limit=5),
        fewest_preemptions(engine, program, judge, limit=5),
    ):
        assert result.verdict is Verdict.INCONCLUSIVE
        assert result.executions + result.sleep_blocked == 5


@pytest.mark.parametrize("seed", range(120))
def test_searches_agree_on_programs_that_nobody_thought_of(engine: Engine, seed: int) -> None:
    """On small programs that are made at random, all traces and outcomes are found."""
    program = generated(seed)
    found: list[set[object]] = [set(), set(), set()]
    full = naive(engine, program, any_outcome(found[0]), limit=20_000)
    reduced = dpor(engine, program, any_outcome(found[1]))
    bounded = fewest_preemptions(engine, program, any_outcome(found[2]), limit=20_000)
    assert [r.verdict for r in (full, reduced, bounded)] == [Verdict.PASS] * 3
    assert full.traces == reduced.traces == bounded.traces
    assert (reduced.executions, reduced.sleep_blocked) == (len(full.traces), 0)
    assert found[0] == found[1] == found[2]
