"""What a fault is, as data, and how a copy of the project gets it."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

__all__ = ["ROOT", "Edit", "Fault", "FaultError", "Kind", "apply", "copy_project"]

ROOT = Path(__file__).parents[2]
"""The project."""

_COPIED = ("src", "spec", "models", "tests", "pyproject.toml")


class Kind(Enum):
    """What a fault is in."""

    SPECIFICATION = "specification"
    TABLE = "table"
    STEP = "pure step"
    SHELL = "shell"
    CPYTHON = "CPython's hazards"
    TOOL = "tools"


class FaultError(ValueError):
    """A fault that is about nothing that is there; the message names it."""


@dataclass(frozen=True)
class Edit:
    """A change of one file, as text."""

    file: str
    old: str
    """What must be there exactly once, so that a fault cannot outlive what it is about."""
    new: str


@dataclass(frozen=True)
class Fault:
    """One fault."""

    name: str
    kind: Kind
    edits: tuple[Edit, ...]
    equivalent: str = ""
    """Why it makes no difference that anybody could notice, if it makes none."""
    hangs: bool = False
    """Whether threads wait for ever with it, so that a check may end by its time limit alone."""
    python: tuple[int, int] = (3, 11)
    """The first Python on which it can be found."""

    @property
    def files(self) -> frozenset[str]:
        """The files that it changes."""
        return frozenset(edit.file for edit in self.edits)


def fault(name: str, kind: Kind, file: str, old: str, new: str, **more: Any) -> Fault:
    """Return a fault that changes one place."""
    return Fault(name, kind, (Edit(file, old, new),), **more)


def apply(fault: Fault, project: Path) -> None:
    """Give a copy of the project a fault.

    Raises ``FaultError`` where what it changes is not there exactly once.
    """
    for edit in fault.edits:
        path = project / edit.file
        text = path.read_text(encoding="utf-8")
        if (count := text.count(edit.old)) != 1 or edit.old == edit.new:
            raise FaultError(
                f"{fault.name}: what it changes in {edit.file} is there {count} times, and must be "
                f"there once, and change: {edit.old!r}"
            )
        path.write_text(text.replace(edit.old, edit.new), encoding="utf-8")


def copy_project(folder: Path) -> None:
    """Copy to a folder what the checks need."""
    for name in _COPIED:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", ".*")
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, folder)


def definition(text: str, name: str) -> str:
    """Return the body of a TLA+ definition, parameters and all: from ``==`` to the next blank line.

    Raises ``FaultError`` where there is not exactly one.
    """
    found = re.findall(rf"^{name}(?:\(\w+\))? ==(.*?\n)(?=\n|=====|-----)", text, re.M | re.S)
    if len(found) != 1:
        raise FaultError(f"{name} is defined {len(found)} times, and must be defined once")
    return str(found[0])
