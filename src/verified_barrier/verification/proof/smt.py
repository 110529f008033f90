"""From TLA+'s syntax to formulas, operator by operator.

A state is a mapping from variables to values. An expression is read in a moment: the state before
a step, for the plain names, and the state after it, for the primed ones. The arguments of an
operator are read where they are used, so that a prime reaches them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple, TypeAlias

import z3

from verified_barrier.verification.proof.sany import Module, Node
from verified_barrier.verification.proof.values import (
    Function,
    FunctionKind,
    Kind,
    List,
    ListKind,
    Set,
    SetKind,
    TranslationError,
    Value,
    World,
    common_kind,
    remembered,
)

__all__ = ["Moment", "Names", "Reader", "State", "Translator", "always"]

State: TypeAlias = Mapping[str, Value]


class Moment(NamedTuple):
    """The states in which an expression is read."""

    now: State
    then: State | None = None
    """The state after the step, if there is one."""


Reader: TypeAlias = Callable[..., Value]
"""What a name stands for: called with a moment and, for an operator, with its arguments."""

Names: TypeAlias = Mapping[str, Reader]


class Translator:
    """Reads the expressions of a module in a world.

    Parameters: ``module``, as SANY read it; ``threads``, how many there are: ``None``, any number.
    """

    def __init__(self, module: Module, threads: int | None) -> None:
        self.module: Final = module
        bodies = [definition.body for definition in module.definitions.values()]
        others = [name for name in module.constants if name not in _CONSTANTS]
        self.world: Final = World(sorted(_strings(bodies)), threads, others)
        self.constants: Final[dict[str, Value]] = {
            "Threads": self.world.threads,
            "Parties": z3.Int("Parties", self.world.context),
            "HasAction": z3.Bool("HasAction", self.world.context),
            **self.world.others,
        }

    def read(self, node: Node, moment: Moment, names: Names | None = None) -> Value:
        """Return what an expression means."""
        special = _SPECIAL.get(node.operator)
        try:
            if special is not None:
                return special(self, node, moment, names or {})
            return self._applied(node, moment, names or {})
        except (TranslationError, z3.Z3Exception, TypeError, AttributeError) as problem:
            if str(problem).startswith("in "):
                raise
            raise TranslationError(f"in {node.where}: {problem}") from None

    def named(self, name: str, moment: Moment) -> Value:
        """Return what a defined operator without parameters means."""
        if name not in self.module.definitions:
            raise TranslationError(f"there is no {name}")
        return self.read(self.module.definitions[name].body, moment)

    def kinds(self, name: str) -> Iterator[tuple[str, Kind]]:
        """Yield the variables of which a definition says to which sets they belong."""
        for conjunct in self.module.definitions[name].body.operands:
            if conjunct.operator != "\\in":
                raise TranslationError(f"in {conjunct.where}: {name} must say variable \\in set")
            variable, domain = conjunct.operands
            yield variable.operator, self.read(domain, Moment({})).kind

    def arguments(self, node: Node, names: Names) -> list[Reader]:
        """Return what reads the operands of an operator."""
        return [self._argument(operand, names) for operand in node.operands]

    def substituted(self, node: Node, moment: Moment, names: Names) -> Moment:
        """Return the moment in which what is substituted into is read."""

        def state(outer: Moment) -> State:
            return _Substituted(
                {name: self._argument(value, names) for name, value in node.bound}, outer
            )

        then = None if moment.then is None else state(Moment(moment.then))
        return Moment(state(moment), then)

    def _applied(self, node: Node, moment: Moment, names: Names) -> Value:
        """Read an operator whose arguments are read first, or a name."""
        name = node.operator
        arguments = self.arguments(node, names)
        if name in names:
            return names[name](moment, *arguments)
        if name in moment.now:
            return moment.now[name]
        if name in self.module.definitions:
            definition = self.module.definitions[name]
            its_names = dict(zip(definition.parameters, arguments, strict=True))
            # What is defined within another may use that one's names.
            return self.read(definition.body, moment, {**names, **its_names})
        if name in self.constants:
            return self.constants[name]
        if name in self.module.variables:
            raise TranslationError(f"nothing is known of the variable {name}")
        if name not in _BUILT_IN:
            raise TranslationError(f"{name} is not understood")
        return _BUILT_IN[name](self.world, *(argument(moment) for argument in arguments))

    def _argument(self, operand: Node, names: Names) -> Reader:
        def read(moment: Moment, *its_own: Reader) -> Value:
            if not its_own:
                return self.read(operand, moment, names)
            # It is an operator that was passed by its name.
            given = {f"argument {number}": reader for number, reader in enumerate(its_own)}
            places = tuple(Node(name, (), (), None, operand.where) for name in given)
            return self.read(operand._replace(operands=places), moment, {**names, **given})

        return read

    def _literal(self, node: Node, _moment: Moment, _names: Names) -> Value:
        if isinstance(node.value, int):
            return self.world.number(node.value)
        return self.world.string(str(node.value))

    def _prime(self, node: Node, moment: Moment, names: Names) -> Value:
        if moment.then is None:
            raise TranslationError("there is no state after the next one")
        return self.read(node.operands[0], Moment(moment.then), names)

    def _unchanged(self, node: Node, moment: Moment, names: Names) -> Value:
        after = self._prime(node, moment, names)
        return self.world.equal(after, self.read(node.operands[0], moment, names))

    def _let(self, node: Node, moment: Moment, names: Names) -> Value:
        return self.read(node.operands[0], moment, names)

    def _substitution(self, node: Node, moment: Moment, names: Names) -> Value:
        return self.read(node.operands[0], self.substituted(node, moment, names), names)

    def _quantifier(self, node: Node, moment: Moment, names: Names) -> Value:
        quantify = self.world.every if node.operator == "$BoundedForall" else self.world.some
        domains = [(name, self.read(domain, moment, names)) for name, domain in node.bound]

        def nested(inner: Names, left: Sequence[tuple[str, Set]]) -> Value:
            if not left:
                return self.read(node.operands[0], moment, inner)
            (name, domain), *others = left
            return quantify(domain, lambda m: nested({**inner, name: always(m)}, others))

        return nested(names, domains)

    def _of_member(
        self, node: Node, moment: Moment, names: Names
    ) -> tuple[Set, Callable[[Value], Value]]:
        """Return the set of which one bound name is taken, and what is said of a member."""
        ((name, taken_from),) = node.bound
        return self.read(taken_from, moment, names), lambda member: self.read(
            node.operands[0], moment, {**names, name: always(member)}
        )

    def _subset(self, node: Node, moment: Moment, names: Names) -> Value:
        domain, holds = self._of_member(node, moment, names)
        members = domain.members
        if members is not None:
            members = [(z3.And(on, holds(member)), member) for on, member in members]
        return Set(domain.kind, lambda value: z3.And(domain.has(value), holds(value)), members)

    def _image(self, node: Node, moment: Moment, names: Names) -> Value:
        domain, at = self._of_member(node, moment, names)
        kind = at(self.world.fresh("sample", domain.kind)).sort()
        if domain.members is not None:
            return self.world.listed(kind, [(on, at(member)) for on, member in domain.members])
        return Set(
            kind,
            lambda value: self.world.some(domain, lambda m: self.world.equal(at(m), value)),
        )

    def _choice(self, node: Node, moment: Moment, names: Names) -> Value:
        return self.world.choice(*self._of_member(node, moment, names))

    def _function(self, node: Node, moment: Moment, names: Names) -> Value:
        domain, at = self._of_member(node, moment, names)
        return Function(domain, remembered(at))

    def _except(self, node: Node, moment: Moment, names: Names) -> Value:
        changed = self.read(node.operands[0], moment, names)
        for change in node.operands[1:]:
            path, new = change.operands
            if len(path.operands) != 1 or not isinstance(changed, Function):
                raise TranslationError("only a function is changed by EXCEPT, in one place")
            place = self.read(path.operands[0], moment, names)
            before = {**names, "$At": always(changed.at(place))}
            changed = self._changed(changed, place, self.read(new, moment, before))
        return changed

    def _changed(self, function: Function, place: Value, value: Value) -> Function:
        return Function(
            function.domain,
            remembered(lambda t: self.world.choose(t == place, value, function.at(t))),
        )

    def _case(self, node: Node, moment: Moment, names: Names) -> Value:
        conditions = [
            self.read(arm.operands[0], moment, names)
            for arm in node.operands
            if arm.operands[0].operator != "$Other"
        ]
        values = [self.read(arm.operands[1], moment, names) for arm in node.operands]
        if len(values) > len(conditions):
            value = values.pop()
        else:
            value = self.world.unspecified(node.where, values[0].sort(), conditions)
        for condition, one in reversed([*zip(conditions, values, strict=True)]):
            value = self.world.choose(condition, one, value)
        return value

    def _record(self, node: Node, moment: Moment, names: Names) -> Value:
        fields = {
            str(pair.operands[0].value): self.read(pair.operands[1], moment, names)
            for pair in node.operands
        }
        if node.operator == "$RcdConstructor":
            return self.world.structured(fields)
        sort = self.world.structure({name: value.kind for name, value in fields.items()})
        return Set(
            sort,
            lambda record: self.world.both(
                *(value.has(self.world.field(record, name)) for name, value in fields.items())
            ),
        )

    def _field(self, node: Node, moment: Moment, names: Names) -> Value:
        record = self.read(node.operands[0], moment, names)
        return self.world.field(record, str(node.operands[1].value))


class _Substituted(Mapping[str, Value]):
    """A state of a module, seen from one that says what its variables and constants are.

    Parameters: ``values``, what reads them; ``moment``, in which they are read.
    """

    def __init__(self, values: Mapping[str, Reader], moment: Moment) -> None:
        self._values = values
        self._moment = moment
        self._read: dict[str, Value] = {}

    def __getitem__(self, name: str) -> Value:
        if name not in self._read:
            self._read[name] = self._values[name](self._moment)
        return self._read[name]

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def always(value: Value) -> Reader:
    """Return what reads a value that is the same in every moment."""
    return lambda _moment: value


_CONSTANTS: Final = ("Threads", "Parties", "HasAction")
"""Those whose kinds are known; all others are taken for threads that are not among ``Threads``."""


def _strings(nodes: Sequence[Node]) -> set[str]:
    """Return all strings that expressions mention."""
    found = {str(node.value) for node in nodes if node.operator == "$String"}
    for node in nodes:
        found |= _strings([*node.operands, *(domain for _, domain in node.bound)])
    return found


def _enumerated(world: World, *values: Value) -> Set:
    if any(value.sort() != values[0].sort() for value in values):
        raise TranslationError("the members of a set must be of one kind")
    kind = values[0].sort() if values else None
    return world.listed(kind, [(world.truth(True), value) for value in values])


def _united(world: World, one: Set, other: Set) -> Set:
    members = None
    if one.members is not None and other.members is not None:
        members = [*one.members, *other.members]
    return Set(common_kind(one, other), lambda m: z3.Or(one.has(m), other.has(m)), members)


def _without(world: World, one: Set, other: Set) -> Set:
    members = one.members
    if members is not None:
        members = [(z3.And(on, z3.Not(other.has(m))), m) for on, m in members]
    return Set(common_kind(one, other), lambda m: z3.And(one.has(m), z3.Not(other.has(m))), members)


def _product(world: World, one: Set, other: Set) -> Set:
    members = None
    if one.members is not None and other.members is not None:
        members = [
            (z3.And(a, b), world.structured({"1": first, "2": second}))
            for a, first in one.members
            for b, second in other.members
        ]
    return Set(
        world.structure({"1": one.kind, "2": other.kind}),
        lambda pair: z3.And(one.has(world.field(pair, "1")), other.has(world.field(pair, "2"))),
        members,
    )


def _functions(world: World, one: Set, other: Set) -> Set:
    return Set(
        FunctionKind(one, other.kind),
        lambda f: world.every(one, lambda place: other.has(f.at(place))),
    )


def _subsets(world: World, one: Set) -> Set:
    return Set(SetKind(one), lambda other: world.every(other, one.has))


def _sequences(world: World, one: Set) -> Set:
    return Set(
        ListKind(one.kind),
        lambda s: z3.And(
            s.length >= 0, world.every(world.positions(s), lambda n: one.has(s.at(n)))
        ),
    )


def _range(world: World, low: Value, high: Value) -> Set:
    low, high = z3.simplify(low), z3.simplify(high)
    members = None
    if world.thread_names is not None and z3.is_int_value(low) and z3.is_int_value(high):
        numbers = range(low.as_long(), high.as_long() + 1)
        members = [(world.truth(True), world.number(n)) for n in numbers]
    first = z3.is_int_value(low) and low.as_long() == 1
    return Set(
        world.integers, lambda n: z3.And(low <= n, n <= high), members, high if first else None
    )


def _tuple(world: World, *values: Value) -> Value:
    """Return a tuple of terms as a term, and other tuples as they are."""
    if not values:
        return List(None, world.number(0), lambda _: None)
    if all(map(z3.is_expr, values)):
        return world.structured({str(n): value for n, value in enumerate(values, 1)})
    return values


def _applied(world: World, function: Value, place: Value) -> Value:
    if isinstance(function, Function | List):
        return function.at(place)
    return world.field(function, str(place))


def _appended(world: World, sequence: List, value: Value) -> List:
    last = sequence.length + 1
    if sequence.kind is None:
        return List(value.sort(), last, lambda _: value)
    return replace(sequence, length=last, at=lambda n: z3.If(n == last, value, sequence.at(n)))


def _joined(world: World, one: List, other: List) -> List:
    if one.kind is None or other.kind is None:
        return other if one.kind is None else one
    return List(
        common_kind(one, other),
        one.length + other.length,
        lambda n: z3.If(n <= one.length, one.at(n), other.at(n - one.length)),
        one.moved or other.moved,
    )


def _tail(world: World, sequence: List) -> List:
    return replace(sequence, length=sequence.length - 1, at=lambda n: sequence.at(n + 1))


_SPECIAL: Final[Mapping[str, Callable[[Translator, Node, Moment, Names], Value]]] = {
    "$Number": Translator._literal,
    "$String": Translator._literal,
    "'": Translator._prime,
    "UNCHANGED": Translator._unchanged,
    "$Let": Translator._let,
    "$Substitution": Translator._substitution,
    "$BoundedForall": Translator._quantifier,
    "$BoundedExists": Translator._quantifier,
    "$BoundedChoose": Translator._choice,
    "$SubsetOf": Translator._subset,
    "$SetOfAll": Translator._image,
    "$FcnConstructor": Translator._function,
    "$Except": Translator._except,
    "$Case": Translator._case,
    "$RcdConstructor": Translator._record,
    "$SetOfRcds": Translator._record,
    "$RcdSelect": Translator._field,
}
"""The operators that do not simply take the values of their operands."""

_BUILT_IN: Final[Mapping[str, Callable[..., Value]]] = {
    "TRUE": lambda world: world.truth(True),
    "FALSE": lambda world: world.truth(False),
    "BOOLEAN": lambda world: Set(world.truths, lambda _: world.truth(True)),
    "Nat": lambda world: Set(world.integers, lambda n: n >= 0),
    "Int": lambda world: Set(world.integers, lambda _: world.truth(True)),
    "$ConjList": World.both,
    "\\land": World.both,
    "$DisjList": World.either,
    "\\lor": World.either,
    "\\lnot": lambda _, one: z3.Not(one),
    "=>": lambda _, one, other: z3.Implies(one, other),
    "\\equiv": World.equal,
    "=": World.equal,
    "/=": lambda world, one, other: z3.Not(world.equal(one, other)),
    "$IfThenElse": World.choose,
    "$Tuple": _tuple,
    "$FcnApply": _applied,
    "$SetEnumerate": _enumerated,
    "$SetOfFcns": _functions,
    "$CartesianProd": _product,
    "SUBSET": _subsets,
    "DOMAIN": World.domain,
    "\\in": lambda _, member, domain: domain.has(member),
    "\\notin": lambda _, member, domain: z3.Not(domain.has(member)),
    "\\subseteq": lambda world, one, other: world.every(one, other.has),
    "\\union": _united,
    "\\": _without,
    "..": _range,
    "+": lambda _, one, other: one + other,
    "-": lambda _, one, other: one - other,
    "-.": lambda _, one: -one,
    "<": lambda _, one, other: one < other,
    ">": lambda _, one, other: one > other,
    "\\leq": lambda _, one, other: one <= other,
    "\\geq": lambda _, one, other: one >= other,
    "Seq": _sequences,
    "Len": lambda _, sequence: sequence.length,
    "Append": _appended,
    "Head": lambda world, sequence: sequence.at(world.number(1)),
    "Tail": _tail,
    "\\o": _joined,
    "Cardinality": World.cardinality,
    "IsFiniteSet": lambda world, _: world.truth(True),
}
"""The operators that take the values of their operands."""
