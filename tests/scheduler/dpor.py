"""Optimal dynamic partial order reduction: source sets, sleep sets, and wake-up trees.

Two executions that differ only in the order of independent steps are one Mazurkiewicz trace, and
one of them is enough. After each execution its *races* are looked for: pairs of steps that could
also have come in the other order. For each race the search makes sure that the other order will
be executed, too. Sleep sets keep it from executing a trace twice; wake-up trees, which say how
to go on after the first step of another order, keep it from beginning what it could not finish.

Source: P. Abdulla, S. Aronis, B. Jonsson, K. Sagonas, "Optimal dynamic partial order reduction",
POPL 2014, algorithm 2. Locks need care that the paper leaves to the reader:

- A release makes a waiting acquisition possible. The two cannot be exchanged; what can is the
  waiting acquisition and the one that had taken the lock before. What finds the lock free and
  leaves it free, such as a look at it, can be exchanged with the acquisition itself.
- A timed acquisition is always possible, and does something else while the lock is held: it can be
  exchanged with the release.
- An interruption is possible while the other thread could block, and can be exchanged with the
  last step of that thread before which it was possible.
- A thread that waits when the execution ends, or when it is interrupted, has an operation that is
  not among its steps, but takes part in races like one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from scheduler.engine import Engine, Execution, Operation, Program
from scheduler.search import Judge, NotDeterministicError, Result, explore, trace_of

__all__ = ["dpor"]


@dataclass
class _Wanted:
    """A step that is wanted, and how to go on after it: a branch of a wake-up tree."""

    operation: Operation
    following: dict[int, _Wanted] = field(default_factory=dict)


@dataclass
class _Node:
    """The state before a step, and what has been and is to be tried in it."""

    operations: dict[int, Operation]
    """What each thread that can go on is about to do."""
    asleep: dict[int, Operation]
    """The threads that need not go on from here, and what they are about to do."""
    wanted: dict[int, _Wanted]
    """How to go on from here: with which thread, the chosen one first."""
    chosen: int


def _described(operations: dict[int, Operation]) -> dict[int, tuple[str, str]]:
    return {number: operation[:2] for number, operation in operations.items()}


class _Dpor:
    """The strategy: which thread goes on, in this execution and in the next ones."""

    def __init__(self) -> None:
        self.nodes: list[_Node] = []
        self.depth = 0
        self.blocked = False
        self.known = 0
        """How many steps are those of the last execution, whose races are known."""

    def choose(self, engine: Engine, possible: tuple[int, ...]) -> int | None:
        operations = {n: o for n in possible if (o := engine.threads[n].operation) is not None}
        if self.depth < len(self.nodes):
            node = self.nodes[self.depth]
            if _described(node.operations) != _described(operations):
                raise NotDeterministicError(
                    self.depth, _described(node.operations), _described(operations)
                )
        else:
            asleep = self._asleep()
            awake = [number for number in possible if number not in asleep]
            if not awake:
                self.blocked = True
                return None
            wanted = self.nodes[-1].wanted[self.nodes[-1].chosen].following if self.nodes else {}
            for number in [number for number in wanted if number not in awake]:
                del wanted[number]
            if wanted:
                chosen = next(iter(wanted))
            else:
                chosen = engine.current.number if engine.current.number in awake else awake[0]
                wanted[chosen] = _Wanted(operations[chosen])
            node = _Node(operations, asleep, wanted, chosen)
            self.nodes.append(node)
        self.depth += 1
        return node.chosen

    def _asleep(self) -> dict[int, Operation]:
        """Return who stays asleep after the last step: those whom it does not concern."""
        if not self.nodes:
            return {}
        last = self.nodes[-1]
        step = last.operations[last.chosen]
        return {n: o for n, o in last.asleep.items() if not o.conflicts(step)}

    def learn(self, execution: Execution, result: Result) -> bool:
        """Want the races of an execution reversed; one that only repeats another is not judged."""
        if self.depth < len(self.nodes):
            raise NotDeterministicError(self.depth, "go on", "it has ended")
        if self.blocked:
            result.sleep_blocked += 1
        else:
            result.traces.add(trace_of(execution))
        self.want_reversals(execution)
        return not self.blocked

    def next(self) -> bool:
        """Go on to the next execution; return whether there is one."""
        self.depth, self.blocked = 0, False
        while self.nodes:
            node = self.nodes[-1]
            node.asleep[node.chosen] = node.operations[node.chosen]
            del node.wanted[node.chosen]
            if node.wanted:
                node.chosen = next(iter(node.wanted))
                self.known = len(self.nodes) - 1
                return True
            self.nodes.pop()
        return False

    def want_reversals(self, execution: Execution) -> None:
        """Want each race of an execution to be executed in the other order as well."""
        order = _Order(execution)
        for event in range(self.known, len(order.threads)):
            for first, *others in order.races(event):
                self._want(self.nodes[first], order.reversal(first, *others))

    def _want(self, node: _Node, way: list[_Event]) -> None:
        """Want a way to be gone from a node, unless one that comes to the same is wanted."""
        if any(_can_begin(number, way, operation) for number, operation in node.asleep.items()):
            return
        wanted = node.wanted
        while way:
            for number, branch in wanted.items():
                if _can_begin(number, way, branch.operation):
                    break
            else:
                for event in way:
                    wanted[event.thread] = branch = _Wanted(event.operation)
                    wanted = branch.following
                return
            if not branch.following:
                return
            own = next((event for event in way if event.thread == number), None)
            way = [event for event in way if event is not own]
            wanted = branch.following


class _Event(NamedTuple):
    """A step on the way to the reversal of a race."""

    number: int
    thread: int
    operation: Operation
    before: frozenset[int]
    """The numbers of the steps of the way that must come before it."""


def _can_begin(thread: int, way: Sequence[_Event], operation: Operation) -> bool:
    """Return whether a way can begin with a step of a thread, or after one.

    ``operation`` is what the thread is about to do.
    """
    for event in way:
        if event.thread == thread:
            return not event.before & {other.number for other in way}
    return not any(operation.conflicts(event.operation) for event in way)


class _Order:
    """Which steps of an execution come before which, in every order that is the same trace.

    Events are numbered: the steps first, then the operations that were not done: of the threads
    that wait at the end, and of those that were interrupted while they waited.
    """

    def __init__(self, execution: Execution) -> None:
        self.steps = len(execution.steps)
        self.threads = [step.thread for step in execution.steps]
        self.operations = [step.operation for step in execution.steps]
        self.places = list(range(self.steps))
        """Where the events are among the steps."""
        self.given_up: list[int] = []
        """The acquisitions that an interruption ended."""
        for place, step in enumerate(execution.steps):
            if step.interrupted is not None:
                self.given_up.append(len(self.threads))
                self._add(place, *step.interrupted)
        for thread, operation in execution.pending:
            self._add(self.steps, thread, operation)
        self.possible = [step.possible for step in execution.steps]
        self.leave_held = [
            step.operation.kind != "release" and (step.took or not step.was_free)
            for step in execution.steps
        ]
        """For each step that concerns a lock: whether somebody holds it afterwards."""
        self.were_free = [step.was_free for step in execution.steps]
        count = len(self.threads)
        self.numbers = [0] * count
        """The number of each event among those of its thread, counted from 1."""
        self.clocks: list[dict[int, int]] = [{}] * count
        """For each event and each thread: how many of that thread's events come before it."""
        self.before: list[dict[int, str]] = [{}] * count
        """For each event: those that come before it directly, and the object that they share."""
        self.own: list[int | None] = [None] * count
        """For each event: the last one of the same thread."""
        self.changes: list[dict[str, int]] = [{}] * count
        """For each event and each object that it concerns: the last event that changed it."""
        self.takers: list[int | None] = [None] * count
        """For each acquisition that waits: the last one that took the lock."""
        self._build(execution)

    def _add(self, place: int, thread: int, operation: Operation) -> None:
        self.places.append(place)
        self.threads.append(thread)
        self.operations.append(operation)

    def _build(self, execution: Execution) -> None:
        own: dict[int, int] = {}
        writes: dict[str, int] = {}
        reads: dict[str, list[int]] = {}
        taken: dict[str, int] = {}
        # What was not done comes before the step at its place.
        for event in sorted(range(len(self.threads)), key=lambda e: (self.places[e], -e)):
            thread, operation = self.threads[event], self.operations[event]
            before = {writes[name]: name for name in operation.reads if name in writes}
            for name in operation.writes:
                before |= dict.fromkeys(reads.get(name, ()), name)
                if name in writes:
                    before[writes[name]] = name
            names = (*operation.reads, *operation.writes)
            self.changes[event] = {name: writes[name] for name in names if name in writes}
            self.own[event] = own.get(thread)
            self.before[event] = {e: n for e, n in before.items() if self.threads[e] != thread}
            self.takers[event] = taken.get(operation.target) if operation.waits else None
            self.numbers[event] = 1 if thread not in own else self.numbers[own[thread]] + 1
            self.clocks[event] = self._clock(event, [*self.before[event]])
            if event >= self.steps:
                continue
            own[thread] = event
            for name in operation.reads:
                reads.setdefault(name, []).append(event)
            for name in operation.writes:
                writes[name] = event
                reads[name] = []
            if execution.steps[event].took:
                taken[operation.target] = event

    def _clock(self, event: int, before: Sequence[int]) -> dict[int, int]:
        clock: dict[int, int] = {}
        own = self.own[event]
        for earlier in before if own is None else [*before, own]:
            for thread, number in self.clocks[earlier].items():
                clock[thread] = max(number, clock.get(thread, 0))
        clock[self.threads[event]] = self.numbers[event]
        return clock

    def _is_before(self, first: int, clock: dict[int, int]) -> bool:
        return clock.get(self.threads[first], 0) >= self.numbers[first]

    def races(self, event: int) -> Iterator[tuple[int, ...]]:
        """Yield each race of an event with an earlier step: that step, and what can come first.

        What can come first is the event, and sometimes another that it makes possible.
        """
        own = self.own[event]
        operation = self.operations[event]
        taker = self.takers[event]
        for first, name in self.before[event].items():
            others = [e for e in self.before[event] if e != first]
            if own is not None:
                others.append(own)
            if any(self._is_before(first, self.clocks[e]) for e in others):
                continue
            if operation.waits and name == operation.target:
                chance = first if self.were_free[first] and first != taker else None
            else:
                chance = self._chance(first, event, name)
            if chance is not None:
                yield chance, event
        if taker is not None and not self._is_before(taker, self._clock_without_lock(event)):
            yield taker, event
        # Whoever was interrupted could have gone on instead: at once, or after this event.
        if event in self.given_up and self.threads[event] in self.possible[self.places[event]]:
            yield self.places[event], event
        for given_up in self.given_up if event < self.steps else ():
            place, other = self.places[given_up], self.operations[given_up]
            if (
                place < event
                and operation.conflicts(other)
                and not (other.waits and self.leave_held[event])
                and not self._is_before(place, self.clocks[event])
            ):
                yield place, event, given_up

    def _chance(self, first: int, event: int, name: str) -> int | None:
        """Return before which change of an object the event was possible: ``first``, or earlier.

        Where its thread did not stand there yet, nobody knows: then it may have been.
        """
        own = self.own[event]
        chance: int | None = first
        while chance is not None and chance > (-1 if own is None else own):
            if self.threads[event] in self.possible[chance]:
                break
            chance = self.changes[chance].get(name)
        return chance

    def _clock_without_lock(self, event: int) -> dict[int, int]:
        """Return the clock of an acquisition as if nobody had released the lock for it."""
        lock = self.operations[event].target
        return self._clock(event, [e for e, name in self.before[event].items() if name != lock])

    def reversal(self, first: int, event: int, *following: int) -> list[_Event]:
        """Return how to go on where ``first`` did, so that other events come before it.

        That is: the steps between that do not come after ``first``, and then these events.
        """
        between = [
            e
            for e in range(first + 1, self.places[event])
            if not self._is_before(first, self.clocks[e])
        ]
        way: list[_Event] = []
        for number in [*between, event, *following]:
            thread, operation = self.threads[number], self.operations[number]
            before: set[int] = set()
            for other in way:
                if other.thread == thread or operation.conflicts(other.operation):
                    before |= {other.number, *other.before}
            way.append(_Event(number, thread, operation, frozenset(before)))
        return way


def dpor(engine: Engine, program: Program, judge: Judge, limit: int = 1_000_000) -> Result:
    """Execute one order of each Mazurkiewicz trace."""
    return explore(engine, program, judge, _Dpor(), limit)
