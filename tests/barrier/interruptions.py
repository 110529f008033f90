"""Interrupts a thread wherever CPython can: one point a run, or two.

A signal handler runs, and may raise, in the main thread when a function has just been entered,
when a call of a C function has returned, at a jump backward, and instead of what blocks. Here the
interpreter itself tells of these points (``sys.monitoring``, Python 3.12), and nothing depends on
time: whoever is about to block lets the others run first.

``make interruptions`` prints how many points there are, and at how many a barrier fails.
"""

from __future__ import annotations

import dis
import platform
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from types import CodeType, ModuleType
from typing import Any

import pytest

import verified_barrier.barrier
from barrier.threads import AnyBarrier, Interrupted, LongAction, MakeBarrier, StuckError, Threads
from verified_barrier import machine, table

__all__ = ["SITUATIONS", "Result", "Situation", "at_every_point", "failures", "monitored"]

monitored = pytest.mark.skipif(
    sys.version_info < (3, 12), reason="the interpreter tells of such points from Python 3.12 on"
)

_TOOL = 4
_BLOCKING = ("BEFORE_WITH", "LOAD_SPECIAL")


@dataclass(frozen=True)
class Result:
    """What came of a run."""

    points: tuple[int, ...]
    """After how many points the thread was interrupted, and after how many more again."""
    failure: str | None
    """What is wrong with the barrier, if anything is."""
    is_due: bool
    """Whether the thread's last step was left to whoever used the barrier next."""


@dataclass
class Run:
    """One barrier, the threads at it, and what the interrupted thread does.

    Parameters: ``make``, which barrier; ``limit``, seconds after which it is held to be stuck.
    """

    make: MakeBarrier
    limit: float
    parties: int = 2
    meanwhile: list[Callable[[], object]] = field(default_factory=list)
    """What others do when the thread is about to block, the first time, the second, ..."""
    waiting: list[Any] = field(default_factory=list)
    """The calls of the others."""

    def __post_init__(self) -> None:
        self.threads = Threads(self.limit)
        self.barrier: AnyBarrier = self.make(self.parties)

    def use(self, parties: int, action: Callable[[], object] | None) -> None:
        """Take another barrier."""
        self.parties = parties
        self.barrier = self.make(parties, action)

    def others_wait(self, number: int) -> None:
        """Let others arrive, and wait."""
        self.waiting += self.threads.start_waiters(self.barrier, number)

    def other_trips(self) -> None:
        """Let another arrive last."""
        with suppress(threading.BrokenBarrierError):
            self.threads.call(self.barrier.wait)

    def check(self) -> str | None:
        """Return what is wrong with the barrier, after the thread has left."""
        try:
            arrived = self.threads.call(lambda: self.barrier.n_waiting)
            if arrived not in (0, len(self.waiting)):
                return f"{len(self.waiting)} others were at {self.barrier!r}"
            if self.waiting:
                missing = range(self.parties - arrived if arrived else 0)
                calls = [*self.waiting, *(self.threads.start(self.barrier.wait) for _ in missing)]
                indices = [task.result() for task in calls if task.returns()]
                if len(set(indices)) < len(indices):
                    return f"indices {indices}"
            self.threads.call(self.barrier.reset)
            if (self.barrier.n_waiting, self.barrier.broken) != (0, False):
                return f"reset leaves {self.barrier!r}"
            tasks = [self.threads.start(self.barrier.wait) for _ in range(self.parties)]
            indices = sorted(task.result() for task in tasks)
            if indices != list(range(self.parties)):
                return f"indices {indices}"
            if (self.barrier.n_waiting, self.barrier.broken) != (0, False):
                return f"a crossing leaves {self.barrier!r}"
        except (StuckError, threading.BrokenBarrierError) as error:
            return repr(error)
        return None


Situation = Callable[[Run], Callable[[], object]]
"""Brings about a situation; returns the call that is interrupted."""


def _waiter(run: Run) -> Callable[[], object]:
    run.meanwhile.append(run.other_trips)
    return run.barrier.wait


def _waiter_of_three(run: Run) -> Callable[[], object]:
    run.use(3, None)
    run.others_wait(1)
    return _waiter(run)


def _waiter_with_action(run: Run) -> Callable[[], object]:
    run.use(2, int)
    return _waiter(run)


def _tripper(run: Run) -> Callable[[], object]:
    run.others_wait(1)
    return run.barrier.wait


def _tripper_with_action(run: Run) -> Callable[[], object]:
    run.use(2, int)
    return _tripper(run)


def _alone(run: Run) -> Callable[[], object]:
    run.use(1, None)
    return run.barrier.wait


def _alone_again(run: Run) -> Callable[[], object]:
    run.use(1, int)

    def call() -> object:
        with suppress(Interrupted):
            run.barrier.wait()
        return run.barrier.wait()

    return call


def _timed_out(run: Run) -> Callable[[], object]:
    run.meanwhile.append(lambda: None)
    return lambda: run.barrier.wait(0.0)


def _held(run: Run) -> Callable[[], object]:
    action = LongAction()
    run.use(2, action)
    run.others_wait(1)
    tripper = run.threads.start(run.barrier.wait)
    run.waiting.append(tripper)
    action.await_running()

    def end() -> None:
        action.end()
        tripper.join(run.limit)

    run.meanwhile += [end, run.other_trips]

    def call() -> object:
        try:
            return run.barrier.wait()
        finally:
            action.end()

    return call


def _abort(run: Run) -> Callable[[], object]:
    run.use(3, None)
    run.others_wait(2)
    return run.barrier.abort


def _reset(run: Run) -> Callable[[], object]:
    run.use(3, None)
    run.others_wait(2)
    return run.barrier.reset


def _look(run: Run) -> Callable[[], object]:
    run.others_wait(1)
    return lambda: (run.barrier.n_waiting, run.barrier.broken, repr(run.barrier))


SITUATIONS: dict[str, Situation] = {
    "waiter": _waiter,
    "waiter, one of three": _waiter_of_three,
    "waiter, action": _waiter_with_action,
    "tripper": _tripper,
    "tripper, action": _tripper_with_action,
    "alone": _alone,
    "alone, action, twice": _alone_again,
    "timed out": _timed_out,
    "held": _held,
    "abort": _abort,
    "reset": _reset,
    "properties": _look,
}
"""Where a thread may be interrupted."""


class _Monitor:
    """Calls ``at_point`` at each point of the current thread's way through some code."""

    def __init__(
        self,
        codes: list[CodeType],
        at_point: Callable[[], object],
        before_block: Callable[[], object],
    ) -> None:
        self.codes = codes
        self.at_point = at_point
        self.before_block = before_block
        self.thread = threading.get_ident()
        self.is_on = False

    def __enter__(self) -> None:
        monitoring: Any = vars(sys)["monitoring"]
        events = monitoring.events
        monitoring.use_tool_id(_TOOL, "interruptions")
        for event, callback in (
            (events.PY_START, self._on_start),
            (events.C_RETURN, self._on_return),
            (events.CALL, self._on_call),
            (events.JUMP, self._on_jump),
            (events.INSTRUCTION, self._on_instruction),
        ):
            monitoring.register_callback(_TOOL, event, callback)
        wanted = events.PY_START | events.CALL | events.JUMP | events.INSTRUCTION
        for code in self.codes:
            monitoring.set_local_events(_TOOL, code, wanted)
        self.is_on = True

    def __exit__(self, *_: object) -> None:
        monitoring: Any = vars(sys)["monitoring"]
        self.is_on = False
        for code in self.codes:
            monitoring.set_local_events(_TOOL, code, 0)
        monitoring.free_tool_id(_TOOL)

    def _is_mine(self) -> bool:
        return self.is_on and threading.get_ident() == self.thread

    def _on_start(self, _code: CodeType, _offset: int) -> None:
        if self._is_mine():
            self.at_point()

    def _on_return(self, _code: CodeType, _offset: int, _callable: object, _arg: object) -> None:
        if self._is_mine():
            self.at_point()

    def _on_jump(self, _code: CodeType, offset: int, destination: int) -> None:
        if self._is_mine() and destination < offset:
            self.at_point()

    def _on_call(self, code: CodeType, _offset: int, called: Any, arg: Any) -> None:
        # Whether its lock is held, Condition finds out by trying to acquire it.
        is_look = code.co_name == "_is_owned"
        if self._is_mine() and getattr(called, "__name__", "") == "acquire" and not is_look:
            self.at_point()
            lock = arg if hasattr(arg, "locked") else getattr(called, "__self__", None)
            if lock is not None and lock.locked():
                self.is_on = False
                self.before_block()
                self.is_on = True

    def _on_instruction(self, code: CodeType, offset: int) -> None:
        if self._is_mine() and _opcode(code, offset) in _BLOCKING:
            self.at_point()


_OPCODES: dict[CodeType, dict[int, str]] = {}


def _opcode(code: CodeType, offset: int) -> str:
    if code not in _OPCODES:
        _OPCODES[code] = {one.offset: one.opname for one in dis.get_instructions(code)}
    return _OPCODES[code].get(offset, "")


def _codes(modules: list[ModuleType | type]) -> list[CodeType]:
    """Return the code of all functions of modules and classes, inner ones included."""
    found: list[CodeType] = []
    for module in modules:
        for value in vars(module).values():
            function = getattr(value, "fget", value)
            if isinstance(value, type) and value.__module__ == getattr(module, "__name__", None):
                found += _codes([value])
            elif (code := getattr(function, "__code__", None)) is not None:
                found += _inner(code)
    return found


def _codes_of(module: ModuleType) -> list[CodeType]:
    """Return the code that a barrier of ours is made of."""
    return list(dict.fromkeys(_codes([module, module.Barrier, machine, table])))


def _inner(code: CodeType) -> list[CodeType]:
    return [
        code,
        *(c for const in code.co_consts if isinstance(const, CodeType) for c in _inner(const)),
    ]


def _outcome(call: Callable[[], object], monitor: _Monitor) -> str | None:
    """Make a call; return what is wrong with the way it ended."""
    try:
        with monitor:
            call()
    except (Interrupted, threading.BrokenBarrierError):
        return None
    except (StuckError, RuntimeError) as error:
        return repr(error)
    return None


def _interrupt_everywhere(
    make: MakeBarrier, situation: Situation, codes: list[CodeType], *, twice: bool, limit: float
) -> Iterator[Result]:
    """Yield what came of each run."""
    for first in count(1):
        ended = False
        for second in count(1) if twice else (0,):
            points = (first, second) if twice else (first,)
            run = Run(make, limit)
            call = situation(run)
            left = list(points)

            def at_point(left: list[int] = left) -> None:
                if left:
                    left[0] -= 1
                    if left[0] == 0:
                        left.pop(0)
                        raise Interrupted

            def before_block(run: Run = run) -> None:
                if not run.meanwhile:
                    raise StuckError("the thread would block for ever")
                run.meanwhile.pop(0)()

            what = _outcome(call, _Monitor(codes, at_point, before_block))
            is_due = bool(getattr(run.barrier, "_left", ()))
            yield Result(points, what or run.check(), is_due)
            if len(left) == len(points):
                ended = True
            if left:
                break
        if ended:
            return


def at_every_point(
    make: MakeBarrier, situation: Situation, command: str, *, limit: float
) -> list[str | None]:
    """Abort or reset the barrier as a handler would, at one point a run.

    Returns what is wrong after each run: an effect that did not take place, or a barrier that
    is not what it should be.
    """
    codes = _codes_of(verified_barrier.barrier)
    found: list[str | None] = []
    for point in count(1):
        run = Run(make, limit)
        call = situation(run)
        left = [point]

        def handle(left: list[int] = left, run: Run = run) -> None:
            left[0] -= 1
            if left[0] == 0:
                getattr(run.barrier, command)()

        def before_block(left: list[int] = left, run: Run = run) -> None:
            if left[0] > 0:
                run.meanwhile.pop(0)()
            else:
                run.threads.call(run.barrier.abort)

        what = _outcome(call, _Monitor(codes, handle, before_block))
        if left[0] > 0:
            return found
        for task in run.waiting:
            task.join(limit)
        if command == "abort" and situation is not _reset and not run.barrier.broken:
            what = what or "it is not broken"
        found.append(what or run.check())
    return found


def failures(
    make: MakeBarrier,
    situation: Situation,
    *,
    twice: bool = False,
    limit: float = 5.0,
    within: ModuleType = verified_barrier.barrier,
) -> tuple[int, list[Result]]:
    """Return how many runs there were, and those that failed; ``within``: the barrier's module."""
    found = _results(make, situation, twice=twice, limit=limit, within=within)
    return len(found), [result for result in found if result.failure is not None]


def _results(
    make: MakeBarrier,
    situation: Situation,
    *,
    twice: bool,
    limit: float,
    within: ModuleType = verified_barrier.barrier,
) -> list[Result]:
    standard: list[ModuleType | type] = [threading.Barrier, threading.Condition]
    codes = _codes(standard) if make is threading.Barrier else _codes_of(within)
    return list(_interrupt_everywhere(make, situation, codes, twice=twice, limit=limit))


_COLUMNS: tuple[tuple[MakeBarrier, bool], ...] = (
    (verified_barrier.Barrier, False),
    (verified_barrier.Barrier, True),
    (threading.Barrier, False),
)


def main() -> None:
    """Print the figures of both barriers."""
    print(f"{platform.python_implementation()} {platform.python_version()}")
    print("runs that fail, of all: one exception; one after another; CPython's barrier, one")
    sums, due = [0] * 6, 0
    for name, situation in SITUATIONS.items():
        figures = []
        for make, twice in _COLUMNS:
            # CPython's would wait for the time limit in each run of the one, for ever in the other.
            is_slow = make is threading.Barrier and situation in (_held, _alone_again)
            found = [] if is_slow else _results(make, situation, twice=twice, limit=0.3)
            figures += [sum(result.failure is not None for result in found), len(found)]
            due += sum(result.is_due for result in found)
        sums = [a + b for a, b in zip(sums, figures, strict=True)]
        print(_line(name, figures))
    print(_line("all", sums))
    print(f"in {due} runs the last step was left to whoever used the barrier next")


def _line(name: str, figures: list[int]) -> str:
    pairs = zip(figures[::2], figures[1::2], strict=True)
    return f"{name:22}" + "".join(f"{failed:6} of {runs:5}" for failed, runs in pairs)


if __name__ == "__main__":
    main()
