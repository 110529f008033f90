"""The commands that the documentation shows, and what they print.

A block of the language ``console`` is a session: lines that begin with ``$`` are typed, and what
follows each is printed. How long something took is not compared.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

__all__ = ["PAGES", "PROTOCOL", "ROOT", "Session", "run", "sessions", "without_times"]

ROOT = Path(__file__).parents[2]
PROTOCOL = ROOT / "docs" / "your-own-protocol.md"
"""The page whose commands go on from each other, in a folder of the reader's."""
PAGES = (
    ROOT / "README.md",
    *(page for page in sorted((ROOT / "docs").rglob("*.md")) if page != PROTOCOL),
)
"""Those whose commands stand for themselves, in the project's folder."""

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.M | re.S)
_TIME = re.compile(r" *\b\d+(?:\.\d+)? ?s\b")


class Session(NamedTuple):
    """A command that a page shows, with what it prints."""

    page: str
    line: int
    command: str
    output: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def sessions(page: Path) -> Iterator[Session]:
    """Yield what a page shows, in its order."""
    text = page.read_text(encoding="utf-8")
    for block in _BLOCK.finditer(text):
        line = text.count("\n", 0, block.start()) + 2
        for typed in re.split(r"^\$ ", block[1], flags=re.M)[1:]:
            command, _, output = typed.partition("\n")
            yield Session(str(page.relative_to(ROOT)), line, command, output)
            line += typed.count("\n")


def run(command: str, folder: Path) -> str:
    """Return what a command prints, errors as well, in a folder that looks like the project's."""
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=50,
        check=False,
    )
    return done.stdout


def without_times(text: str) -> str:
    """Return a text in which nobody can see how long anything took."""
    lines = (_TIME.sub(" … s", line).rstrip() for line in text.splitlines())
    return "\n".join(lines).strip()
