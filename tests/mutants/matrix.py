"""The matrix of faults and checks, as text, and in figures."""

from __future__ import annotations

from collections.abc import Sequence

from mutants.checks import CHECKS, Check
from mutants.faults import Fault, Kind
from mutants.gallery import Result
from mutants.running import Answer

__all__ = ["SIGNS", "as_text", "legend", "looked_at", "row", "signs", "sums"]

SIGNS = {
    Answer.CAUGHT: "x",
    Answer.MISSED: "-",
    Answer.UNREAD: "·",
    Answer.TIME_OUT: "t",
    Answer.NO_VERDICT: "?",
    Answer.SKIPPED: "?",
}
FIRST = "F"

Pairs = Sequence[tuple[Fault, Result]]


def signs(result: Result, checks: Sequence[Check] = CHECKS) -> list[str]:
    """Return what each check says of a fault, as one character."""
    found = [result.found.get(check.name) for check in checks]
    first = result.caught[:1]
    return [
        FIRST if [check.name] == first else SIGNS[one.answer if one else Answer.UNREAD]
        for check, one in zip(checks, found, strict=True)
    ]


def legend(checks: Sequence[Check]) -> str:
    """Return the lines above the matrix."""
    lines = [f"{number:>3}  {check.name}: {check.shows}" for number, check in enumerate(checks, 1)]
    lines.append("F caught, first   x caught   - blind   · not run   t time-out   ? no verdict\n")
    return "\n".join([*lines, "".join(f"{number:>3}" for number in range(1, len(checks) + 1))])


def row(fault: Fault, result: Result, checks: Sequence[Check]) -> str:
    """Return a fault's line of the matrix."""
    mark = " (equivalent)" if fault.equivalent else ""
    problem = f": {result.problem}" if result.problem else ""
    return (
        "".join(f"{sign:>3}" for sign in signs(result, checks)) + f"  {fault.name}{mark}{problem}"
    )


def looked_at(pairs: Pairs, check: Check) -> list[tuple[Fault, bool]]:
    """Return the faults of which a check came to a verdict, each with whether it was caught.

    Those that make no difference do not count.
    """
    verdicts = (Answer.CAUGHT, Answer.MISSED)
    found = [(f, r.found[check.name].answer) for f, r in pairs if check.name in r.found]
    return [(f, a is Answer.CAUGHT) for f, a in found if a in verdicts and not f.equivalent]


def sums(pairs: Pairs, check: Check) -> list[str]:
    """Return for each kind how many faults a check has caught, of how many."""
    cells = []
    for kind in Kind:
        caught = [caught for fault, caught in looked_at(pairs, check) if fault.kind is kind]
        cells.append(f"{sum(caught)}/{len(caught)}" if caught else "·")
    return cells


def as_text(pairs: Pairs) -> str:
    """Return the matrix of kinds and checks."""
    kinds = "".join(f"{kind.value:>20}" for kind in Kind)
    lines = [f"{'caught, of those tried':<24}{kinds}"]
    lines += [
        f"{check.name:<24}" + "".join(f"{cell:>20}" for cell in sums(pairs, check))
        for check in CHECKS
    ]
    return "\n".join(["", *lines, ""])
