"""The contracts of the pure functions, confirmed by CrossHair for every integer."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from verified_barrier.verification.evidence import keep, note_command
from verified_barrier.verification.processes import run
from verified_barrier.verification.resources import SetupError

__all__ = ["Contract", "confirm"]

_REPORT = re.compile(r"^(.*?):(\d+): (?:info|warning|error): (.*)$", re.MULTILINE)
_CONFIRMED = "Confirmed over all paths."


@dataclass(frozen=True)
class Contract:
    """One postcondition, and what CrossHair says of it."""

    module: str
    line: int
    """Where it stands in the module."""
    text: str
    verdict: str

    @property
    def confirmed(self) -> bool:
        """Whether it holds on every path, for all arguments."""
        return self.verdict == _CONFIRMED


def confirm(*modules: str, timeout: float) -> list[Contract] | None:
    """Return every postcondition of some modules with CrossHair's verdict.

    Parameters: ``modules``, their dotted names; ``timeout``, in seconds. Returns ``None`` if the
    time was up before CrossHair had finished. Raises ``SetupError`` where CrossHair
    is missing. Source: PEP 316 for the form of the conditions.
    """
    if importlib.util.find_spec("crosshair") is None:
        raise SetupError("no CrossHair: install verified-barrier[check]")
    sources = {module: _source(module) for module in modules}
    conditions = [
        (module, line, text)
        for module, source in sources.items()
        for line, text in _postconditions(source.read_text(encoding="utf-8"))
    ]
    # The conditions share the time, and leave a part of it for CrossHair to start.
    share = timeout / (len(conditions) + 1)
    command = [sys.executable, "-m", "crosshair", "check", "--analysis_kind=PEP316"]
    command += ["--report_all", f"--per_condition_timeout={share}", *modules]
    roots = {str(source.parents[module.count(".")]) for module, source in sources.items()}
    path = os.pathsep.join([*sorted(roots), os.environ.get("PYTHONPATH", "")])
    note_command("crosshair", command)
    environment = os.environ | {"PYTHONPATH": path.rstrip(os.pathsep)}
    ran = run(command, timeout=timeout, environment=environment)
    keep("crosshair.log", ran.output + ran.errors)
    if ran.exit_code is None:
        return None
    said = {(file, int(line)): text for file, line, text in _REPORT.findall(ran.output)}
    silence = f"CrossHair said nothing of it: {(ran.errors or ran.output).strip()[-500:]}"
    return [
        Contract(module, line, text, said.get((str(sources[module]), line), silence))
        for module, line, text in conditions
    ]


def _source(module: str) -> Path:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise SetupError(f"no module {module!r}")
    return Path(spec.origin)


def _postconditions(source: str) -> list[tuple[int, str]]:
    lines = source.splitlines()
    return [
        (number, lines[number - 1].strip())
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None
        for number in range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1)
        if lines[number - 1].strip().startswith("post:")
    ]
