"""What threads do at a barrier, as data, and how it is run under the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, fields, replace
from math import nan
from types import ModuleType
from typing import Any

from scheduler.behaviour import Behaviour
from scheduler.engine import Body, Engine, Execution, Operation
from scheduler.oracle import ActionError, Interruption, Oracle
from scheduler.primitives import Lock, Surroundings, load_module, load_threading, watch
from scheduler.states import state_key
from verified_barrier import barrier as shipped

__all__ = [
    "SCENARIOS",
    "Run",
    "Scenario",
    "load_shipped",
    "load_standard",
    "scenario_of",
    "watch_shared",
]


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
    action: str | tuple[tuple[str, ...], ...] | None = None
    """What the action does: returns, raises, is slow, aborts, resets, waits (at the barrier), waits
    for an abort, does not end; ``None``: there is none. Or what it does, one after the other, for
    each time that it runs; it returns after the last, and in the runs that are not mentioned."""


_SCRIPT = ("wait", "wait briefly", "wait for nan", "wait at a copy", "abort", "reset")
_ACTION = (
    "returns",
    "raises",
    "is slow",
    "aborts",
    "resets",
    "waits",
    "waits for an abort",
    "does not end",
)
"""What scripts and actions are made of."""


def scenario_of(kept: Mapping[str, object]) -> Scenario:
    """Return the scenario that was written as JSON.

    Raises ``ValueError`` if it is none; the message says what is wrong.
    """
    names = [field.name for field in fields(Scenario)]
    if sorted(kept) != sorted(names):
        raise ValueError(
            f"a scenario has the fields {', '.join(names)}, not {', '.join(sorted(kept))}"
        )
    waiters, action = kept["waiters"], kept["action"]
    threads = range(len(waiters)) if isinstance(waiters, list) else range(0)
    right = {
        "name": isinstance(kept["name"], str),
        "parties": type(kept["parties"]) in (int, float),
        "waiters": bool(threads) and _are_lists_of(_SCRIPT, waiters),
        "others": _is_list_of(("abort", "reset"), kept["others"]),
        "interrupted": _is_list_of(threads, kept["interrupted"]),
        "suspended": _is_list_of(threads, kept["suspended"]),
        "action": action is None or action in _ACTION or _are_lists_of(_ACTION, action),
    }
    for name, is_right in right.items():
        if not is_right:
            raise ValueError(f"a scenario's {name} cannot be {kept[name]!r}")
    return Scenario(**{name: _as_tuple(value) for name, value in kept.items()})


def _is_list_of(words: Sequence[object], value: object) -> bool:
    kinds = set(map(type, words))
    return isinstance(value, list) and all(type(w) in kinds and w in words for w in value)


def _are_lists_of(words: Sequence[object], value: object) -> bool:
    return isinstance(value, list) and all(_is_list_of(words, one) for one in value)


def _as_tuple(value: Any) -> Any:
    return tuple(map(_as_tuple, value)) if isinstance(value, list) else value


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
        self.results: list[list[object]] = []
        """What came of each waiter's script, as far as it has got."""
        self.acted = 0
        """How much the action has done of what it does one after the other."""

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
        self.results, self.acted = results, 0
        bodies: list[Body | Callable[[], object]] = [
            self._waiter(barrier, *both) for both in zip(scenario.waiters, results, strict=True)
        ]
        bodies += [self._command(barrier, what) for what in scenario.others]
        bodies += [engine.interruption(n, Interruption()) for n in scenario.interrupted]
        bodies += [engine.suspension(n) for n in scenario.suspended]
        if self.files:
            alone = [[number] for number in range(len(bodies))]
            engine.state = lambda: state_key(
                engine, self.files, alone, lambda _order: (self.acted, *map(len, results))
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

        def does_not_end() -> None:
            thread = engine.current
            thread.optional = True
            engine.point(Operation("stand still at", thread.name, (), (), lambda: False))

        surroundings = Surroundings(engine)
        actions: dict[str, Callable[[], object]] = {
            "returns": lambda: None,
            "raises": raises,
            "is slow": lambda: surroundings.sleep(1.0),
            "aborts": self._command(barrier, "abort"),
            "resets": self._command(barrier, "reset"),
            "waits": waits,
            "waits for an abort": self.aborted.acquire,
            "does not end": does_not_end,
        }
        kind = self.scenario.action
        runs = iter(kind if isinstance(kind, tuple) else ())

        def one_by_one() -> None:
            for what in next(runs, ()):
                self.acted += 1
                actions[what]()

        does = actions[kind] if isinstance(kind, str) else one_by_one
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
