"""CPython's own tests of `threading.Barrier`, unmodified, pass on every Python that is here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"

RUN_LOCK_TESTS = """
import sys, unittest
sys.path.insert(0, sys.argv.pop(1))
from test import lock_tests
from verified_barrier import Barrier

class BarrierTests(lock_tests.BarrierTests):
    barriertype = staticmethod(Barrier)

unittest.main(argv=["lock_tests"], verbosity=2)
"""

ABOUT = (
    "import sys, sysconfig; "
    "print(*sys.version_info[:2], bool(sysconfig.get_config_var('Py_GIL_DISABLED')))"
)


def installed_pythons() -> dict[str, str]:
    """Return every Python from 3.11 on that is here: its version, and how to run it."""
    names = [f"python3.{minor}{t}" for minor in range(11, 20) for t in ("", "t")]
    candidates = [sys.executable, *filter(None, map(shutil.which, names))]
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates += map(str, sorted(root.glob("versions/3.*/bin/python3")))
    found: dict[str, str] = {}
    for candidate in candidates:
        said = subprocess.run([candidate, "-c", ABOUT], capture_output=True, text=True, check=False)
        match = re.fullmatch(r"3 (\d+) (True|False)\n", said.stdout)
        if match and int(match[1]) >= 11:
            found.setdefault(f"3.{match[1]}{'t' if match[2] == 'True' else ''}", candidate)
    return found


def has_lock_tests(python: str) -> bool:
    """Return whether a Python is installed with its test suite."""
    command = [python, "-c", "import test.lock_tests"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


PYTHONS = installed_pythons()


@pytest.mark.stress
@pytest.mark.parametrize("version", sorted(PYTHONS))
def test_lock_tests_pass(version: str) -> None:
    """All of `test.lock_tests.BarrierTests` is run, and passes."""
    if not has_lock_tests(PYTHONS[version]):
        pytest.skip(f"Python {version} is installed without its test suite")
    run = subprocess.run(
        [PYTHONS[version], "-W", "error", "-c", RUN_LOCK_TESTS, str(SOURCE)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    expected = 11 if version in ("3.11", "3.12") else 12
    ran = re.search(r"^Ran (\d+) tests", run.stderr, re.MULTILINE)
    assert ran is not None
    assert int(ran[1]) >= expected, run.stderr


def test_a_python_with_the_tests_is_found() -> None:
    """Not all of the tests above are skipped."""
    assert any(map(has_lock_tests, PYTHONS.values())), "no Python here has its test suite"
