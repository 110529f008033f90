"""Grading invariants: they hold where they must, and are violated where a barrier is at fault."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from verified_barrier.teaching.exercises.answers import module_head, read_answer
from verified_barrier.teaching.exercises.exercise import NotSolvedError, Tools
from verified_barrier.teaching.exercises.specification import (
    constants,
    defined,
    run_in_words,
    run_tlc,
)
from verified_barrier.verification.resources import SPEC, SetupError, read_modules
from verified_barrier.verification.tlc import Finding, essence

__all__ = ["FILE", "Seeded", "grade_invariant", "grade_proof"]

FILE: Final = "Missing.tla"
"""The answer: a module that defines ``Missing``."""

_HEADING: Final = "---- MODULE {} ----\nEXTENDS {}\n"


class Seeded(NamedTuple):
    """A fault that the invariant must notice."""

    action: str
    """The action of ``spec/Barrier.tla`` that it replaces."""
    text: str
    """The definition of what stands in for it, which is named ``Faulty``."""
    says: str
    """What goes wrong, in words."""


def grade_invariant(folder: Path, tools: Tools, answer: str, faults: Sequence[Seeded]) -> str:
    """Have TLC check an invariant in the barrier, and in each barrier with a fault.

    Parameters: ``answer``, the name of the invariant in ``spec/Barrier.tla`` that is not told.
    Returns what was checked. Raises ``NotSolvedError``.
    """
    text = read_answer(folder, FILE)
    module_head(FILE, text, "Barrier")
    barrier = read_modules(SPEC)["Barrier.tla"]
    start, end = defined(barrier, answer)
    modules = {"Barrier.tla": barrier[:start] + barrier[end:], FILE: text}
    about = "SPECIFICATION Spec\nINVARIANT Missing\n"
    run = run_tlc(tools, "Missing", about + constants(2, 3, has_action=True), modules)
    if run.finding is not Finding.HOLDS:
        raise NotSolvedError(
            f"it is false in a barrier that is right (2 parties, 3 threads, an action), after "
            f"this run:\n{run_in_words(run)}",
            "look at the last state, and at its phase: what do you say of it that is not so?",
        )
    for fault in faults:
        modules["Faulty.tla"] = _HEADING.format("Faulty", "Missing") + fault.text + "\n====\n"
        replaced = f"    {fault.action} <- Faulty{fault.action}\n"
        size = constants(2, 2, has_action=True) + replaced
        if run_tlc(tools, "Faulty", about + size, modules).finding is Finding.HOLDS:
            raise NotSolvedError(
                f"it holds in a barrier that is right; but it does not notice this fault: "
                f"{fault.says}",
                "in which state of that barrier do `arrived' and pc not fit together? Say so that "
                "this state is excluded.",
            )
    return f"it holds in all {run.distinct} states, and notices each of {len(faults)} faults"


def grade_proof(folder: Path, tools: Tools, conjunct: str) -> str:
    """Have Z3 prove the invariant of ``spec/BarrierProof.tla`` with one conjunct replaced.

    Parameters: ``conjunct``, the name of the one that is not told. Returns what was proved. Raises
    ``NotSolvedError`` with a step after which a conjunct is false.
    """
    try:
        from verified_barrier.verification.proof.invariant import PROOF, Deadline, Status, prove
        from verified_barrier.verification.proof.sany import ModuleSyntaxError, parse
        from verified_barrier.verification.proof.values import TranslationError
    except ImportError:
        raise SetupError("no Z3: install verified-barrier[check]") from None
    text = read_answer(folder, FILE)
    module_head(FILE, text, "BarrierHistory")
    modules = read_modules(SPEC)
    proof = modules[f"{PROOF}.tla"]
    start, end = defined(proof, conjunct)
    proof = proof[:start] + proof[end:]
    proof = proof.replace("EXTENDS BarrierHistory\n", "EXTENDS BarrierHistory, Missing\n")
    modules |= {f"{PROOF}.tla": proof.replace(f"/\\ {conjunct}\n", "/\\ Missing\n"), FILE: text}
    proved = 0
    try:
        module = parse(PROOF, modules, tools.tlc, tools.left())
        if module is None:
            raise tools.late()
        for one in prove(module, Deadline(tools.left())):
            if one.status is Status.REFUTED:
                raise NotSolvedError(
                    f"{one.step} breaks {one.conjunct}. {one.counterexample}", _PROOF_HINT
                )
            if one.status is Status.UNKNOWN:
                tools.left()
                raise NotSolvedError(
                    f"{one.step}, {one.conjunct}: Z3 neither proves nor refutes it"
                )
            proved += 1
    except (ModuleSyntaxError, TranslationError) as problem:
        said = essence(str(problem))
        raise NotSolvedError(f"no formula can be made of {FILE}: {said}") from None
    return f"Z3 has proved {proved} obligations, for any number of parties and of threads"


_PROOF_HINT: Final = (
    "can the barrier get into the state before this step? If not, say why not, of every state: "
    "Missing must exclude it. If so, Missing says too much."
)
