"""The engine: it alone decides, it decides the same again, and it leaves nothing behind."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

import pytest

from scheduler.dpor import dpor
from scheduler.engine import Cancelled, Ending, Engine, Execution
from scheduler.minimise import OtherScheduleError, replay, schedule_of
from scheduler.primitives import Lock
from scheduler.programs import (
    First,
    Stop,
    any_outcome,
    crossings,
    each_index_once,
    outcome,
    outcomes,
    pass_over,
    shared,
    standard_barrier,
)
from scheduler.randomised import random_walk
from scheduler.search import NotDeterministicError, Verdict, naive, trace_of


class Order:
    """The strategy that chooses the threads that it was given, and then stops."""

    def __init__(self, *threads: int) -> None:
        self.threads = iter(threads)

    def choose(self, _engine: Engine, _possible: tuple[int, ...]) -> int | None:
        return next(self.threads, None)


def test_the_same_decisions_give_the_same_execution(engine: Engine) -> None:
    """Each schedule, run twice, has the same steps, results and trace."""
    program = crossings(standard_barrier(engine), 3, 2)
    met: list[Execution] = []

    def meet(execution: Execution) -> None:
        met.append(execution)

    random_walk(engine, program, meet, seed=1, executions=100)
    assert len(met) == 100
    for execution in met:
        again = replay(engine, program, schedule_of(execution))
        assert [step.possible for step in again.steps] == [s.possible for s in execution.steps]
        assert outcome(again) == outcome(execution)
        assert trace_of(again) == trace_of(execution)


def test_executions_leave_no_thread_behind(engine: Engine) -> None:
    """Thousands of executions, most of them cut short, use the threads of one pool."""
    before = set(threading.enumerate())
    identities: set[int] = set()

    def program(engine: Engine) -> list[Any]:
        lock = Lock(engine)

        def body() -> None:
            identities.add(threading.get_ident())
            lock.acquire()

        return [body] * 3

    for count in range(3000):
        engine.run(program, Order(*(0, 1, 2, 0)[: count % 5]))
    assert len(identities) == 3
    assert len(set(threading.enumerate()) - before) == 3
    engine.__exit__(None, None, None)
    assert set(threading.enumerate()) == before


def test_a_deadlock_is_told_with_who_waits_for_what(engine: Engine) -> None:
    """Two threads that take two locks in opposite order: each has one and waits for the other."""

    def program(engine: Engine) -> list[Any]:
        locks = Lock(engine), Lock(engine)

        def body(one: Lock, other: Lock) -> None:
            with one, other:
                pass

        return [lambda: body(*locks), lambda: body(*reversed(locks))]

    execution = engine.run(program, Order(0, 1, 0, 1))
    assert execution.ending is Ending.DEADLOCK
    waiting = [(number, str(operation)) for number, operation in execution.pending]
    assert waiting == [(0, "acquire lock1"), (1, "acquire lock0")]
    assert all(isinstance(thread.error, Cancelled) for thread in execution.threads)


def test_an_execution_has_no_more_steps_than_allowed() -> None:
    """Threads that go round in circles are stopped at the bound."""

    def program(engine: Engine) -> list[Any]:
        def body() -> None:
            while True:
                pass_over(engine)

        return [body, body]

    with Engine(step_bound=50) as engine:
        execution = engine.run(program, First())
        assert execution.ending is Ending.BOUND
        assert len(execution.steps) == 50
        assert all(thread.ended for thread in execution.threads)


def test_an_error_in_a_body_ends_that_thread_only(engine: Engine) -> None:
    """What a body raises is kept; the other threads go on."""

    def program(engine: Engine) -> list[Any]:
        def fail() -> None:
            pass_over(engine)
            raise ValueError("wrong")

        return [fail, lambda: pass_over(engine)]

    execution = engine.run(program, First())
    assert execution.ending is Ending.FINISHED
    assert [str(step.operation) for step in execution.steps] == [
        "start t0",
        "pass turn",
        "start t1",
        "pass turn",
    ]
    assert repr(execution.threads[0].error) == "ValueError('wrong')"
    assert execution.threads[1].error is None


def test_an_observer_stops_an_execution(engine: Engine) -> None:
    """An execution ends as soon as its observer finds something wrong."""

    def program(engine: Engine) -> list[Any]:
        engine.observer = lambda: "three steps" if len(engine.steps) == 3 else None

        def body() -> None:
            for _ in range(9):
                pass_over(engine)

        return [body]

    execution = engine.run(program, First())
    assert (execution.ending, execution.problem) == (Ending.STOPPED, "three steps")
    assert len(execution.steps) == 3
    result = naive(engine, program, each_index_once)
    assert (result.verdict, result.problem) == (Verdict.FAIL, "three steps")


@pytest.mark.parametrize("steps", [0, 1, 3, 4])
def test_an_error_in_an_observer_is_raised_where_the_engine_was_called(
    engine: Engine, steps: int
) -> None:
    """An observer that fails, at the beginning, at a point or at an end, hangs nobody."""

    def program(engine: Engine) -> list[Any]:
        def observe() -> str | None:
            if len(engine.steps) == steps:
                raise ValueError("the observer is wrong")
            return None

        engine.observer = observe
        return [lambda: pass_over(engine)] * 2

    with pytest.raises(ValueError, match="the observer is wrong"):
        engine.run(program, First())
    assert engine.run(lambda _: [int], First()).ending is Ending.FINISHED


def test_an_error_in_a_strategy_is_raised_where_the_engine_was_called(engine: Engine) -> None:
    """A strategy that fails ends the execution, and the engine can be used again."""

    class Wrong:
        def choose(self, engine: Engine, possible: tuple[int, ...]) -> int | None:
            if len(engine.steps) == 3:
                raise ValueError("the strategy is wrong")
            return possible[0]

    def program(engine: Engine) -> list[Any]:
        return [lambda: pass_over(engine)] * 2

    with pytest.raises(ValueError, match="the strategy is wrong"):
        engine.run(program, Wrong())
    assert engine.run(program, First()).ending is Ending.FINISHED


def test_cancelled_threads_do_nothing_more(engine: Engine) -> None:
    """Threads that catch what cancels them and hold locks come to their end and change nothing."""
    after: list[object] = []

    def program(engine: Engine) -> list[Any]:
        one, other = Lock(engine), Lock(engine)
        values = shared(engine, x=0)

        def stubborn() -> None:
            with one:
                try:
                    with other:
                        values.x = 1
                except BaseException:
                    after.append("caught")
                    values.x = 2
                    after.append("written")
                finally:
                    after.append("left")
                    one.acquire()
                    after.append("acquired")

        def never() -> None:
            after.append("started")

        def hold() -> None:
            other.acquire()
            pass_over(engine)

        return [stubborn, hold, never]

    execution = engine.run(program, Order(1, 1, 0, 0))
    assert execution.ending is Ending.STOPPED
    assert after == ["caught", "left"]
    assert all(thread.ended for thread in execution.threads)
    assert isinstance(execution.threads[0].error, Cancelled)


def test_an_interruption_comes_where_a_thread_may_block(engine: Engine) -> None:
    """It comes at acquisitions that wait, timed or not, or never, and once only."""

    def program(engine: Engine) -> list[Any]:
        lock = Lock(engine)
        values = shared(engine, x=0)

        def body() -> str:
            doing = ""
            try:
                doing = "acquire"
                lock.acquire()
                doing = "write"
                values.x = 1
                doing = "release"
                lock.release()
                doing = "try"
                lock.acquire(blocking=False)
                doing = "timed, no time"
                lock.acquire(timeout=0)
                doing = "timed"
                lock.acquire(timeout=1)
                doing = "look at"
                lock.locked()
            except Stop:
                pass_over(engine)
                return doing
            return "never"

        return [body, engine.interruption(0, Stop())]

    places = {place for place, _ in outcomes(engine, program)}
    assert places == {"acquire", "timed", "never"}


def test_an_execution_may_end_without_an_optional_thread(engine: Engine) -> None:
    """An interruption of a thread that never blocks does not come, and nothing waits for it."""
    execution = engine.run(lambda engine: [int, engine.interruption(0, Stop())], First())
    assert execution.ending is Ending.FINISHED
    assert [str(operation) for _, operation in execution.pending] == ["interrupt t0"]


def test_a_suspended_thread_stays_where_it_could_block(engine: Engine) -> None:
    """It does nothing more, and an execution may end without it; or it is never suspended."""

    def program(engine: Engine) -> list[Any]:
        lock, done = Lock(engine), []

        def body() -> list[str]:
            pass_over(engine)
            with lock:
                done.append("in")
            return done

        def look() -> list[str]:
            pass_over(engine)
            return [*done, str(engine.threads[0].ended)]

        return [body, look, engine.suspension(0)]

    found: set[object] = set()

    def judge(execution: Execution) -> str | None:
        assert execution.ending is Ending.FINISHED
        stopped = [number for number, _ in execution.pending if number == 0]
        found.add((len(stopped), execution.threads[0].result is None))
        return None

    full, reduced = naive(engine, program, judge), dpor(engine, program, judge)
    assert full.verdict is reduced.verdict is Verdict.PASS
    assert (full.traces, reduced.sleep_blocked) == (reduced.traces, 0)
    assert found == {(0, False), (1, True)}


def spinning(engine: Engine, *, alone: bool) -> list[Any]:
    """Return a thread that tries to take a lock until it gets it, and one that may release it."""
    lock = Lock(engine)
    lock.acquire()

    def spin() -> None:
        while not lock.acquire(blocking=False):
            pass

    engine.state = lambda: (lock.owner, *(str(thread.operation) for thread in engine.threads))
    return [spin] if alone else [spin, lock.release]


def test_a_livelock_is_told_with_its_circle(engine: Engine) -> None:
    """A thread that tries in vain for ever goes round in circles of one step."""
    execution = engine.run(lambda engine: spinning(engine, alone=True), First())
    assert execution.ending is Ending.LIVELOCK
    assert (execution.circle, len(execution.steps)) == (1, 2)


def test_a_circle_that_leaves_a_thread_out_is_no_livelock() -> None:
    """Somebody else could have ended it: that is unfair, and no fault of the program."""
    with Engine(step_bound=50) as engine:
        execution = engine.run(lambda engine: spinning(engine, alone=False), First())
        assert execution.ending is Ending.BOUND
        execution = engine.run(lambda engine: spinning(engine, alone=False), Order(0, 1, 1, 0))
        assert execution.ending is Ending.FINISHED


def changing(engine: Engine, runs: list[int], changed: str) -> list[Any]:
    """Return bodies that are not the same in the second execution."""
    runs.append(0)
    lock = Lock(engine)
    if len(runs) > 1 and changed == "possible":
        lock.acquire()

    def body() -> None:
        if len(runs) > 1 and changed == "shorter":
            return
        if len(runs) > 1 and changed == "operation":
            pass_over(engine)
        lock.acquire()
        lock.release()

    return [body, body]


@pytest.mark.parametrize("search", [naive, dpor])
@pytest.mark.parametrize("changed", ["possible", "operation", "shorter"])
def test_a_program_that_is_not_deterministic_is_refused(
    engine: Engine, search: Any, changed: str
) -> None:
    """A search that cannot trust its executions to be what they were says so."""
    runs: list[int] = []
    with pytest.raises(NotDeterministicError):
        search(engine, lambda engine: changing(engine, runs, changed), any_outcome(set()))


def test_replay_refuses_another_program(engine: Engine) -> None:
    """A schedule that the program does not follow is told, with the step and what it does."""
    runs: list[int] = []
    execution = engine.run(lambda engine: changing(engine, runs, ""), First())
    schedule = schedule_of(execution)
    wrong = {
        "possible": "the program goes on with t1: start t1$",
        "operation": "the program goes on with t0: pass turn or t1: start t1$",
        "shorter": "the program goes on with t1: start t1$",
    }
    for changed, message in wrong.items():
        with pytest.raises(OtherScheduleError, match=f"step 1 .* t0: acquire lock0, but {message}"):
            replay(engine, partial(changing, runs=runs, changed=changed), schedule)
    with pytest.raises(OtherScheduleError, match=r"ends after 2 steps, but .* t0: release lock0"):
        replay(engine, lambda engine: changing(engine, runs, ""), schedule[:2])
    with pytest.raises(OtherScheduleError, match=r"step 1 .* but the program has ended"):
        replay(engine, lambda _: [int], schedule)
