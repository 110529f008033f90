"""Tells what happened in an execution, for people: one column a thread, one line a step.

A line stands for each step at which something is to be seen: an operation on a lock, an action
of the model, a thread that begins to wait, a change of the barrier's state, or what is wrong. What
threads read and write otherwise is left out, unless details are asked for. Steps are counted from
0, as in a schedule; threads from 1, as in the model.

The engine names locks by who made them, which tells a reader nothing. ``Recording`` looks at the
barrier's attributes after each step and names them by what they are for: ``lock`` is the
barrier's own; ``gate 0``, ``gate 1``, ... are the gates at which the waiters of the first
generation wait, of the second, and so on; ``hold 0``, ``hold 1``, ... those at which calls are
held, in the order in which they were put in place. What was made and never put in place keeps
the engine's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from scheduler.engine import Body, Engine, Execution, Operation, Step
from scheduler.minimise import preemptions
from scheduler.primitives import Lock, Watched
from scheduler.scenarios import Run
from verified_barrier.machine import State
from verified_barrier.verification.model import Edge

__all__ = ["Moment", "Recording", "report"]

_NAME = re.compile(r"[\w.]+\d+(?:@t\d+)?")


@dataclass(frozen=True)
class Moment:
    """What there was to be seen after a step."""

    state: State
    """The barrier's own."""
    edges: Sequence[Edge]
    """The edges of the model that were taken in the step."""
    waits: Operation | None
    """What the thread of the step waits for now."""


@dataclass
class Recording:
    """A run that notes, after each step, what there is to be seen.

    Parameters: ``run``, a scenario as a program.
    """

    run: Run
    moments: list[Moment] = field(default_factory=list)
    """One for each step."""
    names: dict[str, str] = field(default_factory=dict)
    """What the engine's names mean."""
    locks: dict[str, Lock] = field(default_factory=dict)
    """The locks, by the engine's names."""
    gates: dict[str, Any] = field(default_factory=dict)
    """The gates, by the engine's names of their locks."""
    shut: set[str] = field(default_factory=set)
    """The locks of the gates that were shut when the last step was done."""
    owners: dict[str, int | None] = field(default_factory=dict)
    """Who held which lock when the last step was done."""

    def __call__(self, engine: Engine) -> Sequence[Any]:
        for noted in (self.moments, self.names, self.locks, self.gates):
            noted.clear()
        bodies: Sequence[Body | Any] = self.run(engine)
        judge = engine.observer

        def observe() -> str | None:
            self._look(engine)
            return None if judge is None else judge()

        self._name_attributes(self.run.barrier, "")
        self._name_locks()
        engine.observer = observe
        return bodies

    def _look(self, engine: Engine) -> None:
        self._name_locks()
        if engine.steps:
            before = sum(len(moment.edges) for moment in self.moments)
            operation = engine.current.operation
            is_stuck = operation is not None and operation.blocks and not self._is_free(operation)
            state = self._peek(self.run.barrier, "_state")
            edges = self.run.oracle.taken[before:]
            self.moments.append(Moment(state, edges, operation if is_stuck else None))
        self.owners = {name: lock.owner for name, lock in self.locks.items()}
        self.shut = {n for n, gate in self.gates.items() if not self._peek(gate, "_is_open")}

    def _is_free(self, operation: Operation) -> bool:
        lock = self.locks.get(operation.target)
        return lock is None or lock.owner is None

    def _name_locks(self) -> None:
        barrier = self.run.barrier
        self._name(barrier._lock, "lock")
        generation = self._peek(barrier, "_generation")
        for kind, gate in (("gate", generation.gate), ("hold", self._peek(barrier, "_hold"))):
            lock = gate._lock
            if lock.name not in self.locks:
                count = sum(self.names[name].startswith(kind) for name in self.locks)
                self.gates[lock.name] = gate
                self._name(lock, f"{kind} {count}")
                self._name_attributes(gate, f" of {kind} {count}")
                if kind == "gate":
                    self._name_attributes(generation, f" of generation {count}")

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

    def readable(self, text: str) -> str:
        """Return a text with the names that people know."""
        return _NAME.sub(lambda found: self.names.get(found[0], found[0]), text)


def report(
    recording: Recording,
    execution: Execution,
    *,
    problem: str | None,
    fault: str | None = None,
    details: bool = False,
) -> str:
    """Return what happened in an execution, as plain text.

    Parameters: ``recording``, of this execution; ``problem``, what is wrong with it; ``fault``,
    the name of the barrier's fault; ``details``, whether to show what threads read and write.
    """
    scenario = recording.run.scenario
    lines = [f"scenario:    {scenario.name}"]
    if fault is not None:
        lines.append(f"fault:       {fault}")
    wrong = recording.readable("nothing" if problem is None else problem).splitlines()
    lines.append(f"wrong:       {wrong[0]}")
    lines += [f"             {line.strip()}" for line in wrong[1:]]
    lines.append(f"preemptions: {preemptions(execution)}")
    lines.append(f"steps:       {len(execution.steps)}")
    scripts = [", ".join(script) for script in scenario.waiters] + list(scenario.others)
    scripts += [f"interrupts t{number + 1}" for number in scenario.interrupted]
    threads = [f"t{number}: {script}" for number, script in enumerate(scripts, 1)]
    lines += ["", *_table(["step", *threads, "barrier"], _story(recording, execution, details))]
    heads = ["thread", "location", "holds", "next", "result"]
    return "\n".join([*lines, "", *_table(heads, _end(recording, execution)), ""])


def _story(recording: Recording, execution: Execution, details: bool) -> Iterator[list[str]]:
    """Yield a row for each step at which something is to be seen."""
    state: State | None = None
    for number, (step, moment) in enumerate(zip(execution.steps, recording.moments, strict=True)):
        changed = state is not None and moment.state != state
        is_wrong = execution.problem is not None and number == len(execution.steps) - 1
        said = _operation(recording, step, details or changed or is_wrong)
        cells = [""] * len(execution.threads)
        for edge in moment.edges:
            if edge.thread not in (None, step.thread):
                cells[edge.thread or 0] = edge.action
            else:
                said.append(edge.action)
        if moment.waits is not None:
            said.append(recording.readable(f"wait for {moment.waits.target}"))
        if is_wrong:
            said.append("wrong")
        cells[step.thread] = ", ".join(said)
        shown = "" if moment.state == state else f"{moment.state[0].value} {moment.state[1]}"
        state = moment.state
        if any(cells):
            yield [str(number), *cells, shown]


def _operation(recording: Recording, step: Step, details: bool) -> list[str]:
    """Return what a step did, if it is to be seen."""
    kind, target = step.operation[:2]
    if kind.startswith("acquire"):
        if step.took:
            # To take a gate's lock at once is to make the gate.
            is_new = kind == "acquire at once" and not details
            words = None if is_new else f"acquire {target}"
        else:
            words = f"time out at {target}"
    elif kind in ("interrupt", "raise"):
        words = f"interrupt t{int(target[1:]) + 1}" if kind == "interrupt" else "raise"
    elif kind == "sleep" or (kind == "start" and details):
        words = kind
    else:
        words = f"{kind} {target}" if kind == "release" or details else None
    return [] if words is None else [recording.readable(words)]


def _end(recording: Recording, execution: Execution) -> Iterator[list[str]]:
    """Yield a row for each thread: where it is, and who holds and waits for what."""
    pending = dict(execution.pending)
    now = recording.run.oracle.now.threads
    for thread in execution.threads:
        number = thread.number
        holds = [
            recording.names[name]
            for name, owner in recording.owners.items()
            if owner == number and name not in recording.shut
        ]
        following, result = "", "never ran"
        if number in pending:
            following, result = _next(recording, pending[number]), ""
        elif thread.error is not None:
            result = f"raised {type(thread.error).__name__}"
        elif number < len(now):
            assert isinstance(thread.result, list)
            result = ", ".join(_result(one) for one in thread.result)
        elif thread.ended:
            result = "ended"
        location = str(now[number]) if number < len(now) else ""
        yield [f"t{number + 1}", location, ", ".join(holds), following, result]


def _result(result: object) -> str:
    if isinstance(result, BaseException):
        return f"raised {type(result).__name__}"
    return "done" if result is None else f"returned {result}"


def _next(recording: Recording, operation: Operation) -> str:
    """Return what a thread would do next, or what it waits for."""
    kind, target = operation[:2]
    owner = recording.owners.get(target)
    if kind in ("interrupt", "raise", "start"):
        words = kind
    elif not operation.blocks or owner is None:
        words = f"{kind} {target}"
    elif target in recording.shut:
        words = f"wait for {target}, which is shut"
    else:
        words = f"wait for {target}, which {f't{owner + 1}' if owner >= 0 else 'nobody'} holds"
    return recording.readable(words)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table, its columns as wide as they must be."""
    table = [list(heads), *map(list, rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    table.insert(1, ["-" * width for width in widths])
    for row in table:
        yield "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip()
