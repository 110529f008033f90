"""The GitHub Action: its steps are run here in a shell, as GitHub would run them."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.check

ROOT = Path(__file__).parents[2]
ACTION = ROOT / ".github" / "actions" / "verified-barrier"
EXAMPLES = ROOT / "docs" / "examples" / "models"

_BASH_OPTIONS = ("--noprofile", "--norc", "-e", "-o", "pipefail")
"""Those with which GitHub runs it."""


def load(text: str) -> Any:
    """Return what a text in YAML says."""
    from ruamel.yaml import YAML

    return YAML(typ="safe").load(text)


def schema_says(kind: str, file: Path) -> str:
    """Return what is wrong with a file, as GitHub's own schema has it; nothing if it is right."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{kind}"]
    done = subprocess.run(
        [*command, str(file)], capture_output=True, text=True, check=False, timeout=30
    )
    assert (done.returncode == 0) == ("ok -- validation done" in done.stdout), done.stderr
    return done.stdout if done.returncode else ""


@dataclass
class Runner:
    """Runs an action's steps as GitHub does: what expressions stand for is put in, in order.

    Parameters: ``folder``, for all that the runner has; ``text``, the action's.
    """

    folder: Path
    text: str = field(default_factory=lambda: (ACTION / "action.yml").read_text())
    used: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    """The actions of others, which are not run here: what they were given."""
    outputs: dict[str, str] = field(default_factory=dict)

    def run(self, **inputs: str) -> subprocess.CompletedProcess[str]:
        """Run the steps; return how the last one ended that did not just end well."""
        action = load(self.text)
        known = {f"inputs.{name}": given["default"] for name, given in action["inputs"].items()}
        assert known.keys() >= {f"inputs.{name}" for name in inputs}
        known |= {f"inputs.{name}": value for name, value in inputs.items()}
        known |= {"github.action_path": str(ACTION), "runner.temp": str(self.folder / "temp")}
        known |= {"runner.os": "Linux", "github.run_id": "7", "github.run_attempt": "1"}
        self._make_programs()
        ended = subprocess.CompletedProcess([], 0, "", "")
        for step in action["runs"]["steps"]:
            if ended.returncode and step.get("if") != "always()":
                continue
            if "uses" in step:
                self.used.append((step["uses"], self._put_in(step["with"], known)))
                continue
            found = self._run_step(step, known)
            assert found[1].keys() <= action["outputs"].keys()
            known |= {f"steps.{step.get('id')}.outputs.{k}": v for k, v in found[1].items()}
            ended = found[0]
        self.outputs = {
            name: known.get(re.sub(r"\$\{\{ (\S+) \}\}", r"\1", output["value"]), "")
            for name, output in action["outputs"].items()
        }
        return ended

    def _run_step(
        self, step: Mapping[str, Any], known: Mapping[str, str]
    ) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
        assert step["shell"] == "bash"
        script, outputs = self.folder / "step.sh", self.folder / "outputs"
        script.write_text(step["run"])
        outputs.write_text("")
        environment = os.environ | self._put_in(step["env"], known)
        summary = self.folder / "summary"
        environment |= {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
        environment |= {"GITHUB_OUTPUT": str(outputs), "GITHUB_WORKSPACE": str(self.folder)}
        environment["PATH"] = f"{self.folder / 'bin'}{os.pathsep}{environment['PATH']}"
        done = subprocess.run(
            [
                shutil.which("bash") or "bash",
                "--noprofile",
                "--norc",
                "-e",
                "-o",
                "pipefail",
                str(script),
            ],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=50,
        )
        lines = outputs.read_text().splitlines()
        return done, dict(line.split("=", 1) for line in lines)

    @staticmethod
    def _put_in(values: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
        return {
            name: re.sub(r"\$\{\{ (\S+) \}\}", lambda found: known[found[1]], value)
            for name, value in values.items()
        }

    def _make_programs(self) -> None:
        """Make the programs that the steps call: pip is not run, and what it is told is kept."""
        programs = self.folder / "bin"
        programs.mkdir(exist_ok=True)
        python, kept = shlex.quote(sys.executable), shlex.quote(str(self.folder / "pip"))
        lines = {
            "python": f'if [ "$2" = pip ]; then echo "$@" > {kept}; else exec {python} "$@"; fi',
            "verified-barrier": f'exec {python} -m verified_barrier.cli "$@"',
        }
        for name, line in lines.items():
            (programs / name).write_text(f"#!/bin/sh\n{line}\n")
            (programs / name).chmod(0o755)


@pytest.fixture
def runner(tmp_path: Path, caches: Path) -> Runner:
    """A runner with a repository that has models of its own, and with a TLC that is prepared."""
    (tmp_path / "temp").mkdir()
    caches.rename(tmp_path / "temp" / "verified-barrier-cache")
    shutil.copytree(EXAMPLES, tmp_path / "models")
    return Runner(tmp_path)


CHOICE = {"manifest": "models", "only": "solver/2-*"}
COUNTS = ("as-expected", "unexpected", "incomplete", "remembered")


def wrong_figure(folder: Path) -> None:
    """Let a manifest say something else than TLC finds."""
    manifest = folder / "models" / "manifest.toml"
    text = manifest.read_text()
    assert "distinct = 226" in text
    manifest.write_text(text.replace("distinct = 226", "distinct = 227"))


def test_models_that_are_as_they_must_be(runner: Runner) -> None:
    """The step ends with 0, its outputs are the counts, and the results are kept."""
    done = runner.run(**CHOICE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("ok          solver/2-workers")
    assert runner.outputs == dict(zip(COUNTS, "1000", strict=True))
    results = runner.folder / "temp" / "verified-barrier"
    kept = runner.folder / "temp" / "verified-barrier-cache" / "verified-barrier" / "results"
    key = "verified-barrier-Linux-verified-barrier-"
    assert runner.used == [
        ("actions/setup-python@v5", {"python-version": "3.13"}),
        ("actions/cache@v4", {"path": str(kept), "key": f"{key}7-1", "restore-keys": key}),
        ("actions/upload-artifact@v4", {"name": "verified-barrier", "path": str(results)}),
    ]
    assert json.loads((results / "check.json").read_text())["counts"]["as_expected"] == 1
    assert (results / "check.xml").read_text().count("<testcase") == 1


def test_what_the_cache_keeps_is_not_run_again(runner: Runner) -> None:
    """With nothing but that folder from the last run; the artifact says when it ran."""
    runner.run(**CHOICE)
    _, (_, cache), _ = runner.used
    kept = runner.folder / "kept"
    Path(cache["path"]).rename(kept)
    shutil.rmtree(runner.folder / "temp")
    shutil.copytree(kept, cache["path"])
    done = runner.run(**CHOICE)
    assert done.stdout.startswith("remembered  solver/2-workers"), done.stdout + done.stderr
    assert runner.outputs == dict(zip(COUNTS, "1001", strict=True))
    results = runner.folder / "temp" / "verified-barrier"
    assert "not run: it ran 2" in (results / "solver.2-workers" / "report.txt").read_text()


def test_artifact_has_the_counterexample(runner: Runner) -> None:
    """And all that TLC said, of what was not as expected, also where the rest is remembered."""
    manifest = runner.folder / "models" / "manifest.toml"
    text = manifest.read_text()
    for expected in ("steps = 11, ", ', violates = "TestedApart"'):
        assert text.count(expected) == 1
        text = text.replace(expected, "")
    choice = {"manifest": "models", "only": "solver-hasty/*"}
    assert runner.run(**choice).returncode == 0
    manifest.write_text(text)
    assert runner.run(**choice).returncode == 1
    assert runner.outputs == dict(zip(COUNTS, "1101", strict=True))
    name, artifact = runner.used[-1]
    assert name == "actions/upload-artifact@v4"
    left = Path(artifact["path"]) / "solver-hasty.tested-apart"
    assert "TestedApart is violated" in (left / "report.txt").read_text()
    assert "11: <AllHaveWritten" in (left / "Solver.trace.txt").read_text()
    assert json.loads((left / "Solver.trace.json").read_text())["violated"] == "TestedApart"
    assert "Invariant TestedApart is violated" in (left / "Solver.log").read_text()


@pytest.mark.parametrize(
    ("prepare", "inputs", "code", "counts", "says"),
    [
        (wrong_figure, {}, 1, "0100", "distinct states: 226, where the manifest says 227"),
        (None, {"timeout": "0.01"}, 3, "0010", "TLC did not finish within 0.01 s"),
        (None, {"manifest": "module"}, 2, None, "module/manifest.toml cannot be read"),
        (None, {"only": "typo/*"}, 2, None, "no check matches 'typo/*'"),
        (None, {"full": "yes"}, 2, None, "::error::full must be true or false, not 'yes'"),
        (None, {"manifest": "$(touch run)"}, 2, None, "$(touch run)/manifest.toml cannot be"),
    ],
    ids=["unexpected", "incomplete", "no manifest", "no model", "full", "injection"],
)
def test_everything_else_fails(
    runner: Runner,
    prepare: Callable[[Path], None] | None,
    inputs: dict[str, str],
    code: int,
    counts: str | None,
    says: str,
) -> None:
    """The step ends with the code of the command, and the results are kept nevertheless."""
    if prepare is not None:
        prepare(runner.folder)
    done = runner.run(**CHOICE | inputs)
    assert done.returncode == code
    assert says in done.stdout + done.stderr
    assert runner.outputs == dict(zip(COUNTS, counts or [""] * 4, strict=True))
    marked = "::error file=models/manifest.toml,title="
    assert (marked in done.stdout) == (code in (1, 3))
    assert [name for name, _ in runner.used][2:] == ["actions/upload-artifact@v4"]
    assert not (runner.folder / "run").exists()


@pytest.mark.parametrize(
    ("version", "what"),
    [("0.1.0", "verified-barrier[check]==0.1.0"), ("", f"{ROOT}[check]")],
)
def test_what_is_installed(runner: Runner, version: str, what: str) -> None:
    """The version that is asked for, or the one that the action is a part of."""
    runner.run(manifest="models", only="typo/*", version=version)
    told = (runner.folder / "pip").read_text().split()
    assert told == ["-m", "pip", "install", "--disable-pip-version-check", what]
    assert (ROOT / "pyproject.toml").is_file()


def test_swallowed_verdict_would_be_noticed(runner: Runner) -> None:
    """An action that forgot how the command ended would pass a wrong model."""
    wrong_figure(runner.folder)
    assert runner.text.count("|| code=$?") == 1
    runner.text = runner.text.replace("|| code=$?", "|| true")
    assert runner.run(**CHOICE).returncode == 0
    assert runner.outputs["unexpected"] == "1"


def test_action_and_workflows_are_as_github_wants_them() -> None:
    """Their schemas are GitHub's own, as check-jsonschema carries them."""
    assert schema_says("github-actions", ACTION / "action.yml") == ""
    assert schema_says("github-workflows", ROOT / ".github" / "workflows" / "ci.yml") == ""


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("using: composite", "using: composit", "runs"),
        ("      id: check\n", "      ids: check\n", "ids"),
    ],
)
def test_action_that_github_would_refuse(tmp_path: Path, old: str, new: str, says: str) -> None:
    """The schema is not so wide that anything passes."""
    text = (ACTION / "action.yml").read_text()
    assert text.count(old) == 1
    file = tmp_path / "action.yml"
    file.write_text(text.replace(old, new))
    assert says in schema_says("github-actions", file)


def test_scripts_contain_no_expressions() -> None:
    """What a caller gives reaches a script as a variable, and is never a part of it."""
    for step in load((ACTION / "action.yml").read_text())["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
