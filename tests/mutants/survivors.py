"""The mutants of the general tool that no check notices, each with the reason."""

from __future__ import annotations

__all__ = ["SURVIVORS"]

SURVIVORS: dict[str, str] = {}
