"""Where the specification and the models are: in the clone, or inside the installed wheel."""

from __future__ import annotations

from pathlib import Path
from typing import Final

__all__ = ["MODELS", "SPEC", "SetupError", "read_modules"]


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
                raise SetupError(f"{path} cannot be read: {problem}") from None
            if found.setdefault(path.name, text) != text:
                raise SetupError(
                    f"{path} differs from the {path.name} of this verified-barrier: remove it, "
                    "which has that one used, or give it another name"
                )
    return found
