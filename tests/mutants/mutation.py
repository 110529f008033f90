"""Faults that a general tool makes up: ``make mutation``.

Cosmic Ray changes one place of the table, of the pure step or of the barrier at a time, and the
unit tests, the scheduler and the interruptions are run until one notices. What survives is named in
``survivors.py`` with the reason. Exit code: 0 if that is all that survives, and all of it does; 1
otherwise; 2 if a check does not pass without a fault, or no mutant has such a name.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections import Counter
from collections.abc import Iterator, Sequence

from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

from mutants.checks import CHECKS, Check
from mutants.command import CACHE, add_options, is_meant, is_sound
from mutants.faults import ROOT, Edit, Fault, Kind
from mutants.gallery import Result, load, run, save
from mutants.page import escaped, write_part
from mutants.survivors import SURVIVORS

MODULES = {"table": Kind.TABLE, "machine": Kind.STEP, "barrier": Kind.SHELL}

_IMPORT, _NONE = "the import", "none"
_HEAD = """
`make mutation` has Cosmic Ray change one place of `table.py`, `machine.py` or `barrier.py` at a
time: an operator, a number, a condition, a loop, an exception, a decorator. Annotations do not
count, and no change is tried twice. Of {all} mutants, {killed} are killed ({score:.1%}) and {rest}
survive. The unit tests, the scheduler and the interruptions of the gallery are run, until one
notices; a mutant of the table that is no state machine is refused when it is imported.

"""


def is_chosen(operator: str) -> bool:
    """Return whether an operator makes changes that are worth a try.

    The names of the table are compared by identity, so that ``==`` for ``is`` changes nothing and
    ``<`` fails at once; and of the operators of arithmetic one for each will do.
    """
    name, _, change = operator.partition("Operator_")
    if name.endswith("Comparison"):
        return "Is" not in change or change in ("Is_IsNot", "IsNot_Is")
    if name.endswith("Binary"):
        return change in ("Add_Sub", "Sub_Add", "BitOr_BitAnd", "BitAnd_BitOr")
    return "Variable" not in name


class _WithoutAnnotations(ast.NodeTransformer):
    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)


def _code(text: str) -> str:
    """Return what a text does: changes of annotations, which nobody evaluates, do not show."""
    return ast.dump(_WithoutAnnotations().visit(ast.parse(text)))


def mutants() -> Iterator[Fault]:
    """Yield each mutant once, in the order of the operators."""
    for module, kind in MODULES.items():
        file = f"src/verified_barrier/{module}.py"
        text = (ROOT / file).read_text(encoding="utf-8")
        seen = {_code(text)}
        names: dict[str, int] = {}
        for operator in filter(is_chosen, sorted(operator_names())):
            place = 0
            while (changed := mutate_code(text, get_operator(operator)(), place)) is not None:
                place += 1
                if (code := _code(changed)) not in seen:
                    seen.add(code)
                    name = f"{module}.py: {_change(text, changed)}"
                    names[name] = names.get(name, 0) + 1
                    if names[name] > 1:
                        name += f" ({names[name]})"
                    yield Fault(name, kind, (Edit(file, text, changed),))


def _change(old: str, new: str) -> str:
    """Return the line that was changed, and what it was changed to."""
    pairs = zip(old.splitlines(), new.splitlines(), strict=False)
    before, after = next(pair for pair in pairs if pair[0] != pair[1])
    return f"{' '.join(before.split())} → {' '.join(after.split())}"


def _checks(kind: Kind) -> list[Check]:
    """Return the checks that find most at the least cost, those first that find more.

    A barrier in which threads are stuck keeps the unit tests waiting; the scheduler tells at once.
    """
    names = ["scheduler", "unit tests", "interruptions"]
    chosen = [check for name in names for check in CHECKS if check.name == name]
    return chosen if kind is Kind.SHELL else chosen[1::-1]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    options = _parser().parse_args(arguments)
    chosen = [fault for fault in mutants() if is_meant(fault, options.only)]
    if not chosen:
        print(f"mutation: no mutant has a name like {options.only!r}", file=sys.stderr)
        return 2
    if not is_sound(_checks(Kind.SHELL), chosen, options):
        return 2
    results = []
    for kind in MODULES.values():
        faults = [fault for fault in chosen if fault.kind is kind]
        for result in run(faults, _checks(kind), options.cache, first=True, jobs=options.jobs):
            save([result], options.results)
            results.append(result)
            print(f"{noticed_by(result)}  {result.fault}", flush=True)
    if options.write:
        known = {result.fault: result for result in load(options.results)}
        write_part("".join(_part([known[fault.name] for fault in mutants()])), is_gallery=False)
    return _conclude(results)


def noticed_by(result: Result) -> str:
    """Return which check has noticed a mutant first, or what is to be said instead."""
    if result.problem:
        return _IMPORT
    return result.caught[0] if result.caught else _NONE


def _conclude(results: Sequence[Result]) -> int:
    alive = [result.fault for result in results if not result.problem and not result.caught]
    killed = len(results) - len(alive)
    print(f"{len(results)} mutants, {killed} killed, {len(alive)} survive")
    tried = {result.fault for result in results}
    wrong = [f"it survives: {name}" for name in alive if name not in SURVIVORS]
    wrong += [f"it is killed: {name}" for name in SURVIVORS if name in tried and name not in alive]
    print(*(f"not as tests/mutants/survivors.py says: {one}" for one in wrong), sep="\n")
    return 1 if wrong else 0


def _part(results: Sequence[Result]) -> Iterator[str]:
    """Yield the part of the page about the mutants."""
    counted = Counter(noticed_by(result) for result in results)
    killed = sum(bool(result.problem or result.caught) for result in results)
    yield _HEAD.format(
        all=len(results), killed=killed, rest=len(results) - killed, score=killed / len(results)
    )
    yield "| noticed first by | mutants |\n|---|---|\n"
    yield from (f"| {name} | {number} |\n" for name, number in counted.most_common())
    yield "\nWhat survives, and why:\n\n"
    yield from (f"- {escaped(name)}: {reason}.\n" for name, reason in SURVIVORS.items())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mutation", description="Apply faults that are made up.")
    parser.add_argument("--only", default="*", metavar="PATTERN", help="the mutants of such names")
    parser.add_argument("--write", action="store_true", help="write their part of docs/faults.md")
    add_options(parser, CACHE / "mutation.json")
    return parser


if __name__ == "__main__":
    sys.exit(main())
