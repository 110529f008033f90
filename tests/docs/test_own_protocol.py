"""docs/your-own-protocol.md is followed, command by command, and prints what it says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pytest

from docs.pages import PROTOCOL, ROOT, Session, run, sessions, without_times
from package.test_action import ACTION, load, schema_says
from scheduler.own import WAITING

EXAMPLES = ROOT / "docs" / "examples"


PARTLY = {"Solver.tla", "solver.py", "pipeline.py"}
"""The files of the examples that the page shows in parts."""


@dataclass(frozen=True)
class Block:
    """What stands between two fences."""

    line: int
    language: str
    file: str
    """The file that it is, or is a part of."""
    text: str


def blocks(page: str) -> list[Block]:
    """Return the blocks of a page, in their order."""
    found = re.finditer(r"^```(\w+) ?(\S*)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return [Block(page.count("\n", 0, block.start()) + 1, *block.groups()) for block in found]


BLOCKS = blocks(PROTOCOL.read_text())
WRITTEN = [block for block in BLOCKS if block.file and Path(block.file).name not in PARTLY]
"""The files that the reader writes."""


def is_as_said(said: str, printed: str) -> bool:
    """Return whether a page shows what was printed, where a line of three dots is any lines."""
    parts = f"\n{without_times(said)}\n".split("\n...\n")
    pattern = r"\n(?:.*\n)?".join(map(re.escape, parts))
    return re.fullmatch(pattern, f"\n{without_times(printed)}\n", re.DOTALL) is not None


def follow(steps: Sequence[Session | Block], folder: Path) -> list[tuple[Session, str]]:
    """Do what a page says; return what prints something else, and what."""
    stale = []
    for step in steps:
        if isinstance(step, Block):
            file = folder / step.file
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(step.text)
        elif not is_as_said(step.output, printed := run(step.command, folder)):
            stale.append((step, printed))
    return stale


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An empty folder beside a clone."""
    (tmp_path / "verified-barrier").symlink_to(ROOT)
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


@pytest.mark.check
@pytest.mark.timeout(120)
def test_page_is_true(project: Path, caches: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever writes the files that it shows, and runs its commands, sees what it shows."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(caches))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    shown = [*sessions(PROTOCOL)]
    assert len(shown) > 10
    steps: list[Session | Block] = [*shown, *WRITTEN]
    steps.sort(key=lambda step: step.line)
    assert follow(steps, project) == []


@pytest.mark.parametrize(
    ("said", "output", "is_the_same"),
    [
        ("one\n", "one\n", True),
        ("one\n", "two\n", False),
        ("one\n", "one\ntwo\n", False),
        ("one\n...\nfour\n", "one\ntwo\nthree\nfour\n", True),
        ("one\n...\nfour\n", "one\ntwo\nthree\n", False),
        ("ok  name    1.2 s  37 states\n", "ok  name   10.4 s  37 states\n", True),
        ("ok  name    1.2 s  37 states\n", "ok  name    1.2 s  38 states\n", False),
        ("1 unexpected, in 1 s\n", "1 unexpected, in 12 s\n", True),
        ("1 unexpected, in 1 s\n", "0 unexpected, in 1 s\n", False),
        ("2 passed in 0.11s\n", "2 passed in 1.2s\n", True),
        ("2 passed in 0.11s\n", "1 passed in 0.11s\n", False),
    ],
)
def test_only_times_may_differ(said: str, output: str, is_the_same: bool) -> None:
    """And where the page has three dots."""
    assert is_as_said(said, output) is is_the_same


def test_command_that_prints_something_else_is_found(tmp_path: Path) -> None:
    """It is told with what it printed; the others go on, where a file is there."""
    steps: list[Session | Block] = [
        Session("page", 1, "cat folder/file", "cat: folder/file: No such file or directory\n"),
        Block(2, "text", "folder/file", "one\n"),
        Session("page", 3, "cat folder/file", "one\n"),
        Session("page", 4, "echo two", "three\n"),
    ]
    assert follow(steps, tmp_path) == [(steps[3], "two\n")]


def strayed(found: list[Block]) -> list[str]:
    """Return the files that a page shows otherwise than they are among the examples."""
    paths = [*EXAMPLES.glob("*.py"), *EXAMPLES.glob("models/*")]
    examples = {path.name: path.read_text() for path in paths}
    wrong = []
    for name, text in ((Path(block.file).name, block.text) for block in found):
        is_part = name in PARTLY and text in examples[name]
        is_all = name == "test_solver.py" and text == examples[name]
        if name in PARTLY | {"test_solver.py"} and not (is_part or is_all):
            wrong.append(name)
    return wrong


def test_what_the_page_shows_is_in_the_examples() -> None:
    """Parts of them, and the test as a whole."""
    assert strayed(BLOCKS) == []
    assert {Path(block.file).name for block in BLOCKS} >= PARTLY | {"test_solver.py"}


@pytest.mark.parametrize("old", ["Call(t)\n", "SameSweep ==", "# all have read", "ends == [2, 2]"])
def test_example_that_has_changed_is_found(old: str) -> None:
    """Wherever the page and the example part."""
    page = PROTOCOL.read_text()
    assert page.count(old) == 1
    assert len(strayed(blocks(page.replace(old, "something else")))) == 1


@pytest.fixture
def owner(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let OWNER's repository be this one, as far as git is concerned."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is no clone")
    instead = f"url.{ROOT.as_uri()}.insteadOf"
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", instead)
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://github.com/OWNER/verified-barrier")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


def installs(commands: str, folder: Path) -> list[str]:
    """Run commands, but for what they install; return what that would be, without what it needs."""
    assert commands.count("pip install ") == 1
    tried = commands.replace("pip install ", "pip install --dry-run --no-deps ")
    printed = run(f"set -e\n{tried}", folder)
    return re.findall(r"^Would install (.*)$", printed, re.MULTILINE)


@pytest.mark.check
@pytest.mark.timeout(120)
def test_page_can_be_followed_from_its_top(owner: None, tmp_path: Path) -> None:
    """Its first commands fetch a clone with what the others need, and install from it."""
    (text,) = (block.text for block in BLOCKS if block.language == "sh")
    assert installs(text, tmp_path) == [f"verified-barrier-{version('verified-barrier')}"]
    (extra,) = re.findall(r"verified-barrier\[(\w+)\]", text)
    project = tomllib.loads((tmp_path / "verified-barrier" / "pyproject.toml").read_text())[
        "project"
    ]
    assert extra in project["optional-dependencies"]
    commands = "\n".join(session.command for session in sessions(PROTOCOL))
    needed = re.findall(r"\.\./(verified-barrier/\S+)", commands)
    assert needed
    assert [path for path in needed if not [*tmp_path.glob(path)]] == []


@pytest.mark.check
@pytest.mark.timeout(120)
def test_workflow_installs_what_its_tests_need(owner: None, tmp_path: Path) -> None:
    """The package, from the repository that the action comes from, too."""
    (text,) = (block.text for block in BLOCKS if block.language == "yaml")
    steps = load(text)["jobs"]["code"]["steps"]
    ours, others = (step["run"] for step in steps if " pip install " in step.get("run", ""))
    assert installs(ours, tmp_path) == [f"verified-barrier-{version('verified-barrier')}"]
    assert others == "python -m pip install pytest pytest-timeout"


@pytest.mark.check
def test_workflow_is_one(tmp_path: Path) -> None:
    """GitHub would take it, and it gives the action what that takes, and asks for what it gives."""
    (text,) = (block.text for block in BLOCKS if block.language == "yaml")
    file = tmp_path / "barrier.yml"
    file.write_text(text)
    assert schema_says("github-workflows", file) == ""
    action = load((ACTION / "action.yml").read_text())
    steps = load(text)["jobs"]["models"]["steps"]
    (ours,) = (step for step in steps if step.get("uses", "").startswith("OWNER/"))
    path = ours["uses"].removeprefix("OWNER/verified-barrier/").partition("@")[0]
    assert ROOT / path == ACTION
    assert ours["with"].keys() <= action["inputs"].keys()
    asked = set(re.findall(r"steps\.barrier\.outputs\.([\w-]+)", text))
    assert asked
    assert asked <= action["outputs"].keys()


@pytest.mark.check
def test_tables_and_lists_are_complete() -> None:
    """Each input and output of the action, and each name that is replaced."""
    page = PROTOCOL.read_text()
    action = load((ACTION / "action.yml").read_text())
    section = page[page.index("| input |") :]
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == list(action["inputs"])
    for output in action["outputs"]:
        assert f"`{output}`" in section
    replaced = page[page.index("- `modules`") : page.index("- `watched`")]
    assert all(f"`{name}`" in replaced for name in WAITING if "Semaphore" not in name)
    assert "semaphores" in replaced


def alone(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run an example where there is nothing but the scheduler and verified_barrier."""
    for path in EXAMPLES.glob("*.py"):
        shutil.copy(path, folder)
    (folder / "verified_barrier").symlink_to(ROOT / "src" / "verified_barrier")
    return subprocess.run(
        # -S: no site-packages, so that nothing else can be imported at all
        [sys.executable, "-W", "error", "-S", script],
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )


def copy_scheduler(folder: Path) -> Path:
    """Copy the scheduler into a folder, as the page says; return the copy."""
    left_out = ("test_*.py", "conftest.py", "golden")
    assert f"rm -r {' '.join(f'scheduler/{name}' for name in left_out)}\n" in PROTOCOL.read_text()
    without = shutil.ignore_patterns(*left_out, "__pycache__")
    return shutil.copytree(ROOT / "tests" / "scheduler", folder / "scheduler", ignore=without)


@pytest.mark.parametrize("script", ["test_solver.py", "test_pipeline.py"])
def test_scheduler_needs_nothing_else(tmp_path: Path, script: str) -> None:
    """A copy of its folder runs with verified_barrier and the standard library alone."""
    copy_scheduler(tmp_path)
    done = alone(tmp_path, script)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("pass: ")
    assert "waits for ever in wait()" in done.stdout


@pytest.mark.parametrize("module", ["pytest", "table.test_table", "hypothesis"])
def test_scheduler_that_needs_more_is_found(tmp_path: Path, module: str) -> None:
    """Such as a part of our tests, which nobody copies."""
    with (copy_scheduler(tmp_path) / "engine.py").open("a") as engine:
        engine.write(f"import {module}\n")
    done = alone(tmp_path, "test_solver.py")
    assert done.returncode == 1
    assert f"No module named '{module.partition('.')[0]}'" in done.stderr


def test_examples_under_the_scheduler(tmp_path: Path) -> None:
    """Their own tests pass: the right ones in every order, and what is wrong is found."""
    for path in EXAMPLES.glob("*.py"):
        shutil.copy(path, tmp_path)
    paths = f"{ROOT / 'src'}{os.pathsep}{ROOT / 'tests'}"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "pytest", "-q"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": paths, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    assert "6 passed" in done.stdout, done.stdout


def test_solver_solves() -> None:
    """With real threads: the values lie on a line between the ends."""
    code = "import solver; print(*(round(v, 3) for v in solver.solve(0.0, 100.0, 3)))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=EXAMPLES,
        capture_output=True,
        text=True,
        timeout=50,
        check=True,
    )
    assert done.stdout == "25.0 50.0 75.0\n"
