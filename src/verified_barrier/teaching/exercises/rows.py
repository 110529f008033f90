"""Grading rows of the table: the table that they complete must span TLC's state graph."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Any, Final

from verified_barrier import machine
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
from verified_barrier.teaching.exercises.answers import read_answer, read_python
from verified_barrier.teaching.exercises.exercise import NotSolvedError, Tools
from verified_barrier.teaching.exercises.specification import graph_of
from verified_barrier.verification.graph import differences
from verified_barrier.verification.model import Graph, enumerate_graph
from verified_barrier.verification.resources import SPEC, read_modules

__all__ = ["FILE", "RowHints", "grade_rows", "with_table"]

FILE: Final = "row.py"

RowHints = Mapping[str, Mapping[str, str]]
"""Of each action whose row is to be completed: what to think of, by column."""

_THREADS: Final = 3
_READ: Final = "TABLE"
"""What ``machine.step`` reads."""
_ENUMS: Final[dict[str, type[Enum]]] = {
    kind.__name__: kind for kind in (Event, Guard, Location, Outcome, Phase)
}


def grade_rows(folder: Path, tools: Tools, hints: RowHints) -> str:
    """Compare the graph of the table, completed with the answer, with TLC's.

    Parameters: ``hints``, which rows are to be completed. Returns what was compared. Raises
    ``NotSolvedError`` with the first difference, ``ExerciseError`` where there is no answer.
    """
    rows = read_rows(read_answer(folder, FILE), list(hints))
    try:
        table = Table(tuple(rows.get(row.action, row) for row in TABLE.rows))
    except TableError as problem:
        raise NotSolvedError(f"this is no table: {problem}", _hint(rows, hints)) from None
    wanted = specified(tools)
    with with_table(table):
        tabled = enumerate_graph(_THREADS, _THREADS, has_action=True)
    if wrong := differences(wanted, tabled, limit=1):
        raise NotSolvedError("\n".join(wrong), _hint(rows, hints))
    return (
        f"the table has the same {len(tabled.states)} states and {len(tabled.edges)} steps as "
        f"TLC's graph of spec/Barrier.tla, with {_THREADS} threads and an action"
    )


def specified(tools: Tools) -> Graph:
    """Return TLC's graph of the specification."""
    return graph_of(tools, read_modules(SPEC), _THREADS, _THREADS, has_action=True)


@contextmanager
def with_table(table: Table) -> Iterator[None]:
    """Let ``machine.step`` read another table for a while."""
    setattr(machine, _READ, table)
    try:
        yield
    finally:
        setattr(machine, _READ, TABLE)


def _hint(rows: Mapping[str, Row], hints: RowHints) -> str:
    """Return what to think of in the first column that is not as it should be."""
    for row in TABLE.rows:
        for column in Row._fields:
            if row.action in rows and getattr(rows[row.action], column) != getattr(row, column):
                return f"{row.action}, {column}: {hints[row.action][column]}"
    return ""


def read_rows(text: str, actions: Sequence[str]) -> dict[str, Row]:
    """Return the rows in a file, by action. The file is read, and not run.

    Raises ``NotSolvedError`` where it has other rows than those of ``actions``, or a row with an
    entry that does not belong there.
    """
    calls = [
        node
        for node in ast.walk(read_python(FILE, text))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Row"
    ]
    rows = [_row(call) for call in calls]
    if sorted(row.action for row in rows) != sorted(actions):
        found = ", ".join(row.action for row in rows) or "none"
        raise NotSolvedError(f"{FILE} must have the rows of {', '.join(actions)}, and has: {found}")
    return {row.action: row for row in rows}


def _row(call: ast.Call) -> Row:
    entries = {word.arg: word.value for word in call.keywords if word.arg is not None}
    if call.args or len(entries) < len(call.keywords) or set(entries) != set(Row._fields):
        raise NotSolvedError(
            f"{FILE}, line {call.lineno}: a row says, by name, {', '.join(Row._fields)}"
        )
    values = {column: _value(column, entries[column]) for column in Row._fields}
    for column, kinds in _KINDS.items():
        if not isinstance(values[column], kinds):
            raise NotSolvedError(
                f"{FILE}, line {entries[column].lineno}: {column} is "
                f"{ast.unparse(entries[column])}, and must be {_MEANT[column]}"
            )
    return Row(**values)


_KINDS: Final[dict[str, Any]] = {
    "action": str,
    "event": Event,
    "phases": tuple,
    "guard": Guard,
    "location": (Location, type(None)),
    "phase": (Phase, type(None)),
    "arrived": int,
    "outcome": (Outcome, type(None)),
}
_MEANT: Final = {
    "action": "a name in quotes",
    "event": "an Event",
    "phases": "phases in parentheses, such as (Phase.FILLING,) or (Phase.FILLING, Phase.BROKEN)",
    "guard": "a Guard",
    "location": "a Location, or None",
    "phase": "a Phase, or None",
    "arrived": "a number, such as +1",
    "outcome": "an Outcome, or None",
}


def _value(column: str, node: ast.expr) -> Any:
    """Return what an entry stands for; what it cannot be is left as it is."""
    if isinstance(node, ast.Constant) and node.value is Ellipsis:
        raise NotSolvedError(f"{FILE}, line {node.lineno}: {column} is still to be filled in: ...")
    if isinstance(node, ast.Tuple):
        phases = tuple(_value(column, part) for part in node.elts)
        return phases if all(isinstance(phase, Phase) for phase in phases) else node
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        kind = _ENUMS.get(node.value.id)
        if kind is not None and node.attr in kind.__members__:
            return kind[node.attr]
        return node
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return node
    return node if isinstance(value, bool) else value
