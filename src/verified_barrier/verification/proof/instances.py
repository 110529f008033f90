"""Proofs for any number of threads, by naming the few threads that matter.

An obligation is proved by showing that its assumptions and the opposite of its goal contradict
each other. That something exists is said with a name for it; then whatever holds for all threads
is used for the threads that have a name, and for no others. This can only fail to prove something
that is true, and never prove something that is false; and with no quantifier left, Z3 decides at
once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import combinations, product
from typing import Any, Final

import z3

from verified_barrier.verification.proof.values import Counted, World

__all__ = ["Prover"]


class Prover:
    """Proves goals about steps from assumptions.

    Parameters: ``world``, one with any number of threads; ``thread``, the one that takes a step;
    ``assumptions``, of all steps; ``steps`` and ``goals``, formulas by name.
    """

    def __init__(
        self,
        world: World,
        thread: Any,
        assumptions: Sequence[Any],
        steps: Mapping[str, Any],
        goals: Mapping[str, Any],
    ) -> None:
        self._world: Final = world
        self._has_quantifier = cache(_has_quantifier)
        base = self._named_apart(assumptions)
        self._steps: Final = {name: self._named_apart([step]) for name, step in steps.items()}
        self._goals: Final = {name: self._opposite(goal) for name, goal in goals.items()}
        found = [thread, *_names(base)]
        for formulas in [*self._steps.values(), *self._goals.values()]:
            found += _names(formulas)
        sorts = (world.thread_sort, *world.structures())
        self._names: Final = [n for n in dict.fromkeys(found) if n.sort() in sorts]
        facts, witnesses = self._cardinalities(thread)
        self._witnesses: Final = [*self._names, *witnesses]
        self._solver: Final = z3.SimpleSolver(ctx=world.context)
        # Ctrl-C is for Python, not for Z3.
        self._solver.set("ctrl_c", False)
        # Every formula counts: to find out which ones do takes a fifth of the time.
        self._solver.set("relevancy", 0)
        self._solver.add([self._used(formula) for formula in base])
        self._solver.add(facts)

    def prove(self, step: str, seconds: Iterable[float]) -> Iterator[tuple[str, bool]]:
        """Yield each goal with whether it is proved of a step.

        Parameters: ``seconds``, for each goal, how long it may take at most.
        """
        self._solver.push()
        self._solver.add([self._used(formula) for formula in self._steps[step]])
        for (name, opposite), limit in zip(self._goals.items(), seconds, strict=False):
            self._solver.push()
            self._solver.set("timeout", max(1, int(limit * 1000)))
            self._solver.add([self._used(formula) for formula in opposite])
            yield name, self._solver.check() == z3.unsat
            self._solver.pop()
        self._solver.pop()

    def _named_apart(self, formulas: Sequence[Any]) -> list[Any]:
        """Return formulas that say the same, with names for what exists."""
        goal = z3.Goal(ctx=self._world.context)
        goal.add(*formulas)
        tactic = z3.Then("simplify", "elim-term-ite", "nnf", ctx=self._world.context)
        return [formula for part in tactic(goal) for formula in part]

    def _opposite(self, goal: Any) -> list[Any]:
        """Return the opposite of a goal, in which all goals use the same names in their turn."""
        opposite = self._named_apart([z3.Not(goal)])
        old = set(_names([goal]))
        used: dict[str, int] = {}
        renamed = []
        for name in _names(opposite):
            if name not in old:
                sort = str(name.sort())
                used[sort] = used.get(sort, 0) + 1
                renamed.append((name, z3.Const(f"{sort}?{used[sort]}", name.sort())))
        return [z3.substitute(formula, *renamed) for formula in opposite]

    def _used(self, formula: Any) -> Any:
        """Return what a formula says of everything that has a name."""
        if not self._has_quantifier(formula):
            return formula
        parts = [*formula.children()]
        if z3.is_quantifier(formula) and formula.is_forall():
            body = formula.body()
            # Pairs of threads are many: only those are used that the formulas speak of.
            nested = self._has_quantifier(body)
            names = self._names if nested or formula.num_vars() > 1 else self._witnesses
            sorts = [formula.var_sort(place) for place in range(formula.num_vars())]
            choices = product(*([n for n in names if n.sort() == sort] for sort in sorts))
            used = (z3.substitute_vars(body, *reversed(choice)) for choice in choices)
            return self._world.both(*(map(self._used, used) if nested else used))
        if z3.is_and(formula):
            return self._world.both(*map(self._used, parts))
        if z3.is_or(formula):
            return self._world.either(*map(self._used, parts))
        raise AssertionError(f"not in negation normal form: {formula}")

    def _cardinalities(self, thread: Any) -> tuple[list[Any], list[Any]]:
        """Return what is known of the cardinalities, and names for what it says to exist.

        These four facts are taken for granted. A cardinality is not negative. It is greater than
        zero if there is a member, and greater than one if there are two. If two sets have the
        same members, but for one thread perhaps, their cardinalities differ as they do about it;
        this is used of pairs of the sets that are counted, and of each and the empty set.
        """
        world = self._world
        counted = world.counted()
        nothing: Counted = (lambda _: world.truth(False), world.number(0))
        threads = [name for name in self._names if name.sort() == world.thread_sort]
        facts, witnesses = [], []
        for has, count in counted:
            facts.append(count >= 0)
            facts += [z3.Implies(has(t), count > 0) for t in threads]
            facts += [
                z3.Implies(z3.And(has(t), has(u), t != u), count > 1)
                for t, u in combinations(threads, 2)
            ]
        for (in_one, one), (in_other, other) in combinations([nothing, *counted], 2):
            witness = world.fresh("differs", world.thread_sort)
            witnesses.append(witness)
            here = z3.If(in_other(thread), 1, 0) - z3.If(in_one(thread), 1, 0)
            elsewhere = z3.And(witness != thread, in_one(witness) != in_other(witness))
            facts.append(z3.Or(other - one == here, elsewhere))
        return facts, witnesses


def _has_quantifier(formula: Any) -> bool:
    return z3.is_quantifier(formula) or any(map(_has_quantifier, formula.children()))


def _names(formulas: Iterable[Any]) -> list[Any]:
    """Return the constants in formulas, each once."""
    seen = set()
    found = []
    queue = list(formulas)
    while queue:
        formula = queue.pop()
        if formula in seen:
            continue
        seen.add(formula)
        if z3.is_quantifier(formula):
            queue.append(formula.body())
        elif z3.is_const(formula) and formula.decl().kind() == z3.Z3_OP_UNINTERPRETED:
            found.append(formula)
        queue += formula.children()
    return found
