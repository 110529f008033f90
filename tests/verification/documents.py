"""What the documentation says."""

from __future__ import annotations

from pathlib import Path

__all__ = ["documented"]


def documented(section: str) -> list[str]:
    """Return the names in the table of a section of `docs/check.md`."""
    text = (Path(__file__).parents[2] / "docs" / "check.md").read_text(encoding="utf-8")
    (part,) = (part for part in text.split("\n## ") if part.startswith(f"{section}\n"))
    return [line.split("`")[1] for line in part.splitlines() if line.startswith("| `")]
