"""Any change of any row is found by `verified-barrier check`, which names the row."""

from __future__ import annotations

from collections.abc import Iterator

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
from verified_barrier.verification.check import Verdict, check_graph, check_names
from verified_barrier.verification.manifest import Model, load_manifest
from verified_barrier.verification.resources import MODELS, SPEC, read_modules
from verified_barrier.verification.tlc import Finding, Tlc

CHECKED = (
    "safety/1-party-2-threads-action",
    "safety/2-parties-2-threads",
    "safety/2-parties-2-threads-action",
    "safety/2-parties-3-threads-action",
    "safety/3-parties-3-threads-action",
)

Specified = list[tuple[Model, str]]


@pytest.fixture(scope="module")
def specified(tlc: Tlc, tmp_path_factory: pytest.TempPathFactory) -> Specified:
    """The graphs of the specification, as TLC dumps them."""
    modules = read_modules(SPEC)
    dump = tmp_path_factory.mktemp("dump") / "graph.dot"
    graphs = []
    for model in load_manifest(MODELS):
        if model.name in CHECKED:
            run = tlc.run(model.module, model.configuration, modules, 60.0, dump)
            assert run.finding is Finding.HOLDS
            graphs.append((model, dump.read_text()))
    assert len(graphs) == len(CHECKED)
    return sorted(graphs, key=lambda graph: CHECKED.index(graph[0].name))


def changes(row: Row) -> Iterator[Row]:
    """Yield the row with each of its cells changed in every way."""
    for phase in Phase:
        others = tuple(p for p in Phase if (p in row.phases) is not (p is phase))
        yield row._replace(phases=others)
    for field, values in (
        ("event", Event),
        ("guard", Guard),
        ("location", (*Location, None)),
        ("phase", (*Phase, None)),
        ("arrived", (-2, -1, 0, 1, 2)),
        ("outcome", (*Outcome, None)),
    ):
        for value in values:
            if value != getattr(row, field):
                yield Row(**(row._asdict() | {field: value}))


def how_found(
    rows: tuple[Row, ...], specified: Specified, monkeypatch: pytest.MonkeyPatch
) -> str | None:
    """Return what is said of a table that has these rows, or `None` if nothing is."""
    try:
        table = Table(rows)
    except TableError as problem:
        return str(problem)
    monkeypatch.setattr("verified_barrier.machine.TABLE", table)
    for model, dump in specified:
        report = check_graph(model, dump)
        if report.verdict is Verdict.UNEXPECTED:
            return "\n".join(report.details)
    return None


@pytest.mark.check
@pytest.mark.parametrize("row", TABLE.rows, ids=lambda row: row.action)
def test_changed_row_is_found_and_named(
    row: Row, specified: Specified, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each cell in turn gets every other value; the message names the row."""
    for changed in changes(row):
        rows = tuple(changed if r is row else r for r in TABLE.rows)
        said = how_found(rows, specified, monkeypatch)
        assert said is not None, f"nobody notices {changed}"
        assert row.action in said, said


@pytest.mark.check
@pytest.mark.parametrize("row", TABLE.rows, ids=lambda row: row.action)
def test_missing_row_is_found_and_named(
    row: Row, specified: Specified, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each row in turn is left out. Where an arrival's is, the table alone cannot know its name.

    It names the arrivals that are left, so that one sees which is not among them.
    """
    rows = tuple(r for r in TABLE.rows if r is not row)
    said = how_found(rows, specified, monkeypatch)
    assert said is not None
    if row.event is Event.ARRIVE:
        left = [f"{r.action} (" for r in rows if r.event is Event.ARRIVE]
        assert said.startswith(f"no row says what ARRIVE does in {row.phases[0].value} "), said
        assert all(one in said for one in left), said
    else:
        assert row.action in said, said


@pytest.mark.check
def test_unchanged_table_is_not_found_fault_with(
    specified: Specified, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tests above do not fail for another reason."""
    assert how_found(TABLE.rows, specified, monkeypatch) is None


@pytest.mark.parametrize("place", range(len(TABLE.rows)))
def test_renamed_or_moved_row_is_found(place: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another name, or another order, is not that of the specification."""
    renamed = list(TABLE.rows)
    renamed[place] = renamed[place]._replace(action="Renamed")
    moved = list(TABLE.rows)
    moved.insert((place + 5) % len(moved), moved.pop(place))
    for rows in (renamed, moved):
        monkeypatch.setattr("verified_barrier.verification.check.TABLE", Table(tuple(rows)))
        report = check_names()
        assert report.verdict is Verdict.UNEXPECTED
        assert any(TABLE.rows[place].action in detail for detail in report.details)
