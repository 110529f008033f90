"""What the programs of a check were told, and what they said, for whoever wants to look into it.

A check collects it while it runs, in its own thread, if somebody wants it; otherwise what is
noted and kept here is dropped.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from verified_barrier.verification.files import write_whole

__all__ = ["Evidence", "collecting", "keep", "keep_file", "note", "note_command"]


@dataclass(frozen=True)
class Evidence:
    """What one check leaves."""

    folder: Path | None = None
    """Where its files are kept; ``None`` if they are not."""
    notes: list[str] = field(default_factory=list)
    """What it did, line by line."""


_current: Final[ContextVar[Evidence | None]] = ContextVar("evidence", default=None)


@contextmanager
def collecting(evidence: Evidence) -> Iterator[None]:
    """Collect what this thread does in the block."""
    token = _current.set(evidence)
    try:
        yield
    finally:
        _current.reset(token)


def note(line: str) -> None:
    """Say what is being done."""
    if (evidence := _current.get()) is not None:
        evidence.notes.append(line)


def note_command(name: str, command: Sequence[str]) -> None:
    """Say which program is run, and keep the command line under the name of what it is about."""
    line = shlex.join(command)
    note(line)
    keep(f"{name}.command.txt", line)


def keep(name: str, text: str) -> None:
    """Keep a text in a file. Raises ``OutputError`` if it cannot be written."""
    if (evidence := _current.get()) is not None and evidence.folder is not None:
        write_whole(evidence.folder / name, [text.removesuffix("\n")])


def keep_file(name: str, path: Path) -> None:
    """Keep a copy of a file, if it is there."""
    if (evidence := _current.get()) is not None and evidence.folder is not None and path.exists():
        shutil.copyfile(path, evidence.folder / name)
