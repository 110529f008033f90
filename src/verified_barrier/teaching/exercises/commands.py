"""The commands ``verified-barrier exercise list``, ``start`` and ``grade``."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from verified_barrier.teaching.exercises.catalogue import EXERCISES, exercise
from verified_barrier.teaching.exercises.exercise import (
    TEXT,
    Exercise,
    ExerciseError,
    NotSolvedError,
    Tools,
    UnfinishedError,
)
from verified_barrier.verification.exits import (
    EXIT_AS_EXPECTED,
    EXIT_INCOMPLETE,
    EXIT_UNEXPECTED,
    EXIT_USAGE,
)
from verified_barrier.verification.files import OutputError, write_whole
from verified_barrier.verification.tlc import Tlc

__all__ = ["run_grade", "run_list", "run_start"]

_SOLVED: Final = ".solved"
"""The file in an exercise's folder that says which answers were found right."""
