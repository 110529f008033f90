"""What ``verified-barrier check`` shows: plain lines, or on a terminal what is under way, too."""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from types import TracebackType
from typing import Any, Final

from verified_barrier.verification.report import Check, Report, Verdict

__all__ = ["Console", "open_console"]

_REMEMBERED: Final = "remembered"


class Console:
    """Plain lines, for files and for other programs.

    Parameters: ``width``, of the longest name; ``quiet``, whether only what is not as expected is
    shown; ``verbose``, whether all that was done is.
    """

    def __init__(self, width: int, *, quiet: bool = False, verbose: bool = False) -> None:
        self._width: Final = width
        self._quiet: Final = quiet
        self._verbose: Final = verbose

    def __enter__(self) -> Console:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def started(self, check: Check) -> None:
        """Be told that a check is run from now on."""

    def finished(self, check: Check) -> None:
        """Be told that it is no longer."""

    def show(self, check: Check, report: Report) -> None:
        """Show what a check has found."""
        if self._quiet and report.verdict is Verdict.AS_EXPECTED:
            return
        self._show(check, report)

    def _show(self, check: Check, report: Report) -> None:
        print(
            f"{_status(report):<10}  {check.name:<{self._width}}  {report.seconds:5.1f} s  "
            f"{_summary(report)}",
            flush=True,
        )
        for text in (*report.details, *(report.notes if self._verbose else ())):
            print("    " + text.replace("\n", "\n    "), flush=True)

    def close(self, sums: str) -> None:
        """Show the closing line."""
        print(sums, flush=True)


def _status(report: Report) -> str:
    return _REMEMBERED if report.remembered else report.verdict.value


def _summary(report: Report) -> str:
    if not report.remembered:
        return report.summary
    return f"ran {report.ran[:10]} {report.ran[11:16]} UTC: {report.summary}"


def open_console(checks: int, width: int, *, quiet: bool, verbose: bool) -> Console:
    """Return what shows the results: on a terminal, with the package Rich, in colour.

    Parameters: ``checks``, how many there are; the others as for ``Console``.
    """
    terminal = sys.stdout.isatty() and os.environ.get("TERM") not in ("dumb", "")
    if not terminal or importlib.util.find_spec("rich") is None:
        return Console(width, quiet=quiet, verbose=verbose)
    return _RichConsole(checks, width, quiet=quiet, verbose=verbose)


_STYLES: Final = {
    _REMEMBERED: "cyan",
    Verdict.AS_EXPECTED.value: "green",
    Verdict.UNEXPECTED.value: "bold red",
    Verdict.INCOMPLETE.value: "bold yellow",
}


class _RichConsole(Console):
    """Lines in colour that fit the terminal; below them, while there is any, what is under way."""

    def __init__(self, checks: int, width: int, *, quiet: bool, verbose: bool) -> None:
        super().__init__(width, quiet=quiet, verbose=verbose)
        from rich.console import Console as Terminal
        from rich.live import Live

        self._checks: Final = checks
        self._begun: Final = time.monotonic()
        self._running: Final[dict[str, float]] = {}
        self._done = 0
        self._terminal: Final = Terminal(force_terminal=True, highlight=False, markup=False)
        self._live: Final[Any] = Live(
            get_renderable=self._under_way,
            console=self._terminal,
            refresh_per_second=4,
            transient=True,
        )

    def __enter__(self) -> Console:
        if not self._quiet:
            self._live.start(refresh=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def started(self, check: Check) -> None:
        self._running[check.name] = time.monotonic()

    def finished(self, check: Check) -> None:
        del self._running[check.name]
        self._done += 1

    def _under_way(self) -> Any:
        from rich.text import Text

        now = time.monotonic()
        lines = [
            ("running     ", f"{now - begun:5.0f} s  ", name)
            for name, begun in self._running.copy().items()
        ]
        text = Text(no_wrap=True, overflow="ellipsis")
        for status, seconds, name in lines:
            text.append(status, "yellow").append(seconds, "dim").append(f"{name}\n")
        elapsed = f"{now - self._begun:5.0f} s  "
        text.append("            ").append(elapsed, "dim")
        return text.append(f"{self._done} of {self._checks} done", "bold")

    def _show(self, check: Check, report: Report) -> None:
        from rich.padding import Padding
        from rich.text import Text

        status = _status(report)
        line = Text(f"{status:<10}  ", _STYLES[status])
        line.append(f"{report.seconds:5.1f} s  ", "dim")
        line.append(check.name)
        if report.verdict is Verdict.AS_EXPECTED and not self._verbose:
            line.append(f"  {_summary(report)}", "dim")
            self._terminal.print(line, no_wrap=True, overflow="ellipsis")
            return
        self._terminal.print(line)
        for text in (_summary(report), *report.details):
            self._terminal.print(Padding(Text(text), (0, 0, 0, 4)))
        for text in report.notes if self._verbose else ():
            self._terminal.print(Padding(Text(text, "dim"), (0, 0, 0, 4)))

    def close(self, sums: str) -> None:
        self._terminal.print(sums, style="bold")
