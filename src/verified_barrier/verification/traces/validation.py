"""Whether recorded runs of a barrier are behaviours of ``spec/Barrier.tla``: TLC decides.

The traces of barriers with the same constants go into one run. They are written in place of
``spec/Traces.tla``, and ``spec/BarrierTrace.tla`` follows them: TLC reports each place that it
reaches in each trace. A trace is accepted if the place after its last event was reached, and not
because nothing was wrong.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from verified_barrier.verification.resources import SPEC, read_modules
from verified_barrier.verification.tlc import Finding, Tlc
from verified_barrier.verification.traces.following import Stuck, follow
from verified_barrier.verification.traces.trace import Trace, TraceEvent

__all__ = ["Judged", "ValidationError", "validate"]


class ValidationError(RuntimeError):
    """TLC did not decide, or the explanation contradicts it: a defect, and no verdict."""


@dataclass(frozen=True)
class Judged:
    """What became of a trace."""

    trace: Trace
    accepted: bool | None
    """Whether it is a behaviour of the specification; ``None``: there was no time to tell."""
    stuck: Stuck | None = None
    """Where it is not."""
    actions: tuple[str, ...] = ()
    """The actions of the specification that it takes, up to there."""


_MODULE: Final = "BarrierTrace"
_REACHED: Final = re.compile(r'^<<"reached", (\d+), (\d+)>>$', re.MULTILINE)
_PIECE: Final = 500
"""How many events are written in one piece: to read a long one takes TLC a long time."""

_NAMED_ERRORS: Final = {
    *("BrokenBarrierError", "TypeError", "ValueError", "OverflowError", "RuntimeError"),
}
"""The errors that the specification names: to it, the others are all alike."""


def validate(traces: Sequence[Trace], tlc: Tlc, timeout: float) -> list[Judged]:
    """Have TLC decide which traces are behaviours of the specification.

    Parameters: ``timeout``, in seconds, for all runs together. Returns what became of each trace,
    in their order. Raises ``ValidationError`` where TLC fails or contradicts the table.
    """
    deadline = time.monotonic() + timeout
    reached: dict[int, int] = {}
    groups: dict[tuple[int, bool], list[int]] = {}
    for number, trace in enumerate(traces):
        groups.setdefault((trace.parties, trace.has_action), []).append(number)
    for numbers in groups.values():
        places = _run([traces[number] for number in numbers], tlc, deadline - time.monotonic())
        if places is not None:
            reached |= zip(numbers, places, strict=True)
    return [_judge(trace, reached.get(number)) for number, trace in enumerate(traces)]


def _judge(trace: Trace, reached: int | None) -> Judged:
    """Return what became of a trace that has reached a place, counted from 1."""
    if reached is None:
        return Judged(trace, None)
    actions, stuck = follow(trace)
    place = len(trace.events) if stuck is None else stuck.place
    if place != reached - 1:
        raise ValidationError(
            f"{trace.source}, line {trace.line}: TLC follows {reached - 1} events of the trace, "
            f"and the table {place}: spec/BarrierTrace.tla and following.py must say the same"
        )
    return Judged(trace, stuck is None, stuck, tuple(actions))


def _run(traces: Sequence[Trace], tlc: Tlc, timeout: float) -> list[int] | None:
    """Return the last place that TLC reaches in each trace; ``None`` if there is no time."""
    if timeout <= 0:
        return None
    modules = {**read_modules(SPEC), "Traces.tla": _module(traces)}
    run = tlc.run(_MODULE, _configuration(traces), modules, timeout)
    if run.finding is Finding.TIMED_OUT:
        return None
    if run.finding is not Finding.HOLDS:
        raise ValidationError(f"TLC: {run.finding.value}\n{run.explanation}")
    seen = {(int(number), int(place)) for number, place in _REACHED.findall(run.output)}
    places = Counter(number for number, _ in seen)
    # Who has reached a place has been at all places before it; and there are no other states.
    ways = {(number, place) for number in places for place in range(1, places[number] + 1)}
    everyone = set(range(1, len(traces) + 1))
    if set(places) != everyone or seen != ways or len(seen) != run.distinct:
        raise ValidationError(
            f"TLC has reported {len(seen)} places in {len(places)} of {len(traces)} traces, and "
            f"found {run.distinct} states: it must report each place of each trace once"
        )
    return [places[number] for number in range(1, len(traces) + 1)]


def _configuration(traces: Sequence[Trace]) -> str:
    threads = max(trace.threads for trace in traces)
    return (
        "SPECIFICATION TraceSpec\nINVARIANT Reported\nCONSTANTS\n"
        f"    Threads = {{{', '.join(_thread(number) for number in range(threads))}}}\n"
        f"    Parties = {traces[0].parties}\n"
        f"    HasAction = {str(traces[0].has_action).upper()}\n"
    )


def _module(traces: Sequence[Trace]) -> str:
    """Return a module with the traces. An event that occurs often is written once."""
    names: dict[str, str] = {}
    sequences = []
    for trace in traces:
        told = [names.setdefault(_record(e), f"E{len(names) + 1}") for e in trace.events]
        pieces = (told[start : start + _PIECE] for start in range(0, len(told), _PIECE))
        sequences.append(" \\o\n    ".join(f"<<{', '.join(piece)}>>" for piece in pieces))
    return "\n".join(
        [
            "---- MODULE Traces ----",
            "EXTENDS Sequences",
            *(f"{name} == {record}" for record, name in names.items()),
            "Traces == <<",
            ",\n".join(sequences),
            ">>",
            "====\n",
        ]
    )


def _record(event: TraceEvent) -> str:
    fields = [f'event |-> "{event.name}"']
    if event.thread is not None:
        fields.append(f"thread |-> {_thread(event.thread)}")
    if event.index is not None:
        fields.append(f"index |-> {event.index}")
    if event.by is not None:
        error = event.error if event.error in _NAMED_ERRORS else "another"
        fields.append(f'error |-> "{error}", by |-> "{event.by}"')
    return f"[{', '.join(fields)}]"


def _thread(number: int) -> str:
    return f'"t{number + 1}"'
