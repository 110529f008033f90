"""Grading repairs: what was repaired does what the barrier does, no more and no less."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from verified_barrier.teaching.exercises.answers import read_answer, without_extras
from verified_barrier.teaching.exercises.exercise import NotSolvedError, Tools, UnfinishedError
from verified_barrier.teaching.exercises.specification import (
    constants,
    graph_of,
    run_in_words,
    run_tlc,
)
from verified_barrier.verification.contracts import confirm
from verified_barrier.verification.graph import differences
from verified_barrier.verification.model import Graph, enumerate_graph
from verified_barrier.verification.resources import SPEC, read_modules
from verified_barrier.verification.tlc import Finding

__all__ = ["SPECIFICATION", "STEP", "grade_specification", "grade_step", "specification_with"]

SPECIFICATION: Final = "Barrier.tla"
STEP: Final = "step.py"
_SIZES: Final = ((3, 3, True), (2, 2, False))
"""Parties, threads, and whether there is an action."""
_PROPERTIES: Final = (
    "SPECIFICATION HistorySpec\nVIEW HistoryView\nPROPERTY BrokenRefuses\n"
    "INVARIANTS TypeOK ArrivedCount OneAction\n"
    "INVARIANTS UniqueIndex OneOutcome NoEarlyRelease ActionBeforeRelease\n"
)


def specification_with(edits: Mapping[str, str]) -> dict[str, str]:
    """Return a copy of ``spec/Barrier.tla`` with some changes, as a starting file.

    Raises ``ValueError`` where the text to be changed is not there exactly once.
    """
    text = read_modules(SPEC)[SPECIFICATION]
    for old, new in edits.items():
        if text.count(old) != 1:
            raise ValueError(f"this is {text.count(old)} times in {SPECIFICATION}: {old!r}")
        text = text.replace(old, new)
    return {SPECIFICATION: text}


def grade_specification(folder: Path, tools: Tools) -> str:
    """Compare the graph that TLC finds of a specification with the table's.

    Returns what was compared. Raises ``NotSolvedError``, with a counterexample to a promise where
    one is broken.
    """
    modules = {**read_modules(SPEC), SPECIFICATION: read_answer(folder, SPECIFICATION)}
    compared = []
    for size in _SIZES:
        graph = graph_of(tools, modules, *size)
        if wrong := differences(graph, enumerate_graph(*size), limit=1):
            raise _not_ours(tools, modules, size, graph, wrong)
        compared.append(f"{len(graph.states)} states, {len(graph.edges)} steps")
    return f"the graph is that of the table, which keeps every promise: {'; '.join(compared)}"


def _not_ours(
    tools: Tools,
    modules: Mapping[str, str],
    size: tuple[int, int, bool],
    graph: Graph,
    wrong: Sequence[str],
) -> NotSolvedError:
    """Return what is wrong with a specification: a promise that is broken, if there is one."""
    run = run_tlc(tools, "BarrierHistory", _PROPERTIES + constants(*size), modules)
    if run.finding is Finding.HOLDS:
        said = [line.replace("spec/Barrier.tla", "your Barrier.tla") for line in wrong]
        return NotSolvedError(
            "no promise is broken, but it is another barrier now:\n" + "\n".join(said),
            "repair the one action, and leave what is right as it was.",
        )
    return NotSolvedError(
        f"{run.violated or run.finding.value} is false after this run:\n{run_in_words(run, graph)}",
        "which step of this run does something that you would not promise to its users?",
    )


def grade_step(folder: Path, tools: Tools, start: str) -> str:
    """Try a pure step with a few parties, and have CrossHair confirm it for any number.

    Parameters: ``start``, the text that the answer started as. Returns what was confirmed. Raises
    ``NotSolvedError`` with the state and the event where a promise is broken.
    """
    text = read_answer(folder, STEP)
    without_extras(STEP, text, start)
    with tempfile.TemporaryDirectory(prefix="verified-barrier-") as name:
        scratch = Path(name)
        (scratch / "learned_step.py").write_text(text, encoding="utf-8")
        shutil.copy(Path(__file__).with_name("judged.py"), scratch / "judged_step.py")
        tried = _try(scratch, tools)
        with _importable(scratch):
            contracts = confirm("judged_step", timeout=tools.left())
    if contracts is None:
        raise tools.late()
    for contract in contracts:
        promise = contract.text.removeprefix("post: ")
        if contract.verdict.startswith(_UNDECIDED):
            raise UnfinishedError(
                f"all is well with up to {_MOST} parties, but CrossHair has neither confirmed nor "
                f"refuted this within {tools.seconds:g} s: {promise}\n    allow more with "
                "--timeout, or write it more simply"
            )
        if not contract.confirmed:
            raise NotSolvedError(
                f"all is well with up to {_MOST} parties, {tried} cases; but for any number of "
                f"them this is not so: {promise}\n{contract.verdict}",
                "what is special about this number of parties?",
            )
    return f"{tried} cases are right, and CrossHair confirms {len(contracts)} promises for any"


_MOST: Final = 4
_UNDECIDED: Final = "Not confirmed"
"""How CrossHair's verdict begins if it had too little time."""
_TRYING: Final = "trying"
"""The module that tries it."""
SECONDS: Final = 10.0
"""How long an answer may take for a few hundred steps."""
_ACTING_HINT: Final = (
    "go through what holds before the event: does an action run, and has the generation an "
    "outcome? An event that does not end the action leaves it running."
)


def _try(scratch: Path, tools: Tools) -> int:
    """Return how many cases an answer gets right, if it is all."""
    found = scratch / "found.json"
    module = f"{__package__}.{_TRYING}"
    path = os.pathsep.join([str(scratch), str(Path(__file__).resolve().parents[3])])
    try:
        run = subprocess.run(
            [sys.executable, "-m", module, str(_MOST), str(found)],
            cwd=scratch,
            env=os.environ | {"PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=min(SECONDS, tools.left()),
            check=False,
        )
    except subprocess.TimeoutExpired:
        tools.left()
        raise NotSolvedError(f"{STEP} did not come to an end within {SECONDS:g} s") from None
    if run.returncode or not found.exists():
        said = run.stderr.strip().replace(str(scratch / "learned_step.py"), STEP)
        raise NotSolvedError(f"{STEP} fails:\n{said[-800:]}")
    result = json.loads(found.read_text(encoding="utf-8"))
    if "wrong" in result:
        raise NotSolvedError(result["wrong"], _ACTING_HINT)
    return int(result["tried"])


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """Let modules in a folder be found for a while."""
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
