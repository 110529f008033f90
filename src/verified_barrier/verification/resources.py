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


def read_modules(folder: Path) -> dict[str, str]:
    """Return the text of all TLA+ modules in a folder, by file name."""
    return {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.tla")}
