"""What the locks and attributes of a barrier are for.

The engine names objects by who made them, which tells a reader nothing. Here they get names by
what they are for. The barrier is looked at without its noticing.

Of ours, ``lock`` is the barrier's own; ``gate 0``, ``gate 1``, ... are the gates at which the
waiters of the first generation wait, of the second, and so on; ``hold 0``, ``hold 1``, ... those
at which calls are held, in the order in which they were put in place. What was made and never put
in place keeps the engine's name.

Of ``threading.Barrier``, ``lock`` is the one of its condition; ``wake-up 0 of t1``, ``wake-up 1 of
t1``, ... are the locks that its first thread makes to wait for the condition, each time another.
"""

from __future__ import annotations

import re
from typing import Any

from scheduler.primitives import Lock, Watched

__all__ = ["ShippedNames", "StandardNames"]

_NAME = re.compile(r"[\w.]+\d+(?:@t\d+)?")


class ShippedNames:
    """The names of a ``verified_barrier.Barrier`` whose shared attributes are watched."""

    def __init__(self, barrier: Any) -> None:
        self.barrier = barrier
        self.names: dict[str, str] = {}
        """What the engine's names mean."""
        self.locks: dict[str, Lock] = {}
        """The locks, by the engine's names."""
        self.gates: dict[str, Any] = {}
        """The gates, by the engine's names of their locks."""
        self._name_attributes(barrier, "")
        self.look()

    def look(self) -> None:
        """Name what is there now."""
        self._name(self.barrier._lock, "lock")
        generation = self._peek(self.barrier, "_generation")
        for kind, gate in (("gate", generation.gate), ("hold", self._peek(self.barrier, "_hold"))):
            lock = gate._lock
            if lock.name not in self.locks:
                count = sum(self.names[name].startswith(kind) for name in self.locks)
                self.gates[lock.name] = gate
                self._name(lock, f"{kind} {count}")
                self._name_attributes(gate, f" of {kind} {count}")
                if kind == "gate":
                    self._name_attributes(generation, f" of generation {count}")

    def state(self) -> str:
        """Return the barrier's state."""
        phase, arrived = self._peek(self.barrier, "_state")
        return f"{phase.value} {arrived}"

    def shut(self) -> set[str]:
        """Return the locks of shut gates, of which nobody is said to be the owner."""
        return {name for name, gate in self.gates.items() if not self._peek(gate, "_is_open")}

    def readable(self, text: str) -> str:
        """Return a text with the names that people know."""
        return _NAME.sub(lambda found: self.names.get(found[0], found[0]), text)

    def _name(self, lock: Lock, name: str) -> None:
        self.locks[lock.name] = lock
        self.names[lock.name] = name

    def _name_attributes(self, instance: Any, whose: str) -> None:
        for attribute, watched in vars(type(instance)).items():
            if isinstance(watched, Watched):
                self.names[watched._kept(instance)[0]] = attribute.removeprefix("_") + whose

    def _peek(self, instance: Any, attribute: str) -> Any:
        watched: Watched = type(instance).__dict__[attribute]
        return watched.peek(instance)


class StandardNames:
    """The names of a ``threading.Barrier``."""

    _STATES = ("filling", "draining", "broken", "resetting")  # 0, 1, -2, -1
    _NAME = re.compile(r"\block(\d+)(?:@t(\d+))?")

    def __init__(self, barrier: Any) -> None:
        self.barrier = barrier
        self.lock: Lock = barrier._cond._lock
        self.locks = {self.lock.name: self.lock}

    def look(self) -> None:
        """Note the locks that are there now."""
        self.locks.update({lock.name: lock for lock in self.barrier._cond._waiters})

    def state(self) -> str:
        """Return the barrier's state."""
        return f"{self._STATES[self.barrier._state]} {self.barrier._count}"

    def shut(self) -> set[str]:
        """Return the locks that stand for a thread that is not woken."""
        return set(self.locks) - {self.lock.name}

    def readable(self, text: str) -> str:
        """Return a text with the names that people know."""
        return self._NAME.sub(
            lambda found: f"wake-up {found[1]} of t{int(found[2]) + 1}" if found[2] else "lock",
            text,
        )
