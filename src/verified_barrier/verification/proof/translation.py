"""Whether the formulas made of the specification mean what TLC takes it to mean.

TLC visits the states of a small model, and writes down every step. For each action, Z3 is
asked for a step of TLC's that the action's formula does not allow, and for a step that it allows,
from one of these states to any state whatever, that TLC has not written down. There must be
neither.

TLC begins where everything begins, or in every state that ``TypeOK`` allows, reachable or not:
there each conjunct of an action makes a difference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import z3

from verified_barrier.verification.graph import Dump
from verified_barrier.verification.proof.checks import Sample
from verified_barrier.verification.proof.invariant import Deadline, Machine, in_words
from verified_barrier.verification.proof.sany import Module
from verified_barrier.verification.proof.values import Function, Set, Value

__all__ = ["Agreement", "Comparison", "TooLateError", "compare_steps", "modules_of"]


class TooLateError(Exception):
    """There was no time to find out."""


_MODULE: Final = r"""---- MODULE Sample ----
EXTENDS BarrierProof

Soon == generation <= 2

Everywhere ==
    /\ TypeOK
    /\ generation = 1
    /\ joined = [t \in Threads |-> IF MayArrive(t) \/ pc[t] = "OUTSIDE" THEN 0 ELSE 1]
    /\ first = outcome
    /\ arrivals = arrived
    /\ returns = 0
    /\ releases = {}

"""


@dataclass(frozen=True)
class Agreement:
    """How much was compared, and what differs."""

    states: int
    steps: int
    differences: Sequence[str]


def modules_of(module: Module, modules: Mapping[str, str]) -> dict[str, str]:
    """Return the modules with one more, in which each action is written down by the historian.

    TLC labels a step with the operator that it belongs to: so each gets one of its own.
    """
    definitions, steps = [], []
    for node in module.definitions["Next"].body.operands:
        action = node.operands[0] if node.bound else node
        parameter, some = ("(t)", "\\E t \\in Threads : ") if node.bound else ("", "")
        name = f"Seen{action.operator}"
        definitions.append(f"{name}{parameter} == {action.operator}{parameter} /\\ WriteDown\n")
        steps.append(f"    \\/ {some}{name}{parameter}\n")
    text = "".join([_MODULE, *definitions, "\nSampleNext ==\n", *steps, "====\n"])
    return {**modules, "Sample.tla": text}


def compare_steps(module: Module, sample: Sample, dump: Dump, deadline: Deadline) -> Agreement:
    """Compare TLC's steps with what the formulas allow.

    Raises ``TooLateError`` where Z3 does not know.
    """
    machine = Machine(module, sample.threads)
    comparison = Comparison(machine, sample, dump, deadline)
    steps = {label.removeprefix("Seen") for _, _, label in dump.edges}
    wrong = [f"TLC takes the step {step}, which is none" for step in steps - set(machine.steps)]
    for step in machine.steps:
        wrong += comparison.differences(step)
    return Agreement(len(dump.states), len(dump.edges), wrong)


class Comparison:
    """TLC's graph as formulas.

    For each of its states there is a formula that says that it is the one before a step, and one
    that says that it is the one after.
    """

    def __init__(self, machine: Machine, sample: Sample, dump: Dump, deadline: Deadline) -> None:
        self._machine: Final = machine
        self._edges: Final = dump.edges
        self._deadline: Final = deadline
        self._solver: Final = z3.Solver(ctx=machine.world.context)
        self._solver.set("ctrl_c", False)
        constants = machine.translator.constants
        self._solver.add(constants["Parties"] == sample.parties)
        self._solver.add(constants["HasAction"] == sample.has_action)
        self._before: Final = self._marks("before", machine.before, dump.states)
        self._after: Final = self._marks("after", machine.after, dump.states)
        self._solver.add(machine.written)

    def _marks(
        self, name: str, variables: Mapping[str, Value], states: Mapping[str, Mapping[str, str]]
    ) -> dict[str, Any]:
        marks = {}
        for number, values in states.items():
            if not self._deadline.left():
                raise TooLateError
            marks[number] = z3.Bool(f"{name} {number}", self._machine.world.context)
            same = [self._is(variables[variable], text) for variable, text in values.items()]
            self._solver.add(marks[number] == z3.And(*same))
        return marks

    def _is(self, value: Value, text: str) -> Any:
        """Return the formula that says that a value is what TLC printed."""
        world = self._machine.world
        if isinstance(value, Function):
            parts = dict(_PART.findall(text))
            threads = world.thread_names or ()
            return world.both(*(self._is(value.at(t), parts[str(t)]) for t in threads))
        if isinstance(value, Set):
            records = [dict(_FIELD.findall(record)) for record in _RECORD.findall(text)]
            return world.equal(
                value,
                world.listed(
                    value.kind,
                    [(world.truth(True), self._record(record)) for record in records],
                ),
            )
        if text.startswith('"'):
            return value == world.string(text.strip('"'))
        return value == world.number(int(text))

    def _record(self, fields: Mapping[str, str]) -> Any:
        world = self._machine.world
        return world.structured({name: world.number(int(text)) for name, text in fields.items()})

    def differences(self, step: str) -> Iterator[str]:
        """Yield, in words, how TLC's steps of an action differ from what its formula allows."""
        world, machine = self._machine.world, self._machine
        edges = [edge for edge in self._edges if edge[2] == f"Seen{step}"]
        pairs = [z3.And(self._before[one], self._after[two]) for one, two, _ in edges]
        formula = machine.steps[step]
        taken = world.some(world.threads, lambda t: z3.substitute(formula, (machine.thread, t)))
        soon = machine.after["generation"] <= 2
        more = [formula, soon, world.either(*self._before.values()), *map(z3.Not, pairs)]
        for question, problem in (
            ([world.either(*pairs), z3.Not(taken)], "TLC takes a step that the formula forbids"),
            (more, "the formula allows a step that TLC does not take"),
        ):
            found = self._satisfy(question)
            if found is not None:
                yield f"{step}: {problem}\n{in_words(machine, found, step)}"

    def _satisfy(self, formulas: Sequence[Any]) -> Any:
        self._solver.push()
        try:
            self._solver.set("timeout", max(1, int(self._deadline.left() * 1000)))
            self._solver.add(*formulas)
            result = self._solver.check()
            if result == z3.unknown:
                raise TooLateError
            return self._solver.model() if result == z3.sat else None
        finally:
            self._solver.pop()


_PART: Final = re.compile(r'(\w+) :> ("\w+"|-?\d+)')
_RECORD: Final = re.compile(r"\[([^\]]*)\]")
_FIELD: Final = re.compile(r"(\w+) \|-> (\d+)")
