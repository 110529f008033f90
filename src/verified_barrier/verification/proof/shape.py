"""The form that a specification must have, so that the proof is of what the theorem says.

The proof takes ``HistorySpec`` apart: a beginning, and steps that are actions of single threads, or
of none, watched by the historian. Where the text is put together in another way, that is said, and
nothing is proved.
"""

from __future__ import annotations

from verified_barrier.verification.proof.sany import Module, Node
from verified_barrier.verification.proof.values import TranslationError

__all__ = ["check_locks_shape", "check_shape"]


def check_shape(module: Module) -> None:
    """See that the specification has the form that the proof is for.

    Raises ``TranslationError`` where it has another one.
    """
    _check_specification(module)
    for node in _body(module, "Next", "$DisjList").operands:
        action = node
        if node.operator == "$BoundedExists":
            ((_, taken_from),) = node.bound[:1]
            (action,) = node.operands
            if len(node.bound) > 1 or taken_from.operator != "Threads":
                raise TranslationError(f"in {node.where}: an action is taken by one of Threads")
        if action.operator not in module.definitions:
            raise TranslationError(f"in {node.where}: each step of Next must be a named action")
    for node in _body(module, "Invariant", "$ConjList").operands:
        if node.operator not in module.definitions or node.operands:
            raise TranslationError(f"in {node.where}: each conjunct of Invariant must have a name")
    always = _body(module, "BrokenRefuses", "[]")
    if always.operands[0].operator != "$SquareAct":
        raise TranslationError(f"in {always.where}: BrokenRefuses must be [][...]_vars")
    _check_historian(module)


def _check_specification(module: Module) -> None:
    begins, always = _body(module, "HistorySpec", "\\land").operands
    (box,) = always.operands
    steps, subscript = box.operands if box.operator == "$SquareAct" else (box, box)
    named = [begins.operator, always.operator, steps.operator]
    if named != ["HistoryInit", "[]", "HistoryNext"]:
        raise TranslationError(
            f"in {begins.where}: HistorySpec must be HistoryInit /\\ [][HistoryNext]_variables"
        )
    if _variables(subscript, module) != sorted(module.variables):
        raise TranslationError(f"in {subscript.where}: steps may change what is not in <<...>>")
    together = _body(module, "HistoryNext", "\\land")
    if [node.operator for node in together.operands] != ["Next", "WriteDown"]:
        raise TranslationError(f"in {together.where}: HistoryNext must be Next /\\ WriteDown")


def check_locks_shape(module: Module) -> None:
    """See that the shell of locks, and what it refines, have the form that the proof is for.

    Raises ``TranslationError`` where they have another one.
    """
    _check_box(module, "Spec", "Init", "Next", "vars")
    if _variables(module.definitions["vars"].body, module) != sorted(module.variables):
        raise TranslationError("steps of BarrierLocks may change what is not in vars")
    box = _check_box(module, "RefinesBarrier", "Seen!Init", "\\lor", "Seen!vars")
    allowed = [(one.operator, *(o.operator for o in one.operands)) for one in box.operands]
    if allowed != [("UNCHANGED", "Seen!vars"), ("Seen!Next",)]:
        raise TranslationError(f"in {box.where}: must be UNCHANGED Seen!vars \\/ Seen!Next")
    (seen,) = _body(module, "Seen!Next", "$Substitution").operands
    if seen.operator != "$DisjList":
        raise TranslationError(f"in {seen.where}: Next of Barrier must be a list of actions")
    steps = _body(module, "Next", "$DisjList").operands
    for node in (*steps, *seen.operands):
        action = node
        if node.operator == "$BoundedExists" and len(node.bound) == 1:
            (action,) = node.operands
        if action.operator not in module.definitions:
            raise TranslationError(f"in {node.where}: each step of Next must be a named action")
    for node in _body(module, "LocksInvariant", "$ConjList").operands:
        if node.operator not in module.definitions or node.operands:
            raise TranslationError(
                f"in {node.where}: each conjunct of the invariant must have a name"
            )


def _check_box(module: Module, name: str, begins: str, steps: str, subscript: str) -> Node:
    """See that a definition is a beginning, and steps; return what is said of the steps."""
    first, always = _body(module, name, "\\land").operands
    box = always.operands[0] if always.operator == "[]" else always
    found = [first.operator, box.operator, *(part.operator for part in box.operands)]
    if found != [begins, "$SquareAct", steps, subscript]:
        raise TranslationError(f"in {first.where}: {name} must be {begins} /\\ [][...]_{subscript}")
    return box.operands[0]


def _body(module: Module, name: str, operator: str) -> Node:
    if name not in module.definitions:
        raise TranslationError(f"there is no {name}")
    body = module.definitions[name].body
    if body.operator != operator:
        raise TranslationError(f"in {body.where}: {name} must be made with {operator}")
    return body


def _variables(node: Node, module: Module) -> list[str]:
    """Return the variables in a tuple of variables, and of tuples of them."""
    if node.operator in module.definitions:
        return _variables(module.definitions[node.operator].body, module)
    if node.operator == "$Tuple":
        return sorted(name for part in node.operands for name in _variables(part, module))
    return [node.operator]


def _check_historian(module: Module) -> None:
    """See that the historian only watches: whatever the machine does, it can write it down.

    Each conjunct of ``WriteDown`` says what one variable of the historian is in the next state,
    and each does so in terms of others.
    """
    watched = _variables(module.definitions["vars"].body, module)
    own = [name for name in module.variables if name not in watched]
    written = []
    for node in _body(module, "WriteDown", "$ConjList").operands:
        variable, *value = node.operands
        if node.operator != "=" or variable.operator != "'":
            raise TranslationError(f"in {node.where}: the historian must say variable' = value")
        written.append(variable.operands[0].operator)
        if read := sorted(_primed(value[0], module, False) & set(own)):
            raise TranslationError(f"in {node.where}: the historian reads {read[0]}' of itself")
    if sorted(written) != sorted(own):
        raise TranslationError(f"the historian writes {written}, and not {own}, each once")


def _primed(node: Node, module: Module, primed: bool) -> set[str]:
    """Return the variables that an expression reads in the next state."""
    if node.operator in module.variables:
        return {node.operator} if primed else set()
    primed = primed or node.operator in ("'", "UNCHANGED")
    parts = [*node.operands, *(domain for _, domain in node.bound)]
    if node.operator in module.definitions:
        parts.append(module.definitions[node.operator].body)
    return set().union(*(_primed(part, module, primed) for part in parts))
