"""The package as it is installed and imported."""

from __future__ import annotations

import doctest
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import verified_barrier
from scheduler.scenarios import SCENARIOS
from verified_barrier.table import TABLE
from verified_barrier.verification.check import all_checks, model_checks
from verified_barrier.verification.manifest import load_manifest
from verified_barrier.verification.properties import PROPERTIES
from verified_barrier.verification.report import Report, Verdict
from verified_barrier.verification.resources import MODELS, SPEC
from verified_barrier.verification.results import Results
from verified_barrier.verification.tlc import Tlc

ROOT = Path(__file__).parents[2]

MAKE = shutil.which("make")

LIBRARY = {
    "verified_barrier",
    "verified_barrier.barrier",
    "verified_barrier.machine",
    "verified_barrier.table",
}


def run_python(code: str, *options: str) -> str:
    """Run code in a Python of its own, and return what it prints."""
    run = subprocess.run(
        [sys.executable, "-W", "error", *options, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_import_needs_the_standard_library_alone() -> None:
    """Neither a third-party package nor the package's own checks are imported."""
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r}); import verified_barrier; "
        "print(*(name for name in sys.modules "
        "if name.split('.')[0] not in sys.stdlib_module_names and name != '__main__'))"
    )
    # -I -S: no site-packages, so that nothing else can be imported at all.
    assert set(run_python(code, "-I", "-S").split()) == LIBRARY


@pytest.mark.parametrize(
    ("old", "new", "code", "says"),
    [
        (
            "(P.TRIPPING, P.RESETTING), G",
            "(P.TRIPPING,), G",
            1,
            r"verified-barrier: table\.py: no row says .* in RESETTING .*ArriveHeld.*\n",
        ),
        (
            '"Leave",  ',
            '"Call",  ',
            1,
            r"verified-barrier: table\.py: Call: two rows have this name\n",
        ),
        ('"""The barrier."""', 'float("")', 1, r"Traceback (.*\n)+ValueError: .*\n"),
        ('"""The barrier."""', "", 0, ""),
    ],
    ids=["gap", "name", "defect", "right"],
)
def test_command_says_in_one_line_what_is_wrong_with_the_table(
    tmp_path: Path, old: str, new: str, code: int, says: str
) -> None:
    """Though the package cannot be imported then; any other defect has its traceback."""
    package = tmp_path / "verified_barrier"
    shutil.copytree(ROOT / "src" / "verified_barrier", package)
    shutil.copy(ROOT / "src" / "verified_barrier_command.py", tmp_path)
    table = (package / "table.py").read_text()
    assert table.count(old) == 1
    (package / "table.py").write_text(table.replace(old, new))
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    module, _, function = scripts["verified-barrier"].partition(":")
    program = f"import sys; from {module} import {function}; sys.exit({function}())"
    done = subprocess.run(
        [sys.executable, "-c", program, "--help"],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == code
    assert re.fullmatch(says, done.stderr), done.stderr


def would_make(*arguments: str) -> str:
    """Return the commands that ``make`` would run."""
    run = subprocess.run(
        [MAKE or "make", "--dry-run", f"PYTHON={sys.executable}", *arguments],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.mark.skipif(MAKE is None, reason="there is no make here")
def test_make_installs_what_is_missing(tmp_path: Path) -> None:
    """Another extra is added to what is there; a new environment is made first."""
    made, ready = "-m venv --clear", "pip install"
    new = would_make("test", f"VENV={tmp_path}", "EXTRA=one")
    assert made in new
    assert ready in new
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    (tmp_path / f".made-{version}").touch()
    (tmp_path / f".ready-{version}-one").touch()
    assert ready not in would_make("test", f"VENV={tmp_path}", "EXTRA=one")
    other = would_make("test", f"VENV={tmp_path}", "EXTRA=two")
    assert made not in other
    assert "--editable '.[two]'" in other


def test_example_of_the_threading_documentation_works() -> None:
    """A server and its client start together, as the documentation shows it."""
    code = """
from threading import Thread
from verified_barrier import Barrier

b = Barrier(2, timeout=5)
started = []

def server():
    started.append("server")
    b.wait()
    started.append("server goes on")

def client():
    b.wait()
    assert "server" in started

threads = [Thread(target=server), Thread(target=client)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(started[-1])
"""
    assert run_python(code) == "server goes on\n"


def test_docstring_examples_are_true() -> None:
    """The examples in the library's docstrings print what they say."""
    results = doctest.testmod(verified_barrier)
    assert results.attempted >= 6
    assert results.failed == 0


def test_python_examples_of_the_readme_run() -> None:
    """Each example runs, and prints what its comments say."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert blocks
    for block in blocks:
        expected = re.findall(r"# prints: (.*)", block)
        assert run_python(block).splitlines() == expected


def test_figures_of_the_documentation_are_true() -> None:
    """What they say of the models is what the manifest says."""
    evidence = (ROOT / "docs" / "evidence.md").read_text()
    steps = [model.edges for model in load_manifest(MODELS) if model.edges is not None]
    assert f"of {len(steps)} models: {sum(steps):,} steps" in evidence
    package = SPEC.parent / "src" / "verified_barrier"
    contracted = (package / "machine.py", package / "verification" / "contracted.py")
    contracts = sum(module.read_text().count("    post:") for module in contracted)
    assert f"{contracts} postconditions" in evidence
    assert f"{len(PROPERTIES)} safety and 3 liveness properties" in evidence
    assert f"every interleaving of {len(SCENARIOS)} scenarios" in evidence
    assert f"its {len(TABLE.rows)} actions" in (SPEC / "README.md").read_text()


def test_last_lines_of_make_check_are_those_of_the_readme() -> None:
    """But for the time, they are what all checks together come to if all is well."""
    readme = (ROOT / "README.md").read_text()
    examples = ROOT / "docs" / "examples" / "models"
    for checks in (all_checks(Tlc.find), model_checks(examples, Tlc.find)):
        small = [check for check in checks if not check.large]
        reports = [(check, Report(Verdict.AS_EXPECTED, "")) for check in small]
        sums = Results(reports, left_out=len(checks) - len(small), seconds=1.0).sums
        before, after = map(re.escape, sums.split("in 1 s"))
        assert re.search(rf"^    {before}in \d+ s{after}$", readme, re.MULTILINE), sums


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this clone."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir"]
    subprocess.run([*build, str(folder), str(ROOT)], check=True, timeout=50)
    (path,) = folder.iterdir()
    return path


def test_wheel_carries_specification_and_models(wheel: Path) -> None:
    """All of them, what the explorer's page is made of, the command, and no tests."""
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "verified_barrier_command.py" in names
    for path in (ROOT / "src").rglob("*.*"):
        if path.suffix not in (".pyc", ".py"):
            assert path.relative_to(ROOT / "src").as_posix() in names
    for folder in (SPEC, MODELS):
        for path in folder.iterdir():
            assert f"verified_barrier/verification/{folder.name}/{path.name}" in names
    assert not any("test" in name for name in names)


@pytest.mark.check
def test_check_works_from_the_installed_wheel(
    wheel: Path, tmp_path: Path, caches: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It finds the specification in the package, away from the clone, for other models, too."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(caches))
    own = str(ROOT / "docs" / "examples" / "models")
    zipfile.ZipFile(wheel).extractall(tmp_path)
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from verified_barrier import cli\n"
        "from verified_barrier.verification import resources\n"
        "print(resources.SPEC)\n"
        "cli.main(['check', '--only', 'safety/1-party-1-thread'])\n"
        f"sys.exit(cli.main(['check', '--manifest', {own!r}, '--only', 'solver/2-workers']))\n"
    )
    where, line, _, other, _ = run_python(code).splitlines()
    assert Path(where) == tmp_path / "verified_barrier" / "verification" / "spec"
    assert line.startswith("ok          safety/1-party-1-thread")
    assert other.startswith("ok          solver/2-workers")


def test_exercises_work_from_the_installed_wheel(wheel: Path, tmp_path: Path) -> None:
    """Their files are in the package, and what runs in a process of its own finds it."""
    zipfile.ZipFile(wheel).extractall(tmp_path)
    step, withdrawal = str(tmp_path / "step"), str(tmp_path / "withdrawal")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from verified_barrier import cli\n"
        f"assert cli.main(['exercise', 'start', 'repair-withdrawal', {withdrawal!r}]) == 0\n"
        f"assert cli.main(['exercise', 'start', 'repair-step', {step!r}]) == 0\n"
        f"assert cli.main(['exercise', 'grade', 'repair-step', {step!r}]) == 1\n"
    )
    assert "that breaks a promise" in run_python(code)
    assert (tmp_path / "withdrawal" / "Barrier.tla").is_file()
