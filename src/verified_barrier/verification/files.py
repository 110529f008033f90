"""Files that a command writes: whole, or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

__all__ = ["OutputError", "check_writable", "claim_folder", "write_whole"]


class OutputError(ValueError):
    """A file that cannot be written; the message names it, and says why."""


def check_writable(path: Path) -> None:
    """Find out before the work is done whether a file can be written afterwards.

    Raises ``OutputError`` if it cannot.
    """
    try:
        if path.exists() and not path.is_file():
            raise OutputError(f"{path} cannot be written: it is there, and no ordinary file")
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as problem:
        raise OutputError(f"{path} cannot be written: {problem}") from None


def claim_folder(path: Path, name: str, text: str) -> None:
    """Take a folder that is new or empty for what will be written, and write the first file.

    Parameters: ``name`` and ``text`` of that file, by which others see that the folder is taken.
    Raises ``OutputError`` if it is not empty, or cannot be written.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        if any(path.iterdir()):
            raise OutputError(
                f"{path} is not empty, and nothing in it is overwritten: name a folder that is "
                "new or empty"
            )
        with (path / name).open("x", encoding="utf-8") as file:
            file.write(f"{text}\n")
    except OSError as problem:
        raise OutputError(f"{path} cannot be written: {problem}") from None


def write_whole(path: Path, lines: Iterable[str]) -> None:
    """Write a file, or leave it as it was. Raises ``OutputError`` if it cannot be written."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        try:
            with unfinished.open("w", encoding="utf-8") as file:
                file.writelines(f"{line}\n" for line in lines)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as problem:
        raise OutputError(f"{path} cannot be written: {problem}") from None
