"""The table refuses what is not a state machine."""

from __future__ import annotations

import re
from itertools import product

import pytest

from verified_barrier.table import (
    TABLE,
    Event,
    Guard,
    Location,
    Outcome,
    Phase,
    Row,
    Table,
    TableError,
)

ROWS = {row.action: row for row in TABLE.rows}


def table_with(action: str, changes: dict[str, object]) -> Table:
    """Return the barrier's table with one row changed."""
    rows = (Row(**(row._asdict() | changes)) if row.action == action else row for row in TABLE.rows)
    return Table(tuple(rows))


def test_every_arrival_has_exactly_one_row() -> None:
    """For each phase, and whether last or not, with an action or not."""
    for phase, last, has_action in product(Phase, (False, True), (False, True)):
        applying = [
            row
            for row in TABLE.rows
            if row.event is Event.ARRIVE
            and phase in row.phases
            and row.guard.holds(last, has_action)
        ]
        assert len(applying) == 1
        assert TABLE.row(Event.ARRIVE, phase, last, has_action) is applying[0]


def test_event_that_cannot_happen_has_no_row() -> None:
    """A waiter does not time out while the action runs."""
    assert TABLE.row(Event.TIMEOUT, Phase.TRIPPING, False, True) is None


def test_rows_cannot_be_changed() -> None:
    """A row is immutable, and so is the sequence of rows."""
    with pytest.raises(AttributeError):
        TABLE.rows[0].outcome = Outcome.RESET  # type: ignore[misc]
    assert isinstance(TABLE.rows, tuple)


@pytest.mark.parametrize(
    ("guard", "expected"),
    [
        (Guard.ALWAYS, (True, True, True, True)),
        (Guard.NOT_LAST, (True, True, False, False)),
        (Guard.LAST_WITHOUT_ACTION, (False, False, True, False)),
        (Guard.LAST_WITH_ACTION, (False, False, False, True)),
    ],
)
def test_guard_says_what_it_is_named_for(guard: Guard, expected: tuple[bool, ...]) -> None:
    """For all of: last or not, with an action or not."""
    cases = product((False, True), (False, True))
    assert tuple(guard.holds(last, has_action) for last, has_action in cases) == expected


@pytest.mark.parametrize(
    ("action", "changes", "message"),
    [
        ("Leave", {"action": "Call"}, "Call: two rows have this name"),
        (
            "AbortResetting",
            {"phases": (Phase.RESETTING, Phase.BROKEN)},
            "AbortResetting and AbortAgain overlap: both apply to ABORT in BROKEN",
        ),
        (
            "ArriveAndRelease",
            {"guard": Guard.ALWAYS},
            "ArriveAndWait and ArriveAndRelease overlap: both apply to ARRIVE in FILLING",
        ),
        *(
            (action, {"guard": guard}, f"{first} and {second} overlap")
            for action, guard, first, second in (
                ("ArriveAndRelease", Guard.NOT_LAST, "ArriveAndWait", "ArriveAndRelease"),
                ("ArriveAndRelease", Guard.LAST_WITH_ACTION, "ArriveAndRelease", "ArriveAndAct"),
                ("ArriveAndAct", Guard.LAST_WITHOUT_ACTION, "ArriveAndRelease", "ArriveAndAct"),
            )
        ),
        (
            "ArriveHeld",
            {"phases": (Phase.TRIPPING,)},
            r"no row says what ARRIVE does in RESETTING .* ArriveHeld \(TRIPPING, ALWAYS\), "
            r"ArriveRefused \(BREAKING/BROKEN, ALWAYS\)$",
        ),
        ("Call", {"phases": ()}, "Call: its phases must be one or more, each once"),
        ("Call", {"phases": (Phase.BROKEN,) * 2}, "Call: its phases must be one or more"),
        (
            "ResetFilling",
            {"phase": Phase.FILLING},
            "ResetFilling: the phase that follows is the one it starts from: say None",
        ),
        ("ResetBroken", {"outcome": Outcome.RESET}, "ResetBroken: it cannot happen in BROKEN"),
        ("TimeOut", {"phases": (Phase.BROKEN,)}, "TimeOut: it cannot happen in BROKEN"),
        ("ActionRaised", {"phases": (Phase.FILLING,)}, "ActionRaised: it cannot happen in FILLING"),
        ("TimeOut", {"guard": Guard.NOT_LAST}, "TimeOut: only ARRIVE is guarded, not TIMEOUT"),
        ("TimeOut", {"arrived": -1}, "TimeOut: an outcome sets the count to zero"),
        ("Withdraw", {"arrived": -2}, "Withdraw: the count changes by one at most, not by -2"),
        ("AbortAgain", {"location": Location.LEAVING}, "AbortAgain: ABORT happens to no one"),
        ("Leave", {"location": None}, "Leave: LEAVE happens to a thread"),
    ],
)
def test_table_refuses(action: str, changes: dict[str, object], message: str) -> None:
    """A wrong row is refused when the table is built, by name, with the reason."""
    with pytest.raises(TableError, match=message):
        table_with(action, changes)


@pytest.mark.parametrize(
    ("action", "last", "has_action"),
    [
        ("ArriveAndWait", False, False),
        ("ArriveAndRelease", True, False),
        ("ArriveAndAct", True, True),
    ],
)
def test_table_refuses_a_gap(action: str, last: bool, has_action: bool) -> None:
    """An arrival without a row is refused."""
    rows = tuple(row for row in TABLE.rows if row.action != action)
    said = f"ARRIVE does in FILLING (last={last}, has_action={has_action}): add one"
    with pytest.raises(TableError, match=re.escape(said)):
        Table(rows)


def test_row_equal_in_all_fields_is_a_duplicate() -> None:
    """A row that is there twice is refused."""
    with pytest.raises(TableError, match="ResetBroken: two rows have this name"):
        Table((*TABLE.rows, Row(*ROWS["ResetBroken"])))
