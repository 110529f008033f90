"""Running TLC on a learner's specification."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from verified_barrier.teaching.exercises.exercise import NotSolvedError, Tools
from verified_barrier.verification.graph import GraphError, parse_dump
from verified_barrier.verification.model import Graph
from verified_barrier.verification.tlc import Finding, TlcRun

__all__ = ["constants", "defined", "graph_of", "run_in_words", "run_tlc"]

_STATE: Final = re.compile(r"^\d+: <(\w+)")
_VARIABLE: Final = re.compile(r"^/\\ (\w+) = ((?:.|\n(?!/\\))*)", re.MULTILINE)


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
    configuration: str,
    modules: Mapping[str, str],
    dump: Path | None = None,
) -> TlcRun:
    """Check a model, and return a run that came to an end.

    Parameters: those of ``Tlc.run``. Raises ``NotSolvedError`` where TLC cannot make sense of the
    modules, ``UnfinishedError`` where the time was up.
    """
    run = tools.tlc.run(module, configuration, modules, tools.left(), dump)
    if run.finding is Finding.TIMED_OUT:
        raise tools.late()
    if run.finding in (Finding.FAILED, Finding.ASSUMPTION_VIOLATED):
        raise NotSolvedError(f"TLC cannot check this:\n{run.explanation}")
    return run


def graph_of(
    tools: Tools, modules: Mapping[str, str], parties: int, threads: int, *, has_action: bool
) -> Graph:
    """Return the state graph of ``Barrier`` in ``modules``, as TLC finds it.

    Raises ``NotSolvedError`` where there is none.
    """
    configuration = f"SPECIFICATION Spec\n{constants(parties, threads, has_action)}"
    with tempfile.TemporaryDirectory(prefix="verified-barrier-") as name:
        dump = Path(name, "graph.dot")
        run = run_tlc(tools, "Barrier", configuration, modules, dump)
        # That nothing can happen any more is seen in the graph.
        if run.finding not in (Finding.HOLDS, Finding.DEADLOCK):
            raise NotSolvedError(f"TLC: {run.finding.value}\n{run_in_words(run)}")
        try:
            return parse_dump(dump.read_text(encoding="utf-8"))
        except GraphError as problem:
            raise NotSolvedError(f"this is not a graph of a barrier: {problem}") from None


def run_in_words(run: TlcRun) -> str:
    """Return a counterexample: each step with its action, and the variables that it changes."""
    return "\n".join(_steps(run))


def _steps(run: TlcRun) -> Iterator[str]:
    before: dict[str, str] = {}
    for number, state in enumerate(run.trace):
        now = {name: " ".join(value.split()) for name, value in _VARIABLE.findall(state)}
        named = _STATE.match(state)
        action = named[1] if number and named else "in the beginning"
        changed = (f"{name} = {value}" for name, value in now.items() if before.get(name) != value)
        yield f"{number:>3}. {action}: {', '.join(changed) or 'nothing changes'}"
        before = now


def defined(text: str, name: str) -> tuple[int, int]:
    """Return where a definition stands in a module, with the comment before it.

    Raises ``ValueError`` where the module does not have it once.
    """
    found = list(re.finditer(rf"^(?:\\\*.*\n)*{name}(?:\(\w+\))? ==.*\n(?:[ \t]+.*\n)*", text, re.M))
    if len(found) != 1:
        raise ValueError(f"{name} is defined {len(found)} times, and must be defined once")
    return found[0].span()
