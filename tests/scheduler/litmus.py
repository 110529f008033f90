"""Classic programs whose answers are known, right ones and wrong ones, as data."""

from __future__ import annotations

from itertools import product
from typing import Any, NamedTuple

from scheduler.engine import Engine, Program
from scheduler.primitives import Lock, Surroundings, load_threading
from scheduler.programs import Stop, give_back, shared

__all__ = ["LIMITED", "PROGRAMS", "Litmus", "counters", "philosophers"]


class Litmus(NamedTuple):
    """A program and what is known of it."""

    name: str
    program: Program
    traces: int
    right: frozenset[object]
    """Its outcomes that are right: it has all of them."""
    wrong: frozenset[object] = frozenset()
    """Its outcomes that are wrong: it has all of them, too."""
    preemptions: int = 0
    """How many are needed for a wrong one."""


def counters(*, locked: bool) -> Program:
    """Two threads add 1 to a shared number; each returns what it wrote."""

    def program(engine: Engine) -> list[Any]:
        values = shared(engine, count=0)
        lock = Lock(engine)

        def add() -> int:
            if locked:
                lock.acquire()
            count: int = values.count + 1
            values.count = count
            if locked:
                lock.release()
            return count

        return [add, add]

    return program


def store_buffering(*, delayed: bool) -> Program:
    """Each thread writes one of two numbers and reads the other: one sees the other's write.

    The fault: a write takes effect only after the read.
    """

    def program(engine: Engine) -> list[Any]:
        values = shared(engine, x=0, y=0)

        def body(mine: str, other: str) -> int:
            if not delayed:
                setattr(values, mine, 1)
            seen: int = getattr(values, other)
            if delayed:
                setattr(values, mine, 1)
            return seen

        return [lambda: body("x", "y"), lambda: body("y", "x")]

    return program


def dekker(*, flag_first: bool) -> Program:
    """Each thread enters only if the other's flag is down; each returns the number it wrote.

    The fault: it raises its own flag only then.
    """

    def program(engine: Engine) -> list[Any]:
        values = shared(engine, flag0=False, flag1=False, count=0)

        def body(mine: str, other: str) -> int | None:
            if flag_first:
                setattr(values, mine, True)
            if getattr(values, other):
                return None
            setattr(values, mine, True)
            count: int = values.count + 1
            values.count = count
            return count

        return [lambda: body("flag0", "flag1"), lambda: body("flag1", "flag0")]

    return program


def peterson(*, flag_first: bool) -> Program:
    """Peterson's lock, tried once; each returns the number it wrote, or that it did not enter.

    The fault: a thread gives way before it raises its flag.
    """

    def program(engine: Engine) -> list[Any]:
        values = shared(engine, flag0=False, flag1=False, turn=0, count=0)

        def body(mine: str, other: str, turn: int) -> int | None:
            if flag_first:
                setattr(values, mine, True)
            values.turn = turn
            if not flag_first:
                setattr(values, mine, True)
            if getattr(values, other) and values.turn == turn:
                return None
            count: int = values.count + 1
            values.count = count
            setattr(values, mine, False)
            return count

        return [lambda: body("flag0", "flag1", 1), lambda: body("flag1", "flag0", 0)]

    return program


def philosophers(number: int, *, ordered: bool) -> Program:
    """Each takes the fork to its left, then the one to its right; or the lower one first."""

    def program(engine: Engine) -> list[Any]:
        forks = [Lock(engine) for _ in range(number)]

        def dine(place: int) -> None:
            pair = [place, (place + 1) % number]
            one, other = sorted(pair) if ordered else pair
            with forks[one], forks[other]:
                pass

        return [lambda place=place: dine(place) for place in range(number)]

    return program


def waiting(look: str) -> Program:
    """A thread waits until another one has made something ready and notified it.

    It looks whether it is ready with the lock held; or before; or never.
    """

    def program(engine: Engine) -> list[Any]:
        module = load_threading(Surroundings(engine), "Condition")
        condition = module.Condition(Lock(engine))
        values = shared(engine, ready=False)

        def wait() -> str:
            if look == "before" and values.ready:
                return "went on"
            with condition:
                while look != "locked" or not values.ready:
                    condition.wait()
                    if look != "locked":
                        return "woken"
            return "went on"

        def notify() -> None:
            with condition:
                values.ready = True
                condition.notify()

        return [wait, notify]

    return program


def readers(number: int, writes: int) -> Program:
    """One thread writes 1, 2, … into an attribute, others read it once."""

    def program(engine: Engine) -> list[Any]:
        values = shared(engine, x=0)

        def write() -> None:
            for value in range(writes):
                values.x = value + 1

        return [write, *[lambda: values.x] * number]

    return program


def twice() -> Program:
    """A thread reads an attribute twice, another one writes it: are the two equal?"""

    def program(engine: Engine) -> list[Any]:
        values = shared(engine, x=0)

        def write() -> None:
            values.x = 1

        return [lambda: (values.x, values.x), write]

    return program


def looks() -> Program:
    """A thread takes a lock and gives it back, the others look whether it is held."""

    def program(engine: Engine) -> list[Any]:
        lock = Lock(engine)

        def hold() -> None:
            with lock:
                pass

        return [hold, lock.locked, lock.locked]

    return program


def stray_release() -> Program:
    """A thread holds a lock, another one releases it without: it may find it free."""

    def program(engine: Engine) -> list[Any]:
        lock = Lock(engine)

        def release() -> str:
            try:
                lock.release()
            except RuntimeError:
                return "refused"
            return "released"

        return [lock.acquire, release]

    return program


def hasty(timeout: float) -> Program:
    """A thread takes a lock and gives it back, another one does not wait for it, or not long."""

    def program(engine: Engine) -> list[Any]:
        lock = Lock(engine)

        def hold() -> None:
            with lock:
                pass

        return [hold, lambda: give_back(lock, (True, timeout))]

    return program


def interrupted(*, reads: bool = False) -> Program:
    """Two threads want a lock for good, and one is interrupted before it has it, or never."""

    def program(engine: Engine) -> list[Any]:
        lock = Lock(engine)
        values = shared(engine, x=0)

        def write() -> str:
            values.x = 1
            try:
                with lock:
                    return "held"
            except Stop:
                return "interrupted"

        def read() -> int | None:
            seen: int | None = values.x if reads else None
            lock.acquire()
            return seen

        return [write, read, engine.interruption(0, Stop())]

    return program


def each(*outcomes: object) -> frozenset[object]:
    """Return the set of some outcomes."""
    return frozenset(outcomes)


STUCK = each("deadlock")
NOTHING = each((None, None, None))

PROGRAMS = [
    Litmus("counters", counters(locked=False), 4, each((1, 2), (2, 1)), each((1, 1)), 1),
    Litmus("counters with a lock", counters(locked=True), 2, each((1, 2), (2, 1))),
    Litmus(
        "store buffering",
        store_buffering(delayed=False),
        3,
        each((0, 1), (1, 0), (1, 1)),
    ),
    Litmus(
        "store buffering, writes delayed",
        store_buffering(delayed=True),
        3,
        each((0, 1), (1, 0)),
        each((0, 0)),
        1,
    ),
    Litmus("Dekker", dekker(flag_first=True), 5, each((1, None), (None, 1), (None, None))),
    Litmus(
        "Dekker, flag too late",
        dekker(flag_first=False),
        6,
        each((1, None), (None, 1)),
        each((1, 1), (1, 2), (2, 1)),
        1,
    ),
    Litmus(
        "Peterson",
        peterson(flag_first=True),
        10,
        each((1, 2), (2, 1), (1, None), (None, 1), (None, None)),
    ),
    Litmus(
        "Peterson, flag too late",
        peterson(flag_first=False),
        18,
        each((1, 2), (2, 1), (1, None), (None, 1)),
        each((1, 1)),
        2,
    ),
    Litmus("2 philosophers", philosophers(2, ordered=False), 3, each((None, None)), STUCK, 1),
    Litmus("2 philosophers, ordered", philosophers(2, ordered=True), 2, each((None, None))),
    Litmus("3 philosophers", philosophers(3, ordered=False), 7, NOTHING, STUCK, 1),
    Litmus("3 philosophers, ordered", philosophers(3, ordered=True), 6, NOTHING),
    Litmus("waiting, looks with the lock held", waiting("locked"), 2, each(("went on", None))),
    Litmus(
        "waiting, looks before",
        waiting("before"),
        3,
        each(("went on", None), ("woken", None)),
        STUCK,
        1,
    ),
    Litmus("waiting, never looks", waiting("never"), 2, each(("woken", None)), STUCK, 0),
    Litmus("2 readers", readers(2, 1), 4, each(*((None, *r) for r in product((0, 1), repeat=2)))),
    Litmus(
        "2 readers, 2 writes",
        readers(2, 2),
        9,
        each(*((None, *r) for r in product((0, 1, 2), repeat=2))),
    ),
    Litmus(
        "reads twice",
        twice(),
        3,
        each(((0, 0), None), ((1, 1), None)),
        each(((0, 1), None)),
        1,
    ),
    Litmus(
        "looks at a lock",
        looks(),
        9,
        each(*((None, *seen) for seen in product((True, False), repeat=2))),
    ),
    Litmus("stray release", stray_release(), 2, each((True, "released")), each((True, "refused"))),
]

LIMITED = [
    Litmus("acquires at once", hasty(0), 3, each((None, True)), each((None, False)), 1),
    Litmus("acquires timed", hasty(1), 3, each((None, True)), each((None, False)), 1),
    Litmus(
        "interrupted",
        interrupted(),
        2,
        each(("held", None, None)),
        each(("interrupted", None, None)),
    ),
    Litmus(
        "interrupted, reads",
        interrupted(reads=True),
        4,
        each(("held", 0, None), ("held", 1, None)),
        each(("interrupted", 0, None), ("interrupted", 1, None)),
    ),
]
"""Programs with acquisitions that may time out, or interruptions."""
