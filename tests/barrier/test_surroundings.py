"""Locks, clock and thread identity are the four names that a scheduler can rebind."""

from __future__ import annotations

import ast
import inspect
import os
import sys
from _thread import RLock, allocate_lock
from contextlib import AbstractContextManager

import pytest

from barrier.threads import LIMIT
from verified_barrier import Barrier, BrokenBarrierError, barrier


class Surroundings:
    """A world of one thread: a clock that moves only while a lock is waited for."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.locks = 0

    def allocate_lock(self) -> VirtualLock:
        self.locks += 1
        return VirtualLock(self)

    def reentrant_lock(self) -> AbstractContextManager[bool]:
        self.locks += 1
        return RLock()


class VirtualLock:
    """A lock for which nobody has to wait in real time."""

    def __init__(self, surroundings: Surroundings) -> None:
        self.surroundings = surroundings
        self.lock = allocate_lock()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if self.lock.acquire(blocking=False):
            return True
        assert timeout >= 0, "nobody is there to release the lock"
        self.surroundings.now += timeout
        return False

    def release(self) -> None:
        self.lock.release()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch) -> Surroundings:
    """The four names, rebound."""
    world = Surroundings()
    monkeypatch.setattr(barrier, "RLock", world.reentrant_lock)
    monkeypatch.setattr(barrier, "allocate_lock", world.allocate_lock)
    monkeypatch.setattr(barrier, "monotonic", lambda: world.now)
    monkeypatch.setattr(barrier, "get_ident", lambda: 42)
    return world


def test_time_is_the_clock_s(surroundings: Surroundings) -> None:
    """A time limit of an hour is up when the clock says so, in no time."""
    with pytest.raises(BrokenBarrierError):
        Barrier(2).wait(3600)
    assert surroundings.now == 4600.0


def test_time_counts_from_the_call(
    surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What passes before the thread blocks is taken off."""
    seen = [1000.0, 1001.5]
    monkeypatch.setattr(barrier, "monotonic", lambda: seen.pop(0))
    with pytest.raises(BrokenBarrierError):
        Barrier(2).wait(2.0)
    assert surroundings.now == 1000.5


def test_all_locks_are_allocated_here(surroundings: Surroundings) -> None:
    """A barrier blocks on nothing else: its own lock, and one for each call."""
    Barrier(1, action=lambda: None).wait()
    assert surroundings.locks == 2


def test_identity_is_asked_for_here(
    surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call made under another identity is not the action's own: it is held."""

    def action() -> None:
        monkeypatch.setattr(barrier, "get_ident", lambda: 43)
        tripping.wait()

    tripping = Barrier(1, action)
    with pytest.raises(AssertionError, match="nobody is there to release the lock"):
        tripping.wait()
    assert surroundings.locks > 0


@pytest.mark.usefixtures("surroundings")
def test_lock_that_cannot_be_had_leaves_everything_as_it_was() -> None:
    """Where there is no memory for the lock of a call, the call does not arrive."""

    def fail() -> VirtualLock:
        raise MemoryError

    waiting = Barrier(2)
    with pytest.MonkeyPatch.context() as scarce:
        scarce.setattr(barrier, "allocate_lock", fail)
        with pytest.raises(MemoryError):
            waiting.wait()
    assert (waiting.n_waiting, waiting.broken) == (0, False)
    with pytest.raises(BrokenBarrierError):
        waiting.wait(1.0)


def test_subinterpreter() -> None:
    """Another interpreter of the same process has barriers of its own, which work."""
    interpreters = pytest.importorskip("_interpreters")
    receiver, sender = os.pipe()
    script = f"""
import os, sys, threading
sys.path[:] = {sys.path!r}
from verified_barrier import Barrier
barrier = Barrier(2, action=lambda: os.write({sender}, b"both "))
other = threading.Thread(target=barrier.wait)
other.start()
index = barrier.wait({LIMIT})
other.join()
os.write({sender}, b"crossed" if index in (0, 1) else b"failed")
"""
    with os.fdopen(receiver) as told:
        other = interpreters.create()
        try:
            failed = interpreters.run_string(other, script)
        finally:
            interpreters.destroy(other)
            os.close(sender)
        assert failed is None
        assert told.read() == "both crossed"


def test_nothing_else_is_taken_from_the_surroundings() -> None:
    """The module imports no other name that blocks, tells the time, or knows a thread."""
    tree = ast.parse(inspect.getsource(barrier))
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in ("_thread", "threading", "time")
        for alias in node.names
    }
    assert imported == {
        *("RLock", "allocate_lock", "get_ident", "monotonic"),
        *("LockType", "TIMEOUT_MAX", "BrokenBarrierError"),
    }
    modules = [
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    ]
    assert modules == ["os"]
