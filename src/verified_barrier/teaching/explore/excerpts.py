"""The lines of ``wait()`` at which a thread can be: an excerpt of the real source."""

from __future__ import annotations

import inspect
import textwrap
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from verified_barrier.barrier import Barrier
from verified_barrier.teaching.explore.controls import ExportError

__all__ = ["CPYTHON_EXCERPT", "OUR_EXCERPT", "Excerpt", "excerpt"]


class _Stop(NamedTuple):
    """A line to be shown, and who is there."""

    text: str
    """The line, or how it begins."""
    locations: tuple[str, ...] = ()
    """Of threads; with an outcome after a slash, of those that have it."""


class Excerpt(NamedTuple):
    """Some lines of a source."""

    lines: list[tuple[int | None, str]]
    """Each with its number, if it is of this package; an empty one stands for others."""
    places: dict[str, int]
    """Where a thread is, by its location; or by its location, a slash and its outcome."""


_Part = tuple[Callable[..., Any], tuple[_Stop, ...]]

OUR_EXCERPT: Final[tuple[_Part, ...]] = (
    (
        Barrier.wait,
        (
            _Stop("def wait(", ("OUTSIDE",)),
            _Stop("with self._lock:", ("CALLING",)),
            _Stop("while location is _HELD:"),
            _Stop("call.acquire()", ("HELD",)),
            _Stop("if location is _WAITING:"),
            _Stop("if deadline is None:"),
            _Stop("call.acquire()", ("WAITING",)),
            _Stop("self._action()", ("ACTING",)),
            _Stop("return place", ("LEAVING/RELEASED",)),
            _Stop("raise BrokenBarrierError", ("LEAVING/BROKEN", "LEAVING/RESET")),
        ),
    ),
)
"""Of ``verified_barrier.Barrier``."""

CPYTHON_EXCERPT: Final[tuple[_Part, ...]] = (
    (
        threading.Barrier.wait,
        (
            _Stop("def wait(", ("outside",)),
            _Stop("with self._cond:", ("with",)),
            _Stop("self._enter()"),
            _Stop("self._release()"),
            _Stop("self._wait(timeout)"),
            _Stop("return index", ("return",)),
        ),
    ),
    (
        threading.Barrier._enter,  # type: ignore[attr-defined]
        (_Stop("def _enter("), _Stop("self._cond.wait()", ("_enter", "_enter (notified)"))),
    ),
    (
        threading.Barrier._release,  # type: ignore[attr-defined]
        (_Stop("def _release("), _Stop("self._action()", ("_release",))),
    ),
    (
        threading.Barrier._wait,  # type: ignore[attr-defined]
        (
            _Stop("def _wait("),
            _Stop("if not self._cond.wait_for(", ("_wait", "_wait (notified)")),
            _Stop("if self._state < 0:"),
            _Stop("raise BrokenBarrierError", ("raise",)),
        ),
    ),
)
"""Of ``threading.Barrier``."""


def excerpt(parts: Sequence[_Part], numbered: bool) -> Excerpt:
    """Return the lines to be shown of some functions.

    Parameters: ``numbered``, whether to give the lines their numbers. Raises ``ExportError`` where
    the source has no such line, or not in this order.
    """
    found = Excerpt([], {})
    for function, stops in parts:
        source, first = inspect.getsourcelines(function)
        lines = textwrap.dedent("".join(source)).splitlines()
        at = -1
        for stop in stops:
            after = at
            at = next(
                (n for n in range(at + 1, len(lines)) if lines[n].strip().startswith(stop.text)),
                len(lines),
            )
            if at == len(lines):
                raise ExportError(
                    f"{function.__qualname__} has no line {stop.text!r} after line {after + 1}: "
                    "bring excerpts.py up to date with it"
                )
            if found.lines and at != after + 1:
                found.lines.append((None, ""))
            for location in stop.locations:
                found.places[location] = len(found.lines)
            found.lines.append((first + at if numbered else None, _narrow(lines[at])))
    return found


def _narrow(line: str) -> str:
    """Return a line of code, indented by tabs, and without types and comments."""
    code = line.lstrip().partition(" #")[0]
    if code.startswith("def "):
        code = code[: code.index("(")] + "(…):"
    return "\t" * ((len(line) - len(line.lstrip())) // 4) + code
