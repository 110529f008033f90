"""The ways through an action, each with what must hold for it, and the state that it leads to.

An action of a specification that can be checked by TLC says of each variable what it is in the next
state, once on each way. So the next state need not be guessed: it is made of the state before, as
TLC makes it, and what is to be shown of a step is said of one state only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import z3

from verified_barrier.verification.proof.sany import Node
from verified_barrier.verification.proof.smt import Moment, Names, State, Translator, always
from verified_barrier.verification.proof.values import TranslationError, Value

__all__ = ["Path", "Paths"]


@dataclass(frozen=True)
class Path:
    """A way through an action."""

    conditions: tuple[Any, ...] = ()
    """What must hold in the state before."""
    after: Mapping[str, Value] = field(default_factory=dict)
    """What is said so far of the next state."""
    taken: tuple[Any, ...] = ()
    """The names of what exists: who takes the step, and with what."""
    covered: bool = True
    """Whether the text says what happens; else it must not be possible."""

    possible: bool = True
    """Whether it is not plain that the conditions cannot hold."""

    def when(self, condition: Any) -> Path:
        """Return the way on which something else must hold, too."""
        condition = z3.simplify(condition)
        possible = self.possible and not z3.is_false(condition)
        return replace(self, conditions=(*self.conditions, condition), possible=possible)


class Paths:
    """Finds the ways through the actions of a module.

    Parameters: ``before``, the state before a step.
    """

    def __init__(self, translator: Translator, before: State) -> None:
        self._translator: Final = translator
        self._before: Final = before
        self._primed: Final[dict[str, bool]] = {}

    def through(self, action: Node, path: Path | None = None) -> Iterator[Path]:
        """Yield the ways through an action."""
        for found in self._through(action, {}, path or Path()):
            if not found.possible:
                continue
            missing = set(self._before) - set(found.after)
            if found.covered and missing:
                raise TranslationError(
                    f"in {action.where}: nothing is said of {', '.join(sorted(missing))}"
                )
            yield found

    def _through(self, node: Node, names: Names, path: Path) -> Iterator[Path]:
        if not path.covered or not path.possible:
            yield path
            return
        follow = self._FORMS.get(node.operator)
        if not self.speaks_of_next(node):
            yield path.when(self._read(node, names, path))
        elif follow is not None:
            yield from follow(self, node, names, path)
        elif node.operator in self._translator.module.definitions:
            definition = self._translator.module.definitions[node.operator]
            arguments = self._translator.arguments(node, names)
            its_names = dict(zip(definition.parameters, arguments, strict=True))
            yield from self._through(definition.body, {**names, **its_names}, path)
        else:
            yield path.when(self._read(node, names, path))

    def _read(self, node: Node, names: Names, path: Path) -> Value:
        return self._translator.read(node, Moment(self._before, path.after), names)

    def _all(self, node: Node, names: Names, path: Path) -> Iterator[Path]:
        def following(place: int, so_far: Path) -> Iterator[Path]:
            if place == len(node.operands):
                yield so_far
                return
            for found in self._through(node.operands[place], names, so_far):
                yield from following(place + 1, found)

        return following(0, path)

    def _either(self, node: Node, names: Names, path: Path) -> Iterator[Path]:
        for part in node.operands:
            yield from self._through(part, names, path)

    def _let(self, node: Node, names: Names, path: Path) -> Iterator[Path]:
        return self._through(node.operands[0], names, path)

    def _which(self, node: Node, names: Names, path: Path) -> Iterator[Path]:
        for found, result in self._arms(node, names, path):
            yield from self._through(result, names, found)

    def _arms(self, node: Node, names: Names, path: Path) -> Iterator[tuple[Path, Node]]:
        """Yield what follows IF or CASE, with the way on which it does."""
        if node.operator == "$IfThenElse":
            question, one, other = node.operands
            condition = self._read(question, names, path)
            yield path.when(condition), one
            yield path.when(z3.Not(condition)), other
            return
        before: list[Any] = []
        for arm in node.operands:
            question, result = arm.operands
            if question.operator == "$Other":
                condition = z3.Not(self._translator.world.either(*before))
            else:
                condition = self._read(question, names, path)
                before.append(condition)
            yield path.when(condition), result
        if question.operator != "$Other":
            none = path.when(z3.Not(self._translator.world.either(*before)))
            yield replace(none, covered=False), node

    def _some(self, node: Node, names: Names, path: Path) -> Iterator[Path]:
        def chosen(left: Sequence[tuple[str, Node]], inner: Names, so_far: Path) -> Iterator[Path]:
            if not left:
                yield from self._through(node.operands[0], inner, so_far)
                return
            (name, domain), *others = left
            taken_from = self._read(domain, inner, so_far)
            members = taken_from.members
            if members is None:
                member = self._translator.world.fresh(name.partition("#")[0], taken_from.kind)
                members = [(taken_from.has(member), member)]
            for on, member in members:
                choice = replace(so_far.when(on), taken=(*so_far.taken, member))
                yield from chosen(others, {**inner, name: always(member)}, choice)

        return chosen(node.bound, names, path)

    def _equal(self, node: Node, names: Names, path: Path) -> Iterator[Path]:
        one, other = node.operands
        variable = one.operands[0].operator if one.operator == "'" else ""
        if variable not in self._before or variable in path.after:
            yield path.when(self._read(node, names, path))
            return
        for found, value in self._values(other, names, path):
            like = self._before[variable]
            after = {**path.after, variable: self._translator.world.of_kind(value, like)}
            yield replace(found, after=after)

    def _values(self, node: Node, names: Names, path: Path) -> Iterator[tuple[Path, Value]]:
        """Yield what an expression may be, with the way on which it is."""
        definition = self._translator.module.definitions.get(node.operator)
        if not path.possible or not path.covered:
            yield path, self._translator.world.truth(False)
        elif node.operator == "$Let":
            yield from self._values(node.operands[0], names, path)
        elif definition is not None and node.operator not in names:
            arguments = self._translator.arguments(node, names)
            its_names = dict(zip(definition.parameters, arguments, strict=True))
            yield from self._values(definition.body, {**names, **its_names}, path)
        elif node.operator in ("$IfThenElse", "$Case"):
            for found, result in self._arms(node, names, path):
                yield from self._values(result, names, found)
        else:
            yield path, self._read(node, names, path)

    def _unchanged(self, node: Node, names: Names, path: Path) -> Iterator[Path]:
        after = dict(path.after)
        for variable in self._variables(node.operands[0]):
            if variable in after:
                raise TranslationError(f"in {node.where}: {variable}' is said twice")
            after[variable] = self._before[variable]
        yield replace(path, after=after)

    def _variables(self, node: Node) -> Iterator[str]:
        """Yield the variables in a tuple of variables, and of tuples of them."""
        definitions = self._translator.module.definitions
        if node.operator in definitions:
            yield from self._variables(definitions[node.operator].body)
        elif node.operator == "$Tuple":
            for part in node.operands:
                yield from self._variables(part)
        else:
            yield node.operator

    def speaks_of_next(self, node: Node) -> bool:
        """Return whether an expression says something of the next state."""
        if node.operator in ("'", "UNCHANGED"):
            return True
        if node.operator in self._translator.module.definitions:
            if node.operator not in self._primed:
                self._primed[node.operator] = False  # a definition does not mention itself
                body = self._translator.module.definitions[node.operator].body
                self._primed[node.operator] = self.speaks_of_next(body)
            if self._primed[node.operator]:
                return True
        parts = [*node.operands, *(domain for _, domain in node.bound)]
        return any(map(self.speaks_of_next, parts))

    _FORMS: Final[Mapping[str, Callable[[Paths, Node, Names, Path], Iterator[Path]]]] = {
        "$ConjList": _all,
        "\\land": _all,
        "$DisjList": _either,
        "\\lor": _either,
        "$Let": _let,
        "$IfThenElse": _which,
        "$Case": _which,
        "$BoundedExists": _some,
        "=": _equal,
        "UNCHANGED": _unchanged,
    }
