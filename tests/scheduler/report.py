"""Tells what happened in an execution, for people: one column a thread, one line a step.

A line stands for each step at which something is to be seen: an operation on a lock, an action
of the model, a thread that begins to wait, a change of the barrier's state, or what is wrong. What
threads read and write otherwise is left out, unless details are asked for. Steps are counted from
0, as in a schedule; threads from 1, as in the model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from scheduler.engine import Body, Engine, Execution, Operation, Step
from scheduler.minimise import preemptions
from scheduler.names import Names
from scheduler.scenarios import Run

__all__ = ["Moment", "Recording", "report", "table"]


@dataclass(frozen=True)
class Moment:
    """What there was to be seen after a step."""

    state: str
    """The barrier's own."""
    told: Sequence[tuple[int | None, str]]
    """What the oracle saw in the step: of which thread, and what."""
    waits: Operation | None
    """What the thread of the step waits for now."""


@dataclass
class Recording:
    """A run that notes, after each step, what there is to be seen.

    Parameters: ``run``, a scenario as a program; ``look``, what names the barrier's locks.
    """

    run: Run
    look: Callable[[Any], Names]
    moments: list[Moment] = field(default_factory=list)
    """One for each step."""
    owners: dict[str, int | None] = field(default_factory=dict)
    """Who held which lock when the last step was done."""
    shut: set[str] = field(default_factory=set)
    """The locks that were shut when the last step was done, so that nobody is said to hold them."""

    def __call__(self, engine: Engine) -> Sequence[Any]:
        self.moments.clear()
        bodies: Sequence[Body | Any] = self.run(engine)
        if self.run.barrier is None:
            raise ValueError(f"{self.run.scenario.name}: there is no barrier to be looked at")
        judge = engine.observer
        self.names = self.look(self.run.barrier)

        def observe() -> str | None:
            self._look(engine)
            return None if judge is None else judge()

        engine.observer = observe
        return bodies

    def _look(self, engine: Engine) -> None:
        self.names.look()
        self.owners = {name: lock.owner for name, lock in self.names.locks.items()}
        self.shut = self.names.shut()
        if engine.steps:
            before = sum(len(moment.told) for moment in self.moments)
            operation = engine.current.operation
            is_stuck = (
                operation is not None
                and operation.blocks
                and self.owners.get(operation.target) is not None
            )
            told = self.run.oracle.told[before:]
            self.moments.append(Moment(self.names.state(), told, operation if is_stuck else None))

    def readable(self, text: str) -> str:
        """Return a text with the names that people know."""
        return self.names.readable(text)


def report(
    recording: Recording,
    execution: Execution,
    *,
    problem: str | None,
    barrier: str,
    details: bool = False,
) -> str:
    """Return what happened in an execution, as plain text.

    Parameters: ``recording``, of this execution; ``problem``, what is wrong with it; ``barrier``,
    which one it is; ``details``, whether to show what threads read and write.
    """
    scenario = recording.run.scenario
    lines = [f"scenario:    {scenario.name}", f"barrier:     {barrier}"]
    wrong = recording.readable("nothing" if problem is None else problem).splitlines()
    lines.append(f"wrong:       {wrong[0]}")
    lines += [f"             {line.strip()}" for line in wrong[1:]]
    lines.append(f"preemptions: {preemptions(execution)}")
    lines.append(f"steps:       {len(execution.steps)}")
    scripts = [", ".join(script) for script in scenario.waiters] + list(scenario.others)
    scripts += [f"interrupts t{number + 1}" for number in scenario.interrupted]
    scripts += [f"stops t{number + 1}" for number in scenario.suspended]
    threads = [f"t{number}: {script}" for number, script in enumerate(scripts, 1)]
    lines += ["", *table(["step", *threads, "barrier"], _story(recording, execution, details))]
    heads = ["thread", "location", "holds", "next", "result"]
    return "\n".join([*lines, "", *table(heads, _end(recording, execution)), ""])


def _story(recording: Recording, execution: Execution, details: bool) -> Iterator[list[str]]:
    """Yield a row for each step at which something is to be seen."""
    state: str | None = None
    for number, (step, moment) in enumerate(zip(execution.steps, recording.moments, strict=True)):
        changed = state is not None and moment.state != state
        is_wrong = execution.problem is not None and number == len(execution.steps) - 1
        said = _operation(recording, step, details or changed or is_wrong)
        cells = [""] * len(execution.threads)
        for thread, words in moment.told:
            if thread not in (None, step.thread):
                cells[thread or 0] = words
            else:
                said.append(words)
        if moment.waits is not None:
            said.append(recording.readable(f"wait for {moment.waits.target}"))
        if is_wrong:
            said.append("wrong")
        cells[step.thread] = ", ".join(said)
        shown = "" if moment.state == state else moment.state
        state = moment.state
        if any(cells):
            yield [str(number), *cells, shown]


def _operation(recording: Recording, step: Step, details: bool) -> list[str]:
    """Return what a step did, if it is to be seen."""
    kind, target = step.operation[:2]
    if kind.startswith("acquire"):
        if step.took:
            # To take a call's lock at once is to make the call.
            is_new = kind == "acquire at once" and not details
            words = None if is_new else f"acquire {target}"
        elif kind == "acquire at once":
            words = f"find {target} held"
        else:
            words = f"time out at {target}"
    elif kind in ("interrupt", "suspend"):
        words = f"{'stop' if kind == 'suspend' else kind} t{int(target[1:]) + 1}"
    elif kind == "raise" or kind == "sleep" or (kind == "start" and details):
        words = kind
    else:
        words = f"{kind} {target}" if kind == "release" or details else None
    return [] if words is None else [recording.readable(words)]


def _end(recording: Recording, execution: Execution) -> Iterator[list[str]]:
    """Yield a row for each thread: where it is, and who holds and waits for what."""
    pending = dict(execution.pending)
    waiters = len(recording.run.scenario.waiters)
    for thread in execution.threads:
        number = thread.number
        holds = [
            recording.readable(name)
            for name, owner in recording.owners.items()
            if owner == number and name not in recording.shut
        ]
        following, result = "", "never ran"
        if number in pending:
            following, result = _next(recording, pending[number]), ""
        elif thread.error is not None:
            result = f"raised {type(thread.error).__name__}"
        elif number < waiters:
            assert isinstance(thread.result, list)
            result = ", ".join(_result(one) for one in thread.result)
        elif thread.ended:
            result = "ended"
        location = recording.run.oracle.where(number) if number < waiters else ""
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
    elif kind == "stand still at":
        words = "stand still"
    elif not operation.blocks or owner is None:
        words = f"{kind} {target}"
    elif target in recording.shut:
        words = f"wait for {target}, which is shut"
    else:
        words = f"wait for {target}, which {f't{owner + 1}' if owner >= 0 else 'nobody'} holds"
    return recording.readable(words)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table, its columns as wide as they must be."""
    cells = [list(heads), *map(list, rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    cells.insert(1, ["-" * width for width in widths])
    for row in cells:
        yield "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip()
