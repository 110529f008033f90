"""An exception wherever CPython can deliver one leaves the barrier whole; one more, too."""

from __future__ import annotations

import inspect
import threading
from types import ModuleType

import pytest

from barrier.interruptions import SITUATIONS, failures, monitored
from verified_barrier import Barrier, barrier

pytestmark = monitored


@pytest.mark.parametrize("name", SITUATIONS)
def test_one_exception(name: str) -> None:
    """Whatever the thread was doing: others get on, the barrier crosses, indices are right."""
    runs, failed = failures(Barrier, SITUATIONS[name])
    assert runs >= 8
    assert failed == []


@pytest.mark.parametrize("name", SITUATIONS)
def test_one_exception_after_another(name: str) -> None:
    """The second comes while the thread makes up for the first, or anywhere after it."""
    runs, failed = failures(Barrier, SITUATIONS[name], twice=True)
    assert runs >= 8
    assert failed == []


@pytest.mark.parametrize("name", ["waiter", "tripper", "alone", "timed out", "abort", "reset"])
def test_cpythons_barrier_does_not_stand_this(name: str) -> None:
    """Hazard: an exception at some points leaves threading.Barrier unusable, and ours at none.

    Even a barrier for one party, at which nobody waits ("alone"). So the checks can fail, too.
    """
    runs, failed = failures(threading.Barrier, SITUATIONS[name], limit=0.1)
    assert 0 < len(failed) < runs
    _, ours = failures(Barrier, SITUATIONS[name])
    assert ours == []


FAULTS = {
    "call that is forgotten": ("            self._left.append(call)\n", "", "waiter", False),
    "call that nobody else makes up for": (
        "if self._left:\n",
        "if self._left and False:\n",
        "waiter, one of three",
        True,
    ),
    "wake-up in parts": (
        "\n        any(effects)\n",
        "\n        for _ in effects:\n            repr(0)\n",
        "abort",
        False,
    ),
    "step in parts": (
        "\n        self._state = edge.state\n",
        "\n        self._state = edge.state\n        repr(0)\n",
        "tripper",
        False,
    ),
    "loop under the lock": (
        "            held = self._held\n",
        "            held = self._held\n            for _ in range(2):\n                pass\n",
        "waiter",
        True,
    ),
}


@pytest.mark.parametrize(("old", "new", "name", "twice"), FAULTS.values(), ids=FAULTS)
def test_fault_is_found(old: str, new: str, name: str, twice: bool) -> None:
    """Whatever leaves something half done fails at some point."""
    source = inspect.getsource(barrier)
    assert old in source
    faulty = ModuleType(barrier.__name__)
    code = compile(source.replace(old, new), barrier.__file__, "exec")
    exec(code, faulty.__dict__)  # noqa: S102
    _, failed = failures(faulty.Barrier, SITUATIONS[name], twice=twice, limit=0.2, within=faulty)
    assert failed != []
