"""A run of a barrier that is led by hand: its moves in words, and why others are not possible.

A move is written as what happens, and to which thread: ``arrive 1``, ``reset``. What happens is an
action of the barrier's specification, an event of the table, or what the explorer's page calls it,
or the beginning of one of these.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Final, NamedTuple

from verified_barrier.table import LOCATIONS, Event
from verified_barrier.teaching.barriers import Exhibit
from verified_barrier.teaching.errors import TeachingError
from verified_barrier.teaching.explore.controls import CONTROLS, Control, control_of, reasons
from verified_barrier.teaching.followed import Followed, Position
from verified_barrier.teaching.places import Scene

__all__ = ["Impossible", "MoveError", "Possible", "Run", "said", "scene_in_words"]


class MoveError(TeachingError):
    """A move that cannot be made; the message says why, and what can."""


class Possible(NamedTuple):
    """A move that can be made."""

    action: str
    thread: int | None
    """The thread that takes it, counted from 0; ``None`` if no one thread does."""
    target: Position

    def __str__(self) -> str:
        return said(self.action, self.thread)


class Impossible(NamedTuple):
    """Something that cannot be done now."""

    what: str
    thread: int | None
    why: str


def _letters(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())


def said(what: str, thread: int | None) -> str:
    """Return a move in words."""
    return what if thread is None else f"{what} t{thread + 1}"


_OF_NO_THREAD: Final = frozenset(event for event, where in LOCATIONS.items() if not where)
_MOVE: Final = re.compile(r"([A-Za-z][A-Za-z_ ()-]*?)(?:\s+t?(\d+))?")


class Run:
    """A run up to now, which can be taken back.

    Parameters: ``barrier``, and ``followed``, all its runs of one size.
    """

    def __init__(self, barrier: Exhibit, followed: Followed) -> None:
        self.barrier: Final = barrier
        self.followed: Final = followed
        self._moves: list[Possible] = []
        self._undone: list[Possible] = []

    @property
    def moves(self) -> list[Possible]:
        """The moves that were made."""
        return list(self._moves)

    @property
    def position(self) -> Position:
        """Where the run is."""
        return self._moves[-1].target if self._moves else self.followed.start

    @property
    def before(self) -> Position:
        """Where the run was before the last move."""
        return self._moves[-2].target if len(self._moves) > 1 else self.followed.start

    @property
    def scene(self) -> Scene:
        """What is to be seen now."""
        return self.followed.scene(self.position)

    @property
    def violated(self) -> tuple[str, ...]:
        """The properties that do not hold now."""
        return self.followed.violated(self.position)

    def possible(self) -> list[Possible]:
        """Return the moves that can be made, thread by thread."""
        moves = (Possible(*move) for move in self.followed.moves(self.position))
        order = list(Event)
        return sorted(
            moves,
            key=lambda move: (
                self.followed.threads if move.thread is None else move.thread,
                order.index(self.barrier.events[move.action]),
                move.action,
            ),
        )

    def impossible(self) -> list[Impossible]:
        """Return what cannot be done, thread by thread, and why."""
        can = {(control_of(self.barrier.events[m.action]), m.thread) for m in self.possible()}
        return [
            Impossible(control.label.lower(), thread, self._why(control, thread))
            for thread in [*range(self.followed.threads), None]
            for control in CONTROLS
            if (control.events[0] in _OF_NO_THREAD) is (thread is None)
            and (control, thread) not in can
        ]

    def _why(self, control: Control, thread: int | None) -> str:
        scene = self.scene
        where = "" if thread is None else scene.threads[thread].location
        reason = self._reasons[control.key][where]
        return reason if isinstance(reason, str) else reason[scene.phase]

    @cached_property
    def _reasons(self) -> dict[str, dict[str, str | dict[str, str]]]:
        return reasons([self.followed], self.barrier.events)

    def make(self, move: Possible) -> None:
        """Make a move."""
        self._moves.append(move)
        self._undone.clear()

    def find(self, text: str) -> Possible:
        """Return the move that a text stands for. Raises ``MoveError`` if that is not one move."""
        match = _MOVE.fullmatch(text.strip())
        if match is None:
            raise MoveError(f"{text!r} is no move: say what happens, and to which thread: arrive 1")
        what = _letters(match[1])
        thread = None if match[2] is None else int(match[2]) - 1
        if thread is not None and not 0 <= thread < self.followed.threads:
            raise MoveError(f"{text}: there are the threads 1 to {self.followed.threads}")
        found = self._named(what, thread)
        if len(found) == 1:
            return found[0]
        if found:
            raise MoveError(f"{text} may be any of: {', '.join(map(str, found))}")
        raise MoveError(f"{text} is not possible: {self._why_not(what, thread)}")

    def _named(self, what: str, thread: int | None) -> list[Possible]:
        """Return the moves of a thread that have a name: it if can be, or one that begins so."""
        here = [move for move in self.possible() if move.thread == thread]
        names = [(move, self._names(move.action)) for move in here]
        exact = [move for move, of in names if what in of]
        return exact or [move for move, of in names if any(n.startswith(what) for n in of)]

    def _names(self, action: str) -> tuple[str, ...]:
        event = self.barrier.events[action]
        return tuple(map(_letters, (action, event.value, control_of(event).label)))

    def _why_not(self, what: str, thread: int | None) -> str:
        events = [
            event
            for action, event in self.barrier.events.items()
            if any(name.startswith(what) for name in self._names(action))
        ]
        if not events:
            labels = (control.label.lower() for control in CONTROLS)
            return f"nothing is called that; there are {', '.join(labels)}, and the actions' names"
        if thread is None and events[0] not in _OF_NO_THREAD:
            return f"it happens to a thread: {what} 1"
        if thread is not None and events[0] in _OF_NO_THREAD:
            return f"it happens to no one thread: {what}"
        control = control_of(events[0])
        others = [
            str(move)
            for move in self.possible()
            if move.thread == thread and self.barrier.events[move.action] in control.events
        ]
        return f"what can be is {', '.join(others)}" if others else self._why(control, thread)

    def undo(self) -> bool:
        """Take the last move back; return whether there was one."""
        if self._moves:
            self._undone.append(self._moves.pop())
            return True
        return False

    def redo(self) -> bool:
        """Make the move again that was taken back last; return whether there was one."""
        if self._undone:
            self._moves.append(self._undone.pop())
            return True
        return False

    def restart(self) -> bool:
        """Go back to the beginning; return whether it was not there.

        What was done can be redone, move by move.
        """
        moved = bool(self._moves)
        while self.undo():
            pass
        return moved


def scene_in_words(scene: Scene) -> Iterator[str]:
    """Yield the barrier, then each thread, in words."""
    yield f"{scene.phase}, arrived {scene.arrived}"
    for number, thread in enumerate(scene.threads, 1):
        details = [f"index {thread.index}"] if thread.index is not None else []
        details += [thread.outcome] if thread.outcome else []
        yield f"t{number} {thread.location}" + (f" ({', '.join(details)})" if details else "")
