"""The smallest failure: the one with the fewest preemptions, and a way to have it again.

A preemption is a step of another thread although the last one could have gone on. Most faults
need few, and an execution that has few is easy to read.

Source: M. Musuvathi, S. Qadeer, "Iterative context bounding for systematic testing of
multithreaded programs", PLDI 2007.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from scheduler.engine import Engine, Execution, Operation, Program
from scheduler.search import Judge, Result, Verdict, trace_of

__all__ = [
    "Choice",
    "OtherScheduleError",
    "Replay",
    "fewest_preemptions",
    "preemptions",
    "replay",
    "schedule_of",
]


class Choice(NamedTuple):
    """One step of a schedule."""

    thread: int
    operation: str
    """What the thread does, in the words of the operation."""

    def __str__(self) -> str:
        return f"t{self.thread}: {self.operation}"


class OtherScheduleError(AssertionError):
    """A program that does something else than the schedule says."""


def schedule_of(execution: Execution) -> list[Choice]:
    """Return what ``Replay`` needs to have an execution again."""
    return [Choice(step.thread, str(step.operation)) for step in execution.steps]


def preemptions(execution: Execution) -> int:
    """Return how many steps are of another thread although the last one could have gone on."""
    return sum(
        step.thread != last.thread and last.thread in step.possible
        for last, step in pairwise(execution.steps)
    )


class Replay:
    """The strategy that follows a schedule. It serves for one execution."""

    def __init__(self, schedule: Sequence[Choice]) -> None:
        self.schedule = schedule
        self.depth = 0

    def choose(self, engine: Engine, possible: tuple[int, ...]) -> int | None:
        now = [Choice(n, str(engine.threads[n].operation)) for n in possible]
        if self.depth == len(self.schedule):
            raise OtherScheduleError(
                f"the schedule ends after {self.depth} steps, but the program goes on with "
                f"{_either(now)}"
            )
        wanted = self.schedule[self.depth]
        if wanted not in now:
            raise OtherScheduleError(
                f"step {self.depth} of the schedule is {wanted}, but the program goes on with "
                f"{_either(now)}"
            )
        self.depth += 1
        return wanted.thread

    def check_end(self) -> None:
        """Raise if an execution has ended before the schedule."""
        if self.depth < len(self.schedule):
            raise OtherScheduleError(
                f"step {self.depth} of the schedule is {self.schedule[self.depth]}, but the "
                "program has ended"
            )


def replay(engine: Engine, program: Program, schedule: Sequence[Choice]) -> Execution:
    """Run a program as a schedule says, from its first step to its last."""
    strategy = Replay(schedule)
    execution = engine.run(program, strategy)
    strategy.check_end()
    return execution


def _either(choices: Sequence[Choice]) -> str:
    return " or ".join(str(choice) for choice in choices)


class _Places:
    """Tells whether two executions have come to the same place: by traces that are the same.

    An event is numbered by what it is and by those that come before it directly, so that its
    number stands for all that comes before it.
    """

    def __init__(self) -> None:
        self.numbers: dict[object, int] = {}
        self.seen: set[object] = set()

    def start(self) -> None:
        """Begin an execution."""
        self.last: dict[int, int] = {}
        self.writes: dict[str, int] = {}
        self.reads: dict[str, list[int]] = {}

    def is_new(self, thread: int, operation: Operation) -> bool:
        """Return whether a step would lead to a place where nobody was."""
        return self._after(thread, self._number(thread, operation)) not in self.seen

    def go_on(self, thread: int, operation: Operation) -> None:
        """Note a step."""
        number = self._number(thread, operation)
        self.seen.add(self._after(thread, number))
        self.last[thread] = number
        for name in operation.reads:
            self.reads.setdefault(name, []).append(number)
        for name in operation.writes:
            self.writes[name] = number
            self.reads.pop(name, None)

    def _number(self, thread: int, operation: Operation) -> int:
        before = [(name, self.writes.get(name, -1)) for name in operation.reads]
        for name in operation.writes:
            before.append((name, self.writes.get(name, -1)))
            before += [(name, event) for event in sorted(self.reads.get(name, ()))]
        event = (thread, self.last.get(thread, -1), str(operation), *before)
        return self.numbers.setdefault(event, len(self.numbers))

    def _after(self, thread: int, number: int) -> object:
        """Return the place after a step.

        Who did the step belongs to it: whether the next one is a preemption depends on that.
        """
        return thread, frozenset({**self.last, thread: number}.items())


class _Bounded(Replay):
    """Follows a schedule; then goes on without preemptions, and notes what else was possible."""

    def __init__(self, schedule: Sequence[Choice], places: _Places, longest: int | None) -> None:
        super().__init__(schedule)
        self.places = places
        self.longest = longest
        self.given_up = False
        self.path: list[Choice] = []
        self.same: list[list[Choice]] = []
        """The schedules that part from this one without a preemption."""
        self.more: list[list[Choice]] = []
        """The schedules that part from this one with a preemption."""
        places.start()

    def choose(self, engine: Engine, possible: tuple[int, ...]) -> int | None:
        if self.depth < len(self.schedule):
            chosen = super().choose(engine, possible)
            assert chosen is not None
        elif self.depth == self.longest:
            chosen = None
        else:
            chosen = self._choose_without_schedule(engine, possible)
        # What the schedule says was new when it was noted, and its last step may not be now.
        if chosen is None or (
            self.depth >= len(self.schedule) and not self.places.is_new(*self._step(engine, chosen))
        ):
            self.given_up = True
            return None
        self.places.go_on(*self._step(engine, chosen))
        self.path.append(Choice(chosen, str(engine.threads[chosen].operation)))
        return chosen

    def _choose_without_schedule(self, engine: Engine, possible: tuple[int, ...]) -> int:
        self.depth += 1
        current = engine.current.number
        goes_on = current in possible
        chosen = current if goes_on else possible[0]
        for number in possible:
            if number != chosen and self.places.is_new(*self._step(engine, number)):
                other = Choice(number, str(engine.threads[number].operation))
                (self.more if goes_on else self.same).append([*self.path, other])
        return chosen

    def _step(self, engine: Engine, number: int) -> tuple[int, Operation]:
        operation = engine.threads[number].operation
        assert operation is not None
        return number, operation


def fewest_preemptions(engine: Engine, program: Program, judge: Judge, *, limit: int) -> Result:
    """Execute all orders of steps with 0 preemptions, then those with 1, and so on.

    Two executions that have come to the same place, with the same thread last, go on alike: the
    second is given up. The failure is one with the fewest preemptions, and of these a shortest
    one; when no more than ``limit`` executions, those given up included, were enough for that.
    """
    result = Result()
    places = _Places()
    now: list[list[Choice]] = [[]]
    later: list[list[Choice]] = []
    while now or (later and result.failure is None):
        if not now:
            now, later = later, []
        if result.executions + result.sleep_blocked >= limit:
            return result
        schedule = now.pop()
        longest = None if result.failure is None else len(result.failure.steps) - 1
        if longest is not None and len(schedule) > longest:
            continue
        strategy = _Bounded(schedule, places, longest)
        execution = engine.run(program, strategy)
        now += strategy.same
        later += strategy.more
        if strategy.given_up:
            result.sleep_blocked += 1
            continue
        strategy.check_end()
        result.traces.add(trace_of(execution))
        result.judge(execution, judge)
    if result.failure is None:
        result.verdict = Verdict.PASS
    return result
