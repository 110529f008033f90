"""A session as it is drawn in a terminal, with rich."""

from __future__ import annotations

import re
from html import escape
from io import StringIO
from pathlib import Path

from rich import box
from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from verified_barrier.teaching.play.view import Lamp, View
from verified_barrier.verification.files import write_whole

__all__ = ["PrettyScreen", "save_svg"]


class PrettyScreen:
    """Draws panels.

    Parameters: ``console``, where.
    """

    def __init__(self, console: Console) -> None:
        self._console = console

    def show(self, view: View) -> None:
        """Draw what is to be seen."""
        self._console.print(_drawn(view))

    def say(self, text: str) -> None:
        """Write a line."""
        self._console.print(Text(text))

    def ask(self) -> str:
        """Return what is typed. Raises ``EOFError`` at the end of the input."""
        return self._console.input("[bold]> [/]")


def save_svg(view: View, path: Path) -> None:
    """Write what is to be seen as an SVG file. Raises ``OutputError`` if it cannot be written."""
    # It draws into its record, and to nowhere else.
    console = Console(record=True, width=100, file=StringIO(), force_terminal=True)
    console.print(_drawn(view))
    svg = console.export_svg(title="verified-barrier play", unique_id="play")
    # Rich has the picture load a font from the network: any font of this kind will do.
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    # Without a title, whoever does not see the picture hears its words one by one.
    head, _, body = svg.partition(">")
    title = escape(f"{view.title}. {view.last}. {view.task}")
    write_whole(path, f'{head} role="img"><title>{title}</title>{body}'.splitlines())


def _drawn(view: View) -> RenderableType:
    task = Text(
        "DONE  " if view.solved else "to do  ", style="bold green" if view.solved else "bold"
    )
    task.append(view.task, style="" if view.solved else "not bold")
    broken = [
        Text(f"{lamp.name} is broken: {lamp.means}", style="bold red")
        for lamp in view.lamps
        if not lamp.holds
    ]
    parts: list[RenderableType] = [
        Text(view.story, style="dim"),
        task,
        Text(view.last),
        _state(view),
        Columns(map(_lamp, view.lamps), padding=(0, 2)),
        Text(""),
        *broken,
        _moves(view),
    ]
    title = Text(view.title)
    return Panel(Group(*parts), title=title, title_align="left", box=box.ROUNDED, padding=(0, 1))


def _state(view: View) -> Table:
    table = Table(box=box.SIMPLE, show_header=False, padding=(0, 1))
    for entry in view.entries:
        changed = entry.before is not None
        value = Text(entry.value, style="bold yellow" if changed else "")
        if changed:
            value.append(f"  \u2190 {entry.before}", style="dim")
        table.add_row(Text(entry.name, style="bold"), value)
    return table


def _lamp(lamp: Lamp) -> Text:
    if lamp.holds:
        return Text.assemble(("\u25cf ", "green"), (lamp.name, "dim"))
    return Text(f"\u25cf {lamp.name}", style="bold red")


def _moves(view: View) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 1))
    table.add_column(justify="right")
    table.add_column()
    for number, move in enumerate(view.moves, 1):
        table.add_row(Text(str(number), style="bold cyan"), Text(move))
    for refusal in view.refusals:
        what = ", ".join(f"{thing} ({why})" for thing, why in refusal.what)
        row = Text(f"not now: {refusal.who} {what}".replace("  ", " "), style="dim")
        table.add_row(Text("\u2013", style="dim"), row)
    return table
