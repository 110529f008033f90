"""A program of one's own is run in every order, and what it shares must be seen."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import pytest

import verified_barrier
from scheduler import own
from scheduler.own import Found, ProgramError, Verdict, explore_program
from scheduler.primitives import watch
from verified_barrier import Barrier

Program = Callable[[], Sequence[Callable[[], object]]]


class Box:
    """What threads share."""

    def __init__(self, value: Any) -> None:
        self.value = value


class Slotted:
    """The same in a slot."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


@dataclass
class Data:
    """The same with a value of the class, and one that is changed in place."""

    value: Any = 0
    items: list[int] = field(default_factory=list)


@pytest.fixture
def program() -> ModuleType:
    """A module as a team has it."""
    module = ModuleType("program")
    module.__dict__.update(Barrier=Barrier, threading=threading, vb=verified_barrier)
    return module


def explored(module: ModuleType, bodies: Program, **options: Any) -> Found:
    """Explore a program whose threads have to return 1 and 2, in any order."""

    def judge(ends: Sequence[object]) -> str | None:
        return None if sorted(map(repr, ends)) == ["1", "2"] else f"ends: {ends}"

    shared = {cls: ["value"] for cls in options.pop("classes", [Box])}
    return explore_program(bodies, judge, modules=[module], watched=shared, **options)


def counting(module: ModuleType, cls: type, *, locked: bool) -> Program:
    """Return a program whose threads add 1 to a number, and return what they wrote."""

    def bodies() -> Sequence[Callable[[], object]]:
        box, lock = cls(0), module.threading.Lock()

        def add() -> int:
            if not locked:
                box.value = number = box.value + 1
                return int(number)
            with lock:
                box.value = number = box.value + 1
                return int(number)

        return [add, add]

    return bodies


@pytest.mark.parametrize("cls", [Box, Slotted, Data])
def test_race_on_what_is_watched_is_found(program: ModuleType, cls: type) -> None:
    """Whatever kind of class it is; and with a lock there is none."""
    right = explored(program, counting(program, cls, locked=True), classes=[cls])
    assert (right.verdict, right.executions) == (Verdict.PASS, 2)
    assert right.report == "pass: 2 executions"
    wrong = explored(program, counting(program, cls, locked=False), classes=[cls])
    assert (wrong.verdict, wrong.problem) == (Verdict.FAIL, "ends: [1, 1]")


def test_smallest_failure_is_told(program: ModuleType) -> None:
    """A column for each thread, a line for each step that concerns the program, and the ends."""
    assert explored(program, counting(program, Box, locked=False)).report == (
        "wrong:       ends: [1, 1]\n"
        "preemptions: 1\n"
        "\n"
        "step  t1                       t2\n"
        "----  -----------------------  -----------------------\n"
        "1                              read value of Box 0: 0\n"
        "3     read value of Box 0: 0\n"
        "4     write value of Box 0: 1\n"
        "5                              write value of Box 0: 1\n"
        "\n"
        "thread  end\n"
        "------  ----------\n"
        "t1      returned 1\n"
        "t2      returned 1\n"
    )


def test_nothing_is_left_replaced(program: ModuleType) -> None:
    """Afterwards modules and classes are as they were."""
    before = dict(vars(program)), dict(vars(Box)), dict(vars(Data)), dict(vars(Slotted))
    for cls in (Box, Data, Slotted):
        explored(program, counting(program, cls, locked=False), classes=[cls])
    assert (dict(vars(program)), dict(vars(Box)), dict(vars(Data)), dict(vars(Slotted))) == before


def test_whatever_blocks_is_replaced(program: ModuleType) -> None:
    """By name, within its module, and wherever it is named in another way."""
    program.__dict__.update({name: getattr(threading, name) for name in own.WAITING})
    program.__dict__["Standard"] = threading.Barrier

    def bodies() -> Sequence[Callable[[], object]]:
        box = Box(0)
        barriers = [
            program.Barrier(2),
            program.Standard(2),
            program.vb.Barrier(2),
            program.threading.Barrier(2),
        ]
        lock, event, semaphore = program.Lock(), program.Event(), program.Semaphore(0)
        condition, rlock = program.Condition(), program.RLock()
        bounded = program.BoundedSemaphore(1)

        def first() -> int:
            for barrier in barriers:
                barrier.wait()
            with condition:
                while not box.value:
                    condition.wait()
            event.wait()
            semaphore.acquire()
            return 1

        def second() -> int:
            for barrier in barriers:
                barrier.wait()
            with condition, rlock, rlock, lock, bounded:
                box.value = 1
                condition.notify()
            event.set()
            semaphore.release()
            return 2

        return [first, second]

    found = explored(program, bodies)
    assert found.verdict is Verdict.PASS, found.report
    assert found.executions > 10


def test_stuck_threads_are_told_apart(program: ModuleType) -> None:
    """A program that does not end is wrong; the report says who waits where."""

    def bodies() -> Sequence[Callable[[], object]]:
        first, second = program.Barrier(2), program.Barrier(2)
        lock = program.threading.Lock()
        lock.acquire()
        box = Box(0)

        def wait_and_end_badly() -> None:
            try:
                first.wait()
                box.value = second.wait()
            finally:
                first.abort()  # not told: the engine ends this thread

        return [lambda: first.wait(7.5), wait_and_end_badly, lock.acquire, lambda: box.value]

    found = explored(program, bodies)
    assert found.problem == (
        "t2 waits for ever in wait() at barrier 2; t3 waits for ever to acquire lock2"
    )
    rows = re.findall(r"^\d+ +(.*)$", found.report, re.MULTILINE)
    assert re.sub("  +", "", "; ".join(rows)) == (
        "read value of Box 0: 0; "
        "wait() at barrier 1; "
        "wait(7.5) at barrier 1; "
        "wait(7.5) at barrier 1 returned 1; "
        "wait() at barrier 1 returned 0, wait() at barrier 2"
    )


def test_limit_that_is_reached_is_not_passed(program: ModuleType) -> None:
    """Nothing was found wrong, and nothing is shown."""
    found = explored(program, counting(program, Box, locked=True), limit=1)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.report == ("inconclusive: 1 executions, and there are more: raise the limit of 1")


def test_changes_in_place_are_seen(program: ModuleType) -> None:
    """Two threads that append to a list, and look how long it is, do so one after the other."""

    def bodies() -> Sequence[Callable[[], object]]:
        data = Data()

        def add() -> int:
            items = data.items
            items.append(1)
            return len(data.items)

        return [add, add]

    found = explored(program, bodies, classes=[], changed={Data: ["items"]})
    assert (found.verdict, found.problem) == (Verdict.FAIL, "ends: [2, 2]")


@pytest.mark.parametrize("value", [[1], {"a": 1}, (1, [2]), Box(1), {1}])
def test_value_that_may_be_changed_unseen_is_refused(program: ModuleType, value: object) -> None:
    """Its attribute is named, with the remedy."""
    with pytest.raises(ProgramError, match=r"Box\.value is .*name the attribute among those that"):
        explored(program, lambda: [lambda: Box(value), lambda: 2])


def test_attribute_that_no_thread_uses_is_refused(program: ModuleType) -> None:
    """A misspelt name would watch nothing, and every race on it would go unseen."""
    with pytest.raises(ProgramError, match=r"no thread has read or written Data\.value: correct"):
        explored(program, counting(program, Box, locked=True), classes=[Box, Data])


def test_object_from_before_the_program_is_refused(program: ModuleType) -> None:
    """It is the same in all executions, and what threads do to it is not seen."""
    box = Box(0)
    with pytest.raises(ProgramError, match="a Box was made before the program: make all that thr"):
        explored(program, lambda: [lambda: box.value, lambda: 2])


def test_module_without_a_barrier_is_refused() -> None:
    """Real locks would hold up the search for ever."""
    with pytest.raises(ProgramError, match="empty has neither a Barrier nor anything else"):
        explored(ModuleType("empty"), lambda: [lambda: 1, lambda: 2])


def test_attribute_that_is_not_there(program: ModuleType) -> None:
    """A value of the class is none of the object: it is said, not passed over."""

    class Bare:
        value = 0

    with pytest.raises(ProgramError, match=r"Bare\.value is read before it is written: write it"):
        explored(program, lambda: [lambda: Bare().value, lambda: 2], classes=[Bare])


def test_scheduler_of_another_version_is_refused(
    program: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the barrier has other attributes than those that it watches, races would go unseen."""

    def watch_more(engine: Any, cls: type, *names: str, mutable: bool = False) -> None:
        watch(engine, cls, *names, *(["_gone"] if "_state" in names else []), mutable=mutable)

    monkeypatch.setattr("scheduler.scenarios.watch", watch_more)
    with pytest.raises(
        ProgramError, match=r"and the installed verified-barrier differ .*_gone.*same"
    ):
        explored(program, counting(program, Box, locked=True))


@pytest.fixture(autouse=True)
def _ends_in_time() -> Iterator[None]:
    """What blocks for real would block for ever."""
    yield
    assert threading.active_count() < 20
