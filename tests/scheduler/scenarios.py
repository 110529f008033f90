"""What threads do at a barrier, as data, and how it is run under the engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from math import nan
from types import ModuleType
from typing import Any

from scheduler.behaviour import Behaviour
from scheduler.engine import Body, Engine, Execution
from scheduler.oracle import ActionError, Interruption, Oracle
from scheduler.primitives import Lock, Surroundings, load_module, load_threading, watch
from scheduler.states import state_key
from verified_barrier import barrier as shipped

__all__ = ["SCENARIOS", "Run", "Scenario", "load_shipped", "load_standard", "watch_shared"]


@dataclass(frozen=True)
class Scenario:
    """Who does what.

    A script is a tuple of what a thread does, one after the other: ``wait``, ``wait briefly``
    (with a time limit), ``wait for nan`` (a time limit that is not a number), ``wait at a copy``
    (of the barrier), ``abort``, ``reset``. A thread that gets an error goes on with its next.
    """

    name: str
    parties: float
    waiters: tuple[tuple[str, ...], ...]
    """The scripts of the threads that call ``wait()``."""
    others: tuple[str, ...] = ()
    """Threads that call ``abort`` or ``reset``, once."""
    interrupted: tuple[int, ...] = ()
    """The threads in which an exception may be raised, once for each mention."""
    suspended: tuple[int, ...] = ()
    """The threads that may be stopped for good where they could block."""
    action: str | None = None
    """What the action does: returns, raises, is slow, aborts, resets, waits (at the barrier), waits
    for an abort; ``None``: there is none."""


def load_shipped(engine: Engine) -> ModuleType:
    """Return the shipped barrier under the engine, its shared attributes watched."""
    module = load_module(shipped, Surroundings(engine))
    watch_shared(engine, module)
    return module


def load_standard(engine: Engine) -> ModuleType:
    """Return CPython's barrier under the engine."""
    return load_threading(Surroundings(engine), "Condition", "Barrier")


def watch_shared(engine: Engine, module: ModuleType) -> None:
    """Make the attributes that threads share scheduling points."""
    watch(engine, module.Barrier, "_state", "_generation", "_held", "_acting", "_tripper")
    watch(engine, module.Barrier, "_left", mutable=True)
    watch(engine, module._Generation, "calls", "outcome")


class Run:
    """A scenario as a program, with its judge.

    Parameters: ``scenario``; ``module``, one with a ``Barrier`` under the engine; ``oracle``, what
    judges it; ``files``, where its code is: if given, livelocks are told.
    """

    def __init__(
        self,
        scenario: Scenario,
        module: ModuleType,
        oracle: type[Oracle | Behaviour] = Oracle,
        files: frozenset[str] = frozenset(),
    ) -> None:
        self.scenario = scenario
        self.module = module
        self.kind = oracle
        self.files = files
        self.oracle: Oracle | Behaviour
        self.barrier: Any
        """The barrier of the last execution; ``None`` if there could be none."""

    def __call__(self, engine: Engine) -> Sequence[Body | Callable[[], object]]:
        scenario = self.scenario
        threads = len(scenario.waiters)
        has_action = scenario.action is not None
        oracle = self.kind(engine, scenario.parties, has_action, threads, scenario.interrupted)
        self.oracle = oracle
        actions: list[Callable[[], object]] = []
        self.aborted = Lock(engine)
        """Held until somebody has aborted the barrier."""
        self.aborted.acquire()
        self.barrier = None
        try:
            barrier = self.module.Barrier(
                scenario.parties, None if scenario.action is None else lambda: actions[0]()
            )
        except TypeError:
            return []
        self.barrier = barrier
        actions.append(self._action(engine, barrier))
        engine.observer = oracle.watch(barrier)
        results: list[list[object]] = [[] for _ in scenario.waiters]
        bodies: list[Body | Callable[[], object]] = [
            self._waiter(barrier, *both) for both in zip(scenario.waiters, results, strict=True)
        ]
        bodies += [self._command(barrier, what) for what in scenario.others]
        bodies += [engine.interruption(n, Interruption()) for n in scenario.interrupted]
        bodies += [engine.suspension(n) for n in scenario.suspended]
        if self.files:
            alone = [[number] for number in range(len(bodies))]
            engine.state = lambda: state_key(
                engine, self.files, alone, lambda _order: tuple(map(len, results))
            )
        return bodies

    def _waiter(
        self, barrier: Any, script: tuple[str, ...], results: list[object]
    ) -> Callable[[], list[object]]:
        call = self.oracle.call
        does: dict[str, Callable[[], object]] = {
            "wait": lambda: call(barrier.wait),
            "wait briefly": lambda: call(lambda: barrier.wait(1.0), timed=True),
            "wait for nan": lambda: call(lambda: barrier.wait(nan), refused=(ValueError,)),
            "wait at a copy": lambda: call(lambda: copy(barrier).wait(), refused=(TypeError,)),
            "abort": self._command(barrier, "abort"),
            "reset": self._command(barrier, "reset"),
        }

        def body() -> list[object]:
            for what in script:
                results.append(does[what]())  # noqa: PERF401
            return results

        return body

    def _command(self, barrier: Any, kind: str) -> Callable[[], None]:
        def command() -> None:
            self.oracle.command(kind, getattr(barrier, kind))
            if self.scenario.action == "waits for an abort":
                self.aborted.release()

        return command

    def _action(self, engine: Engine, barrier: Any) -> Callable[[], object]:
        def raises() -> None:
            raise ActionError

        def waits() -> None:
            try:
                barrier.wait()
            except RuntimeError as error:
                if type(error) is not RuntimeError:
                    raise

        surroundings = Surroundings(engine)
        actions: dict[str | None, Callable[[], object]] = {
            None: lambda: None,
            "returns": lambda: None,
            "raises": raises,
            "is slow": lambda: surroundings.sleep(1.0),
            "aborts": self._command(barrier, "abort"),
            "resets": self._command(barrier, "reset"),
            "waits": waits,
            "waits for an abort": self.aborted.acquire,
        }
        does = actions[self.scenario.action]
        return lambda: self.oracle.act(does)

    def judge(self, execution: Execution) -> str | None:
        """Return what is wrong with an execution."""
        return self.oracle.judge(execution)


_ONCE, _TWICE, _BRIEFLY = ("wait",), ("wait", "wait"), ("wait briefly",)

_CROSSINGS = [
    Scenario("2 threads", 2, (_ONCE,) * 2),
    Scenario("3 threads", 3, (_ONCE,) * 3),
    Scenario("3 threads on 2 parties", 2, (_ONCE,) * 3),
    Scenario("2 threads, two crossings", 2, (_TWICE,) * 2),
    Scenario("3 threads, two crossings", 3, (_TWICE,) * 3),
    Scenario("3 threads on 2 parties, two crossings", 2, (_TWICE,) * 3),
]


def _combined(crossing: Scenario) -> list[Scenario]:
    """Return a scenario alone, and with each thing that may come in between."""
    first, *others = crossing.waiters
    name = crossing.name
    found = [
        crossing,
        replace(crossing, name=f"{name}, timeout", waiters=(_BRIEFLY * len(first), *others)),
        replace(crossing, name=f"{name}, abort", others=("abort",)),
        replace(crossing, name=f"{name}, reset", others=("reset",)),
        replace(crossing, name=f"{name}, withdrawal", interrupted=(0,)),
    ]
    for action in ("returns", "raises", "is slow", "aborts", "resets", "waits"):
        found.append(replace(crossing, name=f"{name}, action {action}", action=action))  # noqa: PERF401
    return found


def _others() -> list[Scenario]:
    two, three = (_ONCE,) * 2, (_ONCE,) * 3
    slow, brief = "is slow", (_BRIEFLY, _ONCE)
    return [
        Scenario("4 threads", 4, (_ONCE,) * 4),
        Scenario("4 threads on 3 parties, withdrawal", 3, (_ONCE,) * 4, interrupted=(0,)),
        Scenario("2 threads, two timeouts", 2, (_BRIEFLY,) * 2),
        Scenario("3 threads, timeout and abort", 3, (*brief, _ONCE), ("abort",)),
        Scenario("2 threads, two withdrawals", 2, two, interrupted=(0, 1)),
        Scenario("2 threads, abort and reset", 2, two, ("abort", "reset")),
        Scenario("2 threads, one that aborts then resets", 2, (*two, ("abort", "reset"))),
        Scenario("2 threads, one that resets then aborts", 2, (*two, ("reset", "abort"))),
        Scenario("2 threads, one that aborts after the crossing", 2, (_ONCE, ("wait", "abort"))),
        Scenario(
            "3 threads on 2 parties, one that is slow to leave",
            2,
            (_ONCE, _TWICE, _ONCE),
            suspended=(0,),
        ),
        Scenario("2 threads on 3 parties, one that waits for nan", 3, (("wait for nan",), _ONCE)),
        Scenario("2 threads on 1.5 parties", 1.5, two),
        Scenario("2 threads, one at a copy", 2, (_ONCE, ("wait at a copy",))),
        Scenario("2 threads, timeout, action is slow", 2, brief, action=slow),
        Scenario("2 threads, abort, action is slow", 2, two, ("abort",), action=slow),
        Scenario(
            "2 threads, abort, action waits for it", 2, two, ("abort",), action="waits for an abort"
        ),
        Scenario("2 threads, reset, action is slow", 2, two, ("reset",), action=slow),
        Scenario("2 threads, withdrawal, action is slow", 2, two, interrupted=(0,), action=slow),
        Scenario(
            "3 threads on 2 parties, held calls with timeouts", 2, (_BRIEFLY,) * 3, action=slow
        ),
        Scenario(
            "3 threads on 2 parties, abort, action is slow", 2, three, ("abort",), action=slow
        ),
        Scenario(
            "3 threads on 2 parties, reset, action is slow", 2, three, ("reset",), action=slow
        ),
    ]


SCENARIOS = {
    scenario.name: scenario
    for scenario in [*(s for crossing in _CROSSINGS for s in _combined(crossing)), *_others()]
}
"""By name."""
