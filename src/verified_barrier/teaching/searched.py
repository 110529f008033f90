"""The steps of the barriers that are written in TLA+ alone, as TLC finds them.

CPython's barrier is ``spec/CPythonBarrier.tla``. A broken one is ours with an action replaced, as
the model of the same name in ``models/manifest.toml`` says.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from verified_barrier.teaching.places import SEEN, Steps, broken_steps, cpython_steps
from verified_barrier.teaching.sizes import Size
from verified_barrier.verification.graph import Dump, read_dump
from verified_barrier.verification.manifest import load_manifest
from verified_barrier.verification.resources import MODELS, SPEC, SetupError, read_modules
from verified_barrier.verification.tlc import Finding, Tlc

__all__ = ["replacement_of", "search_broken", "search_cpython"]

_HERE: Final = Path(__file__).parent
_END: Final = "=" * 77
_REPLACEMENT: Final = re.compile(r"^    (\w+) <- (\w+)$", re.MULTILINE)
_DISJUNCT: Final = re.compile(r"^    \\/ (\\E t \\in Threads : )?(\w+)", re.MULTILINE)


@cache
def replacement_of(key: str) -> tuple[str, str]:
    """Return which action is replaced in a broken barrier, and the name of what replaces it."""
    (model,) = (model for model in load_manifest(MODELS) if model.name == f"fault/{key}")
    ((action, other),) = _REPLACEMENT.findall(model.configuration)
    return action, other


def search_cpython(size: Size, tlc: Tlc, timeout: float) -> Steps:
    """Return the steps of CPython's barrier.

    Parameters: ``timeout``, in seconds. Raises ``SetupError`` where TLC cannot find them.
    """
    modules = read_modules(SPEC)
    steps = [
        (some_thread, action, f"{action}{_of(some_thread)} /\\ Observed")
        for some_thread, action in _actions(modules["CPythonBarrier.tla"])
    ]
    module = "CPythonSeen"
    modules[f"{module}.tla"] = _with_steps(module, steps)
    return cpython_steps(_dumped("cpython", module, modules, size, tlc, timeout))


def search_broken(keys: Collection[str], size: Size, tlc: Tlc, timeout: float) -> dict[str, Steps]:
    """Return the steps of some broken barriers, by their keys.

    Parameters and exceptions are those of ``search_cpython``.
    """
    modules = read_modules(SPEC)
    # The faults are written beside the historian, and need nothing of it.
    modules["BarrierFaults.tla"] = modules["BarrierFaults.tla"].replace(
        "EXTENDS BarrierHistory", "EXTENDS Barrier"
    )
    steps = []
    for some_thread, action in _actions(modules["Barrier.tla"]):
        others = {key: other for key in keys for a, other in [replacement_of(key)] if a == action}
        of, stays = _of(some_thread), "UNCHANGED which"
        steps.append(
            (some_thread, action, f"which \\notin {_set(others)} /\\ {action}{of} /\\ {stays}")
        )
        for key, other in others.items():
            steps.append((some_thread, other, f'which = "{key}" /\\ {other}{of} /\\ {stays}'))
    module = "SeveralBroken"
    modules[f"{module}.tla"] = _with_steps(
        module, steps, f"SeenInit == Init /\\ which \\in {_set(keys)}"
    )
    return broken_steps(_dumped(", ".join(keys), module, modules, size, tlc, timeout))


def _set(names: Collection[str]) -> str:
    return "{" + ", ".join(f'"{name}"' for name in names) + "}"


def _actions(module: str) -> list[tuple[str, str]]:
    """Return the actions of ``Next``, each with the quantifier before it, if there is one."""
    return _DISJUNCT.findall(module[module.index("\nNext ==") :])


def _of(some_thread: str) -> str:
    return "(t)" if some_thread else ""


def _with_steps(module: str, steps: list[tuple[str, str, str]], *definitions: str) -> str:
    """Return a module of this folder with its ``SeenNext``.

    Each step has a definition of its own, because TLC labels the edges of its graph with that.
    Parameters: ``steps``, of each its quantifier, its action, and what it is.
    """
    lines = [*definitions]
    lines += [f"{SEEN}{action}{_of(some)} == {what}" for some, action, what in steps]
    lines += ["SeenNext =="]
    lines += [f"    \\/ {some}{SEEN}{action}{_of(some)}" for some, action, _ in steps]
    text = (_HERE / f"{module}.tla").read_text(encoding="utf-8")
    return text.replace(_END, "\n".join([*lines, _END]))


def _dumped(
    what: str, module: str, modules: Mapping[str, str], size: Size, tlc: Tlc, timeout: float
) -> Dump:
    """Return the graph of a module with a ``SeenInit`` and a ``SeenNext``."""
    threads = ", ".join(f"t{number}" for number in range(1, size.threads + 1))
    configuration = (
        f"CONSTANTS\n    Threads = {{{threads}}}\n    Parties = {size.parties}\n"
        f"    HasAction = {str(size.has_action).upper()}\nINIT SeenInit\nNEXT SeenNext\n"
    )
    with tempfile.TemporaryDirectory(prefix="verified-barrier-") as folder:
        dump = Path(folder, "graph.dot")
        run = tlc.run(module, configuration, modules, timeout, dump)
        if run.finding is not Finding.HOLDS:
            raise SetupError(
                f"TLC finds no graph of {what}, {size}: {run.finding.value}\n{run.explanation}"
            )
        return read_dump(dump.read_text(encoding="utf-8"))
