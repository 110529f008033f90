"""A run that is led by hand, as a picture; the barrier may be one that is almost right."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from verified_barrier.table import Event
from verified_barrier.teaching import sequence
from verified_barrier.teaching.followed import Followed, Position
from verified_barrier.teaching.moves import Run
from verified_barrier.teaching.scenarios import told
from verified_barrier.teaching.sequence import Moment, lanes_of
from verified_barrier.verification.model import Configuration, Edge

__all__ = ["moments_of", "run_of_moves"]


def run_of_moves(run: Run) -> sequence.Run:
    """Return a run that was led by hand, to be drawn."""
    followed = run.followed
    moments: list[Moment] = []
    positions = [followed.start, *(move.target for move in run.moves)]
    for (before, after), move in zip(pairwise(positions), run.moves, strict=True):
        source, target = _judged(followed, before), _judged(followed, after)
        edge = Edge(source, move.action, move.thread, target)
        states = _state(followed, before), _state(followed, after)
        violated = followed.violated(before)
        broken = tuple(name for name in followed.violated(after) if name not in violated)
        event = run.barrier.events[move.action]
        moments += moments_of(edge, event, states, broken, len(moments) + 1)
    title = f"A run of {run.barrier.title}: {followed.size}"
    start = _state(followed, followed.start)
    return sequence.Run(title, lanes_of(moments), start, tuple(moments), None)


def moments_of(
    edge: Edge, what: Event, states: tuple[str, str], broken: tuple[str, ...], first: int
) -> Iterator[Moment]:
    """Yield the moments of a step, of which the one with its name changes the barrier.

    Parameters: ``what`` happens in the step; ``states``, the barrier's before and after it;
    ``broken``, the promises that it breaks; ``first``, the number of its first moment.
    """
    old, new = states
    events = list(told(edge, what))
    # A step that a trace has no name for is told by what comes of the call.
    place = next((n for n, e in enumerate(events) if e.name == edge.action), len(events) - 1)
    given = {
        now.outcome
        for was, now in zip(edge.source.threads, edge.target.threads, strict=True)
        if now.outcome is not was.outcome and now.outcome is not None
    }
    outcome = given.pop() if len(given) == 1 else None
    for number, event in enumerate(events):
        if number == place:
            yield Moment(first + number, event, new, new != old, outcome, broken)
        else:
            state = old if number < place else new
            yield Moment(first + number, event, state, is_change=False, outcome=None)


def _state(followed: Followed, position: Position) -> str:
    scene = followed.scene(position)
    return f"{scene.phase} {scene.arrived}"


def _judged(followed: Followed, position: Position) -> Configuration:
    """Return a position in our words, with the threads in their own order."""
    judged = followed.moments[position.node].place.judged
    return judged._replace(threads=tuple(judged.threads[slot] for slot in position.slots))
