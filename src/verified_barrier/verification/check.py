"""All checks of the chain of evidence, from the specification to the pure function."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from verified_barrier.table import TABLE
from verified_barrier.verification.behaviours import Behaviour, Comparison, compare
from verified_barrier.verification.contracts import confirm
from verified_barrier.verification.counterexample import as_changes, as_json, as_text
from verified_barrier.verification.evidence import keep
from verified_barrier.verification.graph import GraphError, differences, parse_dump
from verified_barrier.verification.manifest import (
    Compared,
    ManifestError,
    Model,
    load_manifest,
)
from verified_barrier.verification.model import enumerate_graph
from verified_barrier.verification.proof.checks import proof_checks
from verified_barrier.verification.report import Check, Report, Verdict
from verified_barrier.verification.resources import (
    MODELS,
    SPEC,
    installed,
    modules_read,
    read_modules,
)
from verified_barrier.verification.tlc import Finding, Tlc, TlcRun

__all__ = [
    "Check",
    "Report",
    "Verdict",
    "all_checks",
    "check_contracts",
    "check_graph",
    "check_model",
    "check_names",
    "model_checks",
    "model_inputs",
]


_CONTRACTED: Final = (
    "verified_barrier.machine",
    "verified_barrier.verification.contracted",
)
"""The modules whose contracts are confirmed."""


def all_checks(find_tlc: Callable[[], Tlc]) -> list[Check]:
    """Return every check, in the order of the chain of evidence.

    Parameters: ``find_tlc``, called by the first check that needs one.
    """
    names = Check(
        "table/names",
        "the table's rows are the specification's actions",
        large=False,
        run=lambda _timeout: check_names(),
    )
    contracts = Check(
        "contracts/machine",
        "step() and the table keep their contracts for every number of parties",
        large=False,
        run=lambda timeout: check_contracts(*_CONTRACTED, timeout=timeout),
        inputs=lambda: installed("crosshair-tool", "z3-solver"),
    )
    return [names, contracts, *proof_checks(find_tlc), *model_checks(MODELS, find_tlc)]


def model_checks(folder: Path, find_tlc: Callable[[], Tlc]) -> list[Check]:
    """Return a check for each model of the manifest in a folder.

    Parameters: ``folder``, with modules that may extend those of the specification;
    ``find_tlc``, called by the first check that needs one. Raises ``ManifestError`` where the
    manifest cannot be used, and ``SetupError`` where the modules cannot.
    """
    models = load_manifest(folder)
    modules = read_modules(SPEC, folder)
    for model in models:
        if f"{model.module}.tla" not in modules:
            raise ManifestError(
                f"{model.name}: there is no {model.module}.tla in {folder}, "
                "and none in the specification"
            )
        if model.compared is not None and not (SPEC / f"{model.module}.tla").exists():
            raise ManifestError(
                f"{model.name}: what can be observed is known of the modules of the specification "
                "alone: compare no others"
            )
        # TLC passes over a constant that there is not.
        for constant in model.constants:
            if not any(re.search(rf"\b{re.escape(constant)}\b", text) for text in modules.values()):
                raise ManifestError(f"{model.name}: no module has a constant {constant}")
    return [
        Check(
            model.name,
            model.shows,
            model.large,
            run=lambda timeout, model=model: check_model(model, find_tlc(), timeout),  # type: ignore[misc]
            inputs=lambda model=model: model_inputs(model, models, find_tlc()),  # type: ignore[misc]
            file=folder / "manifest.toml",
        )
        for model in models
    ]


def check_names() -> Report:
    """Compare the names in ``Next`` of ``spec/Barrier.tla`` with the table's, and their order."""
    text = (SPEC / "Barrier.tla").read_text(encoding="utf-8")
    body = re.search(r"^Next ==\n((?:    \\/ .*\n)+)", text, re.MULTILINE)
    specified = re.findall(r"(\w+)(?:\(t\))?$", body[1] if body else "", re.MULTILINE)
    tabled = [row.action for row in TABLE.rows]
    if specified == tabled:
        return Report(Verdict.AS_EXPECTED, f"{len(tabled)} actions, in the same order")
    wrong = [
        f"place {place}: the specification has {one}, the table has {other}"
        for place, (one, other) in enumerate(zip(specified, tabled, strict=False), 1)
        if one != other
    ]
    lengths = f"{len(specified)} actions in Next, {len(tabled)} rows in the table"
    return Report(Verdict.UNEXPECTED, lengths, wrong[:3])


def check_contracts(*modules: str, timeout: float) -> Report:
    """Have CrossHair confirm every postcondition of some modules."""
    contracts = confirm(*modules, timeout=timeout)
    if contracts is None:
        return Report(Verdict.INCOMPLETE, f"CrossHair did not finish within {timeout:g} s")
    for module in modules:
        if not any(contract.module == module for contract in contracts):
            return Report(Verdict.UNEXPECTED, f"{module} has no postconditions to confirm")
    failed = [c for c in contracts if not c.confirmed]
    if not failed:
        return Report(
            Verdict.AS_EXPECTED, f"postconditions confirmed over all paths: {len(contracts)}"
        )
    details = [f"{c.module}, line {c.line}: {c.text}\n    {c.verdict}" for c in failed]
    return Report(Verdict.UNEXPECTED, f"{len(failed)} of {len(contracts)} not confirmed", details)


def model_inputs(model: Model, manifest: Sequence[Model], tlc: Tlc) -> object:
    """Return what the verdict on a model depends on: its modules, its figures, and TLC."""
    others = [] if model.compared is None else [model.compared.other]
    models = [model, *(other for other in manifest if other.name in others)]
    modules = read_modules(SPEC, model.folder)
    read = [modules_read(one.module, modules) for one in models]
    # Where its manifest is does not matter.
    return {
        "models": [asdict(one) | {"folder": ""} for one in models],
        "modules": read,
        "tlc": tlc.identity,
    }


def check_model(model: Model, tlc: Tlc, timeout: float) -> Report:
    """Have TLC check a model, and compare all that the manifest says of it."""
    modules = read_modules(SPEC, model.folder)
    with tempfile.TemporaryDirectory(prefix="verified-barrier-") as folder:
        has_graph = model.edges is not None or model.compared is not None
        dump = Path(folder, "graph.dot") if has_graph else None
        run = tlc.run(model.module, model.configuration, modules, timeout, dump)
        if run.finding is Finding.TIMED_OUT:
            return Report(Verdict.INCOMPLETE, f"TLC did not finish within {timeout:g} s")
        if run.trace:
            keep(f"{model.module}.trace.txt", as_text(run))
            keep(f"{model.module}.trace.json", as_json(model, run))
        wrong = _unexpected(model, run)
        summary = _summary(model, run)
        if dump is not None and run.finding is Finding.HOLDS:
            text = dump.read_text(encoding="utf-8")
            if model.compared is None:
                graph = check_graph(model, text)
            else:
                graph = check_behaviour(model, model.compared, text, tlc, timeout)
            if graph.verdict is Verdict.INCOMPLETE:
                return graph
            wrong += graph.details
            summary += f"; {graph.summary}"
    if wrong:
        return Report(Verdict.UNEXPECTED, f"not as the manifest says ({model.shows})", wrong)
    return Report(Verdict.AS_EXPECTED, summary)


def _unexpected(model: Model, run: TlcRun) -> list[str]:
    """Return how a run differs from what the manifest says, in words."""
    if run.finding is Finding.DEADLOCK:
        return [_NOTHING_CAN_HAPPEN, *as_changes(run)]
    if run.finding in (Finding.FAILED, Finding.ASSUMPTION_VIOLATED):
        return [f"TLC: {run.finding.value}", run.explanation]
    # TLC does not name a temporal property: it can be told only if it is the only one.
    unnamed = model.properties[0] if len(model.properties) == 1 else "a temporal property"
    violated = None if run.finding is Finding.HOLDS else run.violated or unnamed
    if violated != model.violates:
        expected = f"{model.violates or 'no property'} is to be violated"
        return [f"{violated or 'no property'} is violated, where {expected}", *as_changes(run)]
    return _other_figures(model, run)


_NOTHING_CAN_HAPPEN: Final = (
    "deadlock: nothing can happen in the end; if that is where it may end, allow a step that "
    "changes nothing there"
)


def _other_figures(model: Model, run: TlcRun) -> list[str]:
    """Return in which figures a run differs from the manifest, or what that does not say."""
    steps = len(run.trace)
    if model.steps is None and None in (model.distinct, model.generated):
        # A shortest counterexample is found before all states are; other verdicts need them all.
        found = {"distinct": run.distinct, "generated": run.generated}
        if run.finding is Finding.INVARIANT_VIOLATED:
            found = {"steps": steps}
        figures = ", ".join(f"{figure} = {value}" for figure, value in found.items())
        return [
            f"the manifest says nothing of {' and '.join(found)}; TLC found {figures}: "
            "write that into it, if it is what must come of the model"
        ]
    return [
        f"{what}: {found}, where the manifest says {said}"
        for what, said, found in (
            ("distinct states", model.distinct, run.distinct),
            ("generated states", model.generated, run.generated),
            ("states in the counterexample", model.steps, steps),
        )
        if said is not None and said != found
    ]


def _summary(model: Model, run: TlcRun) -> str:
    parts = []
    if model.distinct is not None:
        parts.append(f"{run.distinct} states, {run.generated} generated")
    if model.violates is not None:
        length = "" if model.steps is None else f" (length of the run: {len(run.trace)})"
        parts.append(f"violated, as it must be: {model.violates}{length}")
    else:
        parts.append(f"holds: {', '.join(model.properties)}")
    return "; ".join(parts)


def check_graph(model: Model, dump: str) -> Report:
    """Compare the graph that TLC dumped with the table's."""
    try:
        specified = parse_dump(dump)
    except GraphError as problem:
        return Report(Verdict.UNEXPECTED, "TLC's graph cannot be read", [str(problem)])
    constants = model.constants
    tabled = enumerate_graph(constants["Parties"], constants["Threads"], constants["HasAction"])
    wrong = differences(specified, tabled)
    if model.edges != len(specified.edges):
        wrong.append(f"steps: {len(specified.edges)}, where the manifest says {model.edges}")
    same = f"the table has the same {len(tabled.states)} states and {len(tabled.edges)} steps"
    if model.never is not None:
        taken = {edge.action for edge in specified.edges}
        never = [row.action for row in TABLE.rows if row.action not in taken]
        if never != list(model.never):
            wrong.append(f"never taken: {never}, where the manifest says {list(model.never)}")
        same += f"; every action is taken but {', '.join(never)}"
    if wrong:
        return Report(Verdict.UNEXPECTED, "the table and the specification differ", wrong)
    return Report(Verdict.AS_EXPECTED, same)


def check_behaviour(
    model: Model, compared: Compared, dump: str, tlc: Tlc, timeout: float
) -> Report:
    """Compare what can be observed of two models.

    Parameters: ``dump``, the first one's graph as TLC wrote it; the second one's is made here.
    """
    (other,) = (found for found in load_manifest(model.folder) if found.name == compared.other)
    with tempfile.TemporaryDirectory(prefix="verified-barrier-") as folder:
        path = Path(folder, "graph.dot")
        modules = read_modules(SPEC, other.folder)
        run = tlc.run(other.module, other.configuration, modules, timeout, path)
        if run.finding is Finding.TIMED_OUT:
            return Report(Verdict.INCOMPLETE, f"TLC did not finish within {timeout:g} s")
        if wrong := _unexpected(other, run):
            return Report(Verdict.UNEXPECTED, f"{other.name} is not as it should be", wrong)
        texts = {model.module: dump, other.module: path.read_text(encoding="utf-8")}
    try:
        behaviours = [Behaviour(module, texts[module], compared.without) for module in texts]
    except GraphError as problem:
        return Report(Verdict.UNEXPECTED, "TLC's graph cannot be read", [str(problem)])
    if idle := set(compared.without) - behaviours[0].actions - behaviours[1].actions:
        wrong = [f"left out, but in neither of them: {', '.join(sorted(idle))}"]
        return Report(Verdict.UNEXPECTED, "an action that is left out does not exist", wrong)
    found = compare(*behaviours)
    only = None if found.possible is None else list(texts)[found.possible]
    return _compared_report(compared, found, only)


def _compared_report(compared: Compared, found: Comparison, only: str | None) -> Report:
    """Compare what came of a comparison with what must come of it."""
    said = _difference(compared.difference, compared.only)
    if (found.difference, only) != (compared.difference, compared.only):
        wrong = [_difference(found.difference, only), f"where the manifest says: {said}"]
        return Report(Verdict.UNEXPECTED, "what can be observed is not as it should be", wrong)
    if only is not None:
        return Report(Verdict.AS_EXPECTED, f"it differs, as it must, {said}")
    wrong = [
        f"{what} that were compared: {count}, where the manifest says {pinned}"
        for what, count, pinned in (
            ("pairs of sets of states", found.pairs, compared.pairs),
            ("events", found.events, compared.events),
        )
        if count != pinned
    ]
    same = (
        f"the same can be observed of {compared.other}: {found.pairs} pairs of sets of states, "
        f"{found.events} events"
    )
    return Report(Verdict.UNEXPECTED if wrong else Verdict.AS_EXPECTED, same, wrong)


def _difference(events: Sequence[str], only: str | None) -> str:
    return f"after {'; '.join(events)}: in {only} alone" if only else "no difference"
