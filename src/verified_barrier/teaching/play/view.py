"""What is to be seen of a run, whether it is printed plainly or drawn."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Final, NamedTuple

from verified_barrier.teaching.barriers import Challenge
from verified_barrier.teaching.followed import LAMPS, shortest
from verified_barrier.teaching.moves import Run, said, scene_in_words
from verified_barrier.teaching.words import counted

__all__ = ["Entry", "Lamp", "Refusal", "View", "in_short", "view_of"]


class Entry(NamedTuple):
    """A part of the state."""

    name: str
    value: str
    before: str | None
    """What it was before the last move; ``None`` if it is the same."""


class Lamp(NamedTuple):
    """A property."""

    name: str
    means: str
    holds: bool


class Refusal(NamedTuple):
    """What cannot be done now, by one thread or by no one thread."""

    who: str
    """The thread; empty if it is about no one thread."""
    what: tuple[tuple[str, str], ...]
    """Each thing with the reason in short."""


class View(NamedTuple):
    """What is to be seen."""

    title: str
    story: str
    task: str
    """What is to be brought about, and whether it is."""
    solved: bool
    last: str
    """How many moves were made, and the last of them."""
    entries: tuple[Entry, ...]
    lamps: tuple[Lamp, ...]
    moves: tuple[str, ...]
    """What can be done, to be numbered from 1."""
    refusals: tuple[Refusal, ...]


def view_of(run: Run, challenge: Challenge) -> View:
    """Return what is to be seen of a run.

    Parameters: ``challenge``, what is to be brought about.
    """
    made = run.moves
    solved = _is_met(run, challenge)
    return View(
        title=f"{run.barrier.title}: {run.followed.size}",
        story=run.barrier.story,
        task=_task(run, challenge, solved),
        solved=solved,
        last=f"{counted(len(made), 'move', 'moves')}"
        + (f", the last: {made[-1]}" if made else ": nothing has happened yet"),
        entries=tuple(_entries(run)),
        lamps=tuple(Lamp(n, means, n not in run.violated) for n, means in LAMPS.items()),
        moves=tuple(str(move) for move in run.possible()),
        refusals=tuple(_refusals(run)),
    )


def _is_met(run: Run, challenge: Challenge) -> bool:
    if challenge.violates is None:
        return bool(run.violated)
    return challenge.violates in run.violated


def _task(run: Run, challenge: Challenge, solved: bool) -> str:
    if not solved:
        return challenge.title
    fewest = shortest(run.followed, challenge.violates) or []
    moves = len(run.moves)
    length = "no run is shorter" if moves == len(fewest) else f"the shortest run has {len(fewest)}"
    return f"{challenge.title}: in {counted(moves, 'move', 'moves')}; {length}"


def _entries(run: Run) -> Iterator[Entry]:
    before = run.followed.scene(run.before)
    now = run.scene
    yield Entry("phase", now.phase, before.phase if before.phase != now.phase else None)
    was = str(before.arrived) if before.arrived != now.arrived else None
    yield Entry("arrived", str(now.arrived), was)
    # The first line is about the barrier.
    for one, other in list(zip(scene_in_words(before), scene_in_words(now), strict=True))[1:]:
        name, _, value = other.partition(" ")
        old = one.partition(" ")[2]
        yield Entry(name, value, old if old != value else None)


def _refusals(run: Run) -> Iterator[Refusal]:
    for thread, group in groupby(run.impossible(), key=lambda one: one.thread):
        yield Refusal(
            said("", thread).strip(), tuple((one.what, in_short(one.why)) for one in group)
        )


def in_short(why: str) -> str:
    """Return a reason in a few words, as there is no room for more beside others."""
    if elsewhere := _ELSEWHERE.fullmatch(why):
        return f"only {elsewhere[1]}"
    if later := _LATER.fullmatch(why):
        return f"only in {later[1]}"
    return "never here" if _NEVER.fullmatch(why) else why


_ELSEWHERE: Final = re.compile(r"it is at .*; to .* it must be at (.*)")
_LATER: Final = re.compile(r"in .* (?:a thread at .* cannot|nobody can) .*, only in (.*)")
_NEVER: Final = re.compile(r"nobody can .* in this barrier")
"""The reasons as ``explore.controls`` words them."""
