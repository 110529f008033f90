"""The matrix of faults and checks, as a page of the documentation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mutants.checks import CHECKS, Answer, Found
from mutants.faults import ROOT, Fault, Kind
from mutants.gallery import FAULTS, Result, load

__all__ = ["MATRIX", "RESULTS", "written"]

RESULTS = Path(__file__).with_name("results.json")
"""What came of the last run of each fault: ``make mutants`` writes it, and the page from it."""

MATRIX = ROOT / "docs" / "faults.md"

SURVIVORS = Path(__file__).with_name("survivors.md")
"""What came of the mutations that a tool makes up, and why some survive."""

_CELLS = {
    Answer.CAUGHT: "yes",
    Answer.MISSED: "no",
    Answer.UNREAD: "·",
    Answer.NONE: "?",
    Answer.NOT_THERE: "",
}

_HEAD = """\
# The gallery of faults

A check that cannot fail shows nothing. So each fault here is put into a copy of the project, and
the checks must notice. `make mutants` does this and writes this page; `make mutants FAULT='one
woken*'` tries a few; `make mutants-reduced` tries those that continuous integration tries.

**first**: the check that caught it first, in the order of the columns. yes: caught as well. no: the
check ran, and noticed nothing: it is blind to this. A dot: the check does not depend on what was
changed. ?: it came to no verdict in its time. An empty cell: the project does not have the check.

"""


def written() -> str:
    """Return the page."""
    results = {result.fault: result for result in load(RESULTS)}
    lines = [_HEAD]
    lines += [f"- **{check.name}**: {check.shows}\n" for check in CHECKS]
    for kind in Kind:
        faults = [fault for fault in FAULTS if fault.kind is kind and fault.name in results]
        if not faults:
            continue
        lines += [f"\n## In the {kind.value}\n\n" if kind is not Kind.CPYTHON else
                  f"\n## {kind.value}\n\n"]
        names = [check.name for check in CHECKS]
        lines += [f"| fault | {' | '.join(names)} |\n", "|---|" + "---|" * len(names) + "\n"]
        lines += [_row(fault, results[fault.name]) for fault in faults]
    lines += _blind(results)
    lines += _equivalent()
    if SURVIVORS.exists():
        lines += ["\n", SURVIVORS.read_text(encoding="utf-8")]
    lines += ["\n## What failed\n\n", *_failed(results)]
    return "".join(lines)


def _row(fault: Fault, result: Result) -> str:
    cells = []
    for check in CHECKS:
        found = result.found.get(check.name, Found(Answer.NOT_THERE))
        cells.append("**first**" if check.name == result.first else _CELLS[found.answer])
    mark = " (equivalent)" if fault.equivalent else ""
    return f"| {_escaped(fault.name)}{mark} | {' | '.join(cells)} |\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


def _blind(results: dict[str, Result]) -> Iterator[str]:
    """Yield what each technique cannot see, in figures."""
    yield "\n## What each check sees\n\n"
    yield "| check | faults in what it depends on | caught | first | caught by nobody else |\n"
    yield "|---|---|---|---|---|\n"
    counted = [results[f.name] for f in FAULTS if f.name in results and not f.equivalent]
    for check in CHECKS:
        found = [(r, r.found[check.name].answer) for r in counted if check.name in r.found]
        caught = [result for result, answer in found if answer is Answer.CAUGHT]
        looked = len(caught) + sum(answer is Answer.MISSED for _, answer in found)
        alone = [r for r in caught if _number_caught(r) == 1]
        first = sum(result.first == check.name for result in caught)
        yield f"| {check.name} | {looked} | {len(caught)} | {first} | {len(alone)} |\n"


def _number_caught(result: Result) -> int:
    return sum(found.answer is Answer.CAUGHT for found in result.found.values())


def _equivalent() -> Iterator[str]:
    yield "\n## Equivalent\n\nThese make no difference, so that nobody may notice them:\n\n"
    for fault in FAULTS:
        if fault.equivalent:
            yield f"- {_escaped(fault.name)}: {fault.equivalent}.\n"


def _failed(results: dict[str, Result]) -> Iterator[str]:
    """Yield for each fault the test or the model that failed first in each check."""
    for fault in FAULTS:
        caught = {
            name: found.first
            for name, found in (results[fault.name].found if fault.name in results else {}).items()
            if found.answer is Answer.CAUGHT
        }
        if caught:
            yield f"- {_escaped(fault.name)}\n"
            yield from (f"  - {name}: `{first.replace('`', '')}`\n" for name, first in caught.items())
