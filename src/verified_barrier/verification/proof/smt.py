"""From TLA+'s syntax to formulas, operator by operator.

A state is a mapping from variables to values. An expression is read in a moment: the state before
a step, for the plain names, and the state after it, for the primed ones. The arguments of an
operator are read where they are used, so that a prime reaches them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import z3

from verified_barrier.verification.proof.sany import Module, Node
from verified_barrier.verification.proof.values import (
    Function,
    FunctionKind,
    Kind,
    Set,
    SetKind,
    TranslationError,
    Value,
    World,
    common_kind,
)

__all__ = ["Moment", "Reader", "Translator"]

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
        self.world: Final = World(sorted(_strings(bodies)), threads)
        self.constants: Final[dict[str, Value]] = {
            "Threads": self.world.threads,
            "Parties": z3.Int("Parties", self.world.context),
            "HasAction": z3.Bool("HasAction", self.world.context),
        }
        if undefined := set(module.constants) - set(self.constants):
            raise TranslationError(f"no meaning is given to {', '.join(sorted(undefined))}")

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

    def _applied(self, node: Node, moment: Moment, names: Names) -> Value:
        """Read an operator whose arguments are read first, or a name."""
        name = node.operator
        arguments = [self._argument(operand, names) for operand in node.operands]
        if name in names:
            return names[name](moment, *arguments)
        if name in self.module.definitions:
            definition = self.module.definitions[name]
            its_names = dict(zip(definition.parameters, arguments, strict=True))
            return self.read(definition.body, moment, its_names)
        if name in self.constants:
            return self.constants[name]
        if name in self.module.variables:
            if name not in moment.now:
                raise TranslationError(f"nothing is known of the variable {name}")
            return moment.now[name]
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

    def _quantifier(self, node: Node, moment: Moment, names: Names) -> Value:
        quantify = self.world.every if node.operator == "$BoundedForall" else self.world.some
        domains = [(name, self.read(domain, moment, names)) for name, domain in node.bound]

        def nested(inner: Names, left: Sequence[tuple[str, Set]]) -> Value:
            if not left:
                return self.read(node.operands[0], moment, inner)
            (name, domain), *others = left
            return quantify(domain, lambda m: nested({**inner, name: _always(m)}, others))

        return nested(names, domains)

    def _subset(self, node: Node, moment: Moment, names: Names) -> Value:
        ((name, taken_from),) = node.bound
        domain = self.read(taken_from, moment, names)

        def holds(value: Value) -> Any:
            return self.read(node.operands[0], moment, {**names, name: _always(value)})

        members = domain.members
        if members is not None:
            members = [(z3.And(on, holds(member)), member) for on, member in members]
        return Set(domain.kind, lambda value: z3.And(domain.has(value), holds(value)), members)

    def _function(self, node: Node, moment: Moment, names: Names) -> Value:
        ((name, taken_from),) = node.bound
        if self.read(taken_from, moment, names) is not self.world.threads:
            raise TranslationError("only functions of all threads are understood")
        (body,) = node.operands
        return Function(lambda t: self.read(body, moment, {**names, name: _always(t)}))

    def _except(self, node: Node, moment: Moment, names: Names) -> Value:
        changed = self.read(node.operands[0], moment, names)
        for change in node.operands[1:]:
            path, new = change.operands
            if len(path.operands) != 1 or not isinstance(changed, Function):
                raise TranslationError("only a function of the threads is changed by EXCEPT")
            place = self.read(path.operands[0], moment, names)
            changed = self._changed(changed, place, self.read(new, moment, names))
        return changed

    def _changed(self, function: Function, place: Value, value: Value) -> Function:
        return Function(lambda t: self.world.choose(t == place, value, function.at(t)))

    def _case(self, node: Node, moment: Moment, names: Names) -> Value:
        *arms, last = node.operands
        if last.operands[0].operator != "$Other":
            raise TranslationError("CASE must end with OTHER")
        value = self.read(last.operands[1], moment, names)
        for arm in reversed(arms):
            condition, result = (self.read(part, moment, names) for part in arm.operands)
            value = self.world.choose(condition, result, value)
        return value

    def _record(self, node: Node, moment: Moment, names: Names) -> Value:
        fields = {
            str(pair.operands[0].value): self.read(pair.operands[1], moment, names)
            for pair in node.operands
        }
        if node.operator == "$RcdConstructor":
            sort = self.world.record({name: value.sort() for name, value in fields.items()})
            return sort.record(*(value for _, value in sorted(fields.items())))
        sort = self.world.record({name: value.kind for name, value in fields.items()})

        def has(record: Value) -> Any:
            each = (domain.has(getattr(sort, name)(record)) for name, domain in fields.items())
            return self.world.both(*each)

        return Set(sort, has)

    def _field(self, node: Node, moment: Moment, names: Names) -> Value:
        record = self.read(node.operands[0], moment, names)
        sort = self.world.record_sort(record)
        return getattr(sort, str(node.operands[1].value))(record)


def _always(value: Value) -> Reader:
    return lambda _moment: value


def _strings(nodes: Sequence[Node]) -> set[str]:
    """Return all strings that expressions mention."""
    found = {str(node.value) for node in nodes if node.operator == "string"}
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


def _functions(world: World, one: Set, other: Set) -> Set:
    if one is not world.threads:
        raise TranslationError("only functions of all threads are understood")
    return Set(
        FunctionKind(other.kind),
        lambda f: world.every(world.threads, lambda t: other.has(f.at(t))),
    )


def _subsets(world: World, one: Set) -> Set:
    return Set(SetKind(one.kind), lambda other: world.every(other, one.has))


def _range(world: World, low: Value, high: Value) -> Set:
    return Set(world.integers, lambda n: z3.And(low <= n, n <= high))


_SPECIAL: Final[Mapping[str, Callable[[Translator, Node, Moment, Names], Value]]] = {
    "number": Translator._literal,
    "string": Translator._literal,
    "'": Translator._prime,
    "UNCHANGED": Translator._unchanged,
    "$BoundedForall": Translator._quantifier,
    "$BoundedExists": Translator._quantifier,
    "$SubsetOf": Translator._subset,
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
    "$Tuple": lambda _, *values: values,
    "$FcnApply": lambda _, function, place: function.at(place),
    "$SetEnumerate": _enumerated,
    "$SetOfFcns": _functions,
    "SUBSET": _subsets,
    "\\in": lambda _, member, domain: domain.has(member),
    "\\notin": lambda _, member, domain: z3.Not(domain.has(member)),
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
    "Cardinality": World.cardinality,
    "IsFiniteSet": lambda world, _: world.truth(True),
}
"""The operators that take the values of their operands."""
