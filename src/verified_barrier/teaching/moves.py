"""A run of a barrier that is led by hand: its moves in words, and why others are not possible.

A move is written as what happens, and to which thread: ``arrive 1``, ``reset``. What happens is an
action of the barrier's specification, or an event of the table, or the beginning of either.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from verified_barrier.table import LOCATIONS, Event, Location
from verified_barrier.teaching.barriers import Exhibit
from verified_barrier.teaching.followed import Followed, Position
from verified_barrier.teaching.places import CPYTHON_ACTS, Scene, ThreadScene

__all__ = ["Impossible", "MoveError", "Possible", "Run", "said", "scene_in_words"]


class MoveError(ValueError):
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
    """Something that cannot happen now."""

    event: Event
    thread: int | None
    why: str

    def __str__(self) -> str:
        return said(self.event.value.lower().replace("_", " "), self.thread)


def said(what: str, thread: int | None) -> str:
    """Return a move in words."""
    return what if thread is None else f"{what} t{thread + 1}"


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
        """Return what cannot happen, thread by thread, and why."""
        can = {(self.barrier.events[move.action], move.thread) for move in self.possible()}
        everyone = [*range(self.followed.threads), None]
        return [
            Impossible(event, thread, _why(event, thread, self.scene))
            for thread in everyone
            for event in Event
            if bool(LOCATIONS[event]) == (thread is not None) and (event, thread) not in can
        ]

    def make(self, move: Possible) -> None:
        """Make a move."""
        self._moves.append(move)
        self._undone.clear()

    def find(self, text: str) -> Possible:
        """Return the move that a text stands for. Raises ``MoveError`` if that is not one move."""
        match = _MOVE.fullmatch(text.strip())
        if match is None:
            raise MoveError(f"{text!r} is no move: say what happens, and to which thread: arrive 1")
        what = re.sub(r"[ _()-]", "", match[1]).lower()
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

    def _names(self, action: str) -> tuple[str, str]:
        event = self.barrier.events[action].value
        return action.lower(), event.replace("_", "").lower()

    def _why_not(self, what: str, thread: int | None) -> str:
        events = [
            event
            for action, event in self.barrier.events.items()
            if any(name.startswith(what) for name in self._names(action))
        ]
        if not events:
            known = ", ".join(dict.fromkeys(self._names(a)[1] for a in self.barrier.events))
            return f"nothing is called that; there are {known}, and the names of the actions"
        event = events[0]
        if thread is None and LOCATIONS[event]:
            return f"it happens to a thread: {what} 1"
        if thread is not None and not LOCATIONS[event]:
            return f"it happens to no one thread: {what}"
        can = any(self.barrier.events[m.action] in events for m in self._of(thread))
        if can:
            return "something else happens: " + ", ".join(map(str, self._of(thread)))
        return _why(event, thread, self.scene)

    def _of(self, thread: int | None) -> list[Possible]:
        return [move for move in self.possible() if move.thread == thread]

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

    def reset(self) -> None:
        """Go back to the beginning; what was done can be redone, move by move."""
        while self.undo():
            pass


_PLACES: Final[Mapping[Event, str]] = {
    Event.CALL: "it is in wait() already",
    Event.ARRIVE: "it has no call that could arrive",
    Event.ACTION_RETURNED: "it is not running the action",
    Event.ACTION_RAISED: "it is not running the action",
    Event.TIMEOUT: "it is not waiting for others",
    Event.WITHDRAW: "it is not waiting for others",
    Event.WITHDRAW_CALL: "it has no call that has not arrived",
    Event.LEAVE: "it is not on its way out",
}
_BUSY: Final[Mapping[Event, str]] = {
    Event.ARRIVE: "it is held until the action ends",
    Event.TIMEOUT: "a time limit does not cut an action short",
}
_ACTS: Final = ("TRIPPING", "RESETTING", "BREAKING", CPYTHON_ACTS)


def _why(event: Event, thread: int | None, scene: Scene) -> str:
    """Return why an event cannot happen."""
    acts = scene.phase in _ACTS
    locked = scene.phase == CPYTHON_ACTS
    if thread is None:
        return "the action runs with the lock held" if locked else f"not in {scene.phase}"
    if locked and event is not Event.CALL and not _acts(scene.threads[thread]):
        return "the action runs with the lock held"
    where = scene.threads[thread].location
    if acts and event in _BUSY and where in ("WAITING", "HELD"):
        return _BUSY[event] if (where == "HELD") == (event is Event.ARRIVE) else _PLACES[event]
    places = {location.value for location in LOCATIONS[event]}
    if where in places:
        return f"not in {scene.phase}"
    return f"{_PLACES[event]}: {where}"


def _acts(thread: ThreadScene) -> bool:
    return thread.location in (Location.ACTING.value, "_release")


def scene_in_words(scene: Scene) -> Iterator[str]:
    """Yield the barrier, then each thread, in words."""
    yield f"{scene.phase}, arrived {scene.arrived}"
    for number, thread in enumerate(scene.threads, 1):
        details = [f"index {thread.index}"] if thread.index is not None else []
        details += [thread.outcome] if thread.outcome else []
        yield f"t{number} {thread.location}" + (f" ({', '.join(details)})" if details else "")
