"""The barrier's state machine as data.

``TABLE`` has one row for each action of ``spec/Barrier.tla``, under the same name and in
the same order. A row says when its action can happen and what it does: it is the only place
in the package where a transition is written down. ``machine.step`` reads it, ``Barrier`` does
what it says, and the model checker's graph is compared with the graph that it spans.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from itertools import combinations, product
from types import MappingProxyType
from typing import Final, NamedTuple

__all__ = [
    "LOCATIONS",
    "TABLE",
    "Event",
    "Guard",
    "Location",
    "Outcome",
    "Phase",
    "Row",
    "Table",
    "TableError",
]


class _Name(Enum):
    """A name that stands for itself alone, so that its identity is its hash."""

    __hash__ = object.__hash__


class Phase(_Name):
    """The barrier's state, as every thread sees it."""

    FILLING = "FILLING"
    """Open for arrivals."""
    TRIPPING = "TRIPPING"
    """All parties have arrived, and the last of them runs the action."""
    RESETTING = "RESETTING"
    """Reset while the action runs: empty as soon as it ends."""
    BREAKING = "BREAKING"
    """Aborted while the action runs: broken already, and still when it ends."""
    BROKEN = "BROKEN"
    """Every call is refused until the barrier is reset."""

    @property
    def is_acting(self) -> bool:
        """Whether an action is running."""
        return self in (Phase.TRIPPING, Phase.RESETTING, Phase.BREAKING)

    @property
    def is_broken(self) -> bool:
        """Whether calls are refused."""
        return self in (Phase.BREAKING, Phase.BROKEN)


class Outcome(_Name):
    """What became of a generation, for all its threads alike."""

    RELEASED = "RELEASED"
    """``wait()`` returns the thread's index."""
    BROKEN = "BROKEN"
    """``wait()`` raises ``BrokenBarrierError``."""
    RESET = "RESET"
    """``wait()`` raises ``BrokenBarrierError``, and the barrier is usable."""


class Location(_Name):
    """How far a thread has got in its call of ``wait()``."""

    OUTSIDE = "OUTSIDE"
    """Not in ``wait()``."""
    CALLING = "CALLING"
    """In ``wait()``, not yet arrived."""
    HELD = "HELD"
    """Not yet arrived, because an earlier crossing's action still runs."""
    WAITING = "WAITING"
    """Arrived and blocked."""
    ACTING = "ACTING"
    """Arrived last, and running the action."""
    LEAVING = "LEAVING"
    """On the way out with the generation's outcome."""

    @property
    def has_arrived(self) -> bool:
        """Whether the thread belongs, or belonged, to a generation."""
        return self in (Location.WAITING, Location.ACTING, Location.LEAVING)


class Event(_Name):
    """What a thread does, or what befalls it."""

    CALL = "CALL"
    ARRIVE = "ARRIVE"
    ACTION_RETURNED = "ACTION_RETURNED"
    ACTION_RAISED = "ACTION_RAISED"
    TIMEOUT = "TIMEOUT"
    WITHDRAW = "WITHDRAW"
    WITHDRAW_CALL = "WITHDRAW_CALL"
    ABORT = "ABORT"
    RESET = "RESET"
    LEAVE = "LEAVE"


class Guard(_Name):
    """What must hold for an arrival, besides the phase."""

    ALWAYS = "ALWAYS"
    NOT_LAST = "NOT_LAST"
    LAST_WITHOUT_ACTION = "LAST_WITHOUT_ACTION"
    LAST_WITH_ACTION = "LAST_WITH_ACTION"

    def holds(self, last: bool, has_action: bool) -> bool:
        """Return whether the guard lets an arrival through.

        ``last``: the arrival completes the generation; ``has_action``: the barrier has an
        action.
        """
        if self is Guard.ALWAYS:
            return True
        if self is Guard.NOT_LAST:
            return not last
        return last and has_action is (self is Guard.LAST_WITH_ACTION)


class Row(NamedTuple):
    """One action of the state machine."""

    action: str
    """The action's name in ``spec/Barrier.tla``."""
    event: Event
    """What happens."""
    phases: tuple[Phase, ...]
    """The phases in which it can happen."""
    guard: Guard
    """What else must hold."""
    location: Location | None
    """Where the thread goes to which it happens; ``None`` if it happens to no one thread."""
    phase: Phase | None
    """The phase that follows; ``None``: it stays."""
    arrived: int
    """What is added to the count of arrivals. An outcome sets the count to zero."""
    outcome: Outcome | None
    """The outcome of the current generation, if this ends it."""


LOCATIONS: Final[Mapping[Event, tuple[Location, ...]]] = MappingProxyType(
    {
        Event.CALL: (Location.OUTSIDE,),
        Event.ARRIVE: (Location.CALLING, Location.HELD),
        Event.ACTION_RETURNED: (Location.ACTING,),
        Event.ACTION_RAISED: (Location.ACTING,),
        Event.TIMEOUT: (Location.WAITING,),
        Event.WITHDRAW: (Location.WAITING,),
        Event.WITHDRAW_CALL: (Location.CALLING, Location.HELD),
        Event.ABORT: (),
        Event.RESET: (),
        Event.LEAVE: (Location.LEAVING,),
    }
)
"""Where a thread must be for an event to happen to it; nowhere in particular for the events
that happen to no one thread."""


class TableError(ValueError):
    """A table that is not a state machine; the message names the row and what is wrong."""


class Table:
    """An immutable state machine, checked when it is built.

    Parameters: ``rows``, in the order of the specification's actions.

    Raises ``TableError`` where two rows have one name or overlap, an arrival has no row, or a
    row says something that has no effect or no meaning in its phases.
    """

    __slots__ = ("_rows_for", "rows")

    def __init__(self, rows: tuple[Row, ...]) -> None:
        for row in rows:
            _check_row(row)
        for one, other in combinations(rows, 2):
            _check_pair(one, other)
        self.rows: Final = rows
        self._rows_for: Final = {
            (event, phase): tuple(r for r in rows if r.event is event and phase in r.phases)
            for event, phase in product(Event, Phase)
        }
        for phase, last, has_action in product(Phase, (False, True), (False, True)):
            if self.row(Event.ARRIVE, phase, last, has_action) is None:
                arrivals = [_when(row) for row in rows if row.event is Event.ARRIVE]
                raise TableError(
                    f"no row says what ARRIVE does in {phase.value} "
                    f"(last={last}, has_action={has_action}): add one, or widen one of "
                    f"{', '.join(arrivals)}"
                )

    def row(self, event: Event, phase: Phase, last: bool, has_action: bool) -> Row | None:
        """Return the one row that applies, or ``None`` where the event cannot happen."""
        for row in self._rows_for[event, phase]:
            if row.guard.holds(last, has_action):
                return row
        return None


_OPEN: Final = (Phase.FILLING, Phase.TRIPPING)
"""The phases in which there is a generation without an outcome: only there are waiters."""


def _when(row: Row) -> str:
    """Return a row's name, and when it applies."""
    phases = "/".join(phase.value for phase in row.phases)
    return f"{row.action} ({phases}, {row.guard.value})"


def _check_row(row: Row) -> None:
    where = LOCATIONS[row.event]
    needs_generation = Location.WAITING in where or row.outcome is not None or row.arrived
    beyond = [
        phase.value
        for phase in row.phases
        if (needs_generation and phase not in _OPEN)
        or (Location.ACTING in where and not phase.is_acting)
    ]
    problem = None
    if not row.phases or len(set(row.phases)) < len(row.phases):
        problem = "its phases must be one or more, each once"
    elif beyond:
        problem = f"it cannot happen in {', '.join(beyond)}: leave that out"
    elif row.phases == (row.phase,):
        problem = "the phase that follows is the one it starts from: say None"
    elif row.guard is not Guard.ALWAYS and row.event is not Event.ARRIVE:
        problem = f"only ARRIVE is guarded, not {row.event.value}"
    elif row.outcome is not None and row.arrived:
        problem = "an outcome sets the count to zero: leave the count alone"
    elif row.arrived not in (-1, 0, 1):
        problem = f"the count changes by one at most, not by {row.arrived}"
    elif (row.location is None) is bool(where):
        problem = f"{row.event.value} happens to {'a' if where else 'no one'} thread"
    if problem is not None:
        raise TableError(f"{row.action}: {problem}")


def _check_pair(one: Row, other: Row) -> None:
    if one.action == other.action:
        raise TableError(f"{one.action}: two rows have this name")
    if one.event is not other.event or not set(one.phases) & set(other.phases):
        return
    for last, has_action in product((False, True), (False, True)):
        if one.guard.holds(last, has_action) and other.guard.holds(last, has_action):
            raise TableError(
                f"{one.action} and {other.action} overlap: both apply to {one.event.value} "
                f"in {', '.join(p.value for p in one.phases if p in other.phases)}"
            )


# fmt: off
def _rows() -> tuple[Row, ...]:
    E, P, G, L, O = Event, Phase, Guard, Location, Outcome
    any_phase, stays, nobody, none = tuple(Phase), None, None, None
    return (
        #   action                      event              phases                     guard                  location    phase        ±  outcome
        Row("Call",                     E.CALL,            any_phase,                 G.ALWAYS,              L.CALLING,  stays,       0, none),
        Row("ArriveAndWait",            E.ARRIVE,          (P.FILLING,),              G.NOT_LAST,            L.WAITING,  stays,      +1, none),
        Row("ArriveAndRelease",         E.ARRIVE,          (P.FILLING,),              G.LAST_WITHOUT_ACTION, L.LEAVING,  stays,       0, O.RELEASED),
        Row("ArriveAndAct",             E.ARRIVE,          (P.FILLING,),              G.LAST_WITH_ACTION,    L.ACTING,   P.TRIPPING, +1, none),
        Row("ArriveHeld",               E.ARRIVE,          (P.TRIPPING, P.RESETTING), G.ALWAYS,              L.HELD,     stays,       0, none),
        Row("ArriveRefused",            E.ARRIVE,          (P.BREAKING, P.BROKEN),    G.ALWAYS,              L.OUTSIDE,  stays,       0, none),
        Row("ActionReturned",           E.ACTION_RETURNED, (P.TRIPPING,),             G.ALWAYS,              L.LEAVING,  P.FILLING,   0, O.RELEASED),
        Row("ActionReturnedAfterReset", E.ACTION_RETURNED, (P.RESETTING,),            G.ALWAYS,              L.LEAVING,  P.FILLING,   0, none),
        Row("ActionReturnedAfterAbort", E.ACTION_RETURNED, (P.BREAKING,),             G.ALWAYS,              L.LEAVING,  P.BROKEN,    0, none),
        Row("ActionRaised",             E.ACTION_RAISED,   (P.TRIPPING,),             G.ALWAYS,              L.OUTSIDE,  P.BROKEN,    0, O.BROKEN),
        Row("ActionRaisedAfterReset",   E.ACTION_RAISED,   (P.RESETTING,),            G.ALWAYS,              L.OUTSIDE,  P.FILLING,   0, none),
        Row("ActionRaisedAfterAbort",   E.ACTION_RAISED,   (P.BREAKING,),             G.ALWAYS,              L.OUTSIDE,  P.BROKEN,    0, none),
        Row("TimeOut",                  E.TIMEOUT,         (P.FILLING,),              G.ALWAYS,              L.OUTSIDE,  P.BROKEN,    0, O.BROKEN),
        Row("Withdraw",                 E.WITHDRAW,        (P.FILLING, P.TRIPPING),   G.ALWAYS,              L.OUTSIDE,  stays,      -1, none),
        Row("WithdrawCall",             E.WITHDRAW_CALL,   any_phase,                 G.ALWAYS,              L.OUTSIDE,  stays,       0, none),
        Row("AbortFilling",             E.ABORT,           (P.FILLING,),              G.ALWAYS,              nobody,     P.BROKEN,    0, O.BROKEN),
        Row("AbortTripping",            E.ABORT,           (P.TRIPPING,),             G.ALWAYS,              nobody,     P.BREAKING,  0, O.BROKEN),
        Row("AbortResetting",           E.ABORT,           (P.RESETTING,),            G.ALWAYS,              nobody,     P.BREAKING,  0, none),
        Row("AbortAgain",               E.ABORT,           (P.BREAKING, P.BROKEN),    G.ALWAYS,              nobody,     stays,       0, none),
        Row("ResetFilling",             E.RESET,           (P.FILLING,),              G.ALWAYS,              nobody,     stays,       0, O.RESET),
        Row("ResetTripping",            E.RESET,           (P.TRIPPING,),             G.ALWAYS,              nobody,     P.RESETTING, 0, O.RESET),
        Row("ResetAgain",               E.RESET,           (P.RESETTING,),            G.ALWAYS,              nobody,     stays,       0, none),
        Row("ResetBreaking",            E.RESET,           (P.BREAKING,),             G.ALWAYS,              nobody,     P.RESETTING, 0, none),
        Row("ResetBroken",              E.RESET,           (P.BROKEN,),               G.ALWAYS,              nobody,     P.FILLING,   0, none),
        Row("Leave",                    E.LEAVE,           any_phase,                 G.ALWAYS,              L.OUTSIDE,  stays,       0, none),
    )
# fmt: on


TABLE: Final = Table(_rows())
"""The barrier."""
