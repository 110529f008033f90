"""TLC accepts what real barriers did, and rejects what they did not do, where they did not."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from barrier.interruptions import SITUATIONS, failures, monitored
from scheduler.faults import FAULTS
from traces.recorder import of_fault, of_scenarios, of_walks
from traces.stress import of_threads
from verified_barrier.table import TABLE
from verified_barrier.verification.resources import SPEC
from verified_barrier.verification.tlc import Tlc
from verified_barrier.verification.traces import validation
from verified_barrier.verification.traces.recording import RecordedBarrier
from verified_barrier.verification.traces.trace import EVENTS, Trace, TraceEvent
from verified_barrier.verification.traces.validation import ValidationError, validate

pytestmark = pytest.mark.check

WALKS = [(2, 3, True), (2, 3, False), (3, 3, True)]
"""Parties, threads, and whether there is an action."""

CROSSING = Trace(
    1,
    False,
    1,
    (
        TraceEvent("Call", 0),
        TraceEvent("ArriveAndRelease", 0),
        TraceEvent("Returned", 0, index=0),
    ),
)


@cache
def walks() -> tuple[Trace, ...]:
    """Return what the shipped barrier does when it is driven at random."""
    return tuple(t for walk in WALKS for t in of_walks(*walk, length=30, number=60))


def distinct(traces: Sequence[Trace]) -> list[Trace]:
    """Return one of each kind."""
    return list({(t.parties, t.has_action, t.events): t for t in traces}.values())


@pytest.mark.stress
@pytest.mark.timeout(120)
def test_a_thousand_recorded_executions_are_behaviours(tlc: Tlc) -> None:
    """No two of the scheduler's are the same; every event occurs, and every action is taken."""
    scheduled = distinct([*of_scenarios(14), *walks()])
    traces = [*scheduled, *of_threads(200)]
    assert len(scheduled) >= 800
    assert len(traces) >= 1_000
    judged = validate(traces, tlc, 100.0)
    assert [one.stuck for one in judged if not one.accepted] == []
    assert {event.name for trace in traces for event in trace.events} == set(EVENTS)
    taken = {action for one in judged for action in one.actions}
    assert taken == {row.action for row in TABLE.rows}


def altered(trace: Trace, place: int) -> Iterator[tuple[str, Trace]]:
    """Yield a trace with one of its events changed in each way, and how."""
    event = trace.events[place]
    before, after = trace.events[:place], trace.events[place + 1 :]
    if (name := _other_name(event)) is not None:
        yield "name", replace(trace, events=(*before, event._replace(name=name), *after))
    if event.thread is not None:
        other = event._replace(thread=(event.thread + 1) % trace.threads)
        yield "thread", replace(trace, events=(*before, other, *after))
    if event.index is not None:
        other = event._replace(index=event.index + 1)
        yield "index", replace(trace, events=(*before, other, *after))
    if event.error is not None:
        for error, by in (("KeyError", event.by), (event.error, "action")):
            other = event._replace(error=error, by=by)
            yield "error", replace(trace, events=(*before, other, *after))
    yield "dropped", replace(trace, events=(*before, *after))
    yield "duplicated", replace(trace, events=(*before, event, event, *after))
    if after and after[0] != event:
        yield "swapped", replace(trace, events=(*before, after[0], event, *after[1:]))


def _other_name(event: TraceEvent) -> str | None:
    """Return another name that an event of this form may have, if there is one."""
    if event.name in ("Returned", "Raised"):
        return None
    nobody = [row.action for row in TABLE.rows if row.location is None]
    names = nobody if event.thread is None else [n for n in EVENTS[:-2] if n not in nobody]
    return names[(names.index(event.name) + 2) % len(names)]


def few_with_all_events(traces: Sequence[Trace]) -> list[Trace]:
    """Return traces that have each event four times between them, those with many first."""
    wanted = Counter(dict.fromkeys(EVENTS, 4))
    few = []
    while +wanted:
        best = max(traces, key=lambda t: (Counter(e.name for e in t.events) & wanted).total())
        found = Counter(event.name for event in best.events) & wanted
        assert found, f"no trace has {+wanted}"
        wanted -= found
        few.append(best)
    return few


HARMLESS = {
    ("dropped", "AbortAgain"),
    ("dropped", "ResetAgain"),
    ("dropped", "ArriveHeld"),
    ("dropped", "ActionFailed"),
    ("duplicated", "AbortAgain"),
    ("duplicated", "ResetAgain"),
    ("duplicated", "ResetFilling"),
    ("duplicated", "ArriveHeld"),
}
"""What always gives another behaviour: these events change nothing, or nothing the second time; and
an action that did not get as far as to fail may have been interrupted."""


@pytest.mark.timeout(120)
def test_corrupted_traces_are_rejected_where_they_are_wrong(tlc: Tlc) -> None:
    """Each kind of event in each way: TLC rejects, at the line that the table finds impossible.

    Not every corruption is wrong: two events that have nothing to do with each other may be
    swapped. Which are, the table says, and ``validate`` does not let TLC say anything else.
    """
    good = few_with_all_events(walks())
    cases = [
        (
            how,
            {
                event.name,
                *(e.name for e in trace.events[place + 1 : place + 2] if how == "swapped"),
            },
            place,
            corrupted,
        )
        for trace in good
        for place, event in enumerate(trace.events)
        for how, corrupted in altered(trace, place)
    ]
    judged = validate([corrupted for *_, corrupted in cases], tlc, 100.0)
    assert len(judged) == len(cases)
    tried, rejected, accepted = set(), set(), set()
    for (how, names, place, _), one in zip(cases, judged, strict=True):
        tried |= {(how, name) for name in names}
        if one.stuck is None:
            accepted.add(how)
        else:
            assert one.stuck.place >= place
            rejected |= {(how, name) for name in names}
    assert {name for how, name in tried if how == "duplicated"} == set(EVENTS)
    assert tried - rejected == HARMLESS
    assert "swapped" in accepted


SEEN_IN_A_TRACE = ("UniqueIndex", "OneOutcome", "OneAction", "which is no step of the model")
"""What a trace shows. Of threads that are stuck it shows nothing: it is only shorter."""


def test_faulty_barriers_are_rejected(tlc: Tlc) -> None:
    """The real code with a fault, recorded by the scheduler where the fault is found."""
    faults = [fault for fault in FAULTS if fault.says.startswith(SEEN_IN_A_TRACE)]
    faults += [fault for fault in FAULTS if fault.says.endswith(SEEN_IN_A_TRACE[-1])]
    assert len(faults) >= 8
    judged = validate([of_fault(fault) for fault in faults], tlc, 60.0)
    assert [one.trace.source for one in judged if one.accepted is not False] == []


@monitored
@pytest.mark.timeout(120)
def test_interrupted_calls_are_behaviours(tlc: Tlc) -> None:
    """An exception at every point where CPython can raise one: the trace tells what was done."""
    made: list[RecordedBarrier] = []

    class Kept(RecordedBarrier):
        def __init__(self, parties: int, action: Callable[[], object] | None = None) -> None:
            super().__init__(parties, action)
            made.append(self)

    for situation in SITUATIONS.values():
        _, failed = failures(Kept, situation)
        assert failed == []
    traces = [barrier.recording.trace() for barrier in made]
    used = [trace for trace in traces if trace.events]
    assert len(used) > 300
    judged = validate(used, tlc, 60.0)
    assert [one.stuck for one in judged if not one.accepted] == []


@pytest.mark.parametrize(
    ("events", "place"),
    [
        ((), None),
        ((TraceEvent("Returned", 0, index=0),), 3),
        ((TraceEvent("Call", 0), TraceEvent("Call", 0)), 4),
        ((TraceEvent("ResetAgain"),), 3),
    ],
)
def test_line_of_the_first_impossible_event(
    tlc: Tlc, events: tuple[TraceEvent, ...], place: int | None
) -> None:
    """A crossing, and something after it: the place is that of what cannot come after it."""
    (one,) = validate([replace(CROSSING, events=(*CROSSING.events, *events))], tlc, 60.0)
    assert (None if one.stuck is None else one.stuck.place) == place


def test_traces_of_different_barriers_are_judged_together(tlc: Tlc) -> None:
    """Parties, action and threads may differ; each is judged by its own, in order."""
    traces = [
        CROSSING,
        replace(CROSSING, parties=2),
        replace(CROSSING, threads=3),
        replace(CROSSING, has_action=True),
        CROSSING,
    ]
    judged = validate(traces, tlc, 60.0)
    assert [one.trace for one in judged] == traces
    assert [one.accepted for one in judged] == [True, False, True, False, True]


def test_no_time_is_no_verdict(tlc: Tlc) -> None:
    """Where the limit is reached, nothing is accepted and nothing rejected."""
    (one,) = validate([CROSSING], tlc, 0.05)
    assert one.accepted is None


RULES = (SPEC / "BarrierTrace.tla").read_text()


@pytest.mark.parametrize(
    ("rule", "fault", "says"),
    [
        ("/\\ index[Who] = Event.index", "", "TLC follows 3 events of the trace, and the table 2"),
        ('Is("Call")', 'Is("Calls")', "TLC follows 0 events of the trace, and the table 2"),
        ('PrintT(<<"reached", trace, place>>)', "TRUE", "TLC has reported 0 places in 0 of 1"),
        ("trace \\in DOMAIN Traces", "trace = 2", "TLC: failed"),
        ("place' = place + 1", "place' = place + 2", "TLC"),
        ("Follow \\/ Stay", "Follow", "TLC: deadlock"),
        ("Follow \\/ Stay", "Stay", "TLC follows 0 events of the trace, and the table 2"),
    ],
)
def test_rules_that_are_wrong_are_no_verdict(
    tlc: Tlc,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rule: str,
    fault: str,
    says: str,
) -> None:
    """A specification that accepts too much, too little, or nothing at all is found out."""
    for path in SPEC.glob("*.tla"):
        shutil.copy(path, tmp_path)
    assert rule in RULES
    (tmp_path / "BarrierTrace.tla").write_text(RULES.replace(rule, fault))
    monkeypatch.setattr(validation, "SPEC", tmp_path)
    wrong_index = (*CROSSING.events[:2], TraceEvent("Returned", 0, index=1))
    with pytest.raises(ValidationError, match=re.escape(says)):
        validate([replace(CROSSING, events=wrong_index)], tlc, 60.0)


def test_explanation_that_is_wrong_is_no_verdict(tlc: Tlc, monkeypatch: pytest.MonkeyPatch) -> None:
    """TLC is not believed where the table says something else, nor the other way round."""
    monkeypatch.setattr(validation, "follow", lambda _trace: ([], None))
    assert validate([CROSSING], tlc, 60.0)[0].accepted
    with pytest.raises(ValidationError, match="TLC follows 0 events of the trace, and the table 2"):
        validate([replace(CROSSING, events=CROSSING.events[1:])], tlc, 60.0)
