"""What the engine controls behaves like what it stands for."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from scheduler.dpor import dpor
from scheduler.engine import Engine, Execution, Program
from scheduler.primitives import Lock, Surroundings, load_threading
from scheduler.programs import First, any_outcome, give_back, outcome, outcomes, shared
from scheduler.search import Verdict, naive


def test_a_timed_acquisition_times_out_while_the_lock_is_held(engine: Engine) -> None:
    """It fails exactly where the other one holds the lock, and only its thread's time passes."""
    surroundings = Surroundings(engine)

    def program(engine: Engine) -> list[Any]:
        lock = Lock(engine)

        def holder() -> float:
            with lock:
                pass
            return surroundings.monotonic()

        def hasty() -> tuple[bool, float]:
            return give_back(lock, (True, 2.5)), surroundings.monotonic()

        return [holder, hasty]

    def judge(execution: Execution) -> str | None:
        kinds = [step.operation.kind for step in execution.steps]
        before = kinds[: kinds.index("acquire timed")]
        is_held = "acquire" in before and "release" not in before
        expected = (0.0, (False, 2.5)) if is_held else (0.0, (True, 0.0))
        return None if outcome(execution) == expected else str(outcome(execution))

    assert naive(engine, program, judge).verdict is Verdict.PASS
    assert len(outcomes(engine, program)) == 2


def test_an_acquisition_at_once_never_waits(engine: Engine) -> None:
    """It fails while the lock is held, and takes no time, however it is written."""

    def program(engine: Engine) -> list[Any]:
        lock = Lock(engine)
        hasty = [partial(give_back, lock, how) for how in ((False, -1), (True, 0))]
        return [lock.acquire, *hasty]

    assert outcomes(engine, program) == {
        (True, one, other) for one in (True, False) for other in (True, False)
    }


def test_a_lock_is_like_the_real_one(engine: Engine) -> None:
    """Whoever may release it; to release a free one is an error; it tells whether it is held."""

    def program(engine: Engine) -> list[Any]:
        lock = Lock(engine)

        def body() -> tuple[bool, bool, str]:
            lock.acquire()
            held = lock.locked()
            lock.release()
            try:
                lock.release()
            except RuntimeError as error:
                return held, lock.locked(), str(error)
            return held, lock.locked(), ""

        return [body]

    assert outcomes(engine, program) == {((True, False, "release unlocked lock"),)}


def test_watched_attributes_are_scheduling_points(engine: Engine) -> None:
    """To read and to write one is a step, except to write it first; each object has its own."""

    def program(engine: Engine) -> list[Any]:
        one, other = shared(engine, x=0), shared(engine, x=10)

        def body() -> int:
            one.x = other.x + 1
            assert type(one).__dict__["x"].peek(one) == 11
            own = shared(engine, x=5)
            return int(own.x) + int(one.x)

        return [body]

    execution = engine.run(program, First())
    assert outcome(execution) == (16,)
    assert [str(step.operation) for step in execution.steps] == [
        "start t0",
        "read Shared.x1",
        "write Shared.x0",
        "read Shared.x0@t0",
        "read Shared.x0",
    ]


def test_a_condition_wakes_one_or_all(engine: Engine) -> None:
    """Of two that wait, ``notify`` wakes either or none, and ``notify_all`` all that wait."""
    condition_type = load_threading(Surroundings(engine), "Condition").Condition

    def program(notify: str) -> Program:
        def program(engine: Engine) -> list[Any]:
            condition = condition_type(Lock(engine))
            woken: list[int] = []

            def wait(number: int) -> None:
                with condition:
                    condition.wait(timeout=None)
                    woken.append(number)

            def wake() -> None:
                with condition:
                    getattr(condition, notify)()

            engine.observer = lambda: met.add(tuple(woken))
            return [lambda: wait(0), lambda: wait(1), wake]

        return program

    met: set[tuple[int, ...]] = set()
    dpor(engine, program("notify"), any_outcome(set()))
    assert met == {(), (0,), (1,)}
    met.clear()
    found: set[object] = set()
    dpor(engine, program("notify_all"), any_outcome(found))
    assert met == {(), (0,), (1,), (0, 1), (1, 0)}
    assert found == {"deadlock", (None, None, None)}


@pytest.mark.parametrize("lock", [None, "Lock"])
def test_a_condition_makes_a_lock_that_is_controlled(engine: Engine, lock: str | None) -> None:
    """A condition that is given no lock makes one that can be taken again, controlled as well."""
    module = load_threading(Surroundings(engine), "Condition")

    def program(engine: Engine) -> list[Any]:
        condition = module.Condition(None if lock is None else Lock(engine))
        items: list[int] = []

        def take() -> int:
            with condition:
                condition.wait_for(lambda: items)
                return items.pop()

        def put() -> None:
            with condition:
                if lock is None:
                    with condition:
                        items.append(7)
                else:
                    items.append(7)
                condition.notify()

        return [take, put]

    found: set[object] = set()
    result = dpor(engine, program, any_outcome(found))
    assert (result.verdict, found) == (Verdict.PASS, {(7, None)})


def test_a_timed_wait_of_a_condition_is_notified_or_not(engine: Engine) -> None:
    """A timed ``wait`` always ends; its time passes exactly if nobody notified it."""
    surroundings = Surroundings(engine)
    condition_type = load_threading(surroundings, "Condition").Condition

    def program(engine: Engine) -> list[Any]:
        condition = condition_type(Lock(engine))

        def wait() -> tuple[bool, float]:
            with condition:
                return condition.wait(timeout=3), surroundings.monotonic()

        def wake() -> None:
            with condition:
                condition.notify()

        return [wait, wake]

    assert outcomes(engine, program) == {((True, 0.0), None), ((False, 3.0), None)}


def test_an_event_lets_all_go_on(engine: Engine) -> None:
    """Whether ``set`` comes first or last, nobody waits forever."""
    module = load_threading(Surroundings(engine), "Condition", "Event")

    def program(engine: Engine) -> list[Any]:
        event = module.Event()
        return [event.wait, event.wait, event.set]

    found: set[object] = set()
    assert dpor(engine, program, any_outcome(found)).verdict is Verdict.PASS
    assert found == {(True, True, None)}


def test_an_event_that_is_cleared_may_be_missed(engine: Engine) -> None:
    """A thread that comes too late for a short event waits forever."""
    module = load_threading(Surroundings(engine), "Condition", "Event")

    def program(engine: Engine) -> list[Any]:
        event = module.Event()

        def pulse() -> None:
            event.set()
            event.clear()

        return [event.wait, pulse]

    assert outcomes(engine, program) == {"deadlock", (True, None)}


@pytest.mark.parametrize("kind", ["Semaphore", "BoundedSemaphore"])
def test_a_semaphore_hands_over(engine: Engine, kind: str) -> None:
    """A producer and a consumer with room for one item: each item arrives, in order."""
    module = load_threading(Surroundings(engine), "Condition", "Semaphore", "BoundedSemaphore")

    def program(engine: Engine) -> list[Any]:
        full, empty = module.Semaphore(0), getattr(module, kind)(1)
        room = shared(engine, item=None)

        def produce() -> None:
            for item in range(2):
                empty.acquire()
                room.item = item
                full.release()

        def consume() -> tuple[int, ...]:
            items: list[int] = []
            for _ in range(2):
                full.acquire()
                items.append(room.item)
                empty.release()
            return tuple(items)

        return [produce, consume]

    found: set[object] = set()
    result = dpor(engine, program, any_outcome(found))
    assert (result.verdict, found) == (Verdict.PASS, {(None, (0, 1))})


def test_a_bounded_semaphore_is_not_released_too_often(engine: Engine) -> None:
    """One of two releases of what was acquired once raises, whichever comes last."""
    module = load_threading(Surroundings(engine), "Condition", "Semaphore", "BoundedSemaphore")

    def program(engine: Engine) -> list[Any]:
        semaphore = module.BoundedSemaphore(1)

        def release() -> str:
            try:
                semaphore.release()
            except ValueError as error:
                return str(error)
            return "released"

        return [lambda: semaphore.acquire() and release(), release]

    refusal = "Semaphore released too many times"
    assert outcomes(engine, program) == {("released", refusal), (refusal, "released")}


def test_sleep_moves_the_clock_of_its_thread_only(engine: Engine) -> None:
    """Virtual time passes for the one that sleeps, at once; the others may run meanwhile."""
    surroundings = Surroundings(engine)

    def program(engine: Engine) -> list[Any]:
        def body(seconds: float) -> tuple[float, int]:
            surroundings.sleep(seconds)
            return surroundings.monotonic(), surroundings.get_ident()

        return [lambda: body(1.5), lambda: body(0)]

    assert outcomes(engine, program) == {((1.5, 1), (0.0, 2))}
