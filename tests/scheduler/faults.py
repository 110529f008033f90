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
        "ticket drawn after the lock is released",
        """                location = self._apply(Event.ARRIVE)
                if location is Location.ACTING:
                    self._tripper = get_ident()
                hold = self._hold
""",
        """                location = self._apply(Event.ARRIVE)
                if location is Location.ACTING:
                    self._tripper = get_ident()
                hold = self._hold
            ticket = generation.next_ticket(max(0, self._state.arrived - 1))
""",
        "3 threads",
        "UniqueIndex",
    ),
    Fault(
        "outcome written after the wake-up",
        """            generation.outcome = row.outcome
            generation.gate.open()
""",
        """            generation.gate.open()
            generation.outcome = row.outcome
""",
        "2 threads",
        "OneOutcome",
    ),
    Fault(
        "one woken instead of all",
        """            if self._is_open:
                self.open()
""",
        """            pass
""",
        "3 threads",
        "NoStrandedWaiter",
    ),
    Fault(
        "no second look after being held",
        """            hold.pass_through()
        if location""",
        """            hold.pass_through()
            location = Location.WAITING
            break
        if location""",
        "3 threads on 2 parties, action is slow",
        "OneOutcome",
    ),
    Fault(
        "timeout that ignores an outcome just written",
        """                    if generation.outcome is None:
                        self._apply(Event.TIMEOUT)
""",
        """                    self._apply(Event.TIMEOUT)
""",
        "2 threads, timeout",
        "TimeOut by t1, which is no step of the model",
    ),
    Fault(
        "withdrawal that leaves its place taken",
        """                    generation.withdrawn.append(ticket)
""",
        "",
        "4 threads on 3 parties, withdrawal",
        "UniqueIndex",
    ),
    Fault(
        "withdrawal without the lock",
        """        except BaseException:
            with self._lock:
                if generation.outcome is None:
                    self._apply(Event.WITHDRAW)
                    generation.withdrawn.append(ticket)
""",
        """        except BaseException:
            if generation.outcome is None:
                self._apply(Event.WITHDRAW)
                generation.withdrawn.append(ticket)
""",
        "3 threads on 2 parties, withdrawal",
        "",
    ),
    Fault(
        "withdrawal that ignores an outcome just written",
        """                if generation.outcome is None:
                    self._apply(Event.WITHDRAW)
                    generation.withdrawn.append(ticket)
""",
        """                self._apply(Event.WITHDRAW)
                generation.withdrawn.append(ticket)
""",
        "2 threads, withdrawal",
        "Withdraw by t1, which is no step of the model",
    ),
    Fault(
        "release of the wrong generation's waiters",
        """            generation.gate.open()
""",
        """            self._generation.gate.open()
""",
        "2 threads",
        "NoStrandedWaiter",
    ),
    Fault(
        "generation used again",
        """        following = _Generation() if ends else generation
""",
        """        following = generation
""",
        "2 threads, two crossings",
        "OneOutcome",
    ),
    Fault(
        "action run under the lock",
        """            self._action()
            self._end_action""",
        """            with self._lock:
                self._action()
            self._end_action""",
        "2 threads, action aborts",
        "stuck at acquire",
    ),
    Fault(
        "action run after the release",
        """            self._action()
            self._end_action(Event.ACTION_RETURNED)
""",
        """            self._end_action(Event.ACTION_RETURNED)
            self._action()
""",
        "2 threads, action returns",
        "OneAction",
    ),
    Fault(
        "abort that forgets the held",
        """        if lets_go:
            hold.open()
""",
        """        if lets_go and event is not Event.ABORT:
            hold.open()
""",
        "3 threads on 2 parties, action aborts",
        "HeldArrives",
    ),
    Fault(
        "reset that forgets the waiters",
        """        if ends:
            generation.outcome""",
        """        if ends and event is not Event.RESET:
            generation.outcome""",
        "3 threads, reset",
        "NoStrandedWaiter",
    ),
    Fault(
        "gate that says it is open after it is",
        """        self._is_open = True
        try:
            self._lock.release()
""",
        """        try:
            self._lock.release()
            self._is_open = True
""",
        "3 threads",
        "NoStrandedWaiter",
    ),
    Fault(
        "arrival without the lock",
        """            with self._lock:
                generation = self._generation
""",
        """            if True:
                generation = self._generation
""",
        "2 threads",
        "",
    ),
    Fault(
        "return without an outcome",
        """                # There was no such step while the action ran: its end is an outcome.
                generation.gate.pass_through()
""",
        "",
        "2 threads, timeout, action is slow",
        "OneOutcome",
    ),
    Fault(
        "tripper that returns from a broken generation",
        """        if generation.outcome is not Outcome.RELEASED:
""",
        """        if generation.outcome is None:
""",
        "2 threads, action aborts",
        "OneOutcome",
    ),
]
