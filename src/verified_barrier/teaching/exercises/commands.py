"""The commands ``verified-barrier exercise list``, ``start`` and ``grade``."""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from verified_barrier.teaching.exercises.answers import read_answer
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
)
from verified_barrier.verification.files import OutputError, claim_folder, write_whole
from verified_barrier.verification.tlc import Tlc

__all__ = ["add_exercise_commands"]

_SOLVED: Final = ".solved"
"""The file in an exercise's folder that says which answers were found right."""


def add_exercise_commands(
    commands: Any, seconds: Callable[[str], float], find_tlc: Callable[[], Tlc]
) -> None:
    """Add the command ``exercise`` to a parser's commands.

    Parameters: ``seconds``, the type of a time limit; ``find_tlc``, called if one is needed.
    """
    group = commands.add_parser(
        "exercise",
        help="exercises about the barrier, graded by the checks",
        description="Exercises about the barrier, graded by the checks themselves.",
    ).add_subparsers(required=True, metavar="COMMAND")
    listed = group.add_parser(
        "list",
        help="list the exercises, and which are solved in this folder",
        description="List the exercises, and which are started or solved in this folder.",
    )
    listed.set_defaults(run=_list)
    start = group.add_parser(
        "start",
        help="write an exercise's files to a folder",
        description="Write an exercise's text and its starting files to a folder. A folder that "
        "has files in it already is refused.",
    )
    start.add_argument("name", metavar="NAME", help="see verified-barrier exercise list")
    start.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="default: ./NAME")
    start.set_defaults(run=_start)
    grade = group.add_parser(
        "grade",
        help="grade the answers in a folder",
        description="Grade the answers in a folder; say what was found, and where to look.",
        epilog="Exit code: 0 solved, 1 not solved, 2 usage or environment, 3 incomplete (the time "
        "limit was reached).",
    )
    grade.add_argument("name", metavar="NAME", help="see verified-barrier exercise list")
    grade.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="default: ./NAME")
    grade.add_argument(
        "--timeout",
        type=seconds,
        default=300.0,
        metavar="S",
        help="seconds for all of it (default: %(default)g)",
    )
    grade.set_defaults(run=lambda options: _grade(options, find_tlc))


def _list(_options: argparse.Namespace) -> int:
    width = max(len(one.name) for one in EXERCISES)
    for number, one in enumerate(EXERCISES, 1):
        print(f"{number:>2}  {one.name:<{width}}  {_state(one, Path(one.name)):<8}  {one.title}")
        print(f"{'':<{width + 16}}{one.kind.value}; you learn {one.learns}")
    print("verified-barrier exercise start NAME begins one.")
    return EXIT_AS_EXPECTED


def _state(one: Exercise, folder: Path) -> str:
    """Return how far an exercise has got."""
    if not (folder / TEXT).is_file():
        return ""
    try:
        solved = (folder / _SOLVED).read_text(encoding="utf-8").strip()
        return "solved" if solved == _fingerprint(one, folder) else "changed"
    except (OSError, ExerciseError):
        return "started"


def _fingerprint(one: Exercise, folder: Path) -> str:
    answers = "\0".join(read_answer(folder, name) for name in one.answers)
    return hashlib.sha256(answers.encode()).hexdigest()


def _start(options: argparse.Namespace) -> int:
    one = exercise(options.name)
    folder = options.folder or Path(one.name)
    claim_folder(folder, one.files())
    where = "" if folder == Path(one.name) else f" {folder}"
    print(f"{folder / TEXT} says what to do; the answer goes into {', '.join(one.answers)}.")
    print(f"Then: verified-barrier exercise grade {one.name}{where}")
    return EXIT_AS_EXPECTED


def _grade(options: argparse.Namespace, find_tlc: Callable[[], Tlc]) -> int:
    one = exercise(options.name)
    folder = options.folder or Path(one.name)
    if not folder.is_dir():
        raise ExerciseError(
            f"there is no folder {folder}: begin with verified-barrier exercise start {one.name}, "
            "or say where it is"
        )
    answers = _fingerprint(one, folder)
    try:
        found = one.grade(folder, Tools(find_tlc, options.timeout))
    except NotSolvedError as wrong:
        print(f"not solved: {one.title}")
        print(_indented(wrong.finding))
        if wrong.hint:
            print(_indented(f"hint: {wrong.hint}"))
        return EXIT_UNEXPECTED
    except UnfinishedError as late:
        print(f"incomplete: {late}")
        return EXIT_INCOMPLETE
    print(f"solved: {one.title}")
    print(_indented(found))
    try:
        write_whole(folder / _SOLVED, [answers])
    except OutputError as problem:
        print(f"verified-barrier: this cannot be noted: {problem}", file=sys.stderr)
    following = EXERCISES[EXERCISES.index(one) + 1 :]
    if following:
        print(f"next: verified-barrier exercise start {following[0].name}")
    return EXIT_AS_EXPECTED


def _indented(text: str) -> str:
    return "    " + text.replace("\n", "\n    ")
