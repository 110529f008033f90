"""`verified-barrier explore` writes one page, the same each time."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from explore.conftest import SHOWN, AllSteps
from verified_barrier import cli
from verified_barrier.barrier import Barrier
from verified_barrier.table import LOCATIONS, TABLE
from verified_barrier.teaching.barriers import EXHIBITS, exhibit, runs_of
from verified_barrier.teaching.explore.controls import (
    CONTROLS,
    ExportError,
    control_of,
    reasons,
)
from verified_barrier.teaching.explore.excerpts import CPYTHON_EXCERPT, OUR_EXCERPT, excerpt
from verified_barrier.teaching.explore.export import Graphs, export
from verified_barrier.teaching.explore.packing import packed
from verified_barrier.teaching.explore.page import page
from verified_barrier.teaching.explore.phases import phase_arrows, phase_diagram, phases_of
from verified_barrier.teaching.places import Steps, our_steps
from verified_barrier.teaching.sizes import Size
from verified_barrier.verification.tlc import Tlc

OURS = exhibit("ours")
LARGEST = 2_000_000
"""Bytes of a page that is still quick to load."""


def write(file: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert cli.main(["explore", "--output", str(file)]) == 0
    assert re.fullmatch(rf"{re.escape(str(file))}: \d\.\d MB\n", capsys.readouterr().out)
    return file.read_text(encoding="utf-8")


@pytest.mark.check
@pytest.mark.full
@pytest.mark.timeout(600)
def test_whole_page_is_small_and_the_same_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """TLC numbers its states differently each time, which is not to be seen in the page."""
    one, other = (write(tmp_path / name, capsys) for name in ("one.html", "other.html"))
    assert one == other
    assert len(one.encode()) < LARGEST
    for shown in EXHIBITS:
        assert f'"key":"{shown.key}"' in one


@pytest.mark.check
@pytest.mark.timeout(240)
@pytest.mark.xdist_group("page")
def test_command_writes_the_page(
    graphs: Graphs,
    page_file: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = "verified_barrier.teaching.explore.export.all_graphs"
    monkeypatch.setattr(module, lambda *_: graphs)
    monkeypatch.setattr(Tlc, "prepared", lambda tlc, _: tlc)
    text = write(tmp_path / "barrier.html", capsys)
    assert text == page_file.read_text(encoding="utf-8")
    assert not re.search(r"""(src|href)=["'](?!#|data:)|url\(|@import|https?:""", text)


@pytest.mark.check
@pytest.mark.parametrize("terminal", [True, False])
def test_terminal_shows_what_is_searched(
    terminal: bool, ours: Graphs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one line, which is gone in the end; nothing else is told."""

    def all_graphs(_tlc: Tlc, _timeout: float, tell: Callable[[str], None]) -> Graphs:
        tell(f"1 of 1: ours, {Size(2, 2, False)}")
        return ours

    errors = io.StringIO()
    monkeypatch.setattr(errors, "isatty", lambda: terminal)
    monkeypatch.setattr("sys.stderr", errors)
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setattr("verified_barrier.teaching.explore.export.all_graphs", all_graphs)
    monkeypatch.setattr(Tlc, "prepared", lambda tlc, _: tlc)
    assert cli.main(["explore", "--output", str(tmp_path / "barrier.html")]) == 0
    cleared = "\r\x1b[K"
    told = ["", "starting TLC", "1 of 1: ours, 2 par", ""]
    assert errors.getvalue() == (cleared.join(told) if terminal else "")


@pytest.mark.check
@pytest.mark.timeout(240)
@pytest.mark.xdist_group("page")
def test_order_in_which_steps_are_found_makes_no_difference(
    all_steps: AllSteps, graphs: Graphs
) -> None:
    chance = random.Random(1)  # noqa: S311 - nothing is secret here

    def shuffled(steps: Steps) -> Steps:
        return Steps(
            steps.start, lambda p: chance.sample(found := list(steps.after(p)), len(found))
        )

    again = {
        key: {
            size: runs_of(exhibit(key), size, shuffled(all_steps[key, size]))
            for size in sizes
            if size.threads < 4
        }
        for key, sizes in SHOWN.items()
        if key in ("cpython", "holds-on")
    }
    assert page(export(again)) == page(export({key: graphs[key] for key in again}))


def test_file_that_cannot_be_written_is_said_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "nowhere" / "barrier.html"
    assert cli.main(["explore", "--output", str(file)]) == 2
    assert f"{file} cannot be written" in capsys.readouterr().err


@pytest.fixture(scope="module")
def ours() -> Graphs:
    sizes = [size for size in OURS.sizes if size.threads < 4]
    return {"ours": {size: runs_of(OURS, size, our_steps(*size)) for size in sizes}}


def test_reasons_are_those_of_the_table(ours: Graphs) -> None:
    """Where no reason is given, an event can happen; the locations and phases are the table's."""
    found = reasons(list(ours["ours"].values()), OURS.events)
    for control in CONTROLS:
        where = {location for event in control.events for location in LOCATIONS[event]}
        never = {place for place, reason in found[control.key].items() if isinstance(reason, str)}
        if where:
            assert never == {place.value for place in type(next(iter(where)))} - {
                location.value for location in where
            }
        for location, by_phase in found[control.key].items():
            if isinstance(by_phase, str):
                continue
            moves = [
                row
                for row in TABLE.rows
                if row.event in control.events
                and (row.location is None or row.location.value != location)
            ]
            phases = {phase.value for row in moves for phase in row.phases}
            assert not phases & by_phase.keys()


def test_graph_that_lacks_a_move_is_not_exported(ours: Graphs) -> None:
    """Then a thing could be done in one place, and not in another that is like it."""
    graph = next(graph for size, graph in ours["ours"].items() if size.threads == 2)
    first = graph.nodes[0]._replace(moves=graph.nodes[0].moves[:-1])
    spoilt = replace(graph, nodes=(first, *graph.nodes[1:]))
    with pytest.raises(ExportError, match="show what decides it"):
        reasons([spoilt, graph], OURS.events)


def test_every_event_has_one_control() -> None:
    assert sorted(e.value for c in CONTROLS for e in c.events) == sorted(e.value for e in LOCATIONS)
    assert len({control.key for control in CONTROLS}) == len(CONTROLS)
    assert all(event in control_of(event).events for event in LOCATIONS)


def test_excerpts_have_a_line_for_each_location(ours: Graphs) -> None:
    """And they are lines of the source, at the numbers that they bear."""
    lines = excerpt(OUR_EXCERPT, numbered=True)
    source = Path(Barrier.wait.__code__.co_filename).read_text(encoding="utf-8").splitlines()
    for number, text in lines.lines:
        if number is not None and not text.startswith("def "):
            assert source[number - 1].strip().startswith(text.strip())
    shown = {
        (thread.location, thread.outcome)
        for graph in ours["ours"].values()
        for node in graph.nodes
        for thread in node.scene.threads
    }
    for location, outcome in shown:
        assert location in lines.places or f"{location}/{outcome}" in lines.places


@pytest.mark.check
@pytest.mark.timeout(240)
@pytest.mark.xdist_group("page")
def test_cpythons_excerpt_has_a_line_for_each_location(graphs: Graphs) -> None:
    places = excerpt(CPYTHON_EXCERPT, numbered=False).places
    for graph in graphs["cpython"].values():
        for node in graph.nodes:
            assert {thread.location for thread in node.scene.threads} <= places.keys()


def test_line_that_has_gone_is_missed() -> None:
    ((function, stops),) = OUR_EXCERPT
    gone = stops[3]._replace(text="call.acquire_twice()")
    with pytest.raises(ExportError, match=r"Barrier.wait has no line 'call.acquire_twice\(\)'"):
        excerpt([(function, (*stops[:3], gone, *stops[4:]))], numbered=True)


def test_too_large_a_graph_is_not_packed(ours: Graphs) -> None:
    graph = next(iter(ours["ours"].values()))
    far = graph.nodes[0].moves[0]._replace(target=64 * 64)
    spoilt = replace(graph, nodes=(graph.nodes[0]._replace(moves=(far,)), *graph.nodes[1:]))
    with pytest.raises(ExportError, match="4096 does not fit into 2 digits"):
        packed(spoilt, sorted(OURS.events), phases_of([graph]))


def test_large_graph_has_wider_numbers(ours: Graphs) -> None:
    """From 4096 nodes on, a move names its target with three digits."""
    graph = ours["ours"][Size(2, 2, False)]
    large = replace(graph, nodes=graph.nodes * 60)
    few, many = (packed(one, sorted(OURS.events), phases_of([one])) for one in (graph, large))
    assert (few["width"], many["width"]) == (2, 3)
    assert len(many["moves"]) / 4 == 60 * len(few["moves"]) / 3
    assert many["moves"][: 4 * 2] == f"0{few['moves'][:3]}0{few['moves'][3:6]}"


def test_phase_diagram_has_the_tables_arrows(ours: Graphs) -> None:
    """Those that lead from one phase to another; and no phase without a place."""
    tabled = {
        (phase.value, row.phase.value)
        for row in TABLE.rows
        if row.phase is not None
        for phase in row.phases
        if phase is not row.phase
    }
    graphs = list(ours["ours"].values())
    arrows = phase_arrows(graphs)
    assert set(arrows) == tabled
    assert phase_diagram(phases_of(graphs), arrows).count("data-arrow") == len(tabled)
    node = graphs[0].nodes[0]
    lost = node._replace(scene=node.scene._replace(phase="ABORTED"))
    with pytest.raises(ExportError, match="ABORTED has no place"):
        phases_of([replace(graphs[0], nodes=(lost,))])
