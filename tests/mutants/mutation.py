"""Faults that a general tool makes up: ``make mutation``.

Cosmic Ray changes one place of the table, of the pure step or of the barrier at a time, and the
checks that every other fault meets must notice, until one does. What survives is named in
``survivors.py`` with the reason. Exit code: 0 if nothing survives but that, 1 if more does, or less;
2 if the checks fail without a fault.
"""

from __future__ import annotations

import argparse
import ast
import os
import sys
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

from mutants.checks import CHECKS, Check
from mutants.faults import ROOT, Edit, Fault, Kind
from mutants.gallery import Result, baseline, run, save
from mutants.running import Answer

MODULES = {"table": Kind.TABLE, "machine": Kind.STEP, "barrier": Kind.SHELL}


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


def _order(kind: Kind) -> list[Check]:
    """Return the checks, those first that find most at the least cost.

    A barrier in which threads are stuck keeps the unit tests waiting; the scheduler tells it.
    """
    names = ["scheduler"] if kind is Kind.SHELL else []
    return sorted(CHECKS, key=lambda check: check.name not in names)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    chosen = [fault for fault in mutants() if fnmatchcase(fault.name, options.only)]
    for name, found in baseline(CHECKS, chosen, options.cache, options.jobs):
        print(f"without a fault  {name}: {found.answer.value}, {found.seconds:.0f} s", flush=True)
        if found.answer is not Answer.MISSED:
            print(f"mutation: {name} fails without a fault: {found.first}", file=sys.stderr)
            return 2
    for kind in MODULES.values():
        faults = [fault for fault in chosen if fault.kind is kind]
        for result in run(faults, _order(kind), options.cache, first=True, jobs=options.jobs):
            save([result], options.results)
            said = result.problem or ", ".join(result.caught) or "it survives"
            print(f"{result.fault}: {said} {result.open}", flush=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mutation", description="Apply made-up faults.")
    parser.add_argument("--only", default="*")
    parser.add_argument("--cache", type=Path, default=Path("/tmp/mutcache"))
    parser.add_argument("--results", type=Path, default=Path("/tmp/mutation.json"))
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    return parser


if __name__ == "__main__":
    sys.exit(main())
