"""State search: each state of a program once, however it was reached.

The state is all that decides how a program goes on: where each thread is in the code under test,
with its local variables, the objects that they can reach, and whatever the program adds. Objects
are numbered in the order in which they are found, and threads that have the same script are put
in an order of their own, so that states which differ only in names are one state. A value of a
kind that is not known here is an error: to pass it over could make two states look like one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from enum import Enum
from itertools import chain
from operator import methodcaller
from types import (
    BuiltinFunctionType,
    FrameType,
    FunctionType,
    MethodType,
    ModuleType,
    TracebackType,
)

from scheduler.engine import Engine, Execution, Program
from scheduler.primitives import Ident, Lock, Watched
from scheduler.search import Judge, NotDeterministicError, Result, explore

_ListIterator: type = type(iter([]))

__all__ = ["search_states", "state_key"]


class _Canonical:
    """Names values so that equal states have equal names.

    Parameters: ``files``, whose code is under test; ``order``, the threads in their new order.
    """

    def __init__(self, files: frozenset[str], order: Sequence[int]) -> None:
        self.files = files
        self.places = {number: place for place, number in enumerate(order)}
        self.numbers: dict[int, int] = {}
        self.contents: list[Hashable] = []

    def thread(self, engine: Engine, number: int) -> Hashable:
        """Return where a thread is: its frames, from the outermost to the scheduling point."""
        thread = engine.threads[number]
        if thread.ended or thread.operation is None:
            return "ended"
        frames = [self._frame(frame) for frame in self._frames(engine.frame(number))]
        return (thread.operation.kind, thread.clock, *reversed(frames))

    def _frames(self, frame: FrameType | None) -> list[FrameType]:
        found: list[FrameType] = []
        while frame is not None:
            if frame.f_code is Engine.run_body.__code__:
                return found
            if frame.f_code.co_filename in self.files:
                found.append(frame)
            frame = frame.f_back
        return []  # It has not begun.

    def _frame(self, frame: FrameType) -> Hashable:
        values = tuple((name, self.value(value)) for name, value in frame.f_locals.items())
        return (frame.f_code.co_name, frame.f_lasti, values)

    def value(self, value: object) -> Hashable:
        """Return the name of a value."""
        if isinstance(value, Ident):
            return ("thread", self.places.get(value - 1, "other"))
        if value is None or isinstance(value, (bool, int, str, Enum)):
            return value
        if isinstance(value, float):
            return repr(value)  # Two that are not a number differ, but the states do not.
        if isinstance(value, (tuple, list, deque, set, frozenset)):
            return (type(value).__name__, *map(self.value, value))
        if isinstance(value, dict):
            return ("dict", *((self.value(k), self.value(v)) for k, v in value.items()))
        if isinstance(value, (map, _ListIterator)):
            return (type(value).__name__, self.value(value.__reduce__()))
        if isinstance(value, MethodType):
            return (value.__name__, self.value(value.__self__))
        if isinstance(value, (type, FunctionType, BuiltinFunctionType, ModuleType, methodcaller)):
            return getattr(value, "__name__", type(value).__name__)
        if isinstance(value, (BaseException, TracebackType)):
            return type(value).__name__
        if isinstance(value, chain) or (
            type(value).__module__.startswith(("scheduler.", "traces."))
            and not isinstance(value, Lock)
        ):
            return type(value).__name__
        return self._object(value)

    def _object(self, value: object) -> Hashable:
        if id(value) in self.numbers:
            return ("object", self.numbers[id(value)])
        number = self.numbers[id(value)] = len(self.numbers)
        if isinstance(value, Lock):
            owner = None if value.owner is None else self.places.get(value.owner, "other")
            self.contents.append((number, "lock", owner))
        else:
            attributes = tuple((name, self.value(v)) for name, v in _attributes(value))
            self.contents.append((number, type(value).__name__, attributes))
        return ("object", number)


def _attributes(value: object) -> list[tuple[str, object]]:
    """Return the attributes of an object of the code under test, without anybody noticing."""
    slots = getattr(type(value), "__slots__", ())
    found = dict(getattr(value, "__dict__", {}))
    for name in slots:
        place = type(value).__dict__[name]
        with suppress(AttributeError):  # It may have no value yet.
            found[name] = place.peek(value) if isinstance(place, Watched) else place.__get__(value)
    if not slots and not found:
        raise TypeError(f"{value!r} is of a kind that may keep its state to itself")
    return sorted(found.items())


def state_key(
    engine: Engine,
    files: frozenset[str],
    alike: Sequence[Sequence[int]],
    more: Callable[[Sequence[int]], Hashable],
) -> Hashable:
    """Return a name for the state that a program is in; the parameters are those of the search."""
    order: list[int] = []
    for threads in alike:
        # What a thread looks like by itself; those that look the same are in any order.
        looks = {n: str(_Canonical(files, ()).thread(engine, n)) for n in threads}
        order += sorted(threads, key=lambda n: (looks[n], n))
    canonical = _Canonical(files, order)
    names = tuple(canonical.thread(engine, number) for number in order)
    return (names, tuple(canonical.contents), more(order))


class _States:
    def __init__(self, key: Callable[[Engine], Hashable]) -> None:
        self.key = key
        self.seen: set[Hashable] = set()
        self.path: list[tuple[tuple[int, ...], int]] = []
        self.depth = 0

    def choose(self, engine: Engine, possible: tuple[int, ...]) -> int | None:
        if self.depth == len(self.path):
            key = self.key(engine)
            if key in self.seen:
                return None
            self.seen.add(key)
            self.path.append((possible, 0))
        before, place = self.path[self.depth]
        if before != possible:
            raise NotDeterministicError(self.depth, before, possible)
        self.depth += 1
        return possible[place]

    def learn(self, _execution: Execution, result: Result) -> bool:
        """Count the states."""
        result.states = len(self.seen)
        return True

    def next(self) -> bool:
        """Go on to the next execution; return whether there is one."""
        self.depth = 0
        while self.path:
            possible, place = self.path.pop()
            if place + 1 < len(possible):
                self.path.append((possible, place + 1))
                return True
        return False


def search_states(
    engine: Engine,
    program: Program,
    judge: Judge,
    *,
    files: frozenset[str],
    alike: Sequence[Sequence[int]],
    more: Callable[[Sequence[int]], Hashable] = lambda _order: None,
    limit: int = 100_000,
) -> Result:
    """Visit every state of a program once.

    Parameters: ``files``, the files whose code is under test; ``alike``, every thread, together
    with those that do the same; ``more``, what else belongs to the state, given the threads' order.
    """
    strategy = _States(lambda engine: state_key(engine, files, alike, more))
    return explore(engine, program, judge, strategy, limit)
