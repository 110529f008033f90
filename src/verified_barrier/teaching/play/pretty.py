"""A session as it is drawn in a terminal, with rich."""

from __future__ import annotations

from pathlib import Path

from rich import box
from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from verified_barrier.teaching.play.view import View
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
    # The console draws into its record, and to no terminal.
    with Path("/dev/null").open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=100, file=nowhere, force_terminal=True)
        console.print(_drawn(view))
    text = console.export_svg(title="verified-barrier play", unique_id="play")
    write_whole(path, text.splitlines())


def _drawn(view: View) -> RenderableType:
    task = Text(
        "DONE  " if view.solved else "to do  ", style="bold green" if view.solved else "bold"
    )
    task.append(view.task, style="" if view.solved else "not bold")
    body = Group(
        Text(view.story, style="dim"),
        task,
        Text(view.last),
        Columns([_state(view), _lamps(view)], padding=(0, 3)),
        _moves(view),
    )
    return Panel(body, title=view.title, title_align="left", box=box.ROUNDED, padding=(0, 1))


def _state(view: View) -> Table:
    table = Table(box=box.SIMPLE, show_header=False, padding=(0, 1))
    for entry in view.entries:
        changed = entry.before is not None
        value = Text(entry.value, style="bold yellow" if changed else "")
        if changed:
            value.append(f"  \u2190 {entry.before}", style="dim")
        table.add_row(Text(entry.name, style="bold"), value)
    return table


def _lamps(view: View) -> Table:
    table = Table(box=box.SIMPLE, show_header=False, padding=(0, 1))
    for lamp in view.lamps:
        light = Text("\u25cf", style="green" if lamp.holds else "bold red")
        name = Text(lamp.name, style="dim" if lamp.holds else "bold red")
        if not lamp.holds:
            name.append(f": not so: {lamp.means}", style="not bold")
        table.add_row(light, name)
    return table


def _moves(view: View) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 1))
    table.add_column(justify="right")
    table.add_column()
    for number, move in enumerate(view.moves, 1):
        table.add_row(Text(str(number), style="bold cyan"), Text(move))
    for refusal in view.refusals:
        row = Text(f"not now: {refusal.who}".strip(), style="dim")
        for thing, why in refusal.what:
            row.append(f"  {thing}", style="strike")
            row.append(f" ({why})")
        table.add_row("", row)
    return table
