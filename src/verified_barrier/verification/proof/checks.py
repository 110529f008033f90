"""The checks of the proof, and the command ``verified-barrier prove``.

Nothing here needs Z3 before a check is run.
"""

from __future__ import annotations

import argparse
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from verified_barrier.verification.processes import run_apart
from verified_barrier.verification.report import Check, Report
from verified_barrier.verification.resources import SPEC, SetupError, installed, read_modules
from verified_barrier.verification.tlc import Tlc

__all__ = ["SAMPLES", "Sample", "add_prove_command", "proof_checks"]


@dataclass(frozen=True)
class Sample:
    """A model whose steps are compared."""

    name: str
    threads: int
    parties: int
    has_action: bool
    everywhere: bool
    """Whether it begins in every state that ``TypeOK`` allows."""
    large: bool

    @property
    def configuration(self) -> str:
        """What TLC is told."""
        names = ", ".join(f"t{number}" for number in range(1, self.threads + 1))
        return (
            f"INIT {'Everywhere' if self.everywhere else 'HistoryInit'}\nNEXT SampleNext\n"
            f"CONSTRAINT Soon\nCONSTANTS\n    Threads = {{{names}}}\n"
            f"    Parties = {self.parties}\n    HasAction = {str(self.has_action).upper()}\n"
        )


SAMPLES: Final = (
    Sample("2-parties-2-threads-action", 2, 2, True, everywhere=False, large=False),
    Sample("2-parties-2-threads", 2, 2, False, everywhere=False, large=True),
    Sample("1-party-3-threads-action", 3, 1, True, everywhere=False, large=True),
    Sample("everywhere-2-parties-1-thread", 1, 2, False, everywhere=True, large=True),
    Sample("everywhere-2-parties-1-thread-action", 1, 2, True, everywhere=True, large=True),
)


def proof_checks(find_tlc: Callable[[], Tlc]) -> list[Check]:
    """Return the checks of the proof.

    Parameters: ``find_tlc``, called by the first check that needs one.
    """

    def inputs() -> object:
        return {
            "modules": read_modules(SPEC),
            "packages": installed("z3-solver"),
            "tlc": find_tlc().identity,
        }

    def check(name: str, shows: str, large: bool, function: str, *arguments: object) -> Check:
        """Return a check that calls a function of ``proving.py``."""

        def run(timeout: float) -> Report:
            report: Report = getattr(_proving(), function)(*arguments, find_tlc(), timeout)
            return report

        return Check(f"proof/{name}", shows, large, run, inputs)

    translations = [
        check(
            f"translation/{sample.name}",
            "the proof takes the specification to mean what TLC takes it to mean",
            sample.large,
            "check_translation",
            sample,
        )
        for sample in SAMPLES
    ]
    return [
        check(
            "invariant",
            "what was promised holds for any number of parties and of threads",
            False,
            "check_invariant",
        ),
        check(
            "needed",
            "without any one conjunct of the invariant it would not be kept",
            True,
            "check_needed",
        ),
        *translations,
        check(
            "locks/invariant",
            "what the shell of locks needs to be right holds for any number of parties and of "
            "threads",
            True,
            "check_locks_invariant",
        ),
        check(
            "locks/refinement",
            "each step of the shell of locks is one of the barrier, for any number of threads",
            True,
            "check_locks_refinement",
        ),
    ]


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
        "where one is broken. With --of BarrierLocks, prove that each step of the shell of locks "
        "is one of Barrier.tla, or none, under the invariant of spec/BarrierLocksProof.tla.",
        epilog="Exit code: 0 all proved, 1 a conjunct is broken, 2 usage or environment, "
        "3 incomplete (something was neither proved nor refuted).",
    )
    command.add_argument(
        "--of",
        choices=("Barrier", "BarrierLocks"),
        default="Barrier",
        help="what the proof is of (default: %(default)s)",
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
        default=900.0,
        metavar="S",
        help="seconds for all of it (default: %(default)g)",
    )
    command.set_defaults(run=lambda options: _prove(options, find_tlc))


def _prove(options: argparse.Namespace, find_tlc: Callable[[], Tlc]) -> int:
    _require_z3()
    from verified_barrier.verification.proof.command import run_prove, run_prove_locks

    run = run_prove if options.of == "Barrier" else run_prove_locks
    return run_apart(lambda: run(find_tlc(), options.timeout, options.without))


def _proving() -> Any:
    _require_z3()
    from verified_barrier.verification.proof import proving

    return proving


def _require_z3() -> None:
    if importlib.util.find_spec("z3") is None:
        raise SetupError("no Z3: install verified-barrier[check]")
