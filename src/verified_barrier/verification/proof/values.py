"""The values of TLA+ expressions, as Z3 terms, and what has to be assumed of them.

A number, a string, a truth value, a thread, a record and a tuple of these are Z3 terms. A function,
a set and a sequence are rules that make terms: what the function is at a place, whether the set has
a member, what the sequence has at a position. That is enough for expressions that only apply
functions, ask for members and look at positions.

There are two kinds of worlds. In one, there are any number of threads: nothing is known of them
but that they differ or not, and a set's cardinality is a number of which ``instances.py`` states
some facts. In the other there are a few threads, each with a name, and sequences are short:
quantifiers are written out, and cardinality is counted. The first is to prove with, the second to
find counterexamples in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

import z3

__all__ = [
    "Counted",
    "Function",
    "FunctionKind",
    "Kind",
    "List",
    "ListKind",
    "Set",
    "SetKind",
    "TranslationError",
    "Value",
    "World",
    "common_kind",
    "mentions",
    "remembered",
]


class TranslationError(ValueError):
    """A TLA+ expression for which there is no formula; the message says where and why."""


@dataclass(frozen=True)
class FunctionKind:
    """The functions of a domain, with values of one kind."""

    domain: Set
    values: Kind


@dataclass(frozen=True)
class SetKind:
    """The sets of members of a set."""

    taken_from: Set


@dataclass(frozen=True)
class ListKind:
    """The sequences of members of one sort."""

    members: Any


Kind: TypeAlias = Any
"""A Z3 sort, a `FunctionKind`, a `SetKind` or a `ListKind`."""


@dataclass(frozen=True)
class Function:
    """A function."""

    domain: Set
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
    up_to: Any = None
    """The last member, if it is the set of the numbers from 1 to that."""
    moved: bool = False
    """Whether these are the positions of a sequence that is `moved`."""


@dataclass(frozen=True)
class List:
    """A sequence."""

    kind: Kind
    """Of its members; ``None`` for the empty sequence."""
    length: Any
    at: Callable[[Any], Value]
    moved: bool = False
    """Whether it may have members one position before where another sequence has them."""


Value: TypeAlias = Any
"""A Z3 term, a `Function`, a `Set`, a `List`, or a tuple of these."""

Counted: TypeAlias = tuple[Callable[[Any], Any], Any]
"""A set of threads: what says of a thread that it is a member, and the cardinality."""

ANOTHER_STRING: Final = "another string"
"""Stands for all strings that the specification does not mention."""

LISTED: Final = 2
"""How many records a set has at most that is a variable, in a world with a few threads."""


class World:
    """What there is: sorts, and the threads.

    Parameters: ``strings``, all that the specification mentions; ``threads``, how many there
    are; ``None``: any number, but one at least; ``others``, the names of constants that are taken
    for threads, but are not among them.
    """

    def __init__(
        self, strings: Sequence[str], threads: int | None, others: Sequence[str] = ()
    ) -> None:
        self.context: Final = z3.Context()
        self.integers: Final = z3.IntSort(self.context)
        self.truths: Final = z3.BoolSort(self.context)
        names = [*strings, ANOTHER_STRING]
        self.strings, literals = z3.EnumSort("String", names, self.context)
        self._literals: Final = dict(zip(names, literals, strict=True))
        self._structures: Final[dict[tuple[tuple[str, str], ...], Any]] = {}
        self._counted: Final[list[tuple[Any, Any]]] = []
        self._bound: Final[list[Any]] = []
        self._fresh = 0
        self._introduced: Final[dict[str, Any]] = {}
        self._known: Final[dict[tuple[str, str, int], str]] = {}
        self._shapes: Final = _Shapes()
        self._mentioned: Final[dict[int, tuple[Any, frozenset[str]]]] = {}
        self._quantifies: Final[dict[int, tuple[Any, bool]]] = {}
        if threads is None:
            self.thread_sort = z3.DeclareSort("Thread", self.context)
            self.thread_names: Sequence[Any] | None = None
            apart = [z3.Const(name, self.thread_sort) for name in others]
        else:
            listed = [f"t{number}" for number in range(1, threads + 1)]
            self.thread_sort, everybody = z3.EnumSort("Thread", [*listed, *others], self.context)
            self.thread_names, apart = everybody[:threads], everybody[threads:]
        self.others: Final = dict(zip(others, apart, strict=True))
        """The constants that are taken for threads, by their names."""
        self.longest: Final = None if threads is None else 2 * threads
        """How long a sequence is at most that is a variable, in a world with a few threads."""
        self._sample: Final = z3.Const("counted", self.thread_sort)
        self.threads: Final = Set(
            self.thread_sort,
            lambda value: self.both(
                self.truth(self.is_of(value, self.thread_sort)),
                *(value != other for other in self.others.values()),
            ),
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

    def structure(self, fields: Mapping[str, Kind]) -> Any:
        """Return the sort of the records with these fields, or of the tuples, with numbers."""
        key = tuple(sorted((name, str(kind)) for name, kind in fields.items()))
        if key not in self._structures:
            sort = z3.Datatype(f"Structure{len(self._structures)}", self.context)
            sort.declare(f"structure{len(self._structures)}", *sorted(fields.items()))
            self._structures[key] = sort.create()
        return self._structures[key]

    def structures(self) -> list[Any]:
        """Return the sorts of all records and tuples that there are."""
        return list(self._structures.values())

    def structure_of(self, term: Any) -> Any:
        """Return the sort of a record or a tuple, with its fields; ``None`` if it is neither."""
        return next((sort for sort in self._structures.values() if sort == term.sort()), None)

    def structured(self, fields: Mapping[str, Any]) -> Any:
        """Return the record, or the tuple, with these terms."""
        sort = self.structure({name: value.sort() for name, value in fields.items()})
        return sort.constructor(0)(*(value for _, value in sorted(fields.items())))

    def field(self, structure: Any, name: str) -> Any:
        """Return the term that a record has under a name, or a tuple in a place."""
        if z3.is_app_of(structure, z3.Z3_OP_ITE):
            condition, one, other = structure.children()
            return self.choose(condition, self.field(one, name), self.field(other, name))
        sort = self.structure_of(structure)
        for place in range(0 if sort is None else sort.constructor(0).arity()):
            if sort.accessor(0, place).name() == name:
                if structure.decl() == sort.constructor(0):
                    return structure.arg(place)
                return sort.accessor(0, place)(structure)
        raise TranslationError(f"{said(structure)} has no {name}")

    def is_of(self, value: Value, kind: Kind) -> bool:
        """Return whether a value is of a kind; functions and sets are not looked into."""
        if isinstance(kind, FunctionKind):
            return isinstance(value, Function)
        if isinstance(kind, SetKind):
            return isinstance(value, Set) and value.kind in (None, kind.taken_from.kind)
        if isinstance(kind, ListKind):
            return isinstance(value, List) and value.kind in (None, kind.members)
        return z3.is_expr(value) and bool(value.sort() == kind)

    def unknown(self, name: str, kind: Kind, *places: Any) -> Value:
        """Return a value of a kind of which nothing is known but its name.

        Parameters: ``places``, where it is the value of a function that is unknown.
        """
        if isinstance(kind, FunctionKind):
            return Function(
                kind.domain, lambda place: self.unknown(name, kind.values, *places, place)
            )
        if isinstance(kind, ListKind):
            length = self._symbol(f"length of {name}", self.integers, *places)
            return List(
                kind.members, length, lambda n: self._symbol(name, kind.members, *places, n)
            )
        if not isinstance(kind, SetKind):
            return self._symbol(name, kind, *places)
        sort = kind.taken_from.kind
        if self.thread_names is None:
            return Set(sort, lambda value: self._symbol(name, self.truths, *places, value))
        if kind.taken_from.members is None:
            return self.listed(
                sort,
                [
                    (
                        self._symbol(f"{name} has {n}", self.truths, *places),
                        self._symbol(f"{name} {n}", sort, *places),
                    )
                    for n in range(LISTED)
                ],
            )
        return self.listed(
            sort,
            [
                (z3.And(on, self._symbol(name, self.truths, *places, member)), member)
                for on, member in kind.taken_from.members
            ],
        )

    def _symbol(self, name: str, sort: Any, *places: Any) -> Any:
        if not places:
            return z3.Const(name, sort)
        return z3.Function(name, *(place.sort() for place in places), sort)(*places)

    def listed(self, kind: Kind, members: Sequence[tuple[Any, Value]]) -> Set:
        """Return a set of listed members."""
        return Set(
            kind,
            lambda value: self.either(*(z3.And(on, self.equal(value, m)) for on, m in members)),
            members,
        )

    def domain(self, function: Function | List) -> Set:
        """Return the domain of a function, or the positions of a sequence."""
        return function.domain if isinstance(function, Function) else self.positions(function)

    def positions(self, sequence: List) -> Set:
        """Return the set of the positions of a sequence."""
        members = None
        if self.longest is not None:
            # Two of the longest together, and one more: longer ones are not made in a step.
            numbers = map(self.number, range(1, 2 * self.longest + 2))
            members = [(n <= sequence.length, n) for n in numbers]
        return Set(
            self.integers,
            lambda n: z3.And(n >= 1, n <= sequence.length),
            members,
            sequence.length,
            sequence.moved,
        )

    # Formulas.

    def equal(self, one: Value, other: Value) -> Any:
        """Return the formula that says that two values are the same."""
        one, other = self._alike(one, other)
        if isinstance(one, Function) and isinstance(other, Function):
            return self.every(one.domain, lambda place: self.equal(one.at(place), other.at(place)))
        if isinstance(one, List) and isinstance(other, List):
            same = one.length == other.length
            if one.kind is None or other.kind is None:
                return same
            return z3.And(
                same,
                self.every(self.positions(one), lambda n: self.equal(one.at(n), other.at(n))),
            )
        if isinstance(one, Set) and isinstance(other, Set):
            kind = common_kind(one, other)
            for full, empty in ((one, other), (other, one)):
                if empty.members == [] and full.members is None:
                    # As a choice asks for it, so that it is known to be the same.
                    return z3.Not(self._named(self.some(full, lambda _: self.truth(True))))
            if one.members is not None and other.members is not None:
                return z3.And(self.every(one, other.has), self.every(other, one.has))
            return self._quantified(z3.ForAll, kind, lambda m: one.has(m) == other.has(m))
        if isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other):
            return self.both(*(self.equal(a, b) for a, b in zip(one, other, strict=True)))
        if z3.is_expr(one) and z3.is_expr(other) and one.sort() == other.sort():
            return one == other
        raise TranslationError(f"{said(one)} is never equal to {said(other)}")

    def choose(self, condition: Any, one: Value, other: Value) -> Value:
        """Return what is ``one`` if a condition holds, and ``other`` if not."""
        condition = z3.simplify(condition)
        if z3.is_true(condition) or z3.is_false(condition):
            return one if z3.is_true(condition) else other
        return self._chosen(self._named(condition), one, other)

    def _chosen(self, condition: Any, one: Value, other: Value) -> Value:
        one, other = self._alike(one, other)
        if isinstance(one, Function) and isinstance(other, Function):
            at = remembered(lambda place: self._chosen(condition, one.at(place), other.at(place)))
            return Function(one.domain, at)
        if isinstance(one, List) and isinstance(other, List):
            kind = common_kind(one, other)
            at = one.at if other.kind is None else other.at
            if one.kind is not None and other.kind is not None:
                at = lambda n: self._chosen(condition, one.at(n), other.at(n))  # noqa: E731
            length = self._chosen(condition, one.length, other.length)
            return List(kind, length, at, moved=one.moved or other.moved)
        if isinstance(one, Set) and isinstance(other, Set):
            kind, members = common_kind(one, other), None
            if one.members is not None and other.members is not None:
                members = [(z3.And(condition, on), m) for on, m in one.members]
                members += [(z3.And(z3.Not(condition), on), m) for on, m in other.members]
            return Set(kind, lambda m: z3.If(condition, one.has(m), other.has(m)), members)
        if z3.is_expr(one) and z3.is_expr(other) and one.sort() == other.sort():
            return other if _same_where(condition, one, other) else z3.If(condition, one, other)
        raise TranslationError(f"neither {said(one)} nor {said(other)}: they are of two kinds")

    def _alike(self, one: Value, other: Value) -> tuple[Value, Value]:
        """Return two values, as sequences if one of them is."""
        if isinstance(one, List) is isinstance(other, List):
            return one, other
        return self._as_list(one), self._as_list(other)

    def of_kind(self, value: Value, like: Value) -> Value:
        """Return a value as one of the kind of another: what is empty may be of any kind."""
        value, _ = self._alike(value, like)
        if isinstance(value, List) and value.kind is None and isinstance(like, List):
            return replace(like, length=value.length)
        return value

    def _as_list(self, value: Value) -> Value:
        """Return a function of the numbers from 1 to another as the sequence that it is."""
        if not isinstance(value, Function) or value.domain.up_to is None:
            return value
        kind = value.at(self.fresh("sample", self.integers)).sort()
        return List(kind, value.domain.up_to, value.at, moved=True)

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

        def suits(member: Any) -> Any:
            return z3.And(taken_from.has(member), holds(member))

        if taken_from.up_to is None:
            return self._quantified(z3.Exists, taken_from.kind, suits)
        # It is also said of the last position, and of those before others: where a sequence has
        # got longer, or shorter, that is where Z3 would not look.
        return z3.Or(
            suits(taken_from.up_to),
            self._quantified(
                z3.Exists,
                taken_from.kind,
                lambda n: z3.Or(suits(n), suits(n - 1)) if taken_from.moved else suits(n),
            ),
        )

    def _quantified(self, quantifier: Any, kind: Kind, body: Callable[[Any], Any]) -> Any:
        if isinstance(kind, FunctionKind | SetKind | ListKind):
            raise TranslationError("only numbers, strings, threads and records can be quantified")
        # By where it is bound, so that what is said twice is the same formula.
        name = z3.Const(f"x {len(self._bound)}", kind)
        self._bound.append(name)
        try:
            return quantifier([name], z3.simplify(body(name)))
        finally:
            self._bound.pop()

    def fresh(self, name: str, kind: Kind) -> Any:
        """Return a constant that is used nowhere else."""
        self._fresh += 1
        return z3.Const(f"{name}!{self._fresh}", kind)

    # Names for what is not said outright.

    def choice(self, taken_from: Set, holds: Callable[[Value], Any]) -> Any:
        """Return a member of a set for which something holds, if there is one.

        It is always the same one; if there is none, nothing is known of it.
        """
        sample = z3.Const("chosen", taken_from.kind)

        def suits(member: Any) -> Any:
            return z3.And(taken_from.has(member), holds(member))

        return self._introduce(
            "choice",
            taken_from.kind,
            z3.simplify(suits(sample)),
            lambda chosen: z3.Implies(self._named(self.some(taken_from, holds)), suits(chosen)),
        )

    def unspecified(self, where: str, kind: Kind, conditions: Sequence[Any]) -> Any:
        """Return a term of which nothing is known.

        Parameters: ``where`` it stands in the text; ``conditions``, of which none holds.
        """
        nothing = self.truth(True)
        return self._introduce(where, kind, self.either(*conditions), lambda _: nothing)

    def _named(self, condition: Any) -> Any:
        """Return a condition, or a name for it: Z3 does not look into one that has quantifiers."""
        if not self._has_quantifier(condition):
            return condition
        return self._introduce("whether", self.truths, condition, lambda name: name == condition)

    def _introduce(self, what: str, sort: Any, key: Any, says: Callable[[Any], Any]) -> Any:
        """Return a name for something, the same for the same key, and keep what it says.

        Where the key mentions bound names, it is a function of these.
        """
        places = [name for name in self._bound if mentions(key, name)]
        shape = (what, str(sort), self._shapes.number(key, places))
        if shape not in self._known:
            self._fresh += 1
            self._known[shape] = f"{what}!{self._fresh}"
        name = self._known[shape]
        term = self._symbol(name, sort, *places)
        if name not in self._introduced:
            self._introduced[name] = self.truth(True)  # until it is known what it says
            meaning = says(term)
            self._introduced[name] = z3.ForAll(places, meaning) if places else meaning
        return term

    def meanings(self, formulas: Iterable[Any]) -> list[Any]:
        """Return what the names say that are introduced, of those that formulas mention."""
        found: dict[str, Any] = {}
        queue = list(formulas)
        while queue:
            for name in self._introduced_in(queue.pop()):
                if name not in found:
                    found[name] = self._introduced[name]
                    queue.append(found[name])
        return list(found.values())

    def _has_quantifier(self, formula: Any) -> bool:
        number = formula.get_id()
        if number not in self._quantifies:
            has = z3.is_quantifier(formula) or any(map(self._has_quantifier, formula.children()))
            self._quantifies[number] = (formula, has)
        return self._quantifies[number][1]

    def _introduced_in(self, formula: Any) -> frozenset[str]:
        """Return the names in a formula that are introduced."""
        number = formula.get_id()
        if number not in self._mentioned:
            found: set[str] = set()
            if z3.is_quantifier(formula):
                found |= self._introduced_in(formula.body())
            elif z3.is_app(formula):
                for part in formula.children():
                    found |= self._introduced_in(part)
                if formula.decl().kind() == z3.Z3_OP_UNINTERPRETED:
                    found |= {formula.decl().name()} & self._introduced.keys()
            # The formula is kept, so that its number remains its own.
            self._mentioned[number] = (formula, frozenset(found))
        return self._mentioned[number][1]

    # Cardinality.

    def cardinality(self, counted: Set) -> Any:
        """Return how many members a set has.

        With any number of threads it is some number, of which something is known for a set of
        threads.
        """
        if counted.members is not None:
            # A member that is listed twice is counted once.
            ones = []
            for place, (on, member) in enumerate(counted.members):
                before = [z3.And(o, self.equal(m, member)) for o, m in counted.members[:place]]
                ones.append(z3.If(z3.And(on, z3.Not(self.either(*before))), 1, 0))
            return z3.Sum(ones) if ones else self.number(0)
        if counted.kind != self.thread_sort:
            return self.fresh("count", self.integers)
        rule = z3.simplify(counted.has(self._sample))
        if any(mentions(rule, name) for name in self._bound):
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


def remembered(at: Callable[[Any], Value]) -> Callable[[Any], Value]:
    """Return a rule that makes each term once."""
    known: dict[int, tuple[Any, Value]] = {}

    def found(place: Any) -> Value:
        # The place is kept, so that its number remains its own.
        number = place.get_id()
        if number not in known:
            known[number] = (place, at(place))
        return known[number][1]

    return found


def common_kind(one: Set | List, other: Set | List) -> Kind:
    """Return the kind of the members of two sets, or of two sequences."""
    if one.kind is not None and other.kind is not None and one.kind != other.kind:
        raise TranslationError("the two have members of different kinds")
    return other.kind if one.kind is None else one.kind


def said(value: Value) -> str:
    """Return what a value is, for a message."""
    if isinstance(value, Function | Set | List):
        return {Function: "a function", Set: "a set", List: "a sequence"}[type(value)]
    return f"{value} ({value.sort()})" if z3.is_expr(value) else "a tuple"


def mentions(formula: Any, name: Any) -> bool:
    """Return whether a formula mentions a constant."""
    return any(part.eq(name) for part in _parts(formula))


def _same_where(condition: Any, one: Any, other: Any) -> bool:
    """Return whether it is plain that two terms are the same where a condition holds."""
    if not z3.is_eq(condition):
        return False
    put = tuple(condition.children())
    return bool(z3.substitute(one, put).eq(z3.substitute(other, put)))


_COMMUTATIVE: Final = {z3.Z3_OP_AND, z3.Z3_OP_OR, z3.Z3_OP_EQ, z3.Z3_OP_ADD}


class _Shapes:
    """Numbers for formulas: the same for two that differ in the names that they bind.

    Nor does it matter which way round something is written that Z3 writes as it pleases.
    """

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}
        self._known: dict[tuple[int, ...], tuple[Any, int]] = {}

    def number(self, formula: Any, places: Sequence[Any]) -> int:
        """Return the number of a formula.

        Parameters: ``places``, constants that are bound further outside.
        """
        key = (formula.get_id(), *(place.get_id() for place in places))
        if key not in self._known:
            known = {place.get_id(): self._of("place", n) for n, place in enumerate(places)}

            def number(part: Any) -> int:
                if part.get_id() not in known:
                    known[part.get_id()] = self._of(*self._said(part, number))
                return known[part.get_id()]

            # The formula is kept, so that its number remains its own; and so are the places.
            self._known[key] = ((formula, *places), number(formula))
        return self._known[key][1]

    def _said(self, part: Any, number: Callable[[Any], int]) -> Iterator[Any]:
        if z3.is_var(part):
            yield z3.get_var_index(part)
        elif z3.is_quantifier(part):
            yield part.is_forall()
            yield from (str(part.var_sort(n)) for n in range(part.num_vars()))
            yield number(part.body())
        else:
            yield part.decl().name() if part.num_args() else str(part)
            children = map(number, part.children())
            yield from sorted(children) if part.decl().kind() in _COMMUTATIVE else children

    def _of(self, *what: Any) -> int:
        return self._numbers.setdefault(what, len(self._numbers))


def _parts(formula: Any) -> Iterator[Any]:
    """Yield a formula and its parts, each once."""
    seen = set()
    queue = [formula]
    while queue:
        part = queue.pop()
        if part.get_id() not in seen:
            seen.add(part.get_id())
            yield part
            queue += part.children()
