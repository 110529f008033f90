"""The barrier with its locks, proved to refine the specification, for any number of threads.

``spec/BarrierLocksProof.tla`` has an invariant of ``spec/BarrierLocks.tla``. Two things are proved
here, from the text of the modules: that the invariant holds in the beginning, and that each action
keeps it; and that each step is a step of ``spec/Barrier.tla``, or changes nothing that is seen
there. For this, the ways through each action are followed, and on each the state after the step
is made of the state before it.

Which step of Barrier.tla a step is need not be said. Where it is not plain that nothing changes
that is seen, the phases are looked at one by one, and each step of Barrier.tla is tried, in the
order of the text, where it is possible; where none is, nothing that is seen may change.

That there is always a name for the next generation is not proved, but assumed of the states before
and after a step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache, cached_property
from typing import Any, Final, NamedTuple

import z3

from verified_barrier.verification.proof.invariant import (
    BEGINNING,
    Deadline,
    Obligation,
    Status,
    conjuncts,
)
from verified_barrier.verification.proof.paths import Path, Paths
from verified_barrier.verification.proof.prover import Goal, Prover, goals
from verified_barrier.verification.proof.sany import Module, Node
from verified_barrier.verification.proof.shape import check_locks_shape
from verified_barrier.verification.proof.smt import Moment, Names, State, Translator, always
from verified_barrier.verification.proof.values import TranslationError

__all__ = ["ASSUMED", "INVARIANT", "LOCKS", "REFINES", "Refinement"]

LOCKS: Final = "BarrierLocksProof"
"""The module that has the invariant."""

INVARIANT: Final = "LocksInvariant"

ASSUMED: Final = "EnoughGenerations"
"""What is assumed of all states."""

REFINES: Final = "RefinesBarrier"
"""What is proved of each step."""

_TOGETHER: Final = 3_000_000
"""What it may cost to show all parts of one conjunct at once, before they are shown one by one."""

_ALONE: Final = 6_000_000
"""What it may cost to show one part; about two seconds, and ten times what any takes."""

_IMPOSSIBLE: Final = 150_000
"""What it may cost to show that something cannot be; where it is not shown, there is more to do."""

_EFFORTS: Final = (400_000, 2_000_000)
"""What a question may cost where the answer may be that something else is to be tried.

The first is enough for most that are proved, and soon spent; the second is for the others.
"""


class _Candidate(NamedTuple):
    """A step of Barrier.tla that a step may be."""

    name: str
    guards: tuple[Any, ...]
    """What must hold in the state before."""
    goals: Callable[[], Sequence[Goal]]

    @property
    def is_absurd(self) -> bool:
        """Whether it is plain that the step is not this one."""
        if any(z3.is_false(z3.simplify(guard)) for guard in self.guards):
            return True
        return any(z3.is_false(z3.simplify(goal.formula)) for goal in self.goals())


class _States:
    """The states of the invariant in which a step begins: all, or those of one phase."""

    def __init__(self, translator: Translator, names: Sequence[str], phase: Any = None) -> None:
        self._translator: Final = translator
        kinds = translator.kinds("LocksTypeOK")
        self.variables: Final = {n: translator.world.unknown(n, kind) for n, kind in kinds}
        if phase is not None:
            self.variables["phase"] = phase
        self.now: Final = Moment(self.variables)
        self.invariant: Final = {name: translator.named(name, self.now) for name in names}
        self.paths: Final = Paths(translator, self.variables)

    @cached_property
    def prover(self) -> Prover:
        """What proves something of a step from such a state."""
        return self._prover([*self.invariant.values()])

    @cached_property
    def first(self) -> Prover:
        """What proves something of the state in which everything begins."""
        return self._prover([self._translator.named("Init", self.now)])

    def _prover(self, known: Sequence[Any]) -> Prover:
        read = self._translator.read
        known = [*known, self._translator.named(ASSUMED, self.now)]
        known += [read(node, self.now) for node in self._translator.module.assumptions]
        return Prover(self._translator.world, [z3.simplify(formula) for formula in known])


class Refinement:
    """The proofs about BarrierLocks.tla.

    Parameters: ``module``, ``BarrierLocksProof`` or one that extends it; ``deadline``, when there
    is no more time; ``without``, the conjuncts of the invariant that are left out. Raises
    ``TranslationError`` where a formula cannot be made of the text, and so do the methods.
    """

    def __init__(self, module: Module, deadline: Deadline, without: Sequence[str] = ()) -> None:
        check_locks_shape(module)
        self._definitions: Final = module.definitions
        self._deadline: Final = deadline
        self._translator: Final = Translator(module, None)
        self._world: Final = self._translator.world
        self.conjuncts: Final = [n for n in conjuncts(module, INVARIANT) if n not in without]
        self._states: Final = _States(self._translator, self.conjuncts)
        self.happens: Final[dict[str, bool]] = {}
        """Of each action that was looked at, whether it is not shown to be impossible."""
        self.seen_as: Final[dict[str, list[str]]] = {}
        """Of each action that was looked at, which steps of Barrier.tla it is shown to be."""

    def actions(self) -> dict[str, Node]:
        """Return the disjuncts of ``Next``, by the names of the actions."""
        nodes = self._definitions["Next"].body.operands
        return {(node.operands[0] if node.bound else node).operator: node for node in nodes}

    def _ways(self, action: str, states: _States) -> Iterator[Path]:
        """Yield the ways through an action that are not impossible, and assume each meanwhile."""
        self.happens.setdefault(action, False)
        for path in states.paths.through(self.actions()[action]):
            known = [*path.conditions]
            if path.covered:
                known.append(self._translator.named(ASSUMED, Moment(path.after)))
            with states.prover.given(known):
                if not self._is_impossible(states.prover):
                    self.happens[action] = True
                    yield path

    def _proves(self, prover: Prover, goal: Goal, effort: int = _ALONE) -> bool:
        seconds = self._deadline.left()
        return seconds > 0 and prover.proves(goal, seconds, effort)

    def _is_impossible(self, prover: Prover) -> bool:
        return self._proves(prover, Goal((), self._world.truth(False)), _IMPOSSIBLE)

    def _goals(self, node: Node, moment: Moment, names: Names | None = None) -> list[Goal]:
        found = list(goals(self._translator, node, moment, names or {}))
        if not found:
            raise TranslationError(f"in {node.where}: there is nothing to be shown")
        return found

    def _each(self, prover: Prover, parts: Sequence[Goal], effort: int = _ALONE) -> bool:
        return all(self._proves(prover, goal, effort) for goal in parts)

    # The invariant.

    def keeps(self, actions: Sequence[str] = (), names: Sequence[str] = ()) -> Iterator[Obligation]:
        """Yield, of the beginning and each action, and of each conjunct, what came of it.

        Parameters: ``actions``, those that are looked at, `BEGINNING` among them; ``names``, the
        conjuncts; none: all.
        """
        for action in actions or (BEGINNING, *self.actions()):
            proved = dict.fromkeys(names or self.conjuncts, True)
            if action == BEGINNING:
                for name in proved:
                    proved[name] = self._holds(self._states.first, name, self._states.now)
            else:
                for path in self._ways(action, self._states):
                    for name in proved:
                        proved[name] = proved[name] and self._is_kept(name, path)
            for name, status in proved.items():
                yield Obligation(action, name, _status(status))

    def _is_kept(self, name: str, path: Path) -> bool:
        if not path.covered:
            return False
        then = Moment(path.after)
        if self._translator.named(name, then).eq(self._states.invariant[name]):
            return True
        return self._holds(self._states.prover, name, then)

    def _holds(self, prover: Prover, name: str, moment: Moment) -> bool:
        """Return whether a conjunct is proved, all its parts at once, or one by one."""
        parts = self._goals(self._definitions[name].body, moment)
        implied = [z3.Implies(self._world.both(*g.given), g.formula) for g in parts]
        whole = z3.simplify(z3.And(*implied))
        if z3.is_true(whole) or self._proves(prover, Goal((), whole), _TOGETHER):
            return True
        return self._each(prover, parts)

    # The refinement.

    def refines(self, actions: Sequence[str] = ()) -> Iterator[Obligation]:
        """Yield, of the beginning and each action, whether it is seen as one in Barrier.tla.

        Parameters: ``actions``, those that are looked at, `BEGINNING` among them; none: all.
        """
        for action in actions or (BEGINNING, *self.actions()):
            if action == BEGINNING:
                proved = self._holds(self._states.first, "Seen!Init", self._states.now)
            else:
                self.seen_as[action] = []
                proved = self._is_never_seen(action) or self._is_seen(action)
            yield Obligation(action, REFINES, _status(proved))

    def _is_never_seen(self, action: str) -> bool:
        """Return whether it is plain that a step changes nothing that is seen."""
        for path in self._ways(action, self._states):
            if not path.covered:
                return False
            unseen = self._unseen(path, self._states.variables)
            if not self._each(self._states.prover, unseen, _EFFORTS[0]):
                return False
        return True

    def _is_seen(self, action: str) -> bool:
        """Return whether in each phase a step is one of Barrier.tla, or changes nothing there."""
        phases = self._translator.named("Seen!Phases", self._states.now)
        is_one = Goal((), phases.has(self._states.variables["phase"]))
        proved = self._proves(self._states.prover, is_one)
        for _, phase in phases.members:
            states = self._in(phase)
            for path in self._ways(action, states):
                proved = proved and path.covered and self._is_seen_on(path, states, action)
        return proved

    def _in(self, phase: Any) -> _States:
        key = str(phase)
        if key not in self._by_phase:
            self._by_phase[key] = _States(self._translator, self.conjuncts, phase)
        return self._by_phase[key]

    @cached_property
    def _by_phase(self) -> dict[str, _States]:
        return {}

    def _is_seen_on(self, path: Path, states: _States, action: str) -> bool:
        prover = states.prover
        unseen = self._unseen(path, states.variables)
        candidates = [c for c in self._candidates(path, states.variables) if not c.is_absurd]
        with _added_to(prover) as left_over:
            for effort in _EFFORTS:
                if self._each(prover, unseen, effort):
                    return True
                for candidate in candidates:
                    with prover.given(candidate.guards):
                        if self._is_impossible(prover):
                            continue
                        if not self._each(prover, candidate.goals(), effort):
                            continue
                    if candidate.name not in self.seen_as[action]:
                        self.seen_as[action].append(candidate.name)
                    left_over(z3.Not(self._world.both(*candidate.guards)))
                    if self._is_impossible(prover):
                        return True
            return self._each(prover, unseen)

    def _unseen(self, path: Path, before: State) -> list[Goal]:
        variables = self._definitions["Seen!vars"].body
        unchanged = Node("UNCHANGED", (variables,), (), None, variables.where)
        return self._goals(unchanged, Moment(before, path.after))

    def _candidates(self, path: Path, before: State) -> Iterator[_Candidate]:
        """Yield the steps of Barrier.tla, each taken by the calls that a step may concern."""
        seen = self._definitions["Seen!Next"].body
        inner = self._translator.substituted(seen, Moment(before, path.after), {})
        (steps,) = seen.operands
        for node in steps.operands:
            if not node.bound:
                yield self._candidate(node, inner, {}, ())
                continue
            ((name, taken_from),) = node.bound
            domain = self._translator.read(taken_from, inner)
            for call in self._concerned(path, before, domain.kind):
                names = {name: always(call)}
                yield self._candidate(node.operands[0], inner, names, (domain.has(call),))

    def _candidate(
        self, node: Node, inner: Moment, names: Names, guards: tuple[Any, ...]
    ) -> _Candidate:
        definition = self._definitions[node.operator]
        arguments = self._translator.arguments(node, names)
        its_names = {**names, **dict(zip(definition.parameters, arguments, strict=True))}
        body = definition.body
        effects: list[Node] = []
        for part in body.operands if body.operator == "$ConjList" else (body,):
            if self._states.paths.speaks_of_next(part):
                effects.append(part)
            else:
                guards = (*guards, self._translator.read(part, inner, its_names))

        @cache
        def shown() -> Sequence[Goal]:
            return [goal for part in effects for goal in self._goals(part, inner, its_names)]

        return _Candidate(node.operator.rpartition("!")[2], guards, shown)

    def _concerned(self, path: Path, before: State, sort: Any) -> Iterator[Any]:
        """Yield the calls that a step may be a step of: its thread's, or one that is taken."""
        call = self._definitions["CallOf"]
        for member in path.taken:
            if member.sort() == sort:
                yield member
            if member.sort() == self._world.thread_sort:
                names = {call.parameters[0]: always(member)}
                found = [
                    z3.simplify(self._translator.read(call.body, Moment(state), names))
                    for state in (before, path.after)
                ]
                yield from found[: 1 if found[0].eq(found[1]) else 2]


@contextmanager
def _added_to(prover: Prover) -> Iterator[Callable[[Any], None]]:
    """Give what assumes one thing after another, until the end of the block."""
    with ExitStack() as stack:
        yield lambda formula: stack.enter_context(prover.given([formula]))


def _status(proved: bool) -> Status:
    return Status.PROVED if proved else Status.UNKNOWN
