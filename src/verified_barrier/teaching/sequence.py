"""Sequence diagrams of recorded runs: a lane for each thread, and one for the barrier.

What a trace does to the barrier is followed in the model. A diagram ends where the trace is no
run of the model any more, and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from textwrap import wrap
from typing import Final, NamedTuple

from verified_barrier.machine import EMPTY
from verified_barrier.table import TABLE, Outcome
from verified_barrier.teaching.svg import Drawing, width_of
from verified_barrier.teaching.words import barrier_words, state_words
from verified_barrier.verification.traces.following import Follower
from verified_barrier.verification.traces.trace import Trace, TraceEvent

__all__ = ["MOST_EVENTS", "SEQUENCE_FORMATS", "Moment", "Run", "lanes_of", "run_of"]

MOST_EVENTS: Final = 500
"""How many events a diagram shows at most: with more, it is too long for anyone to read."""

_OUTCOMES: Final = {row.action: row.outcome for row in TABLE.rows}
_ENDS: Final = ("Returned", "Raised")
_ACTION_ENDS: Final = ("ActionDone", "ActionFailed")
_SEEN: Final = ("ActionBegan", *_ACTION_ENDS)


class Moment(NamedTuple):
    """One event of a run, and what it does to the barrier."""

    number: int
    """Its place in the trace, counted from 1."""
    event: TraceEvent
    state: str
    """The barrier's state after it, in words."""
    is_change: bool
    """Whether the barrier's state was another before."""
    outcome: Outcome | None
    """The outcome that this gives to the generation."""
    broken: tuple[str, ...] = ()
    """The promises that are broken from now on."""

    @property
    def says(self) -> str:
        """What happens to the thread, or what it does."""
        event = self.event
        if event.name == "Returned":
            return f"returns {event.index}"
        if event.name == "Raised":
            return f"raises {event.error}" + (" (action)" if event.by == "action" else "")
        return event.name

    @property
    def barrier(self) -> str:
        """What is to say of the barrier: its state if it is another now, and what is new."""
        new = [self.outcome.value] if self.outcome else []
        new += [f"{name} is broken" for name in self.broken]
        return " / ".join([self.state, *new] if self.is_change or new else [])


@dataclass(frozen=True)
class Run:
    """A part of a trace, as it is drawn."""

    title: str
    lanes: tuple[int | None, ...]
    """The threads that do something, counted from 0; ``None``: what no one thread does."""
    before: str
    """The barrier's state before the first moment, in words."""
    moments: tuple[Moment, ...]
    stuck: str | None
    """Where the trace leaves the model, in words."""


def _lane(thread: int | None) -> str:
    return "anyone" if thread is None else f"t{thread + 1}"


def run_of(trace: Trace, first: int = 1, last: int | None = None) -> Run:
    """Return the events ``first`` to ``last`` of a trace, counted from 1, as they are drawn."""
    follower = Follower(trace.parties, trace.has_action, trace.threads)
    before, moments, stuck = EMPTY, [], None
    for number, event in enumerate(trace.events[:last], 1):
        state = follower.now.state
        if follower.takes(event) is None:
            possible = ", ".join(follower.possible())
            stuck = f"event {number}, {event}, is not possible here; possible: {possible}"
            break
        now = follower.now.state
        if number < first:
            before = now
        else:
            outcome = _OUTCOMES.get(event.name)
            moments.append(Moment(number, event, state_words(now), now != state, outcome))
    title = f"A run of {barrier_words(trace.parties, trace.has_action)}"
    return Run(title, lanes_of(moments), state_words(before), tuple(moments), stuck)


def lanes_of(moments: Iterable[Moment]) -> tuple[int | None, ...]:
    """Return the threads that do something, and ``None`` if something is done by no one thread."""
    acts = {moment.event.thread for moment in moments}
    return (*sorted(thread for thread in acts if thread is not None), *({None} & acts))


def _text(run: Run) -> str:
    """Return a table with a column for each lane."""
    rows = [["", *map(_lane, run.lanes), "barrier"]]
    rows.append(["", *("" for _ in run.lanes), run.before])
    for moment in run.moments:
        own = [moment.says if lane == moment.event.thread else "" for lane in run.lanes]
        rows.append([str(moment.number), *own, moment.barrier])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [run.title, ""]
    for number, *cells in rows:
        padded = (f"{cell:<{width}}" for cell, width in zip(cells, widths[1:], strict=True))
        lines.append("  ".join([f"{number:>{widths[0]}}", *padded]).rstrip())
    return "\n".join([*lines, *_stuck(run), ""])


def _stuck(run: Run) -> list[str]:
    return [] if run.stuck is None else ["", f"This is no run of the model: {run.stuck}"]


def _mermaid(run: Run) -> str:
    lines = ["sequenceDiagram", f"    accTitle: {run.title}"]
    lines += [f"    participant {_lane(lane)}" for lane in run.lanes]
    lines += ["    participant barrier", f"    Note over barrier: {run.before}"]
    for moment in run.moments:
        lane = _lane(moment.event.thread)
        if moment.event.name in _SEEN:
            lines.append(f"    Note over {lane}: {moment.says}")
        elif moment.event.name in _ENDS:
            lines.append(f"    barrier-->>{lane}: {moment.says}")
        else:
            lines.append(f"    {lane}->>barrier: {moment.says}")
        if moment.barrier:
            lines.append(f"    Note over barrier: {moment.barrier}")
    if run.stuck is not None:
        lines.append(f"    Note over barrier: no run of the model<br/>{_wrapped(run.stuck)}")
    return "\n".join([*lines, ""])


def _wrapped(text: str) -> str:
    return text.replace("; ", "<br/>").replace(", ", ",<br/>")


_ROW: Final = 30
_TOP: Final = 96
_LEFT: Final = 56


def _svg(run: Run) -> str:
    gap = max(width_of([moment.says for moment in run.moments]) + 34, 110)
    x_of = {lane: _LEFT + 30 + place * gap for place, lane in enumerate(run.lanes)}
    barrier = _LEFT + 30 + len(run.lanes) * gap
    stuck = [] if run.stuck is None else wrap(f"no run of the model: {run.stuck}", 90)
    states = [run.before, *(moment.barrier for moment in run.moments)]
    width = max(barrier + 24 + width_of(states), _LEFT + width_of([*stuck, run.title]) * 1.2) + 24
    bottom = _TOP + _ROW * (len(run.moments) + 1)
    drawing = Drawing(width, bottom + 20 + 18 * len(stuck) + 12 * bool(stuck), run.title)
    drawing.text((24, 28), [run.title], anchor="start", kind="title")
    for name, x in (*((_lane(lane), x_of[lane]) for lane in run.lanes), ("barrier", barrier)):
        drawing.line([(x, 72), (x, bottom)], kind="faint")
        drawing.box((x, 60), (width_of([name]) + 22, 26), kind="box", radius=5)
        drawing.text((x, 60), [name], kind="strong")
    for lane, x in x_of.items():
        _draw_bars(drawing, run, lane, x, bottom)
    drawing.text((barrier + 14, _TOP), [run.before], anchor="start")
    for place, moment in enumerate(run.moments, 1):
        y = _TOP + place * _ROW
        _draw_moment(drawing, moment, x_of[moment.event.thread], barrier, y)
    if stuck:
        middle = bottom + 12 + 9 * len(stuck)
        drawing.text((_LEFT, middle), stuck, anchor="start", kind="BROKEN strong")
    return str(drawing)


def _draw_moment(drawing: Drawing, moment: Moment, x: float, barrier: float, y: float) -> None:
    kind = moment.outcome.value if moment.outcome else ""
    drawing.text((34, y), [str(moment.number)], anchor="end", kind="quiet")
    label = [moment.says]
    middle = x + 12 + width_of(label) / 2
    if moment.event.name in _SEEN:
        drawing.label((middle, y), label, kind="acting")
    elif moment.event.name in _ENDS:
        failed = "BROKEN" if moment.event.name == "Raised" else "RELEASED"
        drawing.arrow([(barrier, y), (x + 5, y)], kind=f"dashed {failed}")
        drawing.label((middle + 4, y - 10.5), label, kind=failed)
    else:
        drawing.arrow([(x + 5, y), (barrier, y)], kind=kind)
        drawing.label((middle + 4, y - 10.5), label, kind=kind)
    if moment.barrier:
        drawing.text((barrier + 14, y), [moment.barrier], anchor="start", kind=f"strong {kind}")


def _draw_bars(drawing: Drawing, run: Run, lane: int | None, x: float, bottom: float) -> None:
    """Draw how long a thread is in its calls, and how long the action runs in it."""
    for starts, ends, kind, width in (
        (("Call",), _ENDS, "box", 9),
        (("ActionBegan",), _ACTION_ENDS, "head acting", 5),
    ):
        start: float | None = None
        for place, moment in enumerate(run.moments, 1):
            if moment.event.thread != lane or lane is None:
                continue
            y = _TOP + place * _ROW
            if moment.event.name in starts:
                start = y
            elif moment.event.name in ends:
                begin = _TOP if start is None else start
                drawing.box((x, (begin + y) / 2), (width, y - begin), kind=kind, radius=2)
                start = None
        if start is not None:
            drawing.box((x, (start + bottom) / 2), (width, bottom - start), kind=kind, radius=2)


SEQUENCE_FORMATS: Final[Mapping[str, Callable[[Run], str]]] = {
    "svg": _svg,
    "mermaid": _mermaid,
    "text": _text,
}
"""What draws a run, by format."""
