"""Running TLC on a learner's specification."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Final

from verified_barrier.teaching.exercises.exercise import NotSolvedError, Tools
from verified_barrier.verification.counterexample import told
from verified_barrier.verification.graph import GraphError, configuration, parse_dump
from verified_barrier.verification.model import Configuration, Graph
from verified_barrier.verification.tlc import Finding, TlcRun

__all__ = ["constants", "defined", "graph_of", "run_in_words", "run_tlc"]

_NEVER: Final = re.compile(r"^The invariant of \w+ is equal to FALSE$", re.MULTILINE)


def constants(parties: int, threads: int, has_action: bool) -> str:
    """Return the lines of a ``.cfg`` that say how large a model is."""
    names = ", ".join(f"t{number}" for number in range(1, threads + 1))
    return (
        f"CONSTANTS\n    Threads = {{{names}}}\n    Parties = {parties}\n"
        f"    HasAction = {str(has_action).upper()}\n"
    )


def run_tlc(
    tools: Tools,
    module: str,
    cfg: str,
    modules: Mapping[str, str],
    dump: Path | None = None,
) -> TlcRun:
    """Check a model, and return a run that came to an end.

    Parameters: those of ``Tlc.run``. Raises ``NotSolvedError`` where TLC cannot make sense of the
    modules, ``UnfinishedError`` where the time was up.
    """
    run = tools.tlc.run(module, cfg, modules, tools.left(), dump)
    if run.finding is Finding.TIMED_OUT:
        raise tools.late()
    if _NEVER.search(run.output):
        raise NotSolvedError("the invariant is FALSE, whatever the state")
    if run.finding in (Finding.FAILED, Finding.ASSUMPTION_VIOLATED):
        raise NotSolvedError(f"TLC cannot check this:\n{run.explanation}")
    return run


def graph_of(
    tools: Tools, modules: Mapping[str, str], parties: int, threads: int, has_action: bool
) -> Graph:
    """Return the state graph of ``Barrier`` in ``modules``, as TLC finds it.

    Raises ``NotSolvedError`` where there is none.
    """
    cfg = f"SPECIFICATION Spec\n{constants(parties, threads, has_action)}"
    with tempfile.TemporaryDirectory(prefix="verified-barrier-") as name:
        dump = Path(name, "graph.dot")
        run = run_tlc(tools, "Barrier", cfg, modules, dump)
        # That nothing can happen any more is seen in the graph.
        if run.finding not in (Finding.HOLDS, Finding.DEADLOCK):
            raise NotSolvedError(f"TLC: {run.finding.value}\n{run_in_words(run)}")
        try:
            return parse_dump(dump.read_text(encoding="utf-8"))
        except GraphError as problem:
            raise NotSolvedError(f"this is not a graph of a barrier: {problem}") from None


def run_in_words(run: TlcRun, graph: Graph | None = None) -> str:
    """Return a counterexample: each step with its action and what it changes, and the last state.

    Parameters: ``graph``, in which the actions are found where the run does not name them.
    """
    about = told(run)
    try:
        states = [configuration(state.variables) for state in about]
    except GraphError:
        return "\n".join(run.trace)
    actions = {(e.source, e.target): e.action for e in graph.edges} if graph else {}
    lines = []
    for number, (before, after) in enumerate(pairwise(states), 1):
        action = actions.get((before, after), about[number].action)
        lines.append(f"{number:>3}. {action}: {', '.join(_changes(before, after))}")
    return "\n".join([*lines, f"then: {states[-1]}"])


def _changes(before: Configuration, after: Configuration) -> Iterator[str]:
    (phase, arrived), threads = before
    if after.state.phase is not phase:
        yield f"{phase.value} -> {after.state.phase.value}"
    if after.state.arrived != arrived:
        yield f"arrived {arrived} -> {after.state.arrived}"
    for number, (one, other) in enumerate(zip(threads, after.threads, strict=True), 1):
        if one != other:
            yield f"t{number} {one} -> {other}"


def defined(text: str, name: str) -> tuple[int, int]:
    """Return where a definition stands in a module, with the comment before it.

    Raises ``ValueError`` where the module does not have it, or not once.
    """
    found = list(
        re.finditer(rf"^(?:\\\*.*\n)*{name}(?:\([^)]*\))? ==.*\n(?:[ \t]+.*\n)*", text, re.M)
    )
    if len(found) != 1:
        raise ValueError(f"{name} is defined {len(found)} times, and must be defined once")
    return found[0].span()
