"""A small writer of SVG: boxes, arrows and text that are legible on light and on dark ground.

Nothing is measured while drawing: all text has the same width per character. What is drawn depends
on nothing but what was asked for, so that the same diagram is the same text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from math import hypot
from typing import Final

__all__ = ["CHARACTER", "LINE", "Drawing", "Point", "width_of"]

Point = tuple[float, float]

CHARACTER: Final = 7.25
"""How wide a character is, in pixels."""
LINE: Final = 17
"""How far the lines of a text are apart, in pixels."""

# A class sets the colour, and all that is drawn has the current colour.
_STYLE: Final = """\
  svg { color: #1f2328; }
  text { font: 12px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; \
fill: currentColor; }
  .ground { fill: #ffffff; }
  .box { fill: #f6f8fa; stroke: currentColor; }
  .line { fill: none; stroke: currentColor; }
  .head { fill: currentColor; }
  .dashed { stroke-dasharray: 5 4; }
  .strong { font-weight: bold; }
  .title { font-size: 15px; font-weight: bold; }
  .quiet { color: #59636e; }
  .faint { color: #afb8c1; }
  .acting { color: #8250df; }
  .RELEASED { color: #1a7f37; }
  .BROKEN { color: #cf222e; }
  .RESET { color: #0969da; }
  @media (prefers-color-scheme: dark) {
    svg { color: #e6edf3; }
    .ground { fill: #0d1117; }
    .box { fill: #161b22; }
    .quiet { color: #9198a1; }
    .faint { color: #4b535d; }
    .acting { color: #d2a8ff; }
    .RELEASED { color: #3fb950; }
    .BROKEN { color: #ff7b72; }
    .RESET { color: #79c0ff; }
  }
"""


def width_of(lines: Iterable[str]) -> float:
    """Return how wide a text of some lines is."""
    return max((len(line) for line in lines), default=0) * CHARACTER


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0").replace("-0", "0" if abs(value) < 0.05 else "-0")


class Drawing:
    """An SVG that is being drawn.

    Parameters: its size in pixels, and a title that says what it shows.
    """

    def __init__(self, width: float, height: float, title: str) -> None:
        self._size = _number(width), _number(height)
        self._title = title
        self._parts: list[str] = []

    def text(
        self, at: Point, lines: Sequence[str], *, anchor: str = "middle", kind: str = ""
    ) -> None:
        """Write lines, centred on a point, or to the right (``start``) or left (``end``) of it."""
        x, middle = at
        for number, line in enumerate(lines):
            y = middle + (number - (len(lines) - 1) / 2) * LINE + 4
            self._parts.append(
                f'<text x="{_number(x)}" y="{_number(y)}" text-anchor="{anchor}"'
                f"{_class(kind)}>{escape(line)}</text>"
            )

    def box(
        self, centre: Point, size: Point, *, kind: str = "box", radius: int = 8, says: str = ""
    ) -> None:
        """Draw a box; ``says`` is shown where the pointer rests on it."""
        (x, y), (width, height) = centre, size
        self._parts.append(
            f'<rect x="{_number(x - width / 2)}" y="{_number(y - height / 2)}" '
            f'width="{_number(width)}" height="{_number(height)}" rx="{radius}"{_class(kind)}>'
            f"{_says(says)}</rect>"
        )

    def label(self, centre: Point, lines: Sequence[str], *, kind: str = "") -> None:
        """Write lines on a piece of ground, so that no line runs through them."""
        size = width_of(lines) + 8, len(lines) * LINE
        self.box(centre, size, kind="ground", radius=3)
        self.text(centre, lines, kind=kind)

    def line(self, points: Sequence[Point], *, kind: str = "", says: str = "") -> None:
        """Draw a line through two points, or a curve with four."""
        places = [f"{_number(x)} {_number(y)}" for x, y in points]
        way = f"M{places[0]} " + ("C" if len(points) == 4 else "L") + " ".join(places[1:])
        self._parts.append(f'<path d="{way}"{_class(f"line {kind}")}>{_says(says)}</path>')

    def arrow(self, points: Sequence[Point], *, kind: str = "", says: str = "") -> None:
        """Draw a line with a head at its end."""
        (x, y), (before_x, before_y) = points[-1], points[-2]
        length = hypot(x - before_x, y - before_y) or 1
        dx, dy = (x - before_x) / length, (y - before_y) / length
        self.line([*points[:-1], (x - 6 * dx, y - 6 * dy)], kind=kind, says=says)
        corners = [(x, y), *((x - 9 * dx + s * dy, y - 9 * dy - s * dx) for s in (4, -4))]
        head = " ".join(f"{_number(px)},{_number(py)}" for px, py in corners)
        self._parts.append(f'<polygon points="{head}"{_class(f"head {kind}")}/>')

    def entry(self, at: Point) -> None:
        """Draw an arrow that leads to a point from a dot: here it begins."""
        x, y = at
        self.arrow([(x - 34, y), at])
        self.box((x - 38, y), (9, 9), kind="head", radius=5)

    def __str__(self) -> str:
        width, height = self._size
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
                f'viewBox="0 0 {width} {height}" role="img">',
                f"<title>{escape(self._title)}</title>",
                f"<style>\n{_STYLE}</style>",
                '<rect width="100%" height="100%" class="ground"/>',
                *self._parts,
                "</svg>\n",
            ]
        )


def _class(kind: str) -> str:
    return f' class="{kind.strip()}"' if kind.strip() else ""


def _says(text: str) -> str:
    return f"<title>{escape(text)}</title>" if text else ""
