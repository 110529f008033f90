"""Proofs for any number of threads.

A goal is taken apart, as one would on paper: of a conjunction each part is shown, of an implication
the consequence where its condition holds, and of what is said of all something is shown of one with
a name of which nothing else is known. What is assumed of all is used by Z3 for what has a name in
the question, where its patterns fit. That can only fail to prove something that is true, and never
prove something that is false.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import z3

from verified_barrier.verification.proof.sany import Node
from verified_barrier.verification.proof.smt import Moment, Names, Translator, always
from verified_barrier.verification.proof.values import Function, Kind, Value, World

__all__ = ["Goal", "Prover", "goals", "same"]


class Goal(NamedTuple):
    """Something that is to be shown."""

    given: tuple[Any, ...]
    """What may be assumed for it."""
    formula: Any


def goals(
    translator: Translator, node: Node, moment: Moment, names: Names, given: tuple[Any, ...] = ()
) -> Iterator[Goal]:
    """Yield what is to be shown for an expression to be true."""
    read = translator.read
    definition = translator.module.definitions.get(node.operator)
    if node.operator in ("$ConjList", "\\land"):
        for part in node.operands:
            yield from goals(translator, part, moment, names, given)
    elif node.operator == "$Let":
        yield from goals(translator, node.operands[0], moment, names, given)
    elif node.operator == "$Substitution":
        inner = translator.substituted(node, moment, names)
        yield from goals(translator, node.operands[0], inner, names, given)
    elif node.operator == "=>":
        condition = read(node.operands[0], moment, names)
        yield from goals(translator, node.operands[1], moment, names, (*given, condition))
    elif node.operator == "$BoundedForall":
        for (name, taken_from), *others in (node.bound,):
            domain = read(taken_from, moment, names)
            if domain.members is not None:
                yield Goal(given, read(node, moment, names))
                continue
            one = _anything(domain.kind, given)
            rest = node._replace(bound=tuple(others)) if others else node.operands[0]
            inner_names = {**names, name: always(one)}
            yield from goals(translator, rest, moment, inner_names, (*given, domain.has(one)))
    elif node.operator == "=":
        one, other = (read(part, moment, names) for part in node.operands)
        yield from same(translator.world, one, other, given)
    elif node.operator == "\\in" and node.operands[1].operator == "$SetOfFcns":
        function = read(node.operands[0], moment, names)
        domain, values = (read(part, moment, names) for part in node.operands[1].operands)
        place = _anything(domain.kind, given)
        yield Goal((*given, domain.has(place)), values.has(function.at(place)))
    elif node.operator == "UNCHANGED":
        then = read(node.operands[0], Moment(moment.then or {}), names)
        yield from same(translator.world, then, read(node.operands[0], moment, names), given)
    elif definition is not None and node.operator not in names:
        arguments = translator.arguments(node, names)
        its_names = {**names, **dict(zip(definition.parameters, arguments, strict=True))}
        yield from goals(translator, definition.body, moment, its_names, given)
    else:
        yield Goal(given, read(node, moment, names))


def same(world: World, one: Value, other: Value, given: tuple[Any, ...] = ()) -> Iterator[Goal]:
    """Yield what is to be shown for two values to be the same."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        for a, b in zip(one, other, strict=True):
            yield from same(world, a, b, given)
    elif isinstance(one, Function) and isinstance(other, Function) and one.domain.members is None:
        place = _anything(one.domain.kind, given)
        yield from same(world, one.at(place), other.at(place), (*given, one.domain.has(place)))
    else:
        yield Goal(given, world.equal(one, other))


def _anything(kind: Kind, given: tuple[Any, ...]) -> Any:
    """Return a constant that is not in what is given; other goals may have it, too."""
    return z3.Const(f"any {len(given)}", kind)


class Prover:
    """Proves goals from assumptions.

    Parameters: ``world``, one with any number of threads; ``assumptions``, of all goals.
    """

    def __init__(self, world: World, assumptions: Sequence[Any]) -> None:
        self._world: Final = world
        self._assumptions: Final[list[Any]] = []
        self._assume(assumptions)

    def _assume(self, formulas: Sequence[Any]) -> None:
        self._assumptions.extend([*formulas, *self._world.meanings(formulas)])

    @contextmanager
    def given(self, assumptions: Sequence[Any]) -> Iterator[None]:
        """Assume something more in the block."""
        before = len(self._assumptions)
        self._assume(assumptions)
        try:
            yield
        finally:
            del self._assumptions[before:]

    def proves(self, goal: Goal, seconds: float, effort: int) -> bool:
        """Return whether a goal is proved.

        Parameters: ``seconds``, how long that may take at most; ``effort``, what it may cost, as
        Z3 counts it, on a slow machine as on a fast one: about three million in a second.
        """
        wrong = [*goal.given, z3.Not(goal.formula)]
        solver = z3.Solver(ctx=self._world.context)
        # Ctrl-C is for Python, not for Z3; and no model is looked for where there are quantifiers.
        solver.set("ctrl_c", False)
        solver.set("smt.mbqi", False)
        solver.set("timeout", max(1, int(seconds * 1000)))
        solver.set("rlimit", effort)
        solver.add(*self._assumptions, *wrong, *self._world.meanings(wrong))
        return bool(solver.check() == z3.unsat)
