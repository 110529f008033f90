"""What a check is, and what it reports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

__all__ = ["Check", "Report", "Verdict"]


class Verdict(Enum):
    """How a check came out."""

    AS_EXPECTED = "ok"
    UNEXPECTED = "FAILED"
    INCOMPLETE = "INCOMPLETE"
    """It did not finish, and has shown nothing."""


@dataclass(frozen=True)
class Report:
    """What a check found."""

    verdict: Verdict
    summary: str
    """What was compared, with figures; or in short what is wrong."""
    details: Sequence[str] = ()
    """What is wrong, in words."""
    seconds: float = 0.0
    """How long it took when it ran."""
    ran: str = ""
    """When it ran: date and time in UTC, as ISO 8601 has them."""
    remembered: bool = False
    """Whether it ran earlier, and not now, because nothing that it depends on has changed."""
    notes: Sequence[str] = ()
    """What was done, line by line, for whoever wants to know."""


@dataclass(frozen=True)
class Check:
    """Something that can fail."""

    name: str
    shows: str
    """What it shows if it does not fail."""
    large: bool
    """Whether it takes long, and runs only on demand."""
    run: Callable[[float], Report]
    """Runs it, with a limit in seconds."""
    inputs: Callable[[], object] | None = None
    """Returns, fit for JSON, what its verdict depends on besides this package's Python and the
    interpreter; ``None`` if it is run each time."""
    file: Path | None = None
    """The file that says what must come of it, if there is one."""
