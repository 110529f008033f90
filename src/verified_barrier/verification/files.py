"""Files that a command writes: whole, or not at all; and why one cannot be written or read."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

__all__ = ["OutputError", "check_writable", "claim_folder", "reason", "write_whole"]


class OutputError(ValueError):
    """A file that cannot be written; the message names it, and says why."""


def reason(problem: Exception) -> str:
    """Return why a file cannot be read or written, without the number and name that Python adds."""
    return getattr(problem, "strerror", None) or str(problem)


def _unwritable(path: Path, problem: OSError) -> OutputError:
    why = reason(problem)
    if isinstance(problem, FileNotFoundError):
        why = f"there is no folder {path.parent}: make it, or name another"
    elif isinstance(problem, NotADirectoryError):
        why = f"{path.parent} is no folder: name another"
    return OutputError(f"{path} cannot be written: {why}")


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
        raise _unwritable(path, problem) from None


def claim_folder(path: Path, files: Mapping[str, str]) -> None:
    """Take a folder that is new or empty for what will be written, and write the first files.

    Parameters: ``files``, the text of each, by name; others see by them that the folder is taken.
    Raises ``OutputError`` if it is not empty, or cannot be written.
    """
    try:
        if path.exists() and not path.is_dir():
            raise OutputError(f"{path} is a file: name a folder that is new or empty")
        path.mkdir(parents=True, exist_ok=True)
        if any(path.iterdir()):
            raise OutputError(
                f"{path} is not empty, and nothing in it is overwritten: name a folder that is "
                "new or empty"
            )
        for name, text in files.items():
            with (path / name).open("x", encoding="utf-8") as file:
                file.write(text)
    except OSError as problem:
        raise _unwritable(path, problem) from None


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
        raise _unwritable(path, problem) from None
