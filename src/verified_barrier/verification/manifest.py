"""The manifest of the models: what each must show, and the figures it must show it with."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from verified_barrier.verification.files import reason

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
    folder: Path
    """Where its manifest is, and modules that are not of the specification."""
    module: str
    """The TLA+ module to check."""
    configuration: str
    """The text of TLC's ``.cfg``, with constants and replacements."""
    properties: tuple[str, ...]
    """What is checked: the names of all invariants and properties."""
    shows: str
    """What it shows, in a sentence."""
    constants: Mapping[str, Any]
    """``Parties``, ``Threads`` (how many) and ``HasAction``, and those of its own module."""
    violates: str | None
    """The property that it must violate; ``None`` if all must hold."""
    steps: int | None
    """The length of the shortest counterexample, where TLC finds the shortest."""
    distinct: int | None
    """Distinct states; ``None`` where it is the steps that count, or not known yet."""
    generated: int | None
    """Generated states, likewise."""
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
_KINDS: Final = (
    (int, "a number", {"steps", "distinct", "generated", "edges", "pairs", "events"}),
    (list, "a list", {"models", "never", "without", "difference"}),
    (dict, "a table", {"constants", "replace", "compare"}),
    (
        str,
        "a string",
        {"name", "module", "cfg", "shows", "size", "invariant", "violates", "with", "only"},
    ),
)
"""Of which kind the value of each key must be."""
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
        groups = tomllib.loads(manifest.read_text(encoding="utf-8")).get("group")
    except OSError as problem:
        raise ManifestError(
            f"{manifest} cannot be read: {problem.strerror}: name a folder that has one"
        ) from None
    except ValueError as problem:
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


def _check_keys(entry: Any, needed: set[str], optional: set[str], what: str) -> None:
    if not isinstance(entry, dict):
        raise ManifestError(f"{what} must be a table, not {entry!r}")
    if missing := sorted(needed - entry.keys()):
        raise ManifestError(f"{what} lacks {', '.join(missing)}: {entry}")
    if unknown := sorted(entry.keys() - needed - optional):
        raise ManifestError(f"{what} has the unknown keys {', '.join(unknown)}")
    for key, value in entry.items():
        kind, words = next((kind, words) for kind, words, keys in _KINDS if key in keys)
        if type(value) is not kind:
            raise ManifestError(f"{what}: {key} must be {words}, not {value!r}")


def _model(folder: Path, group: Mapping[str, Any], entry: Any) -> Model:
    own = entry.get("name") if isinstance(entry, dict) else "a model"
    name = f"{group['name']}/{own}"
    _check_keys(entry, _MODEL_KEYS, _OPTIONAL_KEYS, name)
    cfg = folder / group["cfg"]
    try:
        text = cfg.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise ManifestError(f"{name}: its cfg {cfg} cannot be read: {reason(problem)}") from None
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
        folder=folder,
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
    """See that there are no figures that cannot be compared, and that graphs have theirs."""
    if "violates" not in entry and "steps" in entry:
        raise ManifestError(f"{name}: it has steps, the length of a counterexample, but all holds")
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
    constants = entry["constants"]
    if not {"Parties", "Threads", "HasAction"} <= constants.keys():
        raise ManifestError(
            f"{name}: its constants must be Parties, Threads and HasAction, and those of its own "
            f"module, not {', '.join(constants)}"
        )
    number = constants["Threads"]
    if type(number) is not int or number < 1:
        raise ManifestError(f"{name}: Threads must be how many there are, not {number!r}")
    threads = ", ".join(f"t{thread}" for thread in range(1, number + 1))
    others = {constant: value for constant, value in constants.items() if constant != "Threads"}
    lines: Sequence[str] = [
        "CONSTANTS",
        f"    Threads = {{{threads}}}",
        *(
            f"    {constant} = {_value(name, constant, value)}"
            for constant, value in others.items()
        ),
        *(f"    {action} <- {other}" for action, other in entry.get("replace", {}).items()),
    ]
    return "\n".join(lines) + "\n"


def _value(name: str, constant: str, value: object) -> str:
    """Return a constant's value in TLA+."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str) and '"' not in value:
        return f'"{value}"'
    raise ManifestError(
        f"{name}: {constant} must be a number, true, false or a string, not {value!r}"
    )
