"""An invariant of the specification, proved for any number of parties and of threads.

``spec/BarrierProof.tla`` has the invariant: what was promised, and the conjuncts that are needed to
prove it. Here the obligations are made from the text of the modules, as SANY reads it: each
conjunct holds in the beginning, and each action keeps it, if the invariant held before. The
historian of ``spec/BarrierHistory.tla`` watches each step.

What cannot be proved is refuted with a few threads, if it is false: there is a state that
satisfies the invariant, and a step from it after which a conjunct is false.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any, Final

import z3

from verified_barrier.verification.processes import stop_if_ending
from verified_barrier.verification.proof.instances import Prover
from verified_barrier.verification.proof.sany import Module
from verified_barrier.verification.proof.shape import check_shape
from verified_barrier.verification.proof.smt import Moment, Translator
from verified_barrier.verification.proof.values import Function, Set, TranslationError, Value

__all__ = [
    "BEGINNING",
    "PROOF",
    "Deadline",
    "Machine",
    "Obligation",
    "Status",
    "conjuncts",
    "in_words",
    "needed",
    "possible",
    "prove",
]

BEGINNING: Final = "Init"
"""Stands for a step before which there was nothing."""

PROOF: Final = "BarrierProof"
"""The module that has the invariant."""

SIZES: Final = (1, 2, 3)
"""How many threads there are where a counterexample is looked for."""

_SINGLE_QUERY: Final = 10.0
"""The most seconds for one question to Z3: a thousand times what it takes."""


class Status(Enum):
    """How an obligation came out."""

    PROVED = "proved"
    REFUTED = "refuted"
    UNKNOWN = "unknown"
    """Neither proved nor refuted, or there was no time."""


@dataclass(frozen=True)
class Obligation:
    """What is to be proved of one step and one conjunct."""

    step: str
    """The action's name, or `BEGINNING`."""
    conjunct: str
    status: Status
    counterexample: str = ""
    """A step that the invariant allows, and after which the conjunct is false."""


class Deadline:
    """The end of the time that there is.

    Parameters: ``seconds``, from now.
    """

    def __init__(self, seconds: float) -> None:
        self._end: Final = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds that are left for one question to Z3, zero or more.

        Raises ``EndedError`` if the command is being ended.
        """
        stop_if_ending()
        return min(_SINGLE_QUERY, max(0.0, self._end - time.monotonic()))

    def __iter__(self) -> Iterator[float]:
        while True:
            yield self.left()


class Machine:
    """The specification in one world: its states, its steps, and its invariant as formulas.

    Parameters: ``module``, ``BarrierProof`` or one that extends it; ``threads``, how many there
    are: ``None``, any number; ``without``, the conjuncts of the invariant that are left out.
    """

    def __init__(self, module: Module, threads: int | None, without: Sequence[str] = ()) -> None:
        self.translator: Final = Translator(module, threads)
        self.world: Final = self.translator.world
        kinds = [
            kind for name in ("TypeOK", "HistoryTypeOK") for kind in self.translator.kinds(name)
        ]
        self.before: Final = {name: self.world.unknown(name, kind) for name, kind in kinds}
        self.after: Final = {name: self.world.unknown(f"{name}'", kind) for name, kind in kinds}
        self.moment: Final = Moment(self.before, self.after)
        self.thread: Final = z3.Const("t", self.world.thread_sort)
        self.conjuncts: Final = [name for name in conjuncts(module) if name not in without]
        self.assumptions: Final = [
            self.translator.read(node, self.moment) for node in module.assumptions
        ]
        self.written: Final = self.translator.named("WriteDown", self.moment)
        self.beginning: Final = self.translator.named("HistoryInit", self.moment)

    @cached_property
    def steps(self) -> dict[str, Any]:
        """The actions, as the thread ``thread`` takes them."""
        steps = {}
        for node in self.translator.module.definitions["Next"].body.operands:
            names = {name: lambda _moment: self.thread for name, _ in node.bound}
            action = node.operands[0] if node.bound else node
            steps[action.operator] = self.translator.read(action, self.moment, names)
        return steps

    @cached_property
    def invariant(self) -> dict[str, Any]:
        """The conjuncts of the invariant, before a step."""
        return {name: self.translator.named(name, self.moment) for name in self.conjuncts}

    @cached_property
    def goals(self) -> dict[str, Any]:
        """What has to hold after a step, or of a step."""
        then = Moment(self.after)
        goals = {name: self.translator.named(name, then) for name in self.conjuncts}
        always = self.translator.module.definitions["BrokenRefuses"].body.operands[0]
        goals["BrokenRefuses"] = self.translator.read(always.operands[0], self.moment)
        return goals

    def has_parameter(self, step: str) -> bool:
        """Return whether it is a thread that takes a step."""
        return bool(self.translator.module.definitions[step].parameters)


def conjuncts(module: Module, invariant: str = "Invariant") -> list[str]:
    """Return the names of an invariant's conjuncts."""
    return [node.operator for node in module.definitions[invariant].body.operands]


def prove(module: Module, deadline: Deadline, without: Sequence[str] = ()) -> Iterator[Obligation]:
    """Yield every obligation with what came of it, action by action.

    Parameters: ``module``, ``BarrierProof`` or one that extends it; ``without``, the conjuncts
    of the invariant that are left out. Raises ``TranslationError`` where a formula
    cannot be made of the text.
    """
    if unknown := sorted(set(without) - set(conjuncts(module))):
        raise TranslationError(f"the invariant has no conjunct {', '.join(unknown)}")
    check_shape(module)
    machine = Machine(module, None, without)
    refuter = _Refuter(module, without)
    thread, world = machine.thread, machine.world
    begins = [*machine.assumptions, machine.beginning]
    steps = {BEGINNING: world.truth(True)}
    begins += world.meanings([*begins, *machine.invariant.values()])
    provers = [Prover(world, thread, begins, steps, machine.invariant)]
    keeps = [*machine.assumptions, *machine.invariant.values(), machine.written]
    keeps += world.meanings([*keeps, *machine.steps.values(), *machine.goals.values()])
    provers.append(Prover(world, thread, keeps, machine.steps, machine.goals))
    for step in (BEGINNING, *machine.steps):
        for conjunct, proved in provers[step != BEGINNING].prove(step, deadline):
            if proved:
                yield Obligation(step, conjunct, Status.PROVED)
            else:
                yield refuter.refute(step, conjunct, deadline)


class _Refuter:
    """Looks for counterexamples with a few threads."""

    def __init__(self, module: Module, without: Sequence[str]) -> None:
        self._module = module
        self._without = without
        self._machines: dict[int, Machine] = {}

    def refute(self, step: str, conjunct: str, deadline: Deadline) -> Obligation:
        """Return an obligation that could not be proved, with a counterexample if there is one."""
        for size in SIZES:
            if not deadline.left():
                break
            if size not in self._machines:
                self._machines[size] = Machine(self._module, size, self._without)
            machine = self._machines[size]
            if step == BEGINNING:
                wrong = [machine.beginning, z3.Not(machine.invariant[conjunct])]
            else:
                wrong = [*machine.invariant.values(), machine.steps[step], machine.written]
                wrong.append(z3.Not(machine.goals[conjunct]))
            found = satisfy(machine, wrong, deadline)
            if found is not None:
                said = f"{conjunct} is false after this step:\n{in_words(machine, found, step)}"
                return Obligation(step, conjunct, Status.REFUTED, said)
        return Obligation(step, conjunct, Status.UNKNOWN)


def satisfy(machine: Machine, formulas: Sequence[Any], deadline: Deadline) -> Any:
    """Return a model of some formulas and the assumptions, or ``None`` if none is found.

    It has small numbers if they will do.
    """
    solver = z3.Solver(ctx=machine.world.context)
    solver.set("ctrl_c", False)
    solver.set("timeout", max(1, int(deadline.left() * 1000)))
    formulas = [*machine.assumptions, *formulas]
    solver.add(*formulas, *machine.world.meanings(formulas))
    parties = machine.translator.constants["Parties"]
    for small in ([parties <= 3, machine.before["generation"] <= 3], []):
        if solver.check(*small) == z3.sat:
            return solver.model()
    return None


def possible(module: Module, deadline: Deadline, without: Sequence[str] = ()) -> dict[str, bool]:
    """Return of each action whether it is shown to happen in a state of the invariant."""
    found: dict[str, bool] = {}
    for size in SIZES:
        machine = Machine(module, size, without)
        for step, formula in machine.steps.items():
            if not found.get(step):
                happens = [*machine.invariant.values(), formula, machine.written]
                found[step] = satisfy(machine, happens, deadline) is not None
        if all(found.values()):
            break
    return found


def needed(module: Module, deadline: Deadline) -> dict[str, str | None]:
    """Return of each conjunct that was not promised what is broken without it.

    That is a counterexample; ``None`` if none is found.
    """
    found: dict[str, str | None] = {}
    for name in conjuncts(module):
        if module.definitions[name].module == PROOF:
            found[name] = _broken_without(module, name, deadline)
    return found


def _broken_without(module: Module, name: str, deadline: Deadline) -> str | None:
    for size in SIZES:
        machine = Machine(module, size, [name])
        keeps = z3.And(*machine.goals.values())
        for step, formula in machine.steps.items():
            wrong = [*machine.invariant.values(), formula, machine.written, z3.Not(keeps)]
            model = satisfy(machine, wrong, deadline)
            if model is not None:
                return in_words(machine, model, step)
    return None


def in_words(machine: Machine, model: Any, step: str) -> str:
    """Return a step as TLC would print its two states."""

    def said(value: Value) -> str:
        if isinstance(value, Function):
            names = machine.world.thread_names or ()
            return "(" + " @@ ".join(f"{t} :> {said(value.at(t))}" for t in names) + ")"
        if isinstance(value, Set):
            listed = [said(m) for on, m in value.members or () if z3.is_true(evaluate(on))]
            return "{" + ", ".join(sorted(set(listed))) + "}"
        return _literal(evaluate(value), machine)

    def evaluate(term: Any) -> Any:
        return model.eval(term, model_completion=True)

    def state(variables: Mapping[str, Value]) -> Iterator[str]:
        return (f"    /\\ {name} = {said(value)}" for name, value in variables.items())

    constants = machine.translator.constants
    sizes = ", ".join(f"{name} = {said(constants[name])}" for name in ("Parties", "HasAction"))
    threads = ", ".join(map(str, machine.world.thread_names or ()))
    lines = [f"with Threads = {{{threads}}}, {sizes}", "before:", *state(machine.before)]
    if step == BEGINNING:
        return "\n".join([lines[0], "in the beginning:", *lines[2:]])
    taken = f"{step}({said(machine.thread)})" if machine.has_parameter(step) else step
    return "\n".join([*lines, f"after {taken}:", *state(machine.after)])


def _literal(value: Any, machine: Machine) -> str:
    sort = value.sort()
    if sort == machine.world.strings:
        return f'"{value}"'
    structure = machine.world.structure_of(value)
    if structure is not None:
        fields = [structure.accessor(0, n) for n in range(value.num_args())]
        pairs = zip(fields, value.children(), strict=True)
        return "[" + ", ".join(f"{field.name()} |-> {part}" for field, part in pairs) + "]"
    return str(value).upper() if z3.is_bool(value) else str(value)
