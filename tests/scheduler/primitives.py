"""Locks, clocks and identities that the engine controls, and a way to run real code with them.

``load`` executes a module, or the classes of one, once more with these in place of the real ones:
the code is the shipped code, only its surroundings differ.
"""

from __future__ import annotations

import inspect
import threading
from functools import cache
from types import CodeType, ModuleType
from typing import Any, cast

from scheduler.engine import Engine, Operation

__all__ = [
    "Lock",
    "Surroundings",
    "Watched",
    "load_module",
    "load_source",
    "load_threading",
    "watch",
]


class Ident(int):
    """The identity of a thread, which can be told from any other number."""


class Lock:
    """A lock like ``threading.Lock``: each call is a scheduling point.

    A timed acquisition can always be chosen: while the lock is held, to choose it is to let its
    time run out.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.name = engine.name("lock")
        self.owner: int | None = None
        """The thread that holds it; -1 while the program is made; ``None``: it is free."""

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock, or return ``False`` if it is held and there is no time left."""
        engine = self.engine
        if not blocking or timeout >= 0:
            kind = "acquire timed" if blocking and timeout > 0 else "acquire at once"
            blocks = kind == "acquire timed"
            engine.point(Operation(kind, self.name, writes=(self.name,), blocks=blocks))
            self._note()
            if self.owner is not None:
                engine.current.clock += max(0.0, timeout)
                return False
        else:
            engine.point(
                Operation("acquire", self.name, (self.name,), (), self._is_free, True, True)
            )
            self._note()
        self.owner = engine.current.number
        if engine.steps:
            engine.steps[-1].took = True
        return True

    def release(self) -> None:
        """Give the lock back, whoever holds it."""
        self.engine.point(Operation("release", self.name, writes=(self.name,)))
        self._note()
        if self.owner is None:
            raise RuntimeError("release unlocked lock")
        self.owner = None

    def locked(self) -> bool:
        """Return whether the lock is held."""
        self.engine.point(Operation("look at", self.name, reads=(self.name,)))
        self._note()
        return self.owner is not None

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def _is_free(self) -> bool:
        return self.owner is None

    def _note(self) -> None:
        if self.engine.steps:
            self.engine.steps[-1].was_free = self.owner is None


class Watched:
    """An attribute that threads share: to read it and to write it are scheduling points.

    To write it for the first time is not: nobody else knows the object yet. Source: the
    descriptor protocol; put in place by ``watch``.
    """

    def __init__(self, engine: Engine, label: str, place: Any) -> None:
        self.engine = engine
        self.label = label
        self.place = place
        """What keeps the value, with the object's name: a slot, or a key of ``__dict__``."""

    def __get__(self, instance: object, owner: type) -> Any:
        if instance is None:
            return self
        target, _ = self._kept(instance)
        self.engine.point(Operation("read", target, reads=(target,)))
        return self._kept(instance)[1]

    def __set__(self, instance: object, value: object) -> None:
        try:
            target, _ = self._kept(instance)
        except (AttributeError, KeyError):
            target = self.engine.name(self.label)
        else:
            self.engine.point(Operation("write", target, writes=(target,)))
        if isinstance(self.place, str):
            instance.__dict__[self.place] = (target, value)
        else:
            self.place.__set__(instance, (target, value))

    def _kept(self, instance: object) -> tuple[str, Any]:
        if isinstance(self.place, str):
            return cast("tuple[str, Any]", instance.__dict__[self.place])
        return cast("tuple[str, Any]", self.place.__get__(instance))

    def peek(self, instance: object) -> Any:
        """Return the value without anybody noticing."""
        return self._kept(instance)[1]


def watch(engine: Engine, cls: type, *names: str) -> None:
    """Make attributes of a class scheduling points."""
    for name in names:
        place = cls.__dict__.get(name, name)
        setattr(cls, name, Watched(engine, f"{cls.__name__}.{name}", place))


class Surroundings:
    """What code takes from its surroundings, controlled by an engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def allocate_lock(self) -> Lock:
        """Return a new lock."""
        return Lock(self.engine)

    def get_ident(self) -> int:
        """Return the identity of the thread: its number, counted from 1."""
        return Ident(self.engine.current.number + 1)

    def monotonic(self) -> float:
        """Return the thread's time in seconds."""
        return self.engine.current.clock

    def sleep(self, seconds: float) -> None:
        """Let the thread's time pass; others may run."""
        self.engine.point(Operation("sleep", f"t{self.engine.current.number}"))
        self.engine.current.clock += seconds


def load_module(module: ModuleType, surroundings: Surroundings) -> ModuleType:
    """Return a module that runs the same code in these surroundings."""
    return load_source(inspect.getsource(module), inspect.getfile(module), surroundings)


def load_source(source: str, file: str, surroundings: Surroundings) -> ModuleType:
    """Return a module with this text, which runs in these surroundings."""
    copy = ModuleType(file)
    exec(compile(source, file, "exec"), copy.__dict__)  # noqa: S102
    for name in ("allocate_lock", "get_ident", "monotonic"):
        if not hasattr(copy, name):
            raise ValueError(f"{file} takes no {name} from its surroundings")
        setattr(copy, name, getattr(surroundings, name))
    return copy


def load_threading(surroundings: Surroundings, *names: str) -> ModuleType:
    """Return classes of ``threading``, such as Barrier, that run in these surroundings."""
    copy = ModuleType("threading")
    copy.__dict__.update(vars(threading))
    copy.__dict__.update(
        Lock=surroundings.allocate_lock,
        _allocate_lock=surroundings.allocate_lock,
        get_ident=surroundings.get_ident,
        _time=surroundings.monotonic,
    )
    for name in ("_RLock", *names):
        exec(_code(getattr(threading, name)), copy.__dict__)  # noqa: S102
    copy.__dict__["RLock"] = copy.__dict__["_RLock"]
    return copy


@cache
def _code(source: ModuleType | type) -> CodeType:
    return compile(inspect.getsource(source), inspect.getfile(source), "exec")
