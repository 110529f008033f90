"""Faults of the shell, as changes of its text, and the scenario in which each is found.

A fault is applied to the text of the shipped ``barrier.py``; what it replaces must be there
exactly once, so that a fault cannot outlive the code that it is about.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from types import ModuleType

from scheduler.engine import Engine
from scheduler.primitives import Surroundings, load_source
from scheduler.scenarios import watch_shared
from verified_barrier import barrier as shipped

__all__ = ["FAULTS", "Fault", "faulty_text", "load_faulty"]


@dataclass(frozen=True)
class Fault:
    """One fault."""

    name: str
    old: str
    new: str
    scenario: str
    """The scenario in which it is found."""
    says: str
    """What is said of it."""


def faulty_text(fault: Fault) -> str:
    """Return the text of the barrier with a fault."""
    source = inspect.getsource(shipped)
    if source.count(fault.old) != 1:
        raise ValueError(f"{fault.name}: what it changes is there {source.count(fault.old)} times")
    return source.replace(fault.old, fault.new)


def load_faulty(engine: Engine, fault: Fault) -> ModuleType:
    """Return the barrier with a fault under the engine, its shared attributes watched."""
    module = load_source(faulty_text(fault), f"{fault.name}.py", Surroundings(engine))
    watch_shared(engine, module)
    return module


FAULTS = [
    Fault(
        "waiter registered after the lock is released",
        """                        generation.calls.append(call)
""",
        """                        self._lock.release()
                        generation.calls.append(call)
                        self._lock.acquire()
""",
        "2 threads",
        "",
    ),
    Fault(
        "outcome written after the wake-up",
        """        generation.calls, generation.outcome = calls, edge.outcome
""",
        """        any(effects)
        generation.calls, generation.outcome = calls, edge.outcome
""",
        "2 threads",
        "OneOutcome",
    ),
    Fault(
        "one woken instead of all",
        """                effects = map(_release, woken)
""",
        """                effects = map(_release, list(woken)[:1])
""",
        "3 threads",
        "NoStrandedWaiter",
    ),
    Fault(
        "no second look after being held",
        """                call.acquire()
                location, generation = self._take(Event.ARRIVE, call)
""",
        """                call.acquire()
                location, generation = Location.LEAVING, self._generation
""",
        "3 threads on 2 parties, action is slow",
        "OneOutcome",
    ),
    Fault(
        "timeout that ignores an outcome just written",
        """                or (edge.mover is _WAITING and call not in calls)
""",
        """                or (event is Event.WITHDRAW and call not in calls)
""",
        "2 threads, timeout",
        "TimeOut by t1, which is no step of the model",
    ),
    Fault(
        "withdrawal that leaves its place taken",
        """                    calls = _without(call, calls)
""",
        """                    pass
""",
        "4 threads on 3 parties, withdrawal",
        "the model is in",
    ),
    Fault(
        "withdrawal without the lock",
        """        with self._lock:
            self._apply(Event.WITHDRAW, call)
""",
        """        if True:
            self._apply(Event.WITHDRAW, call)
""",
        "3 threads on 2 parties, withdrawal",
        "",
    ),
    Fault(
        "withdrawal that ignores an outcome just written",
        """                or (edge.mover is _WAITING and call not in calls)
""",
        """                or (event is Event.TIMEOUT and call not in calls)
""",
        "2 threads, withdrawal",
        "Withdraw by t1, which is no step of the model",
    ),
    Fault(
        "withdrawal that is forgotten",
        """            self._left.append(call)
            self._make_up()
            raise
""",
        """            raise
""",
        "2 threads, withdrawal",
        "OneOutcome",
    ),
    Fault(
        "release of the wrong generation's waiters",
        """                    following_generation, woken = _Generation(), calls
""",
        """                    following_generation = _Generation()
                    woken = following_generation.calls
""",
        "2 threads",
        "NoStrandedWaiter",
    ),
    Fault(
        "generation used again",
        """                    following_generation, woken = _Generation(), calls
""",
        """                    woken = calls
""",
        "2 threads, two crossings",
        "OneOutcome",
    ),
    Fault(
        "action run under the lock",
        """                    self._action()
                    self._take""",
        """                    with self._lock:
                        self._action()
                    self._take""",
        "2 threads, abort, action waits for it",
        "stuck at acquire",
    ),
    Fault(
        "action run after the release",
        """                    self._action()
                    self._take(Event.ACTION_RETURNED, call)
""",
        """                    self._take(Event.ACTION_RETURNED, call)
                    self._action()
""",
        "2 threads, action returns",
        "OneAction",
    ),
    Fault(
        "action run by waiters, too",
        """                place = generation.calls.index(call)
""",
        """                place = generation.calls.index(call)
                if self._action is not None:
                    self._action()
""",
        "2 threads, action returns",
        "OneAction",
    ),
    Fault(
        "abort that forgets the held",
        """                if edge.ends_holding:
""",
        """                if edge.ends_holding and event is not Event.ABORT:
""",
        "3 threads on 2 parties, action aborts",
        "HeldArrives",
    ),
    Fault(
        "reset that forgets the waiters",
        """                if edge.outcome is not None:
                    following_generation""",
        """                if edge.outcome is not None and event is not Event.RESET:
                    following_generation""",
        "3 threads, reset",
        "NoStrandedWaiter",
    ),
    Fault(
        "arrival without the lock",
        """            with self._lock:
                state, generation = self._state, self._generation
""",
        """            if True:
                state, generation = self._state, self._generation
""",
        "2 threads",
        "",
    ),
    Fault(
        "return without an outcome",
        """                    # There was no such step while the action ran: its end is an outcome.
                    call.acquire()
""",
        "",
        "2 threads, timeout, action is slow",
        "OneOutcome",
    ),
    Fault(
        "tripper that returns from a broken generation",
        "generation.outcome is _RELEASED)",
        "generation.outcome is not None)",
        "2 threads, action aborts",
        "OneOutcome",
    ),
]
