"""What an exercise is, and what its grader may say."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from verified_barrier.teaching.errors import TeachingError
from verified_barrier.verification.tlc import Tlc

__all__ = [
    "TEXT",
    "Exercise",
    "ExerciseError",
    "Kind",
    "NotSolvedError",
    "Tools",
    "UnfinishedError",
]

TEXT: Final = "README.md"
"""The file of an exercise that says what is to be done."""

_FILES: Final = Path(__file__).with_name("files")


class Kind(Enum):
    """What is to be done in an exercise."""

    SCHEDULE = "find the schedule"
    ROW = "complete a table row"
    INVARIANT = "write the missing invariant"
    EXPLAIN = "explain the counterexample"
    REPAIR = "repair the barrier"


class ExerciseError(TeachingError):
    """A folder that cannot be graded; the message names it, and the remedy."""


class NotSolvedError(Exception):
    """What a grader found wrong.

    Parameters: ``finding``, what was found, in words; ``hint``, where to look, which does not
    give the answer away.
    """

    def __init__(self, finding: str, hint: str = "") -> None:
        super().__init__(finding)
        self.finding: Final = finding
        self.hint: Final = hint


class UnfinishedError(Exception):
    """A grader had too little time: it has shown nothing."""


class Tools:
    """What a grader works with.

    Parameters: ``find_tlc``, called by the first grader that needs one; ``seconds``, for all of it.
    """

    def __init__(self, find_tlc: Callable[[], Tlc], seconds: float) -> None:
        self._find_tlc = find_tlc
        self.seconds: Final = seconds
        self._end = time.monotonic() + seconds

    @property
    def tlc(self) -> Tlc:
        """The TLC that the environment has."""
        return self._find_tlc()

    def left(self) -> float:
        """Return the seconds that are left. Raises ``UnfinishedError`` if there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise self.late()
        return left

    def late(self) -> UnfinishedError:
        """Return what a grader raises that was not done in time."""
        return UnfinishedError(f"not graded within {self.seconds:g} s: allow more with --timeout")


@dataclass(frozen=True)
class Exercise:
    """One exercise."""

    name: str
    kind: Kind
    learns: str
    """What one learns from it."""
    answers: tuple[str, ...]
    """The files that are to be changed, and that are graded."""
    grade: Callable[[Path, Tools], str]
    """Returns what a right answer was found to do. Raises ``NotSolvedError`` if it is not right,
    ``ExerciseError`` if there is none."""
    made: Callable[[], Mapping[str, str]] = dict
    """Returns the starting files that are made from the project's own."""

    @property
    def text(self) -> str:
        """What is to be done."""
        return (_FILES / self.name / TEXT).read_text(encoding="utf-8")

    @property
    def title(self) -> str:
        """The heading of the text."""
        return self.text.splitlines()[0].removeprefix("# ")

    def files(self) -> dict[str, str]:
        """Return the starting files with their text, by name."""
        kept = {
            path.name: path.read_text(encoding="utf-8")
            for path in sorted((_FILES / self.name).iterdir())
            if path.is_file()
        }
        return {**kept, **self.made()}
