"""What threads do at a barrier, as data, and how it is run under the engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from scheduler.engine import Body, Engine, Execution
from scheduler.oracle import ActionError, Interruption, Oracle
from scheduler.primitives import Lock, Surroundings, Watched, load_module, watch
from verified_barrier import barrier as shipped

__all__ = ["SCENARIOS", "Run", "Scenario", "load_shipped", "watch_shared", "watch_state"]


@dataclass(frozen=True)
class Scenario:
    """Who does what.

    A script is a tuple of what a thread does, one after the other: ``wait``, ``wait briefly``
    (with a time limit), ``abort``, ``reset``. A thread that gets an error goes on with its next.
    """

    name: str
    parties: int
    waiters: tuple[tuple[str, ...], ...]
    """The scripts of the threads that call ``wait()``."""
    others: tuple[str, ...] = ()
    """Threads that call ``abort`` or ``reset``, once."""
    interrupted: tuple[int, ...] = ()
    """The threads in which an exception may be raised, once for each mention."""
    action: str | None = None
    """What the action does: returns, raises, is slow, aborts, resets, waits; ``None``: none."""


def load_shipped(engine: Engine) -> ModuleType:
    """Return the shipped barrier under the engine, its shared attributes watched."""
    module = load_module(shipped, Surroundings(engine))
    watch_shared(engine, module)
    return module


def watch_shared(engine: Engine, module: ModuleType) -> None:
    """Make the attributes that threads share scheduling points."""
    watch(engine, module.Barrier, "_state", "_generation", "_hold", "_tripper")
    watch(engine, module._Generation, "outcome", "withdrawn")
    watch(engine, module._Gate, "_is_open")


def watch_state(oracle: Oracle, barrier: Any) -> Callable[[], str | None]:
    """Return what compares a barrier's own state with the model's after each step."""
    state: Watched = type(barrier).__dict__["_state"]
    lock: Lock = barrier._lock
    return lambda: oracle.compare(state.peek(barrier), lock.owner is None)


class Run:
    """A scenario as a program, with its judge.

    Parameters: ``scenario``; ``module``, a barrier under the engine: the shipped one, or one with
    a fault.
    """

    def __init__(self, scenario: Scenario, module: ModuleType) -> None:
        self.scenario = scenario
        self.module = module
        self.step = module.step
        self.oracle: Oracle
        self.barrier: Any
        """The barrier of the last execution."""
        self.edges: set[Any] = set()
        """Every edge of the model that was taken in any execution."""

    def __call__(self, engine: Engine) -> Sequence[Body | Callable[[], object]]:
        scenario = self.scenario
        has_action = scenario.action is not None
        oracle = Oracle(engine, scenario.parties, has_action, len(scenario.waiters))
        self.oracle = oracle
        self.module.__dict__["step"] = oracle.observed(self.step)
        actions: list[Callable[[], None]] = []
        barrier = self.module.Barrier(
            scenario.parties, None if scenario.action is None else lambda: actions[0]()
        )
        self.barrier = barrier
        actions.append(self._action(engine, barrier))
        engine.observer = watch_state(oracle, barrier)
        bodies: list[Body | Callable[[], object]] = [
            self._waiter(oracle, barrier, script) for script in scenario.waiters
        ]
        bodies += [getattr(barrier, what) for what in scenario.others]
        bodies += [engine.interruption(n, Interruption()) for n in scenario.interrupted]
        return bodies

    def _waiter(
        self, oracle: Oracle, barrier: Any, script: tuple[str, ...]
    ) -> Callable[[], list[object]]:
        does: dict[str, Callable[[], object]] = {
            "wait": lambda: oracle.call(barrier.wait),
            "wait briefly": lambda: oracle.call(lambda: barrier.wait(1.0)),
            "abort": barrier.abort,
            "reset": barrier.reset,
        }
        return lambda: [does[what]() for what in script]

    def _action(self, engine: Engine, barrier: Any) -> Callable[[], None]:
        def raises() -> None:
            raise ActionError

        def waits() -> None:
            try:
                barrier.wait()
            except RuntimeError as error:
                if type(error) is not RuntimeError:
                    raise

        surroundings = Surroundings(engine)
        actions: dict[str | None, Callable[[], None]] = {
            None: lambda: None,
            "returns": lambda: None,
            "raises": raises,
            "is slow": lambda: surroundings.sleep(1.0),
            "aborts": barrier.abort,
            "resets": barrier.reset,
            "waits": waits,
        }
        does = actions[self.scenario.action]

        def action() -> None:
            self.oracle.sees_action()
            does()
            self.oracle.sees_action()

        return action

    def judge(self, execution: Execution) -> str | None:
        """Return what is wrong with an execution."""
        self.edges.update(self.oracle.taken)
        return self.oracle.judge(execution)


def _scenarios() -> list[Scenario]:
    once, twice, briefly = ("wait",), ("wait", "wait"), ("wait briefly",)
    two, three = (once,) * 2, (once,) * 3
    found = [
        Scenario("2 threads", 2, two),
        Scenario("3 threads", 3, three),
        Scenario("4 threads", 4, (once,) * 4),
        Scenario("2 threads, two crossings", 2, (twice,) * 2),
        Scenario("3 threads, two crossings", 3, (twice,) * 3),
        Scenario("3 threads on 2 parties, two crossings", 2, (twice,) * 3),
        Scenario("2 threads, timeout", 2, (briefly, once)),
        Scenario("2 threads, two timeouts", 2, (briefly, briefly)),
        Scenario("3 threads, timeout", 3, (briefly, once, once)),
        Scenario("3 threads, abort", 3, three, ("abort",)),
        Scenario("3 threads, reset", 3, three, ("reset",)),
        Scenario("3 threads, timeout and abort", 3, (briefly, once, once), ("abort",)),
        Scenario("2 threads, abort and reset", 2, two, ("abort", "reset")),
        Scenario("2 threads, one that aborts then resets", 2, (*two, ("abort", "reset"))),
        Scenario("2 threads, one that resets then aborts", 2, (*two, ("reset", "abort"))),
        Scenario("2 threads, withdrawal", 2, two, interrupted=(0,)),
        Scenario("2 threads, two withdrawals", 2, two, interrupted=(0, 1)),
        Scenario("3 threads on 2 parties, withdrawal", 2, three, interrupted=(0,)),
        Scenario("3 threads, withdrawal", 3, three, interrupted=(0,)),
        Scenario("4 threads on 3 parties, withdrawal", 3, (once,) * 4, interrupted=(0,)),
    ]
    for action in ("returns", "raises", "is slow", "aborts", "resets", "waits"):
        found += [
            Scenario(f"2 threads, action {action}", 2, two, action=action),
            Scenario(f"3 threads on 2 parties, action {action}", 2, three, action=action),
        ]
    found += [
        Scenario("2 threads, timeout, action is slow", 2, (briefly, once), action="is slow"),
        Scenario("2 threads, abort, action is slow", 2, two, ("abort",), action="is slow"),
        Scenario("2 threads, reset, action is slow", 2, two, ("reset",), action="is slow"),
        Scenario(
            "2 threads, withdrawal, action is slow", 2, two, interrupted=(0,), action="is slow"
        ),
        Scenario(
            "3 threads on 2 parties, held calls with timeouts", 2, (briefly,) * 3, action="is slow"
        ),
        Scenario(
            "3 threads on 2 parties, abort, action is slow", 2, three, ("abort",), action="is slow"
        ),
        Scenario(
            "3 threads on 2 parties, reset, action is slow", 2, three, ("reset",), action="is slow"
        ),
    ]
    return found


SCENARIOS = {scenario.name: scenario for scenario in _scenarios()}
"""By name."""
