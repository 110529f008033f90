"""The page of the documentation: ``docs/faults.md``.

It has two parts, each written by the command that finds it out; the other part stays.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping, Sequence

from mutants.checks import CHECKS, Check
from mutants.faults import ROOT, Fault, Kind
from mutants.gallery import Result, is_as_expected
from mutants.matrix import Pairs, looked_at, signs, sums

__all__ = ["MADE_UP", "PAGE", "PageError", "escaped", "write_gallery", "write_part"]

PAGE = ROOT / "docs" / "faults.md"
MADE_UP = "\n## Faults that a general tool makes up\n"

_HEAD = """\
# The gallery of faults

A check that cannot fail shows nothing. So each fault here is put into a copy of the project, and
the checks must notice. `make mutants` does this; `make mutants MUTANTS='one woken*'` tries a few;
`make mutants WRITE=1` writes this page, up to the last section, from what it has found out, now and
before. First, all checks have to pass without a fault. A few faults, one for each technique, are
tried in every run of the tests.

The checks are small, so that the whole takes less than an hour: `make check` and `make test` do
more. In this order, the cheapest first:

"""

_LEGEND = """
## Every fault

**F**: caught, by this check first. x: caught as well. -: the check was run, and is blind to this.
·: not run, because it does not depend on what the fault is in. t: not done in its time, and ?: no
verdict for another reason; neither counts as caught. Last, what failed first.
"""


class PageError(ValueError):
    """The page cannot be written; the message says why."""


def write_gallery(faults: Sequence[Fault], results: Mapping[str, Result]) -> None:
    """Write the gallery's part of the page.

    Raises ``PageError`` where there is no result for a fault yet, or another than is expected.
    """
    if missing := [fault.name for fault in faults if fault.name not in results]:
        raise PageError(f"docs/faults.md needs all faults; not tried yet: {', '.join(missing)}")
    pairs = [(fault, results[fault.name]) for fault in faults]
    if wrong := [fault.name for fault, result in pairs if not is_as_expected(fault, result)]:
        raise PageError(f"docs/faults.md says that all is as expected; not so: {', '.join(wrong)}")
    write_part("".join(_gallery(pairs)), is_gallery=True)


def write_part(text: str, *, is_gallery: bool) -> None:
    """Write one part of the page, and keep the other."""
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    gallery, _, made_up = page.partition(MADE_UP)
    gallery, made_up = (text, made_up) if is_gallery else (gallery, text)
    PAGE.write_text(gallery + MADE_UP + made_up, encoding="utf-8")


def escaped(text: str) -> str:
    """Return a text as a cell of a table in Markdown."""
    for sign in ("\\", "|", "<", "*", "_", "`"):
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())


def _gallery(pairs: Pairs) -> Iterator[str]:
    yield _HEAD
    yield from (f"{n}. **{check.name}**: {check.shows}\n" for n, check in enumerate(CHECKS, 1))
    equivalent = [fault for fault, _ in pairs if fault.equivalent]
    yield f"\n{len(pairs)} faults were tried with Python {platform.python_version()}: "
    yield f"{len(pairs) - len(equivalent)} that make a difference, all of which were caught, and "
    yield f"{len(equivalent)} that make none.\n\n## Kinds of faults, and checks\n\n"
    yield "How many faults were caught, of those that are in what the check depends on:\n\n"
    yield _line("check", *(kind.value for kind in Kind))
    yield _line(*["---"] * (len(Kind) + 1))
    yield from (_line(check.name, *sums(pairs, check)) for check in CHECKS)
    yield "\n## What each check is blind to\n\n"
    yield _line("check", "tried", "caught", "first", "alone", "blind to")
    yield _line(*["---"] * 6)
    yield from (_blind(pairs, check) for check in CHECKS)
    yield "\n*first*: before the others, in their order. *alone*: no other check has noticed.\n"
    yield "\n## Equivalent\n\nThese make no difference, so that nobody can notice them:\n\n"
    yield from (f"- {escaped(fault.name)}: {fault.equivalent}.\n" for fault in equivalent)
    yield _LEGEND
    for kind in Kind:
        yield f"\n### {kind.value[0].upper()}{kind.value[1:]}\n\n"
        yield _line("fault", *(f"{number}" for number in range(1, len(CHECKS) + 1)), "how")
        yield _line(*["---"] * (len(CHECKS) + 2))
        yield from (_row(fault, result) for fault, result in pairs if fault.kind is kind)


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


def _blind(pairs: Pairs, check: Check) -> str:
    looked = looked_at(pairs, check)
    caught = [result for _, result in pairs if check.name in result.caught]
    first = sum(result.caught[0] == check.name for result in caught)
    alone = sum(result.caught == [check.name] for result in caught)
    missed = [fault.name for fault, is_caught in looked if not is_caught]
    examples = f", such as: {'; '.join(map(escaped, missed[:3]))}" if missed else ""
    figures = (str(number) for number in (len(looked), len(caught), first, alone))
    return _line(check.name, *figures, f"{check.blind} ({len(missed)}{examples})")


def _row(fault: Fault, result: Result) -> str:
    how = result.found[result.caught[0]].first if result.caught else "equivalent"
    cells = (sign.replace("F", "**F**") for sign in signs(result))
    return _line(escaped(fault.name), *cells, escaped(how[:90]))
