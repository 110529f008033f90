"""The command ``verified-barrier prove``."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from verified_barrier.verification.exits import (
    EXIT_AS_EXPECTED,
    EXIT_INCOMPLETE,
    EXIT_UNEXPECTED,
)
from verified_barrier.verification.proof import (
    PROOF,
    Deadline,
    Obligation,
    Status,
    conjuncts,
    possible,
    prove,
)
from verified_barrier.verification.proving import judged
from verified_barrier.verification.report import Verdict
from verified_barrier.verification.resources import SPEC, SetupError, read_modules
from verified_barrier.verification.sany import Module, SyntaxProblem, parse
from verified_barrier.verification.tlc import Tlc
from verified_barrier.verification.values import TranslationError

__all__ = ["add_prove_command"]

_SIGNS: Final = {Status.PROVED: ".", Status.REFUTED: "X", Status.UNKNOWN: "?"}
_EXIT_CODES: Final = {
    Verdict.AS_EXPECTED: EXIT_AS_EXPECTED,
    Verdict.UNEXPECTED: EXIT_UNEXPECTED,
    Verdict.INCOMPLETE: EXIT_INCOMPLETE,
}


def add_prove_command(
    commands: Any, seconds: Callable[[str], float], find_tlc: Callable[[], Tlc]
) -> None:
    """Add the command ``prove`` to a parser's commands.

    Parameters: ``seconds``, the type of a time limit; ``find_tlc``, called if one is needed.
    """
    command = commands.add_parser(
        "prove",
        help="prove what was promised for any number of parties and of threads",
        description="Prove the invariant of spec/BarrierProof.tla with Z3, from the text of the "
        "specification: say what came of each action and each conjunct, with a counterexample "
        "where one is broken.",
        epilog="Exit code: 0 all proved, 1 a conjunct is broken, 2 usage or environment, "
        "3 incomplete (something was neither proved nor refuted).",
    )
    command.add_argument(
        "--without",
        action="append",
        default=[],
        metavar="CONJUNCT",
        help="leave a conjunct out, to see what it is needed for; may be repeated",
    )
    command.add_argument(
        "--timeout",
        type=seconds,
        default=300.0,
        metavar="S",
        help="seconds for all of it (default: %(default)g)",
    )
    command.set_defaults(run=lambda options: _prove(options, find_tlc()))


def _prove(options: argparse.Namespace, tlc: Tlc) -> int:
    start = time.monotonic()
    try:
        module = parse(PROOF, read_modules(SPEC), tlc, options.timeout)
        if module is None:
            print(f"SANY did not finish within {options.timeout:g} s")
            return EXIT_INCOMPLETE
        _check_names(module, options.without)
        deadline = Deadline(options.timeout - (time.monotonic() - start))
        found: list[Obligation] = []
        for line in _heading(module, options.without):
            print(line)
        for row in _rows(prove(module, deadline, options.without)):
            print(f"{row[0].step:<26}" + "".join(f"{_SIGNS[o.status]:>3}" for o in row), flush=True)
            found += row
        report = judged(found, possible(module, deadline, options.without))
    except (SyntaxProblem, TranslationError) as problem:
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
