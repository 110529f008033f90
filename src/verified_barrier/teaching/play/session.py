"""What can be said to the program, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, Protocol

from verified_barrier.teaching.barriers import Challenge
from verified_barrier.teaching.explore.controls import in_short
from verified_barrier.teaching.followed import LAMPS, shortest
from verified_barrier.teaching.moves import MoveError, Run, said
from verified_barrier.teaching.play.view import View, view_of

__all__ = ["HELP", "Screen", "Session", "command_line"]

HELP: Final = (
    "Type a number, a move such as arrive 1, undo, redo, restart, why, why arrive 1,",
    "solution, link (this run as a command, and its address in the page of",
    "verified-barrier explore), help, or quit.",
)


class Screen(Protocol):
    """Where a session is shown."""

    def show(self, view: View) -> None:
        """Show a moment of a run."""

    def say(self, text: str) -> None:
        """Say something else."""


class Session:
    """A run, a task, and a screen.

    Parameters: ``challenges``, what is to be brought about: the first that can be is the task.
    """

    def __init__(self, run: Run, challenge: Challenge, screen: Screen) -> None:
        self.run: Final = run
        self.challenge: Final = challenge
        self._screen = screen
        self._commands: Final[dict[str, Callable[[], None]]] = {
            "undo": lambda: self._go(run.undo(), "there is nothing to undo"),
            "redo": lambda: self._go(run.redo(), "there is nothing to redo"),
            "restart": lambda: self._go(run.restart(), "this is the beginning"),
            "why": self._why,
            "solution": lambda: self._say(self._solution()),
            "link": lambda: self._say(self._link()),
            "help": lambda: self._say(iter(HELP)),
        }

    def show(self) -> None:
        """Show where the run is."""
        self._screen.show(view_of(self.run, self.challenge))

    def answer(self, line: str) -> bool:
        """Do what a line asks for; return whether the session goes on."""
        words = line.strip()
        if words in ("quit", "exit", "q"):
            return False
        if words in self._commands:
            self._commands[words]()
        elif words.startswith("why "):
            self._screen.say(self._why_not(words.removeprefix("why ")))
        elif words:
            self._move(words)
        return True

    def _say(self, lines: Iterator[str]) -> None:
        for line in lines:
            self._screen.say(line)

    def _go(self, moved: bool, otherwise: str) -> None:
        if moved:
            self.show()
        else:
            self._screen.say(otherwise)

    def _move(self, words: str) -> None:
        moves = self.run.possible()
        try:
            if words.isdecimal():
                if not 1 <= int(words) <= len(moves):
                    raise MoveError(f"{words}: the moves have the numbers 1 to {len(moves)}")
                self.run.make(moves[int(words) - 1])
            else:
                self.run.make(self.run.find(words))
        except MoveError as problem:
            self._screen.say(str(problem))
        else:
            self.show()

    def _why_not(self, words: str) -> str:
        try:
            return f"{self.run.find(words)} is possible"
        except MoveError as problem:
            return str(problem)

    def _why(self) -> None:
        for name in self.run.violated:
            self._screen.say(f"{name} is broken: {LAMPS[name]}")
        if not self.run.violated:
            self._screen.say("no promise is broken")
        for one in self.run.impossible():
            self._screen.say(f"{said(one.what, one.thread)}: {one.why}")

    def _solution(self) -> Iterator[str]:
        fewest = shortest(self.run.followed, self.challenge.violates)
        if fewest is None:
            yield "there is none: no run of this barrier does it"
        else:
            yield f"{self.challenge.title}, in {len(fewest)} moves:"
            yield ", ".join(said(action, thread) for action, thread in fewest)

    def _link(self) -> Iterator[str]:
        made = [(move.action, move.thread) for move in self.run.moves]
        followed = self.run.followed
        run = in_short(followed, self.run.barrier.events, made)
        yield command_line(self.run)
        yield (
            f"in the page of verified-barrier explore: #barrier={self.run.barrier.key}"
            f"&size={followed.size.key}" + (f"&run={run}" if run else "")
        )


def command_line(run: Run) -> str:
    """Return the command that shows a run."""
    size = run.followed
    words = [f"verified-barrier play --barrier {run.barrier.key}"]
    words += [f"--parties {size.parties}", f"--threads {size.threads}"]
    words += ["--action"] if size.has_action else []
    words += [f"--moves '{', '.join(map(str, run.moves))}'"] if run.moves else []
    return " ".join(words)
