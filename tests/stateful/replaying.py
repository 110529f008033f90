"""Runs a program that was played under the scheduler, and keeps it as a schedule that replays.

The commands become a scenario: a script for each thread, what the action does in each run, who is
interrupted. They become a strategy, too: between two of them each thread goes on as far as it
can. What the scheduler then finds wrong it finds by its own means: ours is observed from within.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from pathlib import Path

from scheduler.engine import Engine, Execution, Step
from scheduler.scenarios import Run, Scenario
from scheduler.schedule import Replayed, recorded, replay, save
from scheduler.subjects import SUBJECTS
from stateful.playing import Story
from stateful.programs import Command, Do

__all__ = ["explained", "played_again", "replayed", "scenario_for"]


def scenario_for(story: Story) -> Scenario:
    """Return the scenario of a program that was played."""
    site = story.site
    scripts: list[list[str]] = [[] for _ in range(site.threads)]
    runs: list[list[str]] = [[]]
    interrupted, stopped = [], []
    for thread, do, in_action in story.commands:
        word = "wait" if do is Do.WAIT_BRIEFLY else do.name.lower()
        if in_action:
            # Before each order the action stands where it can be told what to do.
            runs[-1] += ["is slow", f"{word}s"]
            if do in (Do.RETURN, Do.RAISE):
                runs.append([])
        elif do.is_call:
            scripts[thread].append(word)
        elif do is Do.TIME_OUT:
            # Only a call whose time is up has a time limit that matters.
            scripts[thread][-1] = "wait briefly"
        elif do is Do.INTERRUPT:
            interrupted.append(thread)
        elif do is Do.STOP:
            stopped.append(thread)
        elif do is Do.GO_ON:
            stopped.remove(thread)
    runs[-1].append("does not end")
    return Scenario(
        f"a program for {site}",
        site.parties,
        tuple(map(tuple, scripts)),
        interrupted=tuple(interrupted),
        suspended=tuple(stopped),
        action=tuple(map(tuple, runs)) if site.has_action else None,
    )


class _Commanded:
    """The strategy that does one command after the other. It serves for one execution."""

    def __init__(self, run: Run, commands: tuple[Command, ...]) -> None:
        self.run = run
        self.left = deque(commands)
        threads = len(run.scenario.waiters)
        self.begun = [0] * threads
        """How many calls each thread was told to make."""
        self.orders = [0] * threads
        """How many orders each has to follow in the action."""
        self.stopped: set[int] = set()
        self.expired: set[int] = set()
        """The threads whose time is up."""
        self.held: set[str] = set()
        """The names of the locks that are held."""
        self.interruptions = iter(range(threads, threads + len(run.scenario.interrupted)))
        """The threads of the program that raise an exception in another one."""

    def choose(self, engine: Engine, possible: tuple[int, ...]) -> int | None:
        """Let the same thread go on if it can, then any other, then the next command be done."""
        self._note(engine.steps[-1:])
        current = engine.current.number
        while True:
            for number in sorted(possible, key=lambda n: (n != current, n)):
                if number < len(self.begun) and self._goes_on(engine, number):
                    return number
            if not self.left:
                return possible[-1]  # Those that stop another one for good come last.
            chosen = self._command(engine, self.left.popleft())
            if chosen in possible:
                return chosen

    def _goes_on(self, engine: Engine, number: int) -> bool:
        """Return whether a thread goes on by itself, or as it was told in the action."""
        operation = engine.threads[number].operation
        assert operation is not None
        if number in self.stopped or len(self.run.results[number]) == self.begun[number]:
            return False
        if operation.kind == "sleep":
            is_told = self.orders[number] > 0
            self.orders[number] -= is_told
            return is_told
        if operation.kind == "acquire timed":
            return number in self.expired or operation.target not in self.held
        return True

    def _note(self, steps: Sequence[Step]) -> None:
        """Note which lock the last step took or gave back."""
        for step in steps:
            if step.took:
                self.held.add(step.operation.target)
            elif step.operation.kind == "release":
                self.held.discard(step.operation.target)

    def _command(self, engine: Engine, command: Command) -> int | None:
        """Note a command; return the thread that does it, if that is one step by itself."""
        thread, do, in_action = command
        if do is Do.STOP:
            self.stopped.add(thread)
        elif do is Do.GO_ON:
            self.stopped.remove(thread)
        elif do is Do.INTERRUPT:
            return next(self.interruptions)
        elif do is Do.TIME_OUT:
            self.expired.add(thread)
            operation = engine.threads[thread].operation
            if operation is not None and operation.kind == "acquire timed":
                return thread if operation.target in self.held else None
        elif in_action:
            self.orders[thread] += 1
        else:
            self.begun[thread] += 1
            self.expired.discard(thread)
        return None


def played_again(engine: Engine, story: Story) -> tuple[Run, Execution]:
    """Run a program that was played under the scheduler."""
    run = SUBJECTS[story.barrier].run(engine, scenario_for(story))
    return run, engine.run(run, _Commanded(run, story.commands))


def replayed(engine: Engine, story: Story) -> Replayed:
    """Run a program that was played under the scheduler, and then its schedule."""
    run, execution = played_again(engine, story)
    return replay(engine, recorded(execution, run.scenario, SUBJECTS[story.barrier]))


def explained(story: Story, file: Path) -> str:
    """Return a story for people, with what the scheduler shows; keep the schedule in a file."""
    with Engine() as engine:
        shown = replayed(engine, story)
    save(shown.schedule, file)
    again = f"make replay SCHEDULE={file} shows it again"
    if shown.problem is None:
        again = "the scheduler finds nothing wrong with this order of steps"
    return f"{story}\n\n{shown.schedule.scenario}\n\n{again}:\n\n{shown.report()}"
