"""Where the specification and the models are: in the clone, or inside the installed wheel."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from verified_barrier.verification.files import reason

__all__ = [
    "MODELS",
    "SPEC",
    "SetupError",
    "cache_folder",
    "installed",
    "modules_read",
    "read_modules",
]


class SetupError(Exception):
    """Something that a check needs is missing; the message says what, and how to get it."""


_PACKAGE: Final = Path(__file__).resolve().parent


def _find(name: str) -> Path:
    packaged = _PACKAGE / name
    return packaged if packaged.is_dir() else _PACKAGE.parents[2] / name


SPEC: Final = _find("spec")
"""The folder of the TLA+ modules."""

MODELS: Final = _find("models")
"""The folder of the models, with their manifest."""


def read_modules(*folders: Path) -> dict[str, str]:
    """Return the text of all TLA+ modules in some folders, by file name.

    Raises ``SetupError`` where one cannot be read, or where two of them have different modules of
    one name: nobody could tell which one is checked.
    """
    found: dict[str, str] = {}
    for folder in folders:
        for path in sorted(folder.glob("*.tla")):
            try:
                text = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as problem:
                raise SetupError(f"{path} cannot be read: {reason(problem)}") from None
            if found.setdefault(path.name, text) != text:
                raise SetupError(
                    f"{path} differs from the {path.name} of this verified-barrier: remove it, "
                    "which has that one used, or give it another name"
                )
    return found


def modules_read(root: str, modules: Mapping[str, str]) -> dict[str, str]:
    """Return a module and those of ``modules`` that it may read, by file name.

    Those are the ones whose names are words of its text, or of the text of one that it may read:
    some may be too many, but none that it extends or makes an instance of is missing.
    """
    read: dict[str, str] = {}
    waiting = [f"{root}.tla"]
    while waiting:
        file = waiting.pop()
        if file in modules and file not in read:
            read[file] = modules[file]
            waiting += [f"{word}.tla" for word in set(re.findall(r"\w+", modules[file]))]
    return read


def cache_folder() -> Path | None:
    """Return where this program may keep what it can make again; ``None`` if there is no place.

    Source: the XDG Base Directory Specification.
    """
    base = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))  # noqa: PTH111 - does not raise
    return base / "verified-barrier" if base.is_absolute() else None


def installed(*packages: str) -> dict[str, str | None]:
    """Return the versions of some packages; ``None`` for one that is not installed."""
    return {package: _version(package) for package in packages}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
