"""The command ``verified-barrier prove``."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from verified_barrier.verification.exits import (
    EXIT_AS_EXPECTED,
    EXIT_INCOMPLETE,
    EXIT_UNEXPECTED,
)
from verified_barrier.verification.proof.invariant import (
    BEGINNING,
    PROOF,
    Deadline,
    Obligation,
    Status,
    conjuncts,
    possible,
    prove,
)
from verified_barrier.verification.proof.proving import judged, judged_locks
from verified_barrier.verification.proof.refinement import (
    INVARIANT,
    LOCKS,
    REFINES,
    Refinement,
)
from verified_barrier.verification.proof.sany import Module, ModuleSyntaxError, parse
from verified_barrier.verification.proof.values import TranslationError
from verified_barrier.verification.report import Report, Verdict
from verified_barrier.verification.resources import SPEC, SetupError, read_modules
from verified_barrier.verification.tlc import Tlc

__all__ = ["run_prove", "run_prove_locks"]

_SIGNS: Final = {Status.PROVED: ".", Status.REFUTED: "X", Status.UNKNOWN: "?"}
_EXIT_CODES: Final = {
    Verdict.AS_EXPECTED: EXIT_AS_EXPECTED,
    Verdict.UNEXPECTED: EXIT_UNEXPECTED,
    Verdict.INCOMPLETE: EXIT_INCOMPLETE,
}


def run_prove(tlc: Tlc, timeout: float, without: Sequence[str]) -> int:
    """Print a row for each action, and what is wrong; return the exit code.

    Parameters: ``timeout``, in seconds; ``without``, conjuncts that are left out.
    """
    return _run(PROOF, "Invariant", _print_rows, "\n\n", tlc, timeout, without)


def run_prove_locks(tlc: Tlc, timeout: float, without: Sequence[str]) -> int:
    """Print a line for each action of the shell of locks; return the exit code.

    Parameters: ``timeout``, in seconds; ``without``, conjuncts that are left out.
    """
    return _run(LOCKS, INVARIANT, _print_locks, "\n", tlc, timeout, without)


def _run(
    name: str,
    invariant: str,
    print_proof: Callable[[Module, Deadline, Sequence[str]], Report],
    after_detail: str,
    tlc: Tlc,
    timeout: float,
    without: Sequence[str],
) -> int:
    """Print a proof, and what is to be said of it; return the exit code.

    Parameters: ``name`` of the module, and of the ``invariant`` in it; ``after_detail``, what
    follows each thing that is wrong.
    """
    start = time.monotonic()
    try:
        module = parse(name, read_modules(SPEC), tlc, timeout)
        if module is None:
            print(f"SANY did not finish within {timeout:g} s")
            return EXIT_INCOMPLETE
        _check_names(module, without, invariant)
        report = print_proof(module, Deadline(timeout - (time.monotonic() - start)), without)
    except (ModuleSyntaxError, TranslationError) as problem:
        print(f"no formula can be made of the specification: {problem}")
        return EXIT_UNEXPECTED
    print()
    for detail in report.details:
        print(detail, end=after_detail)
    print(f"{report.summary}, in {time.monotonic() - start:.1f} s")
    return _EXIT_CODES[report.verdict]


def _print_rows(module: Module, deadline: Deadline, without: Sequence[str]) -> Report:
    for line in _heading(module, without):
        print(line)
    found: list[Obligation] = []
    for row in _rows(prove(module, deadline, without)):
        print(f"{row[0].step:<26}" + "".join(f"{_SIGNS[o.status]:>3}" for o in row), flush=True)
        found += row
    return judged(found, possible(module, deadline, without))


def _print_locks(module: Module, deadline: Deadline, without: Sequence[str]) -> Report:
    refinement = Refinement(module, deadline, without)
    print("action                  conjuncts kept   steps of Barrier.tla that it is seen as")
    found: list[Obligation] = []
    for action in (BEGINNING, *refinement.actions()):
        begin = time.monotonic()
        row = [*refinement.keeps([action]), *refinement.refines([action])]
        print(_locks_line(action, row, refinement, time.monotonic() - begin), flush=True)
        found += row
    return judged_locks(found, refinement.happens)


def _locks_line(
    action: str, row: Sequence[Obligation], refinement: Refinement, seconds: float
) -> str:
    kept = [o.status is Status.PROVED for o in row if o.conjunct != REFINES]
    seen = ", ".join(refinement.seen_as.get(action, ())) or "none"
    if any(o.conjunct == REFINES and o.status is not Status.PROVED for o in row):
        seen = "NOT PROVED"
    begin = f"{action:<24}{sum(kept):>3} of {len(kept)} {seconds:6.1f} s  "
    return textwrap.fill(seen, 100, initial_indent=begin, subsequent_indent=" " * len(begin))


def _check_names(module: Module, without: Sequence[str], invariant: str) -> None:
    known = conjuncts(module, invariant)
    for name in without:
        if name not in known:
            raise SetupError(f"the invariant has no conjunct {name!r}: it has {', '.join(known)}")


def _heading(module: Module, without: Sequence[str]) -> Iterator[str]:
    kept = [name for name in conjuncts(module) if name not in without]
    for number, name in enumerate(kept, 1):
        where = module.definitions[name].module
        yield f"{number:>3}  {name:<22}{'needed for the proof' if where == PROOF else 'promised'}"
    yield f"{len(kept) + 1:>3}  {'BrokenRefuses':<22}promised of each step"
    yield ". proved    X refuted    ? neither"
    yield ""
    yield " " * 26 + "".join(f"{number:>3}" for number in range(1, len(kept) + 2))


def _rows(obligations: Iterator[Obligation]) -> Iterator[list[Obligation]]:
    """Yield the obligations of one step after another."""
    row: list[Obligation] = []
    for obligation in obligations:
        if row and row[-1].step != obligation.step:
            yield row
            row = []
        row.append(obligation)
    if row:
        yield row
