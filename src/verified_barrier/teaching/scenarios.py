"""Runs of the model that are worth a look, each found as a shortest one that does what it says.

A scenario names the actions that its run must take, one after the other; other actions may come
between them. The run ends when nobody is in ``wait()`` any more. Of several shortest runs it is the
first in the order of the table's actions, then of the threads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final, NamedTuple

from verified_barrier.table import TABLE, Event, Location, Outcome
from verified_barrier.teaching.sequence import Run, run_of
from verified_barrier.verification.model import Configuration, Edge, initial, steps
from verified_barrier.verification.traces.trace import Trace, TraceEvent

__all__ = ["SCENARIOS", "Scenario", "run_of_scenario", "shortest", "told", "trace_of"]


class Scenario(NamedTuple):
    """What a run must do."""

    says: str
    parties: int
    threads: int
    has_action: bool
    through: tuple[str, ...]
    """The actions that it takes, in this order."""


SCENARIOS: Final = {
    "crossing": Scenario("the last arrival releases all", 3, 3, False, ("ArriveAndRelease",)),
    "next-crossing": Scenario(
        "who has left may arrive again before the others have left",
        *(2, 2, False),
        ("ArriveAndRelease", "Leave", "ArriveAndWait", "Leave", "ArriveAndRelease"),
    ),
    "action": Scenario(
        "the last arrival runs the action, and its return releases all",
        *(2, 2, True),
        ("ArriveAndAct", "ActionReturned"),
    ),
    "action-raises": Scenario(
        "the action raises, and the barrier is broken",
        *(2, 2, True),
        ("ArriveAndAct", "ActionRaised"),
    ),
    "held": Scenario(
        "a call that comes while the action runs is held, and arrives when the action ends",
        *(2, 3, True),
        ("ArriveAndAct", "ArriveHeld", "ActionReturned", "ArriveAndWait", "ActionReturned"),
    ),
    "timeout": Scenario(
        "a timeout breaks the barrier for all, until somebody resets it",
        *(3, 3, False),
        ("ArriveAndWait", "ArriveAndWait", "TimeOut", "Leave", "ArriveRefused", "ResetBroken"),
    ),
    "withdraw": Scenario(
        "an exception is raised in a waiter: those behind it move up",
        *(3, 3, False),
        ("ArriveAndWait", "ArriveAndWait", "Withdraw", "ArriveAndRelease"),
    ),
    "abort": Scenario(
        "an abort breaks the barrier for all who wait",
        *(3, 2, False),
        ("ArriveAndWait", "ArriveAndWait", "AbortFilling", "Leave", "Leave"),
    ),
    "abort-while-acting": Scenario(
        "an abort acts at once, while the action runs on",
        *(2, 2, True),
        ("ArriveAndAct", "AbortTripping", "Leave", "ActionReturnedAfterAbort"),
    ),
    "reset": Scenario(
        "a reset sends away all who wait, and the barrier is as new",
        *(2, 2, False),
        ("ArriveAndWait", "ResetFilling", "Leave", "ArriveAndRelease"),
    ),
    "reset-while-acting": Scenario(
        "a reset acts at once, while the action runs on",
        *(2, 2, True),
        ("ArriveAndAct", "ResetTripping", "Leave", "ActionReturnedAfterReset"),
    ),
}
"""By name."""


def shortest(scenario: Scenario) -> tuple[Edge, ...]:
    """Return the steps of a shortest run that does what a scenario says.

    Raises ``ValueError`` where there is none.
    """
    start = initial(scenario.threads), 0
    ways: dict[tuple[Configuration, int], tuple[Edge, ...]] = {start: ()}
    for now, done in (queue := [start]):
        if done == len(scenario.through) and _is_over(now):
            return ways[now, done]
        for edge in steps(scenario.parties, scenario.has_action, now):
            goes_on = scenario.through[done : done + 1] == (edge.action,)
            after = edge.target, done + goes_on
            if after not in ways:
                ways[after] = (*ways[now, done], edge)
                queue.append(after)
    raise ValueError(
        f"no run of {scenario.threads} threads at a barrier for {scenario.parties} takes "
        f"{', '.join(scenario.through)}, and ends"
    )


def _is_over(configuration: Configuration) -> bool:
    return all(thread.location is Location.OUTSIDE for thread in configuration.threads)


_EVENTS: Final = {row.action: row.event for row in TABLE.rows}
_BROKEN: Final = TraceEvent("Raised", error="BrokenBarrierError", by="barrier")
_INTERRUPTED: Final = TraceEvent("Raised", error="KeyboardInterrupt", by="other")
_FAILED: Final = TraceEvent("Raised", error="ValueError", by="action")


def told(edge: Edge, what: Event | None = None) -> Iterator[TraceEvent]:
    """Yield the events of a trace that tell of a step.

    Parameters: ``what`` happens in it, if its action is not one of the table.
    """
    event, thread = what or _EVENTS[edge.action], edge.thread
    before, after = (
        None if thread is None else c.threads[thread] for c in (edge.source, edge.target)
    )
    is_over = after is not None and after.location is Location.OUTSIDE
    if event is Event.LEAVE and before is not None and is_over:
        if before.outcome is Outcome.RELEASED:
            yield TraceEvent("Returned", thread, before.index)
        else:
            yield _BROKEN._replace(thread=thread)
        return
    if event is Event.ACTION_RETURNED:
        yield TraceEvent("ActionDone", thread)
    if event is Event.ACTION_RAISED:
        yield TraceEvent("ActionFailed", thread)
    if event is not Event.WITHDRAW_CALL:
        yield TraceEvent(edge.action, thread)
    if after is not None and after.location is Location.ACTING:
        yield TraceEvent("ActionBegan", thread)
    if event is Event.ACTION_RAISED:
        yield _FAILED._replace(thread=thread)
    elif event in (Event.WITHDRAW, Event.WITHDRAW_CALL):
        yield _INTERRUPTED._replace(thread=thread)
    elif is_over:
        yield _BROKEN._replace(thread=thread)


def trace_of(
    parties: int, has_action: bool, edges: Iterable[Edge], threads: int, source: str = ""
) -> Trace:
    """Return the trace of a run of the model, as it would be recorded."""
    events = tuple(event for edge in edges for event in told(edge))
    return Trace(parties, has_action, threads, events, source)


def run_of_scenario(name: str) -> Run:
    """Return the run of a scenario, to be drawn."""
    one = SCENARIOS[name]
    run = run_of(trace_of(one.parties, one.has_action, shortest(one), one.threads))
    return replace(run, title=f"{name}: {one.says}")
