"""The phase diagram: which actions take the barrier from one phase to another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import hypot
from typing import Final

from verified_barrier.table import Phase, Row, Table
from verified_barrier.teaching.svg import LINE, Drawing, Point, width_of
from verified_barrier.teaching.words import kind_of

__all__ = ["PHASE_FORMATS"]

_Arrows = dict[tuple[Phase, Phase], list[Row]]

_TITLE: Final = "Phases of the barrier"


def _arrows(table: Table) -> tuple[_Arrows, list[Row]]:
    """Return the rows from each phase to each, and those that change nothing in any phase.

    An outcome or another count is a change, too.
    """
    arrows: _Arrows = {}
    anywhere = []
    for row in table.rows:
        if len(row.phases) == len(Phase) and not (row.phase or row.arrived or row.outcome):
            anywhere.append(row)
            continue
        for phase in row.phases:
            arrows.setdefault((phase, row.phase or phase), []).append(row)
    order = list(Phase)

    def place(pair: tuple[Phase, Phase]) -> tuple[int, bool, int]:
        return order.index(pair[0]), pair[0] is not pair[1], order.index(pair[1])

    return {pair: arrows[pair] for pair in sorted(arrows, key=place)}, anywhere


def _says(row: Row) -> str:
    """Return an action's name, with what it adds to the count, or the outcome that it gives."""
    if row.outcome is not None:
        return f"{row.action} / {row.outcome.value}"
    return f"{row.action} {row.arrived:+d}" if row.arrived else row.action


def _note(anywhere: list[Row]) -> str:
    return "in every phase, without effect on it: " + ", ".join(row.action for row in anywhere)


_KEY: Final = "+1, -1: what is added to arrived; after the slash: the generation's outcome"


def _text(table: Table) -> str:
    arrows, anywhere = _arrows(table)
    lines = [f"{_TITLE} ({_KEY})"]
    for phase in Phase:
        lines += ["", phase.value]
        for (source, target), rows in arrows.items():
            if source is phase:
                goes = "stays" if target is source else f"-> {target.value}"
                lines += [f"    {goes:<13}  {_says(row)}" for row in rows]
    return "\n".join([*lines, "", _note(anywhere), ""])


def _mermaid(table: Table) -> str:
    arrows, anywhere = _arrows(table)
    lines = ["stateDiagram-v2", f"    [*] --> {Phase.FILLING.value}"]
    for (source, target), rows in arrows.items():
        label = "<br/>".join(_says(row) for row in rows)
        lines.append(f"    {source.value} --> {target.value}: {label}")
    names = ", ".join(row.action for row in anywhere)
    lines.append(f"    note left of {Phase.FILLING.value}")
    lines += [f"        in every phase - {names}", "    end note"]
    return "\n".join([*lines, ""])


def _dot(table: Table) -> str:
    arrows, anywhere = _arrows(table)
    lines = [
        "digraph phases {",
        f'    graph [label="{_note(anywhere)}\\n{_KEY}", labelloc=b];',
        "    node [shape=box, style=rounded];",
        '    start [shape=point, label=""];',
        f"    start -> {Phase.FILLING.value};",
    ]
    for (source, target), rows in arrows.items():
        label = "\\n".join(_says(row) for row in rows)
        lines.append(f'    {source.value} -> {target.value} [label="{label}"];')
    return "\n".join([*lines, "}", ""])


_SIZE: Final = (1100, 760)
_CENTRES: Final[Mapping[Phase, Point]] = {
    Phase.FILLING: (190, 150),
    Phase.RESETTING: (910, 150),
    Phase.TRIPPING: (550, 375),
    Phase.BROKEN: (190, 600),
    Phase.BREAKING: (910, 600),
}
"""No two arrows between phases cross: TRIPPING stands between all others."""


def _svg(table: Table) -> str:
    arrows, anywhere = _arrows(table)
    drawing = Drawing(*_SIZE, _TITLE)
    drawing.text((28, 30), [_TITLE], anchor="start", kind="title")
    stay = {phase: [_says(row) for row in arrows.get((phase, phase), [])] for phase in Phase}
    sizes = {
        phase: (max(width_of([phase.value, *says]) + 28, 150.0), (len(says) + 1) * LINE + 26.0)
        for phase, says in stay.items()
    }
    labels: list[tuple[Point, list[Row]]] = []
    for (source, target), rows in arrows.items():
        if source is target:
            continue
        points, middle = _way(source, target, sizes, rows, (target, source) in arrows)
        drawing.arrow(points, kind=kind_of(row.outcome for row in rows))
        labels.append((middle, rows))
    for phase, centre in _CENTRES.items():
        _draw_phase(drawing, phase, centre, sizes[phase], stay[phase])
    for middle, rows in labels:
        drawing.label(
            middle, [_says(row) for row in rows], kind=kind_of(row.outcome for row in rows)
        )
    x, y = _CENTRES[Phase.FILLING]
    drawing.entry((x - sizes[Phase.FILLING][0] / 2, y))
    notes = [_note(anywhere), _KEY, "violet: an action is running"]
    drawing.text((_SIZE[0] / 2, _SIZE[1] - 42), notes, kind="quiet")
    return str(drawing)


def _draw_phase(
    drawing: Drawing, phase: Phase, centre: Point, size: Point, stay: list[str]
) -> None:
    (x, y), (width, height) = centre, size
    drawing.box(centre, size, kind="box")
    top = y - height / 2
    kind = "strong acting" if phase.is_acting else "strong"
    drawing.text((x, top + 16), [phase.value], kind=kind)
    if stay:
        drawing.line([(x - width / 2, top + 30), (x + width / 2, top + 30)], kind="faint")
        drawing.text((x, top + 38 + len(stay) * LINE / 2), stay, kind="quiet")


def _way(
    source: Phase,
    target: Phase,
    sizes: Mapping[Phase, Point],
    rows: list[Row],
    is_double: bool,
) -> tuple[list[Point], Point]:
    """Return an arrow's ends, and the middle of its label: beside it if another comes back."""
    (x, y), (to_x, to_y) = _CENTRES[source], _CENTRES[target]
    length = hypot(to_x - x, to_y - y)
    right = -(to_y - y) / length, (to_x - x) / length
    aside = 13 if is_double else 0
    dx, dy = right[0] * aside, right[1] * aside
    start = _border((x, y), sizes[source], (dx, dy), (to_x - x, to_y - y))
    end = _border((to_x, to_y), sizes[target], (dx, dy), (x - to_x, y - to_y))
    crosses = {source, target} in ({Phase.FILLING, Phase.BREAKING}, {Phase.RESETTING, Phase.BROKEN})
    part = 0.25 if crosses else 0.5  # TRIPPING stands in the middle
    middle = start[0] + part * (end[0] - start[0]), start[1] + part * (end[1] - start[1])
    if not is_double:
        return [start, end], middle
    lines = [_says(row) for row in rows]
    off = abs(right[0]) * width_of(lines) / 2 + abs(right[1]) * len(lines) * LINE / 2 + 10
    return [start, end], (middle[0] + right[0] * off, middle[1] + right[1] * off)


def _border(centre: Point, size: Point, aside: Point, towards: Point) -> Point:
    """Return where a line that begins beside a box's centre leaves the box."""
    ways = [
        ((half if way > 0 else -half) - off) / way
        for way, half, off in zip(towards, (size[0] / 2, size[1] / 2), aside, strict=True)
        if way
    ]
    way = min(ways)
    return centre[0] + aside[0] + way * towards[0], centre[1] + aside[1] + way * towards[1]


PHASE_FORMATS: Final[Mapping[str, Callable[[Table], str]]] = {
    "svg": _svg,
    "dot": _dot,
    "mermaid": _mermaid,
    "text": _text,
}
"""What draws a table's phases, by format."""
