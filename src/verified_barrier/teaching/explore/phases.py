"""The phase diagram of the page: boxes and arrows, of which one is lit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import hypot
from typing import Final

from verified_barrier.teaching.explore.controls import ExportError
from verified_barrier.teaching.followed import Followed
from verified_barrier.teaching.places import CPYTHON_ACTS

__all__ = ["phase_arrows", "phase_diagram", "phases_of"]

_Point = tuple[float, float]

_CENTRES: Final[Mapping[str, _Point]] = {
    "FILLING": (85, 40),
    "RESETTING": (335, 40),
    "TRIPPING": (210, 120),
    "BROKEN": (85, 200),
    "BREAKING": (335, 200),
    "filling": (70, 155),
    CPYTHON_ACTS: (210, 26),
    "draining": (210, 105),
    "resetting": (210, 213),
    "broken": (350, 155),
}
"""Where each phase stands: no arrow runs through another's box."""
_SIZE: Final = (420, 240)
_BOX: Final = (108, 40)


def phases_of(graphs: Sequence[Followed]) -> list[str]:
    """Return the phases that there are, in the order of the diagram.

    Raises ``ExportError`` where one has no place in it.
    """
    phases = {node.scene.phase for graph in graphs for node in graph.nodes}
    if unplaced := phases - _CENTRES.keys():
        raise ExportError(f"{', '.join(sorted(unplaced))} has no place in the phase diagram")
    return [phase for phase in _CENTRES if phase in phases]


def phase_arrows(graphs: Sequence[Followed]) -> list[tuple[str, str]]:
    """Return from which phase the barrier can get to which other one, in one step."""
    return sorted(
        {
            (node.scene.phase, graph.nodes[move.target].scene.phase)
            for graph in graphs
            for node in graph.nodes
            for move in node.moves
            if node.scene.phase != graph.nodes[move.target].scene.phase
        }
    )


def phase_diagram(phases: Sequence[str], arrows: Sequence[tuple[str, str]]) -> str:
    """Return the diagram as SVG. The page lights a box and an arrow by their ``data``."""
    parts = [
        f'<path class="arrow" data-arrow="{escape(one)}&gt;{escape(other)}" '
        f'd="{_arrow(_CENTRES[one], _CENTRES[other], (other, one) in arrows)}"/>'
        for one, other in arrows
    ]
    for phase in phases:
        x, y = _CENTRES[phase]
        width, height = _BOX
        words = phase.replace(" (", "\n(").split("\n")
        lines = "".join(
            f'<tspan x="{x}" y="{y + 5 + 16 * (number - (len(words) - 1) / 2):g}">'
            f"{escape(word)}</tspan>"
            for number, word in enumerate(words)
        )
        parts.append(
            f'<g class="phase" data-phase="{escape(phase)}"><rect x="{x - width / 2:g}" '
            f'y="{y - height / 2:g}" width="{width}" height="{height}" rx="9"/>'
            f'<text text-anchor="middle">{lines}</text></g>'
        )
    width, height = _SIZE
    return (
        f'<svg viewBox="0 0 {width} {height}" aria-hidden="true" focusable="false">'
        f"{''.join(parts)}</svg>"
    )


def _arrow(source: _Point, target: _Point, is_double: bool) -> str:
    """Return the path of an arrow between two boxes, beside the one that comes back."""
    (x, y), (to_x, to_y) = source, target
    length = hypot(to_x - x, to_y - y)
    dx, dy = (to_x - x) / length, (to_y - y) / length
    aside = 7 if is_double else 0
    x, y, to_x, to_y = (
        x - dy * aside,
        y + dx * aside,
        to_x - dy * aside,
        to_y + dx * aside,
    )
    start, end = _reach(dx, dy, dy * aside, dx * aside), _reach(dx, dy, -dy * aside, -dx * aside)
    x, y, to_x, to_y = x + start * dx, y + start * dy, to_x - end * dx, to_y - end * dy
    heads = [(to_x - 8 * dx + side * 4 * dy, to_y - 8 * dy - side * 4 * dx) for side in (1.0, -1.0)]
    (left_x, left_y), (right_x, right_y) = heads
    return (
        f"M{x:.1f} {y:.1f}L{to_x:.1f} {to_y:.1f}"
        f"M{left_x:.1f} {left_y:.1f}L{to_x:.1f} {to_y:.1f}L{right_x:.1f} {right_y:.1f}"
    )


def _reach(dx: float, dy: float, off_x: float, off_y: float) -> float:
    """Return how far it is from beside a box's centre to its border, with some room."""
    half_width, half_height = _BOX[0] / 2 + 3, _BOX[1] / 2 + 3
    ways = []
    if dx:
        ways.append((half_width + (off_x if dx > 0 else -off_x)) / abs(dx))
    if dy:
        ways.append((half_height - (off_y if dy > 0 else -off_y)) / abs(dy))
    return min(ways)
