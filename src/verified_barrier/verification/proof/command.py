"""The command ``verified-barrier prove``."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Final

from verified_barrier.verification.exits import (
    EXIT_AS_EXPECTED,
    EXIT_INCOMPLETE,
    EXIT_UNEXPECTED,
)
from verified_barrier.verification.proof.invariant import (
    PROOF,
    Deadline,
    Obligation,
    Status,
    conjuncts,
    possible,
    prove,
)
from verified_barrier.verification.proof.proving import judged
from verified_barrier.verification.proof.sany import Module, ModuleSyntaxError, parse
from verified_barrier.verification.proof.values import TranslationError
from verified_barrier.verification.report import Verdict
from verified_barrier.verification.resources import SPEC, SetupError, read_modules
from verified_barrier.verification.tlc import Tlc

__all__ = ["run_prove"]

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
    start = time.monotonic()
    try:
        module = parse(PROOF, read_modules(SPEC), tlc, timeout)
        if module is None:
            print(f"SANY did not finish within {timeout:g} s")
            return EXIT_INCOMPLETE
        _check_names(module, without)
        deadline = Deadline(timeout - (time.monotonic() - start))
        found: list[Obligation] = []
        for line in _heading(module, without):
            print(line)
        for row in _rows(prove(module, deadline, without)):
            print(f"{row[0].step:<26}" + "".join(f"{_SIGNS[o.status]:>3}" for o in row), flush=True)
            found += row
        report = judged(found, possible(module, deadline, without))
    except (ModuleSyntaxError, TranslationError) as problem:
        print(f"no formula can be made of the specification: {problem}")
        return EXIT_UNEXPECTED
    print()
    for detail in report.details:
        print(f"{detail}\n")
    print(f"{report.summary}, in {time.monotonic() - start:.1f} s")
    return _EXIT_CODES[report.verdict]


def _check_names(module: Module, without: Sequence[str]) -> None:
    known = conjuncts(module)
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
