"""The exit codes of the command ``verified-barrier``."""

from __future__ import annotations

__all__ = ["EXIT_AS_EXPECTED", "EXIT_INCOMPLETE", "EXIT_UNEXPECTED", "EXIT_USAGE"]

EXIT_AS_EXPECTED = 0
EXIT_UNEXPECTED = 1
EXIT_USAGE = 2
EXIT_INCOMPLETE = 3
