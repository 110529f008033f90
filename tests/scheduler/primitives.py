"""Locks, clocks and identities that the engine controls, and a way to run real code with them.

``load`` executes a module, or the classes of one, once more with these in place of the real ones:
the code is the shipped code, only its surroundings differ.
"""

from __future__ import annotations

import inspect
import threading
from functools import cache
from types import CodeType, ModuleType
from typing import Any, NamedTuple

from scheduler.engine import Engine, Operation

__all__ = [
    "Kept",
    "Lock",
    "RLock",
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


class RLock(Lock):
    """A lock like ``threading.RLock``: to take it again is no scheduling point."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.again = 0
        """How often its owner has taken it again."""

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock, or return ``False`` if another thread holds it and no time is left."""
        if self.owner == self.engine.current.number:
            self.again += 1
            return True
        return super().acquire(blocking, timeout)

    def release(self) -> None:
        """Give the lock back, as often as it was taken."""
        if self.again:
            self.again -= 1
        else:
            super().release()


class Kept(NamedTuple):
    """The value of a watched attribute, with the name that operations have for it."""

    name: str
    value: Any


class Watched:
    """An attribute that threads share: to read it and to write it are scheduling points.

    To write it for the first time is not: nobody else knows the object yet. Source: the
    descriptor protocol; put in place by ``watch``.
    """

    def __init__(self, engine: Engine, label: str, place: Any, mutable: bool) -> None:
        self.engine = engine
        self.mutable = mutable
        """Whether those that read it may change what they get."""
        self.label = label
        self.place = place
        """What keeps the value, with the object's name: a slot, or a key of ``__dict__``."""

    def __get__(self, instance: object, owner: type) -> Any:
        if instance is None:
            return self
        kept = self._kept(instance)
        if not isinstance(kept, Kept):
            return kept  # A constant of the module, from before it was watched.
        target = kept.name
        if self.mutable:
            self.engine.point(Operation("use", target, writes=(target,)))
        else:
            self.engine.point(Operation("read", target, reads=(target,)))
        return self._kept(instance).value

    def __set__(self, instance: object, value: object) -> None:
        try:
            target = self._kept(instance).name
        except (AttributeError, KeyError):
            target = self.engine.name(self.label)
        else:
            self.engine.point(Operation("write", target, writes=(target,)))
        if isinstance(self.place, str):
            instance.__dict__[self.place] = Kept(target, value)
        else:
            self.place.__set__(instance, Kept(target, value))

    def _kept(self, instance: object) -> Any:
        if isinstance(self.place, str):
            return instance.__dict__[self.place]
        return self.place.__get__(instance)

    def name(self, instance: object) -> str:
        """Return what operations call the attribute of an object."""
        name: str = self._kept(instance).name
        return name

    def peek(self, instance: object) -> Any:
        """Return the value without anybody noticing."""
        return self._kept(instance).value


def watch(engine: Engine, cls: type, *names: str, mutable: bool = False) -> None:
    """Make attributes of a class scheduling points; ``mutable``: so are changes of the value."""
    for name in names:
        place = cls.__dict__.get(name, name)
        setattr(cls, name, Watched(engine, f"{cls.__name__}.{name}", place, mutable))


class Surroundings:
    """What code takes from its surroundings, controlled by an engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def allocate_lock(self) -> Lock:
        """Return a new lock."""
        return Lock(self.engine)

    def RLock(self) -> RLock:  # noqa: N802 - the name that it has elsewhere
        """Return a new lock that a thread may take more than once."""
        return RLock(self.engine)

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
    for name in ("RLock", "allocate_lock", "get_ident", "monotonic"):
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
