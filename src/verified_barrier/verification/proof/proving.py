"""What the checks of the proof do."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from verified_barrier.verification.graph import GraphError, read_dump
from verified_barrier.verification.proof.checks import Sample
from verified_barrier.verification.proof.invariant import (
    PROOF,
    Deadline,
    Obligation,
    Status,
    needed,
    possible,
    prove,
)
from verified_barrier.verification.proof.refinement import LOCKS, Refinement
from verified_barrier.verification.proof.sany import Module, ModuleSyntaxError, parse
from verified_barrier.verification.proof.translation import (
    TooLateError,
    compare_steps,
    modules_of,
)
from verified_barrier.verification.proof.values import TranslationError
from verified_barrier.verification.report import Report, Verdict
from verified_barrier.verification.resources import SPEC, read_modules
from verified_barrier.verification.tlc import Finding, Tlc

__all__ = [
    "check_invariant",
    "check_locks_invariant",
    "check_locks_refinement",
    "check_needed",
    "check_translation",
    "judged",
    "judged_locks",
]


def _reported(
    run: Callable[[Module, Deadline], Report], tlc: Tlc, timeout: float, name: str = PROOF
) -> Report:
    """Return what comes of the module with the invariant, or why nothing does."""
    deadline = Deadline(timeout)
    try:
        module = parse(name, read_modules(SPEC), tlc, timeout)
        if module is None:
            return Report(Verdict.INCOMPLETE, f"SANY did not finish within {timeout:g} s")
        return run(module, deadline)
    except (ModuleSyntaxError, TranslationError) as problem:
        return Report(Verdict.UNEXPECTED, "no formula can be made of it", [str(problem)])


def check_invariant(tlc: Tlc, timeout: float) -> Report:
    """Prove the invariant, and see that every action can happen."""

    def run(module: Module, deadline: Deadline) -> Report:
        return judged(list(prove(module, deadline)), possible(module, deadline))

    return _reported(run, tlc, timeout)


def judged(obligations: Sequence[Obligation], happens: Mapping[str, bool]) -> Report:
    """Return what is to be said of a proof.

    Parameters: ``happens``, of each action, whether it is shown to happen.
    """
    refuted = [one for one in obligations if one.status is Status.REFUTED]
    unknown = [one for one in obligations if one.status is Status.UNKNOWN]
    never = [step for step, can in happens.items() if not can]
    proved = len(obligations) - len(refuted) - len(unknown)
    wrong = [f"{one.step} breaks {one.conjunct}: {one.counterexample}" for one in refuted]
    wrong += [f"{one.step}, {one.conjunct}: neither proved nor refuted" for one in unknown]
    wrong += [f"{step}: no state of the invariant is found where it can happen" for step in never]
    summary = (
        f"proved for any number of parties and threads: {proved} of {len(obligations)} "
        f"obligations; {len(happens) - len(never)} of {len(happens)} actions can happen"
    )
    if refuted:
        return Report(Verdict.UNEXPECTED, summary, wrong)
    return Report(Verdict.INCOMPLETE if wrong else Verdict.AS_EXPECTED, summary, wrong)


def check_locks_invariant(tlc: Tlc, timeout: float) -> Report:
    """Prove the invariant of the barrier with its locks."""
    return _reported_of_locks(Refinement.keeps, tlc, timeout)


def check_locks_refinement(tlc: Tlc, timeout: float) -> Report:
    """Prove that each step of the barrier with its locks is one of the specification, or none."""
    return _reported_of_locks(Refinement.refines, tlc, timeout)


def _reported_of_locks(
    proofs: Callable[[Refinement], Iterator[Obligation]], tlc: Tlc, timeout: float
) -> Report:
    def run(module: Module, deadline: Deadline) -> Report:
        refinement = Refinement(module, deadline)
        return judged_locks(list(proofs(refinement)), refinement.happens)

    return _reported(run, tlc, timeout, LOCKS)


def judged_locks(obligations: Sequence[Obligation], happens: Mapping[str, bool]) -> Report:
    """Return what is to be said of a proof about the barrier with its locks.

    Parameters: ``happens``, of each action, whether it is not shown to be impossible.
    """
    unknown = [one for one in obligations if one.status is not Status.PROVED]
    idle = [step for step, can in happens.items() if not can]
    wrong = [f"{one.step}, {one.conjunct}: not proved" for one in unknown]
    wrong += [f"{step}: no state of the invariant allows it" for step in idle]
    proved = len(obligations) - len(unknown)
    summary = (
        f"proved for any number of parties and threads: {proved} of {len(obligations)} "
        f"obligations, of {len(happens)} actions"
    )
    return Report(Verdict.INCOMPLETE if wrong else Verdict.AS_EXPECTED, summary, wrong)


def check_needed(tlc: Tlc, timeout: float) -> Report:
    """Leave out each conjunct that was not promised, and see that the invariant is not kept."""

    def run(module: Module, deadline: Deadline) -> Report:
        found = needed(module, deadline)
        idle = [name for name, broken in found.items() if broken is None]
        summary = f"{len(found) - len(idle)} of {len(found)} conjuncts are needed"
        if idle and not deadline.left():
            return Report(Verdict.INCOMPLETE, summary)
        wrong = [f"{name}: nothing is found that is broken without it" for name in idle]
        return Report(Verdict.UNEXPECTED if idle else Verdict.AS_EXPECTED, summary, wrong)

    return _reported(run, tlc, timeout)


def check_translation(sample: Sample, tlc: Tlc, timeout: float) -> Report:
    """Compare the formulas with the steps that TLC takes."""

    def run(module: Module, deadline: Deadline) -> Report:
        late = Report(Verdict.INCOMPLETE, f"not compared within {timeout:g} s")
        with tempfile.TemporaryDirectory(prefix="verified-barrier-") as folder:
            path = Path(folder, "graph.dot")
            modules = modules_of(module, read_modules(SPEC))
            tlc_run = tlc.run("Sample", sample.configuration, modules, timeout, path)
            if tlc_run.finding is Finding.TIMED_OUT:
                return late
            if tlc_run.finding is not Finding.HOLDS:
                return Report(Verdict.UNEXPECTED, "TLC has no steps", [tlc_run.explanation])
            text = path.read_text(encoding="utf-8")
        try:
            found = compare_steps(module, sample, read_dump(text), deadline)
        except TooLateError:
            return late
        except GraphError as problem:
            return Report(Verdict.UNEXPECTED, "TLC's graph cannot be read", [str(problem)])
        if found.differences:
            return Report(Verdict.UNEXPECTED, "TLC takes other steps", found.differences)
        return Report(
            Verdict.AS_EXPECTED,
            f"the formulas allow TLC's {found.steps} steps from {found.states} states, no other",
        )

    return _reported(run, tlc, timeout)
