"""What the page lets one do, and why something cannot be done now.

The reasons are read off the graph: where a thread has to be, and in which phases, for an event to
happen to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

from verified_barrier.table import Event
from verified_barrier.teaching.followed import Followed

__all__ = ["CONTROLS", "Control", "ExportError", "control_of", "in_short", "reasons"]


class ExportError(ValueError):
    """A graph that cannot be exported; the message says why."""


class Control(NamedTuple):
    """A button, and a key."""

    key: str
    """The key; and the letter for it in the address of a run."""
    label: str
    does: str
    """What a thread does, or what is done to the barrier."""
    events: tuple[Event, ...]


CONTROLS: Final = (
    Control("c", "Call", "call wait()", (Event.CALL,)),
    Control("a", "Arrive", "arrive", (Event.ARRIVE,)),
    Control("d", "Action done", "return from the action", (Event.ACTION_RETURNED,)),
    Control("f", "Action fails", "raise in the action", (Event.ACTION_RAISED,)),
    Control("t", "Time out", "time out", (Event.TIMEOUT,)),
    Control("w", "Withdraw", "withdraw", (Event.WITHDRAW, Event.WITHDRAW_CALL)),
    Control("l", "Leave", "leave", (Event.LEAVE,)),
    Control("b", "abort()", "abort the barrier", (Event.ABORT,)),
    Control("r", "reset()", "reset the barrier", (Event.RESET,)),
)
"""Every event has one. The last two happen to no one thread."""


def control_of(event: Event) -> Control:
    """Return the control of an event."""
    return next(control for control in CONTROLS if event in control.events)


def in_short(
    runs: Followed, events: Mapping[str, Event], run: Iterable[tuple[str, int | None]]
) -> str:
    """Return a run as it stands in the address of the page.

    Each step is the key of its control, and the number of its thread; and, where the control can
    do several things there, a dash and which of them.
    """
    position = runs.start
    steps = []
    for action, thread in run:
        control = control_of(events[action])
        choices = [
            possible
            for possible, mover, _ in runs.moves(position)
            if mover == thread and events[possible] in control.events
        ]
        place = choices.index(action)
        number = "" if thread is None else str(thread + 1)
        steps.append(control.key + number + (f"-{place + 1}" if place else ""))
        position = runs.after(position, action, thread)
    return ".".join(steps)


_Where: TypeAlias = dict[str, dict[str, set[int]]]
"""By location and phase: how many parties have not arrived."""


def reasons(
    graphs: Sequence[Followed], events: Mapping[str, Event]
) -> dict[str, dict[str, str | dict[str, str]]]:
    """Return why something cannot be done, by control, location and phase.

    It is one text for a location in which it can never be done, and otherwise one for each phase
    in which it cannot. The location of what is done to no one thread is empty. Raises
    ``ExportError`` where location, phase and count do not decide it.
    """
    can: dict[str, _Where] = {control.key: {} for control in CONTROLS}
    cannot: dict[str, _Where] = {control.key: {} for control in CONTROLS}
    for phase, missing, locations, taken in _situations(graphs, events):
        for control in CONTROLS:
            is_of_thread = control.events[0] not in (Event.ABORT, Event.RESET)
            for slot in range(len(locations)) if is_of_thread else [None]:
                location = "" if slot is None else locations[slot]
                where = (can if (control.key, slot) in taken else cannot)[control.key]
                where.setdefault(location, {}).setdefault(phase, set()).add(missing)
    return {c.key: _reasons_of(c, can[c.key], cannot[c.key]) for c in CONTROLS}


class _Situation(NamedTuple):
    """What decides what can be done, and what can."""

    phase: str
    missing: int
    """How many parties have not arrived."""
    locations: tuple[str, ...]
    taken: frozenset[tuple[str, int | None]]
    """The keys of controls, and the slots of the threads that they are for."""


def _situations(graphs: Sequence[Followed], events: Mapping[str, Event]) -> set[_Situation]:
    """Return the situations that there are: far fewer than nodes."""
    keys = {action: control_of(event).key for action, event in events.items()}
    return {
        _Situation(
            node.scene.phase,
            graph.parties - node.scene.arrived,
            tuple(thread.location for thread in node.scene.threads),
            frozenset((keys[move.action], move.slot) for move in node.moves),
        )
        for graph in graphs
        for node in graph.nodes
    }


def _reasons_of(control: Control, can: _Where, cannot: _Where) -> dict[str, str | dict[str, str]]:
    does, needed = control.does, " or ".join(sorted(can))
    found: dict[str, str | dict[str, str]] = {}
    for location, phases in sorted(cannot.items()):
        possible = can.get(location, {})
        if not can:
            found[location] = f"nobody can {does} in this barrier"
        elif not possible:
            found[location] = f"it is at {location}; to {does} it must be at {needed}"
        else:
            found[location] = {
                phase: _reason_in(control, location, phase, counts, possible)
                for phase, counts in sorted(phases.items())
            }
    return found


def _reason_in(
    control: Control, location: str, phase: str, counts: set[int], possible: dict[str, set[int]]
) -> str:
    cannot = f"a thread at {location} cannot" if location else "nobody can"
    if undecided := counts & possible.get(phase, set()):
        raise ExportError(
            f"with {undecided} missing in {phase}, sometimes {cannot} {control.does}, and "
            "sometimes not: show what decides it"
        )
    if phase in possible:
        return f"with this count, {cannot} {control.does} in {phase}"
    return f"in {phase} {cannot} {control.does}, only in {' or '.join(sorted(possible))}"
