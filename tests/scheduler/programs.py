"""What the tests of the scheduler run, and how they judge it."""

from __future__ import annotations

from random import Random
from typing import Any

from scheduler.engine import Ending, Engine, Execution, Operation, Program
from scheduler.primitives import Lock, watch
from scheduler.scenarios import load_shipped, load_standard
from scheduler.search import Judge, Verdict, naive

__all__ = [
    "First",
    "Stop",
    "any_outcome",
    "crossings",
    "each_index_once",
    "generated",
    "give_back",
    "our_barrier",
    "outcome",
    "outcomes",
    "pass_over",
    "shared",
    "standard_barrier",
    "unless",
]


class Stop(BaseException):
    """What an interruption raises."""


class First:
    """The strategy that chooses the first thread that can go on."""

    def choose(self, _engine: Engine, possible: tuple[int, ...]) -> int | None:
        return possible[0]


def shared(engine: Engine, **values: object) -> Any:
    """Return an object with attributes that are scheduling points."""
    cls = type("Shared", (), {})
    watch(engine, cls, *values)
    instance = cls()
    for name, value in values.items():
        setattr(instance, name, value)
    return instance


def pass_over(engine: Engine) -> None:
    """Do nothing, in a scheduling point whose place among the others matters."""
    engine.point(Operation("pass", "turn", writes=("turn",)))


def give_back(lock: Lock, how: tuple[bool, float]) -> bool:
    """Try to take a lock, and release it again; return whether it was got."""
    got = lock.acquire(*how)
    if got:
        lock.release()
    return got


def outcome(execution: Execution) -> object:
    """Return what each thread returned, or how else the execution ended."""
    errors = [thread.error for thread in execution.threads if thread.error is not None]
    if execution.ending is not Ending.FINISHED:
        return execution.ending.value
    return repr(errors) if errors else tuple(thread.result for thread in execution.threads)


def any_outcome(found: set[object]) -> Judge:
    """Return a judge that finds nothing wrong, and notes the outcomes."""

    def judge(execution: Execution) -> str | None:
        found.add(outcome(execution))
        return None

    return judge


def outcomes(engine: Engine, program: Program) -> set[Any]:
    """Return all outcomes of a program."""
    found: set[Any] = set()
    assert naive(engine, program, any_outcome(found)).verdict is Verdict.PASS
    return found


def unless(right: frozenset[object]) -> Judge:
    """Return a judge that finds all outcomes wrong but these."""

    def judge(execution: Execution) -> str | None:
        return None if outcome(execution) in right else str(outcome(execution))

    return judge


def standard_barrier(engine: Engine) -> Any:
    """Return the ``Barrier`` of ``threading``, controlled by an engine."""
    return load_standard(engine).Barrier


def our_barrier(engine: Engine) -> Any:
    """Return our ``Barrier``, controlled by an engine, what its threads share included."""
    return load_shipped(engine).Barrier


def crossings(barrier: Any, parties: int, times: int = 1, interrupted: bool = False) -> Program:
    """Return a program whose threads cross a barrier so many times.

    Each thread returns its indices. If ``interrupted``, one of them may be, and then returns
    those that it has.
    """

    def program(engine: Engine) -> list[Any]:
        shared_barrier = barrier(parties)

        def cross() -> tuple[int, ...]:
            indices: list[int] = []
            try:
                for _ in range(times):
                    indices.append(shared_barrier.wait())  # noqa: PERF401
            except Stop:
                pass
            return tuple(indices)

        bodies: list[Any] = [cross] * parties
        return [*bodies, engine.interruption(0, Stop())] if interrupted else bodies

    return program


def each_index_once(execution: Execution) -> str | None:
    """Judge that each crossing gives each thread another index."""
    if execution.ending is not Ending.FINISHED:
        return f"{execution.ending.value}: {execution.pending}"
    results: list[Any] = [thread.result for thread in execution.threads]
    for indices in zip(*results, strict=True):
        if sorted(indices) != list(range(len(execution.threads))):
            return f"indices {indices}"
    return None


_KINDS = ("acquire", "acquire", "release", "release", "try", "timed", "look", "read", "write")


def generated(seed: int) -> Program:
    """Return a small program made at random: two or three threads, two locks, two attributes."""
    dice = Random(seed)  # noqa: S311
    number = dice.choice((2, 2, 3))
    length = 4 if number == 2 else 2
    plans = [
        [(dice.choice(_KINDS), dice.randrange(2)) for _ in range(dice.randint(1, length))]
        for _ in range(number)
    ]
    interrupted = dice.choice(((), (), (0,), (0, 0), (0, 1)))

    def program(engine: Engine) -> list[Any]:
        locks = Lock(engine), Lock(engine)
        values = shared(engine, x0=0, x1=0)

        def body(me: int) -> tuple[object, ...]:
            done: list[object] = []
            try:
                for kind, which in plans[me]:
                    done.append(_do(kind, locks[which], values, f"x{which}", me))
            except (RuntimeError, Stop) as error:
                done.append(type(error))
            return tuple(done)

        bodies: list[Any] = [lambda me=me: body(me) for me in range(number)]
        return bodies + [engine.interruption(who, Stop()) for who in interrupted]

    return program


def _do(kind: str, lock: Lock, values: Any, name: str, me: int) -> object:
    match kind:
        case "release":
            lock.release()
        case "look":
            return lock.locked()
        case "read":
            return getattr(values, name)
        case "write":
            setattr(values, name, me + 1)
        case _:
            return lock.acquire(timeout={"acquire": -1, "try": 0, "timed": 1}[kind])
    return None
