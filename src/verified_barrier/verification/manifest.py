"""The manifest of the models: what each must show, and the figures it must show it with."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

__all__ = ["Compared", "ManifestError", "Model", "load_manifest"]


class ManifestError(ValueError):
    """A manifest that cannot be used; the message names the model and what is wrong."""


@dataclass(frozen=True)
class Compared:
    """What must come of the comparison of a model with another, seen from the outside."""

    other: str
    """The other model's name; it has the same constants."""
    without: tuple[str, ...]
    """The actions that are left out of both."""
    pairs: int | None
    events: int | None
    """How much was compared, if there is no difference."""
    difference: tuple[str, ...]
    """The events after which there is one, if there must be."""
    only: str | None
    """The module in which the last of these can happen."""


@dataclass(frozen=True)
class Model:
    """One model: a run of TLC, and what must come of it."""

    name: str
    """Its group and its own name."""
    module: str
    """The TLA+ module to check."""
    configuration: str
    """The text of TLC's ``.cfg``, with constants and replacements."""
    properties: tuple[str, ...]
    """What is checked: the names of all invariants and properties."""
    shows: str
    """What it shows, in a sentence."""
    constants: Mapping[str, Any]
    """``Parties``, ``Threads`` (how many) and ``HasAction``."""
    violates: str | None
    """The property that it must violate; ``None`` if all must hold."""
    steps: int | None
    """The length of the shortest counterexample, where TLC finds the shortest."""
    distinct: int | None
    """Distinct states."""
    generated: int | None
    """Generated states."""
    edges: int | None
    """Steps of the state graph, where it is compared with the table's."""
    compared: Compared | None
    """The comparison with another model, if there is one."""
    never: tuple[str, ...] | None
    """The table's actions that no step of the graph takes, where all others must be taken."""
    large: bool
    """Whether it runs only with ``--full``."""


_GROUP_KEYS: Final = {"name", "module", "cfg", "shows", "models"}
_MODEL_KEYS: Final = {"name", "constants", "size"}
_OPTIONAL_KEYS: Final = {
    *("shows", "invariant", "replace", "violates", "steps", "distinct", "generated", "edges"),
    *("compare", "never"),
}
_COMMENT: Final = re.compile(r"\\\*[^\n]*|\(\*.*?\*\)", re.DOTALL)
_CHECKS: Final = {"INVARIANT", "INVARIANTS", "PROPERTY", "PROPERTIES"}
_KEYWORDS: Final = _CHECKS | {
    *("SPECIFICATION", "INIT", "NEXT", "VIEW", "SYMMETRY", "CONSTRAINT", "CONSTRAINTS"),
    *("ACTION_CONSTRAINT", "ACTION_CONSTRAINTS", "CONSTANT", "CONSTANTS"),
}


def load_manifest(folder: Path) -> list[Model]:
    """Return the models of ``manifest.toml`` in ``folder``, in its order.

    Raises ``ManifestError`` where an entry is incomplete, checks nothing, or repeats a name.
    """
    manifest = folder / "manifest.toml"
    try:
        groups = tomllib.loads(manifest.read_text(encoding="utf-8"))["group"]
    except (OSError, tomllib.TOMLDecodeError, KeyError) as problem:
        raise ManifestError(f"{manifest} cannot be read: {problem}") from None
    if not isinstance(groups, list):
        raise ManifestError(f"{manifest} cannot be read: its groups must begin with [[group]]")
    models: list[Model] = []
    for group in groups:
        _check_keys(group, _GROUP_KEYS, set(), f"a group of {manifest}")
        models += [_model(folder, group, entry) for entry in group["models"]]
    names = [model.name for model in models]
    for name in names:
        if names.count(name) > 1:
            raise ManifestError(f"{name}: two models have this name")
    for model in models:
        _check_other(model, models)
    return models


def _check_other(model: Model, models: Sequence[Model]) -> None:
    """See that a model with which another is compared is there, as large, and of another kind."""
    if model.compared is None:
        return
    found = [other for other in models if other.name == model.compared.other]
    if not found:
        raise ManifestError(f"{model.name}: there is no {model.compared.other} to compare it with")
    if found[0].constants != model.constants:
        raise ManifestError(f"{model.name}: {model.compared.other} has other constants")
    if found[0].module == model.module:
        raise ManifestError(f"{model.name}: {model.compared.other} is of the same module")


def _check_keys(entry: Mapping[str, Any], needed: set[str], optional: set[str], what: str) -> None:
    if missing := sorted(needed - entry.keys()):
        raise ManifestError(f"{what} lacks {', '.join(missing)}: {dict(entry)}")
    if unknown := sorted(entry.keys() - needed - optional):
        raise ManifestError(f"{what} has the unknown keys {', '.join(unknown)}")


def _model(folder: Path, group: Mapping[str, Any], entry: Mapping[str, Any]) -> Model:
    name = f"{group['name']}/{entry.get('name')}"
    _check_keys(entry, _MODEL_KEYS, _OPTIONAL_KEYS, name)
    try:
        text = (folder / group["cfg"]).read_text(encoding="utf-8")
    except OSError as problem:
        raise ManifestError(f"{name}: its cfg cannot be read: {problem}") from None
    if "invariant" in entry:
        text += f"INVARIANT {entry['invariant']}\n"
    text += _constants(name, entry)
    properties = _properties(text)
    violates = entry.get("violates")
    if not properties:
        raise ManifestError(f"{name}: it checks no invariant and no property")
    if violates is not None and violates not in properties:
        raise ManifestError(f"{name}: it must violate {violates}, which it does not check")
    if entry["size"] not in ("small", "large"):
        raise ManifestError(f"{name}: its size is {entry['size']!r}: say small or large")
    _check_figures(name, group["module"], entry)
    return Model(
        name=name,
        module=group["module"],
        configuration=text,
        properties=properties,
        shows=entry.get("shows", group["shows"]),
        constants=entry["constants"],
        violates=violates,
        **{key: entry.get(key) for key in ("steps", "distinct", "generated", "edges")},
        compared=_compared(name, entry["compare"]) if "compare" in entry else None,
        never=tuple(entry["never"]) if "never" in entry else None,
        large=entry["size"] == "large",
    )


def _compared(name: str, entry: Mapping[str, Any]) -> Compared:
    figures = {"difference", "only"} if "difference" in entry else {"pairs", "events"}
    _check_keys(entry, {"with", "without"} | figures, set(), f"the comparison of {name}")
    if "difference" in entry and not entry["difference"]:
        raise ManifestError(f"the comparison of {name} must differ, but its difference is empty")
    return Compared(
        other=entry["with"],
        without=tuple(entry["without"]),
        pairs=entry.get("pairs"),
        events=entry.get("events"),
        difference=tuple(entry.get("difference", ())),
        only=entry.get("only"),
    )


def _properties(configuration: str) -> tuple[str, ...]:
    """Return the names of what a ``.cfg`` has TLC check."""
    found = []
    keyword = ""
    for word in _COMMENT.sub(" ", configuration).split():
        if word in _KEYWORDS:
            keyword = word
        elif keyword in _CHECKS:
            found.append(word)
    return tuple(found)


def _check_figures(name: str, module: str, entry: Mapping[str, Any]) -> None:
    """See that there are the figures that show that the model was checked as a whole."""
    counts = {"distinct", "generated"} & entry.keys()
    if "violates" not in entry and "steps" in entry:
        raise ManifestError(f"{name}: it has steps, the length of a counterexample, but all holds")
    if len(counts) < 2 and "steps" not in entry:
        raise ManifestError(
            f"{name}: say how many states it has (distinct and generated), or, where an "
            "invariant is violated, how many its counterexample has (steps)"
        )
    compared = module == "Barrier" and "violates" not in entry
    if compared != ("edges" in entry):
        raise ManifestError(
            f"{name}: "
            + (
                "say how many edges its graph has"
                if compared
                else "only graphs of Barrier have edges"
            )
        )
    if "never" in entry and "edges" not in entry:
        raise ManifestError(f"{name}: it has actions that are never taken, but no edges")


def _constants(name: str, entry: Mapping[str, Any]) -> str:
    constants = dict(entry["constants"])
    if constants.keys() != {"Parties", "Threads", "HasAction"}:
        raise ManifestError(f"{name}: its constants must be Parties, Threads and HasAction")
    threads = ", ".join(f"t{number}" for number in range(1, constants["Threads"] + 1))
    lines: Sequence[str] = [
        "CONSTANTS",
        f"    Threads = {{{threads}}}",
        f"    Parties = {constants['Parties']}",
        f"    HasAction = {str(constants['HasAction']).upper()}",
        *(f"    {action} <- {other}" for action, other in entry.get("replace", {}).items()),
    ]
    return "\n".join(lines) + "\n"
