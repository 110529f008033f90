"""A session as plain lines, which need no terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from verified_barrier.teaching.play.view import View

__all__ = ["PlainScreen"]


class PlainScreen:
    """Writes lines.

    Parameters: ``output``, where to.
    """

    def __init__(self, output: TextIO) -> None:
        self._output = output
        self._title = ""

    def show(self, view: View) -> None:
        """Write what is to be seen; what it is about, once."""
        if view.title != self._title:
            self._title = view.title
            self.say(f"{view.title}\n{view.story}")
        for line in _lines(view):
            self.say(line)

    def say(self, text: str) -> None:
        """Write a line."""
        print(text, file=self._output, flush=True)


def _lines(view: View) -> Iterator[str]:
    yield ""
    yield f"{'DONE' if view.solved else 'to do'}: {view.task}"
    yield view.last
    for entry in view.entries:
        was = "" if entry.before is None else f"   <- {entry.before}"
        yield f"  {entry.name:<8} {entry.value}{was}"
    broken = [lamp for lamp in view.lamps if not lamp.holds]
    for lamp in broken:
        yield f"  BROKEN   {lamp.name}: {lamp.means}"
    yield f"  promises kept: {len(view.lamps) - len(broken)} of {len(view.lamps)}"
    for number, move in enumerate(view.moves, 1):
        yield f"  {number:>2}  {move}"
    for refusal in view.refusals:
        what = ", ".join(f"{thing} ({why})" for thing, why in refusal.what)
        yield f"   -  not now: {refusal.who + ' ' if refusal.who else ''}{what}"
