"""Recording what a real barrier does.

The barrier tells its observer of each step, with its lock held. An exception that a signal handler
raises there would tear the step, so no Python code may run: the observer is the ``append`` of a
list. Everything else is noted in the same list from outside the barrier, and what it means is
worked out afterwards.

A step tells the lock that stands for the call, and not whose call it is. So a recorded barrier runs
the shipped ``wait()`` in a namespace of its own, which differs in one name: its ``allocate_lock``
notes the thread that makes the lock.

This module needs nothing but the standard library.
"""

from __future__ import annotations

import threading
from _thread import LockType, allocate_lock, get_ident
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from math import inf
from operator import itemgetter
from types import FunctionType
from typing import Any

import verified_barrier
from verified_barrier import barrier as shipped
from verified_barrier.barrier import Barrier
from verified_barrier.table import Row
from verified_barrier.verification.traces.trace import Trace, TraceEvent

__all__ = ["RecordedBarrier", "Recording", "RecordingError", "all_recorded"]


class RecordingError(RuntimeError):
    """A recording that does not fit together: a defect of the recorder, or of the barrier."""


class _Call:
    """One call of ``wait()``, while it is worked out what was recorded."""

    def __init__(self, owner: int, begin: int) -> None:
        self.owner = owner
        """Who called, as the program knows it."""
        self.begin = begin
        """The place of the first note that is about it."""
        self.last = begin
        """The place of the last note that is about it."""
        self.end: TraceEvent | None = None
        """What came of it."""
        self.thread = -1
        """Its thread in the trace."""


class Recording:
    """What was noted of one barrier.

    Parameters: ``parties`` and ``has_action``, the barrier's. Each note is made with the number of
    the thread that makes it, by which threads are told apart.
    """

    def __init__(self, parties: int, has_action: bool) -> None:
        self.parties = parties
        self.has_action = has_action
        self._notes: list[tuple[Any, ...]] = []
        self.see: Callable[[tuple[Row, Any]], None] = self._notes.append
        """The observer to give to the barrier: no Python code runs in it."""

    def calls(self, owner: int) -> object:
        """Note that a thread is about to call ``wait()``; return what stands for the call."""
        call = object()
        self._notes.append(("call", call, owner))
        return call

    def makes(self, lock: object, owner: int) -> None:
        """Note that the innermost call of a thread has made its lock."""
        self._notes.append(("lock", lock, owner))

    def acts(self, what: str, owner: int) -> None:
        """Note that the action began, is done or failed, in the innermost call of a thread."""
        self._notes.append(("action", what, owner))

    def returns(self, call: object, index: int) -> None:
        """Note what a call returned."""
        self._notes.append(("end", call, TraceEvent("Returned", index=index)))

    def raises(self, call: object, error: BaseException, by: str) -> None:
        """Note what a call raised; ``by``: who raised it, as a ``TraceEvent`` has it."""
        name = type(error).__name__
        self._notes.append(("end", call, TraceEvent("Raised", error=name, by=by)))

    def trace(self, source: str = "") -> Trace:
        """Return what has been recorded so far.

        Raises ``RecordingError`` where a step cannot be told from whose call it came.
        """
        reading = _Reading(list(self._notes))
        return Trace(
            self.parties, self.has_action, max(reading.threads, 1), tuple(reading.events), source
        )


class _Reading:
    """What a list of notes says."""

    def __init__(self, notes: list[tuple[Any, ...]]) -> None:
        self.calls: dict[object, _Call] = {}
        self._of_lock: dict[int, _Call] = {}
        self._open: dict[int, list[_Call]] = {}
        """The calls of each owner that have not ended, the innermost last."""
        told: list[tuple[int, _Call | None, TraceEvent]] = []
        for place, note in enumerate(notes):
            call, event = self._read(place, note)
            if call is not None:
                call.last = place
            if event is not None:
                told.append((place, call, event))
        # A call may be left by an exception before its step is taken, which somebody else does
        # then. What came of such a call is told after that step.
        told += [(call.last, call, call.end) for call in self.calls.values() if call.end]
        self.threads = self._name_threads()
        self.events = [
            event if call is None else event._replace(thread=call.thread)
            for _, call, event in sorted(told, key=itemgetter(0))
        ]

    def _read(self, place: int, note: tuple[Any, ...]) -> tuple[_Call | None, TraceEvent | None]:
        """Return the call that a note is about, if any, and the event that it tells, if any."""
        if isinstance(note[0], Row):
            return self._step(*note)
        kind, what, detail = note
        if kind == "call":
            call = self.calls[what] = _Call(detail, place)
            self._open.setdefault(detail, []).append(call)
            return call, TraceEvent("Call")
        if kind == "end":
            call = self.calls[what]
            if call.end is None:  # An exception may be raised between the note and the return.
                call.end = detail
                self._open[call.owner].remove(call)
            return call, None
        if not self._open.get(detail):
            raise RecordingError(f"a thread that is not in wait() has noted {kind} {what}")
        call = self._open[detail][-1]
        if kind == "lock":
            self._of_lock[id(what)] = call
            return call, None
        return call, TraceEvent(what)

    def _step(self, row: Row, lock: object) -> tuple[_Call | None, TraceEvent]:
        if lock is None:
            return None, TraceEvent(row.action)
        if id(lock) not in self._of_lock:
            raise RecordingError(
                f"{row.action} was taken for a call that nobody has made: wait() must make the "
                "lock that stands for the call with the name allocate_lock"
            )
        return self._of_lock[id(lock)], TraceEvent(row.action)

    def _name_threads(self) -> int:
        """Give each call a thread of the trace; return how many there are.

        A thread of the program is one of the trace, unless it calls again within a call of its
        own, or before the step of an earlier one is taken: such a call has a thread for itself.
        """
        free_from: dict[int, dict[int, float]] = {}
        count = 0
        for call in self.calls.values():
            own = free_from.setdefault(call.owner, {})
            free = [thread for thread, place in own.items() if place < call.begin]
            if free:
                call.thread = free[0]
            else:
                call.thread = count
                count += 1
            own[call.thread] = inf if call.end is None else call.last
        return count


class RecordedBarrier(Barrier):
    """A barrier that records what it does, in ``recording``; otherwise a ``Barrier``."""

    def __init__(
        self,
        parties: int,
        action: Callable[[], object] | None = None,
        timeout: float | None = None,
    ) -> None:
        super().__init__(parties, action, timeout)
        self.recording = Recording(self.parties, action is not None)
        self._failures: dict[int, BaseException] = {}
        """What the action has raised, by thread, as long as that thread is in ``wait()``."""
        if action is not None:
            self._action = self._recorded(action)
        surroundings = {**vars(shipped), "allocate_lock": self._new_lock}
        wait = FunctionType(
            Barrier.wait.__code__,
            surroundings,
            argdefs=Barrier.wait.__defaults__,
            closure=Barrier.wait.__closure__,
        )
        self._wait: Callable[[float | None], int] = partial(wait, self)
        self._observer = self.recording.see

    def wait(self, timeout: float | None = None) -> int:
        """Wait until all parties have arrived, and record it."""
        owner = get_ident()
        call = self.recording.calls(owner)
        try:
            place = self._wait(timeout)
            self.recording.returns(call, place)
        except BaseException as error:
            self.recording.raises(call, error, self._raiser(error, self._failures.get(owner)))
            raise
        finally:
            self._failures.pop(owner, None)
        return place

    def _new_lock(self) -> LockType:
        lock = allocate_lock()
        self.recording.makes(lock, get_ident())
        return lock

    def _recorded(self, action: Callable[[], object]) -> Callable[[], object]:
        """Return an action that records that it is run."""

        def run() -> None:
            owner = get_ident()
            self.recording.acts("ActionBegan", owner)
            try:
                action()
            except BaseException as error:
                self._failures[owner] = error
                self.recording.acts("ActionFailed", owner)
                raise
            self.recording.acts("ActionDone", owner)

        return run

    @staticmethod
    def _raiser(error: BaseException, failure: BaseException | None) -> str:
        """Return who raised what ``wait()`` has raised.

        What is raised in the barrier's own code is the barrier's, unless it is no ``Exception``:
        nothing there raises such.
        """
        if error is failure:
            return "action"
        where = error.__traceback__
        while where is not None and where.tb_next is not None:
            where = where.tb_next
        own = where is not None and where.tb_frame.f_code.co_filename == shipped.__file__
        return "barrier" if own and isinstance(error, Exception) else "other"


@contextmanager
def all_recorded() -> Iterator[list[RecordedBarrier]]:
    """Make ``threading.Barrier`` and ``verified_barrier.Barrier`` barriers that record.

    Yields the list of those that are made in the block, which grows. Whoever has got hold of a
    class before keeps it.
    """
    with suppress(ImportError):
        # Its barrier extends the one of threading as CPython has it: so it must be made before.
        import_module("multiprocessing.synchronize")
    made: list[RecordedBarrier] = []

    class Recorded(RecordedBarrier):
        def __init__(
            self,
            parties: int,
            action: Callable[[], object] | None = None,
            timeout: float | None = None,
        ) -> None:
            super().__init__(parties, action, timeout)
            made.append(self)

    Recorded.__module__, Recorded.__qualname__ = Barrier.__module__, Barrier.__qualname__
    Recorded.__name__ = Barrier.__name__
    places: list[Any] = [threading, verified_barrier, shipped]
    before = [place.Barrier for place in places]
    try:
        for place in places:
            place.Barrier = Recorded
        yield made
    finally:
        for place, cls in zip(places, before, strict=True):
            place.Barrier = cls
