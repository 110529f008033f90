"""Drives the real barrier along every edge of the model's graph.

The searches show that the barrier does nothing that the model does not. The tour shows the other
direction: that whatever the model can do, the barrier can be made to do. It walks through the
graph, always on to the nearest edge that has not been taken, and at each edge lets the thread
that it belongs to go on until the barrier has taken that very step. A step that the barrier
cannot be made to take stops the tour.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from types import ModuleType

from scheduler.engine import Body, Engine, Operation
from scheduler.oracle import ActionError, Interruption, Oracle
from verified_barrier.table import Location
from verified_barrier.verification.model import Configuration, Edge

__all__ = ["Tour"]

_PARKED = ("command", "action", "leave")


class TourError(AssertionError):
    """The real barrier did not take a step of the model."""


@dataclass
class Tour:
    """A walk through the graph, as a program and as a strategy.

    Parameters: ``module``, a barrier under the engine; ``parties``, ``threads`` and
    ``has_action``, the model's; ``kind``, the oracle that watches.
    """

    module: ModuleType
    parties: int
    threads: int
    has_action: bool
    kind: type[Oracle] = Oracle
    taken: set[Edge] = field(default_factory=set)

    def __call__(self, engine: Engine) -> Sequence[Body | Callable[[], object]]:
        self.engine = engine
        self.oracle = self.kind(engine, self.parties, self.has_action, self.threads)
        self.out: dict[Configuration, list[Edge]] = {}
        for edge in self.oracle.edges.values():
            self.out.setdefault(edge.source, []).append(edge)
        self.left = set(self.oracle.edges.values())
        self.plan: deque[Edge] = deque()
        self.target: Edge | None = None
        self.raises = self.interrupts = False
        self.barrier = self.module.Barrier(self.parties, self._action if self.has_action else None)
        engine.observer = self.oracle.watch(self.barrier)
        callers: list[Body | Callable[[], object]] = [self._caller] * self.threads
        return [*callers, self._commanded(self.barrier.abort), self._commanded(self.barrier.reset)]

    def _point(self, kind: str) -> None:
        number = self.engine.current.number
        self.engine.point(Operation(kind, f"t{number}"))

    def _caller(self) -> None:
        while True:
            self._point("command")
            self.oracle.call(
                lambda: self.barrier.wait(1.0), before_leaving=lambda: self._point("leave")
            )

    def _commanded(self, does: Callable[[], None]) -> Callable[[], None]:
        def body() -> None:
            while True:
                self._point("command")
                does()

        return body

    def _action(self) -> None:
        self._point("action")
        if self.raises:
            raise ActionError

    def choose(self, engine: Engine, possible: tuple[int, ...]) -> int | None:
        """Let the thread go on to which the next edge belongs."""
        for thread in engine.threads:
            if thread.operation is not None and thread.operation.kind == "start":
                return thread.number
        number = self._thread(self.target)
        if self.target is not None and not self._is_done(self.target):
            return self._toward(self.target, number, possible)
        if self.target is not None and not self._is_parked(number):
            return number
        self.target = self._next_edge()
        if self.target is None:
            return None
        self.before = len(self.oracle.taken)
        self.raises = self.target.action.startswith("ActionRaised")
        self.interrupts = self.target.action in ("Withdraw", "WithdrawCall")
        return self._toward(self.target, self._thread(self.target), possible)

    def _thread(self, edge: Edge | None) -> int:
        if edge is None or edge.thread is not None:
            return 0 if edge is None else edge.thread or 0
        return self.threads + (0 if edge.action.startswith("Abort") else 1)

    def _is_done(self, edge: Edge) -> bool:
        taken = self.oracle.taken[self.before :]
        if taken and taken != [edge]:
            raise TourError(f"wanted {edge}\nbut the barrier took {taken[0]}")
        return bool(taken)

    def _is_parked(self, number: int) -> bool:
        """Return whether a thread has nothing more to do by itself for the step it took."""
        operation = self.engine.threads[number].operation
        assert operation is not None
        if self.barrier._lock.owner == number:
            return False
        return operation.kind in _PARKED or (
            number < self.threads
            and self.oracle.location(number) in (Location.WAITING, Location.HELD, Location.CALLING)
            and (operation.blocks or self.oracle.location(number) is Location.CALLING)
        )

    def _toward(self, edge: Edge, number: int, possible: Iterable[int]) -> int:
        thread = self.engine.threads[number]
        operation = thread.operation
        assert operation is not None
        if self.interrupts and operation.blocks:
            self.interrupts = False
            self.engine.interrupt(number, Interruption())
            return number
        if number not in possible:
            raise TourError(f"wanted {edge}\nbut t{number + 1} cannot go on: {operation}")
        return number

    def _next_edge(self) -> Edge | None:
        if self.target is not None:
            self.left.discard(self.target)
            self.taken.add(self.target)
        if not self.plan:
            self.plan = self._way_to_nearest()
        return self.plan.popleft() if self.plan else None

    def _way_to_nearest(self) -> deque[Edge]:
        """Return the shortest way from here to an edge that is left, and over it."""
        here = self.oracle.now
        came: dict[Configuration, Edge | None] = {here: None}
        queue = deque([here])
        while queue:
            place = queue.popleft()
            for edge in self.out[place]:
                if edge in self.left:
                    way = deque([edge])
                    while (back := came[way[0].source]) is not None:
                        way.appendleft(back)
                    return way
                if edge.target not in came:
                    came[edge.target] = edge
                    queue.append(edge.target)
        return deque()
