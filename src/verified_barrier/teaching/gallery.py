"""The gallery: barriers that are almost right, each with its story and the check that finds it.

What there is to be said of one stands in ``models/manifest.toml`` and in the modules of ``spec/``;
those that can be stepped through have a story in ``barriers.py`` as well.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from verified_barrier.teaching.barriers import EXHIBITS, Exhibit, followed
from verified_barrier.teaching.errors import TeachingError
from verified_barrier.teaching.exercises.specification import defined
from verified_barrier.teaching.followed import LAMPS, shortest
from verified_barrier.teaching.moves import said, scene_in_words
from verified_barrier.teaching.sizes import Size
from verified_barrier.verification.counterexample import as_steps
from verified_barrier.verification.exits import EXIT_AS_EXPECTED, EXIT_INCOMPLETE
from verified_barrier.verification.manifest import Model, load_manifest
from verified_barrier.verification.resources import MODELS, SPEC, SetupError, read_modules
from verified_barrier.verification.tlc import Finding, Tlc, TlcRun

__all__ = ["Piece", "add_gallery_command", "pieces"]

_WITNESSES: Final = "witness/"
"""The models that must violate something, and in which nothing is wrong."""


class Piece(NamedTuple):
    """One barrier of the gallery."""

    name: str
    story: str
    model: Model
    """The model that finds it."""
    exhibit: Exhibit | None
    """The barrier to be stepped through, if it can be."""


def pieces() -> list[Piece]:
    """Return the gallery: first what can be stepped through."""
    models = [model for model in load_manifest(MODELS) if model.violates is not None]
    models = [model for model in models if not model.name.startswith(_WITNESSES)]
    found = []
    for model in models:
        one = _exhibit(model)
        if one is None or one.is_cpythons:
            found.append(Piece(model.name, model.shows[0].upper() + model.shows[1:], model, one))
        else:
            found.append(Piece(one.key, f"{one.title}. {one.story}", model, one))
    return sorted(found, key=lambda piece: piece.exhibit is None)


def _exhibit(model: Model) -> Exhibit | None:
    """Return the barrier to be stepped through that a model is about, if there is one."""
    for one in EXHIBITS:
        if model.name == f"fault/{one.key}":
            return one
        tasks = {challenge.violates for challenge in one.challenges}
        if one.is_cpythons and model.module == "CPythonHistory" and model.violates in tasks:
            return one
    return None


def add_gallery_command(
    commands: Any, seconds: Callable[[str], float], find_tlc: Callable[[], Tlc]
) -> None:
    """Add the command ``gallery`` to a parser's commands.

    Parameters: ``seconds``, the type of a time limit; ``find_tlc``, called if one is needed.
    """
    gallery = commands.add_parser(
        "gallery",
        help="barriers that are almost right: a failing run of each, and what catches it",
        description="Without a name, list the barriers that are almost right; with how several "
        "begin, such as cpython, list those. With the name of one, show what is changed in it, "
        "a shortest run that breaks a promise, and the check that catches it.",
        epilog="Exit code: 0 shown, 2 usage or environment, 3 incomplete (the time limit was "
        "reached).",
    )
    gallery.add_argument("name", nargs="?", metavar="NAME")
    gallery.add_argument(
        "--timeout",
        type=seconds,
        default=60.0,
        metavar="S",
        help="seconds for TLC (default: %(default)g)",
    )
    gallery.set_defaults(run=lambda options: _gallery(options, find_tlc))


def _gallery(options: argparse.Namespace, find_tlc: Callable[[], Tlc]) -> int:
    found = pieces()
    for piece in found:
        if options.name in (piece.name, piece.model.name):
            return _show(piece, find_tlc(), options.timeout)
    if options.name is not None:
        # The name of a group, such as locks-fault, or of several.
        found = [piece for piece in found if piece.model.name.startswith(options.name)]
        if not found:
            raise TeachingError(
                f"there is no {options.name!r}: verified-barrier gallery lists them"
            )
    for line in _listed(found):
        _say(line, 6)
    return EXIT_AS_EXPECTED


def _say(line: str, indent: int = 0) -> None:
    """Print a line; in a terminal, as several if it is too long for one."""
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns
        line = textwrap.fill(
            line,
            width,
            subsequent_indent=" " * indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
    print(line)


def _listed(found: list[Piece]) -> Iterator[str]:
    width = max(len(piece.name) for piece in found)
    for can, about in (
        (True, "Barriers that can be stepped through by hand:"),
        (False, "Found by TLC alone: faults of the locks, CPython's barrier, less fairness:"),
    ):
        those = [piece for piece in found if (piece.exhibit is not None) is can]
        if those:
            yield about
        for piece in those:
            yield f"  {piece.name:<{width}}  {piece.model.violates}: {piece.story}"
    yield "verified-barrier gallery NAME shows one."


def _show(piece: Piece, tlc: Tlc, timeout: float) -> int:
    model = piece.model
    _say(piece.story)
    print(_size(model))
    for line in _changes(model):
        print(line)
    print()
    if piece.exhibit is None:
        run = tlc.run(model.module, model.configuration, read_modules(SPEC), timeout)
        if run.finding is Finding.TIMED_OUT:
            print(f"TLC did not finish within {timeout:g} s")
            return EXIT_INCOMPLETE
        lines = list(_told(run, model))
    else:
        lines = list(_stepped(piece.exhibit, model, tlc, timeout))
    kind = "A shortest run" if piece.exhibit else "A run"
    _say(f"{kind} that breaks {model.violates}{_meaning(model)}:")
    for line in lines:
        _say(line, 5)
    print()
    full = "--full " if model.large else ""
    print(f"What catches it: verified-barrier check {full}--only '{model.name}'")
    if piece.exhibit:
        print(f"To try it: {_play(piece.exhibit, model)}")
    return EXIT_AS_EXPECTED


def _play(one: Exhibit, model: Model) -> str:
    size = _size_of(one, model)
    words = f"--barrier {one.key} --parties {size.parties} --threads {size.threads}"
    return f"verified-barrier play {words}{' --action' if size.has_action else ''}"


def _size_of(one: Exhibit, model: Model) -> Size:
    about = model.constants
    return Size(about["Parties"], about["Threads"], about["HasAction"])


def _meaning(model: Model) -> str:
    means = LAMPS.get(str(model.violates))
    return f" ({means})" if means else ""


def _size(model: Model) -> str:
    about = model.constants
    return (
        f"Parties: {about['Parties']}; threads: {about['Threads']}; "
        f"action: {'yes' if about['HasAction'] else 'no'}."
    )


_REPLACEMENT: Final = re.compile(r"^    (\w+) <- (\w+)$", re.MULTILINE)


def _changes(model: Model) -> Iterator[str]:
    """Yield what stands in for what, in TLA+."""
    modules = read_modules(SPEC)
    for action, other in _REPLACEMENT.findall(model.configuration):
        for name, text in sorted(modules.items()):
            if re.search(rf"^{other}(?:\([^)]*\))? ==", text, re.MULTILINE):
                start, end = defined(text, other)
                yield ""
                yield f"In the place of {action}, from spec/{name}:"
                yield from (f"    {line}" for line in text[start:end].rstrip().splitlines())


def _stepped(one: Exhibit, model: Model, tlc: Tlc, timeout: float) -> Iterator[str]:
    """Yield a shortest run, and what each step changes."""
    runs = followed(one, _size_of(one, model), tlc, timeout)
    fewest = shortest(runs, model.violates)
    if fewest is None:
        raise SetupError(f"{one.key}: no run breaks {model.violates}, which {model.name} says")
    position = runs.start
    width = max(len(said(action, thread)) for action, thread in fewest)
    for number, (action, thread) in enumerate(fewest, 1):
        before = list(scene_in_words(runs.scene(position)))
        position = runs.after(position, action, thread)
        after = scene_in_words(runs.scene(position))
        changed = [new for old, new in zip(before, after, strict=True) if old != new]
        yield f"{number:>3}. {said(action, thread):<{width}}  {'; '.join(changed)}"


def _told(run: TlcRun, model: Model) -> Iterator[str]:
    """Return the run that TLC found, and what each step changes."""
    # TLC does not name a temporal property.
    if not run.trace or run.violated not in (None, model.violates):
        raise SetupError(f"{model.name}: TLC: {run.finding.value}\n{run.explanation}")
    return as_steps(run)
