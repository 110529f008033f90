"""Faults that are declared elsewhere, where they have a test of their own, and generated ones."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

from barrier.test_interruptions import FAULTS as OF_INTERRUPTIONS
from mutants.faults import ROOT, Edit, Fault, FaultError, Kind, definition
from scheduler.faults import FAULTS as OF_SHELL
from table.test_mutants import changes
from traces.test_validation import test_rules_that_are_wrong_are_no_verdict as wrong_rules
from verification.test_behaviours import test_change_of_the_specification_is_found as changed
from verified_barrier.table import TABLE, Row, Table, TableError

__all__ = ["collected"]

_BARRIER = "src/verified_barrier/barrier.py"
_TABLE = "src/verified_barrier/table.py"


def collected() -> Iterator[Fault]:
    """Yield them all."""
    yield from _of_manifest()
    yield from _of_table()
    yield from _of_shell()
    yield from _of_cpython()
    yield from _of_rules()


def _read(file: str) -> str:
    return (ROOT / file).read_text(encoding="utf-8")


def _of_manifest() -> Iterator[Fault]:
    """Yield the models that must fail: another action, or less fairness.

    What stands in for an action there takes its place here, in ``Barrier.tla`` itself; and what
    is assumed there is all that is assumed here, wherever the property is to hold.
    """
    faults, liveness = _read("spec/BarrierFaults.tla"), _read("spec/BarrierLiveness.tla")
    for group in tomllib.loads(_read("models/manifest.toml"))["group"]:
        for model in group["models"]:
            name = f"{group['name']}/{model['name']}"
            if group["name"] == "fault":
                ((action, other),) = model["replace"].items()
                yield _redefined(
                    name, "Barrier", _read("spec/Barrier.tla"), action, definition(faults, other)
                )
            elif group["name"].startswith("unfair"):
                weak = _read(f"models/{group['cfg']}").split("SPECIFICATION ")[1].split()[0]
                strong = "CrossingSpec" if model["violates"] == "Crossing" else "FairSpec"
                body = definition(liveness, weak)
                yield _redefined(name, "BarrierLiveness", liveness, strong, body)


def _redefined(name: str, module: str, text: str, defined: str, body: str) -> Fault:
    start = next(s for s in (f"\n{defined}(t) ==", f"\n{defined} ==") if s in text)
    edit = Edit(f"spec/{module}.tla", start + definition(text, defined), start + body)
    return Fault(name, Kind.SPECIFICATION, (edit,))


def _of_table() -> Iterator[Fault]:
    """Yield for each row one of its changes that the table accepts, and each time another cell."""
    lines = {
        row.action: next(li for li in _read(_TABLE).splitlines() if f'Row("{row.action}",' in li)
        for row in TABLE.rows
    }
    for number, row in enumerate(TABLE.rows):
        accepted = [changed for changed in changes(row) if _is_table(row, changed)]
        chosen = accepted[(7 * number + 3) % len(accepted)]
        cells = [
            f"{field}: {_words(getattr(row, field))} → {_words(getattr(chosen, field))}"
            for field in Row._fields
            if getattr(row, field) != getattr(chosen, field)
        ]
        edit = Edit(_TABLE, lines[row.action], f"        {_code(chosen)},")
        yield Fault(f"{row.action}, {', '.join(cells)}", Kind.TABLE, (edit,))


def _is_table(row: Row, other: Row) -> bool:
    try:
        Table(tuple(other if one is row else one for one in TABLE.rows))
    except TableError:
        return False
    return True


def _words(cell: Any) -> str:
    if isinstance(cell, tuple):
        return "/".join(each.name for each in cell)
    return str(getattr(cell, "name", cell))


def _code(row: Row) -> str:
    """Return a row as it is written."""
    cells = []
    for cell in row:
        if isinstance(cell, tuple):
            cells.append(f"({''.join(f'P.{each.name}, ' for each in cell)})")
        elif isinstance(cell, (str, int)) or cell is None:
            cells.append(repr(cell))
        else:
            cells.append(f"{type(cell).__name__[0]}.{cell.name}")
    return f"Row({', '.join(cells)})"


def _of_shell() -> Iterator[Fault]:
    for one in OF_SHELL:
        yield Fault(one.name, Kind.SHELL, (Edit(_BARRIER, one.old, one.new),))
    source = _read(_BARRIER)
    for name, (old, new, _situation, _twice) in OF_INTERRUPTIONS.items():
        edit = Edit(_BARRIER, source, source.replace(old, new))
        yield Fault(name, Kind.SHELL, (edit,), python=(3, 12))


def _parameters(test: Any) -> list[tuple[str, str, str]]:
    """Return what a test is parametrized with: the old text, the new one, and what is said."""
    (mark,) = (mark for mark in test.pytestmark if mark.name == "parametrize")
    return [tuple(values) for values in mark.args[1]]


def _of_cpython() -> Iterator[Fault]:
    file = "spec/CPythonBarrier.tla"
    source = _read(file)
    for old, new, _says in _parameters(changed):
        if old not in source:
            raise FaultError(f"{file} lacks {old!r}")
        edit = Edit(file, source, source.replace(old, new, 1))
        yield Fault(f"CPythonBarrier.tla: {new}", Kind.CPYTHON, (edit,))


def _of_rules() -> Iterator[Fault]:
    """Yield the rules of traces with which TLC still runs, and says something else."""
    for rule, wrong, says in _parameters(wrong_rules):
        if says.startswith("TLC follows"):
            edit = Edit("spec/BarrierTrace.tla", rule, wrong)
            yield Fault(f"BarrierTrace.tla: {wrong or 'no'} for {rule}", Kind.TOOL, (edit,))
