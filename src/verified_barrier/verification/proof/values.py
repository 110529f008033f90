"""The values of TLA+ expressions, as Z3 terms, and what has to be assumed of them.

A number, a string, a truth value, a thread and a record are Z3 terms. A function of the threads
and a set are rules that make terms: what the function is at a thread, whether the set has a
member. That is enough for expressions that only apply functions and ask for members.

There are two kinds of worlds. In one, there are any number of threads: nothing is known of them
but that they differ or not, and a set's cardinality is a number of which ``instances.py`` states
some facts. In the other there are a few threads, each with a name: quantifiers are written out,
and cardinality is counted. The first is to prove with, the second to find counterexamples in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import z3

__all__ = [
    "Counted",
    "Function",
    "FunctionKind",
    "Kind",
    "Set",
    "SetKind",
    "TranslationError",
    "Value",
    "World",
    "common_kind",
]


class TranslationError(ValueError):
    """A TLA+ expression for which there is no formula; the message says where and why."""


@dataclass(frozen=True)
class FunctionKind:
    """The functions of the threads, with values of one sort."""

    values: Any


@dataclass(frozen=True)
class SetKind:
    """The sets of members of one sort."""

    members: Any


Kind: TypeAlias = Any
"""A Z3 sort, a `FunctionKind` or a `SetKind`."""


@dataclass(frozen=True)
class Function:
    """A function of the threads."""

    at: Callable[[Any], Value]


@dataclass(frozen=True)
class Set:
    """A set."""

    kind: Kind
    """Of its members; ``None`` for the empty set, whose members are of any kind."""
    has: Callable[[Value], Any]
    """The formula that says that a value is a member."""
    members: Sequence[tuple[Any, Value]] | None = None
    """Its members, if they can be listed, each with the formula that says that it is one."""


Value: TypeAlias = Any
"""A Z3 term, a `Function`, a `Set`, or a tuple of these."""

Counted: TypeAlias = tuple[Callable[[Any], Any], Any]
"""A set of threads: what says of a thread that it is a member, and the cardinality."""

ANOTHER_STRING: Final = "another string"
"""Stands for all strings that the specification does not mention."""

LISTED: Final = 2
"""How many members a set has at most that is a variable, in a world with a few threads."""


class World:
    """What there is: sorts, and the threads.

    Parameters: ``strings``, all that the specification mentions; ``threads``, how many there
    are; ``None``: any number, but one at least.
    """

    def __init__(self, strings: Sequence[str], threads: int | None) -> None:
        self.context: Final = z3.Context()
        self.integers: Final = z3.IntSort(self.context)
        self.truths: Final = z3.BoolSort(self.context)
        names = [*strings, ANOTHER_STRING]
        self.strings, literals = z3.EnumSort("String", names, self.context)
        self._literals: Final = dict(zip(names, literals, strict=True))
        self._records: Final[dict[tuple[tuple[str, str], ...], Any]] = {}
        self._counted: Final[list[tuple[Any, Any]]] = []
        self._bound: Final[list[Any]] = []
        self._fresh = 0
        if threads is None:
            self.thread_sort = z3.DeclareSort("Thread", self.context)
            self.thread_names: Sequence[Any] | None = None
        else:
            listed = [f"t{number}" for number in range(1, threads + 1)]
            self.thread_sort, self.thread_names = z3.EnumSort("Thread", listed, self.context)
        self._sample: Final = z3.Const("counted", self.thread_sort)
        self.threads: Final = Set(
            self.thread_sort,
            lambda value: self.truth(self.is_of(value, self.thread_sort)),
            None
            if self.thread_names is None
            else [(self.truth(True), t) for t in self.thread_names],
        )

    # Terms.

    def truth(self, value: bool) -> Any:
        """Return a truth value."""
        return z3.BoolVal(value, self.context)

    def number(self, value: int) -> Any:
        """Return a number."""
        return z3.IntVal(value, self.context)

    def string(self, value: str) -> Any:
        """Return a string."""
        return self._literals[value]

    def both(self, *formulas: Any) -> Any:
        """Return the formula that says that all of some formulas hold."""
        return z3.And(*formulas) if formulas else self.truth(True)

    def either(self, *formulas: Any) -> Any:
        """Return the formula that says that one of some formulas holds."""
        return z3.Or(*formulas) if formulas else self.truth(False)

    def record(self, fields: Mapping[str, Kind]) -> Any:
        """Return the sort of the records with these fields."""
        key = tuple(sorted((name, str(kind)) for name, kind in fields.items()))
        if key not in self._records:
            sort = z3.Datatype("Record", self.context)
            sort.declare("record", *sorted(fields.items()))
            self._records[key] = sort.create()
        return self._records[key]

    def record_sorts(self) -> list[Any]:
        """Return the sorts of all records that there are."""
        return list(self._records.values())

    def record_sort(self, record: Any) -> Any:
        """Return the sort of a record, with its fields."""
        (found,) = (sort for sort in self._records.values() if sort == record.sort())
        return found

    def is_of(self, value: Value, kind: Kind) -> bool:
        """Return whether a value is of a kind; functions and sets are not looked into."""
        if isinstance(kind, FunctionKind):
            return isinstance(value, Function)
        if isinstance(kind, SetKind):
            return isinstance(value, Set) and bool(value.kind == kind.members)
        return z3.is_expr(value) and bool(value.sort() == kind)

    def unknown(self, name: str, kind: Kind) -> Value:
        """Return a value of a kind of which nothing is known but its name."""
        if isinstance(kind, FunctionKind):
            symbol = z3.Function(name, self.thread_sort, kind.values)
            return Function(lambda thread: symbol(thread))
        if not isinstance(kind, SetKind):
            return z3.Const(name, kind)
        if self.thread_names is not None:
            return self.listed(
                kind.members,
                [
                    (
                        z3.Bool(f"{name} has {n}", self.context),
                        z3.Const(f"{name} {n}", kind.members),
                    )
                    for n in range(LISTED)
                ],
            )
        member = z3.Function(name, kind.members, self.truths)
        return Set(kind.members, lambda value: member(value))

    def listed(self, kind: Kind, members: Sequence[tuple[Any, Value]]) -> Set:
        """Return a set of listed members."""
        return Set(
            kind,
            lambda value: self.either(*(z3.And(on, self.equal(value, m)) for on, m in members)),
            members,
        )

    # Formulas.

    def equal(self, one: Value, other: Value) -> Any:
        """Return the formula that says that two values are the same."""
        if isinstance(one, Function) and isinstance(other, Function):
            return self.every(self.threads, lambda t: self.equal(one.at(t), other.at(t)))
        if isinstance(one, Set) and isinstance(other, Set):
            kind = common_kind(one, other)
            if one.members is not None and other.members is not None:
                return z3.And(self.every(one, other.has), self.every(other, one.has))
            return self._quantified(z3.ForAll, kind, lambda m: one.has(m) == other.has(m))
        if isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other):
            return self.both(*(self.equal(a, b) for a, b in zip(one, other, strict=True)))
        if z3.is_expr(one) and z3.is_expr(other) and one.sort() == other.sort():
            return one == other
        raise TranslationError(f"{_said(one)} is never equal to {_said(other)}")

    def choose(self, condition: Any, one: Value, other: Value) -> Value:
        """Return what is ``one`` if a condition holds, and ``other`` if not."""
        if isinstance(one, Function) and isinstance(other, Function):
            return Function(lambda t: self.choose(condition, one.at(t), other.at(t)))
        if isinstance(one, Set) and isinstance(other, Set):
            kind, members = common_kind(one, other), None
            if one.members is not None and other.members is not None:
                members = [(z3.And(condition, on), m) for on, m in one.members]
                members += [(z3.And(z3.Not(condition), on), m) for on, m in other.members]
            return Set(kind, lambda m: z3.If(condition, one.has(m), other.has(m)), members)
        if z3.is_expr(one) and z3.is_expr(other) and one.sort() == other.sort():
            return z3.If(condition, one, other)
        raise TranslationError(f"neither {_said(one)} nor {_said(other)}: they are of two kinds")

    def every(self, taken_from: Set, holds: Callable[[Value], Any]) -> Any:
        """Return the formula that says that something holds for every member of a set."""
        if taken_from.members is not None:
            return self.both(*(z3.Implies(on, holds(m)) for on, m in taken_from.members))
        return self._quantified(
            z3.ForAll, taken_from.kind, lambda m: z3.Implies(taken_from.has(m), holds(m))
        )

    def some(self, taken_from: Set, holds: Callable[[Value], Any]) -> Any:
        """Return the formula that says that something holds for a member of a set."""
        if taken_from.members is not None:
            return self.either(*(z3.And(on, holds(m)) for on, m in taken_from.members))
        return self._quantified(
            z3.Exists, taken_from.kind, lambda m: z3.And(taken_from.has(m), holds(m))
        )

    def _quantified(self, quantifier: Any, kind: Kind, body: Callable[[Any], Any]) -> Any:
        if isinstance(kind, FunctionKind | SetKind):
            raise TranslationError("only numbers, strings, threads and records can be quantified")
        name = self.fresh("x", kind)
        self._bound.append(name)
        try:
            return quantifier([name], body(name))
        finally:
            self._bound.pop()

    def fresh(self, name: str, kind: Kind) -> Any:
        """Return a constant that is used nowhere else."""
        self._fresh += 1
        return z3.Const(f"{name}!{self._fresh}", kind)

    # Cardinality.

    def cardinality(self, counted: Set) -> Any:
        """Return how many members a set of threads has."""
        if counted.kind != self.thread_sort:
            raise TranslationError("only threads can be counted")
        if self.thread_names is not None:
            ones = [z3.If(counted.has(t), 1, 0) for t in self.thread_names]
            return z3.Sum(ones)
        rule = counted.has(self._sample)
        if any(_mentions(rule, name) for name in self._bound):
            raise TranslationError("a set that depends on a bound name cannot be counted")
        for known, count in self._counted:
            if known.eq(rule):
                return count
        count = self.fresh("count", self.integers)
        self._counted.append((rule, count))
        return count

    def counted(self) -> list[Counted]:
        """Return the sets that were counted."""

        def has(rule: Any) -> Callable[[Any], Any]:
            return lambda thread: z3.substitute(rule, (self._sample, thread))

        return [(has(rule), count) for rule, count in self._counted]


def common_kind(one: Set, other: Set) -> Kind:
    """Return the kind of the members of two sets."""
    if one.kind is not None and other.kind is not None and one.kind != other.kind:
        raise TranslationError("the two sets have members of different kinds")
    return other.kind if one.kind is None else one.kind


def _said(value: Value) -> str:
    if isinstance(value, Function):
        return "a function"
    if isinstance(value, Set):
        return "a set"
    return f"{value} ({value.sort()})" if z3.is_expr(value) else "a tuple"


def _mentions(formula: Any, name: Any) -> bool:
    return formula.eq(name) or any(_mentions(part, name) for part in formula.children())
