"""What the locks and attributes of a barrier are for.

The engine names objects by who made them, which tells a reader nothing. Here they get names by
what they are for. The barrier is looked at without its noticing.

``lock`` is the one that guards the barrier: of ours its own, of ``threading.Barrier`` that of its
condition. Other locks are what a call waits at: ``call 0 of t1``, ``call 1 of t1``, ... of ours,
``wake-up 0 of t1``, ``wake-up 1 of t1``, ... of the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, ClassVar

from scheduler.primitives import Lock, Watched

__all__ = ["Names", "ShippedNames", "StandardNames"]


class Names:
    """The names of one barrier's locks and attributes."""

    waits_at: ClassVar[str]
    """What threads wait at."""

    _LOCK = re.compile(r"\block(\d+)(?:@t(\d+))?")

    def __init__(self, barrier: Any, lock: Lock) -> None:
        self.barrier = barrier
        self.lock = lock
        self.locks = {lock.name: lock}
        """Those that are known, by the engine's names."""

    def look(self) -> None:
        """Note what is there now."""
        self.locks.update({lock.name: lock for lock in self.waiting()})

    def waiting(self) -> Iterable[Lock]:
        """Return the locks at which threads wait now."""
        raise NotImplementedError

    def state(self) -> str:
        """Return the barrier's state."""
        raise NotImplementedError

    def shut(self) -> set[str]:
        """Return the locks that threads wait at, of which nobody is said to be the owner."""
        return set(self.locks) - {self.lock.name}

    def readable(self, text: str) -> str:
        """Return a text with the names that people know."""
        return self._LOCK.sub(
            lambda found: (
                f"{self.waits_at} {found[1]} of t{int(found[2]) + 1}" if found[2] else "lock"
            ),
            text,
        )


class ShippedNames(Names):
    """The names of a ``verified_barrier.Barrier`` whose shared attributes are watched."""

    waits_at = "call"

    _ATTRIBUTE = re.compile(r"[\w.]+\d+(?:@t\d+)?")

    def __init__(self, barrier: Any) -> None:
        super().__init__(barrier, barrier._lock)
        self.names: dict[str, str] = {}
        """What the engine's names of attributes mean."""
        self.generations: list[Any] = []
        self._name(barrier, "")
        self.look()

    def look(self) -> None:
        """Note what is there now."""
        generation = self._peek(self.barrier, "_generation")
        if not any(generation is known for known in self.generations):
            self._name(generation, f" of generation {len(self.generations)}")
            self.generations.append(generation)
        super().look()

    def waiting(self) -> Iterable[Lock]:
        """Return the locks at which threads wait now."""
        for group in (self.generations[-1], self._peek(self.barrier, "_held")):
            yield from self._peek(group, "calls")

    def state(self) -> str:
        """Return the barrier's state."""
        phase, arrived = self._peek(self.barrier, "_state")
        return f"{phase.value} {arrived}"

    def readable(self, text: str) -> str:
        """Return a text with the names that people know."""
        named = self._ATTRIBUTE.sub(lambda found: self.names.get(found[0], found[0]), text)
        return super().readable(named)

    def _name(self, instance: Any, whose: str) -> None:
        for attribute, watched in vars(type(instance)).items():
            if isinstance(watched, Watched):
                self.names[watched.name(instance)] = attribute.removeprefix("_") + whose

    def _peek(self, instance: Any, attribute: str) -> Any:
        watched: Watched = type(instance).__dict__[attribute]
        return watched.peek(instance)


class StandardNames(Names):
    """The names of a ``threading.Barrier``."""

    waits_at = "wake-up"

    _STATES = ("filling", "draining", "broken", "resetting")  # 0, 1, -2, -1

    def __init__(self, barrier: Any) -> None:
        super().__init__(barrier, barrier._cond._lock)

    def waiting(self) -> Iterable[Lock]:
        """Return the locks at which threads wait now."""
        waiting: Iterable[Lock] = self.barrier._cond._waiters
        return waiting

    def state(self) -> str:
        """Return the barrier's state."""
        return f"{self._STATES[self.barrier._state]} {self.barrier._count}"
