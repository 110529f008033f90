"""Runs a program that uses a barrier, yours, in every order that can make a difference.

The code is yours as it is. While the search lasts, what your modules have imported to wait for each
other is replaced by what the engine controls, and the attributes that your threads share become
scheduling points. ``docs/your-own-protocol.md`` has an example.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import Enum
from reprlib import repr as shortened
from types import ModuleType
from typing import Any, NoReturn
from unittest.mock import patch

import verified_barrier
from scheduler.dpor import dpor
from scheduler.engine import Ending, Engine, Execution
from scheduler.minimise import fewest_preemptions, preemptions, replay, schedule_of
from scheduler.names import ShippedNames
from scheduler.primitives import Kept, Surroundings, Watched, load_threading
from scheduler.report import table
from scheduler.scenarios import load_shipped
from scheduler.search import Verdict

__all__ = ["Found", "ProgramError", "Verdict", "explore_program"]

Ends = Sequence[object]
"""What each thread returned, or the exception that it ended with."""

WAITING = ("Lock", "RLock", "Condition", "Semaphore", "BoundedSemaphore", "Event")
"""What is replaced of ``threading``, besides ``Barrier``."""


class ProgramError(ValueError):
    """A program that cannot be explored as it is; the message says why, and what to do."""


@dataclass(frozen=True)
class Found:
    """What a search found."""

    verdict: Verdict
    """``PASS`` only if every execution that differs was looked at, and none is wrong."""
    executions: int
    problem: str | None
    """What is wrong."""
    report: str
    """All of this for people: the smallest failure that was found, step by step."""


def explore_program(
    program: Callable[[], Sequence[Callable[[], object]]],
    judge: Callable[[Ends], str | None],
    *,
    modules: Iterable[ModuleType],
    watched: Mapping[Any, Sequence[str]],
    changed: Mapping[Any, Sequence[str]] | None = None,
    limit: int = 20_000,
) -> Found:
    """Execute a program in every order that can make a difference.

    Parameters: ``program``, which makes the shared objects anew and returns what each thread does;
    ``judge``, which gets what each thread returned, or the exception that it ended with, and
    returns what is wrong, or ``None``; ``modules``, in which barriers and what else blocks is
    replaced; ``watched``, the attributes that threads share, by class; ``changed``, those of which
    the value itself is changed, such as lists; ``limit``, how many executions at most.

    A program that does not end is wrong, whatever the judge. Raises ``ProgramError`` where races
    would go unseen: a module has nothing to be replaced, no thread uses a watched attribute, a
    value should be among ``changed``, or an object was made before the program.
    """
    with ExitStack() as stack:
        story = _Story(stack.enter_context(Engine()))
        stack.enter_context(_replaced(story, modules))
        stack.enter_context(_watching(story, watched, changed or {}))

        def run(engine: Engine) -> Sequence[Callable[[], object]]:
            story.begin()
            return program()

        def judged(execution: Execution) -> str | None:
            if story.misuse is not None:
                raise story.misuse
            return story.stuck(execution) or judge(_ends(execution))

        found = dpor(story.engine, run, judged, limit)
        if found.failure is None:
            words = f"{found.verdict.value}: {found.executions} executions"
            if found.verdict is not Verdict.PASS:
                words += f", and there are more: raise the limit of {limit}"
            return Found(found.verdict, found.executions, None, words)
        least = fewest_preemptions(story.engine, run, judged, limit=limit)
        smallest = least.failure or found.failure
        execution = replay(story.engine, run, schedule_of(smallest))
        problem = judged(execution) or found.problem or ""
        report = story.report(execution, problem)
        return Found(found.verdict, found.executions, problem, report)


def _ends(execution: Execution) -> list[object]:
    return [thread.result if thread.error is None else thread.error for thread in execution.threads]


class _Story:
    """What is to be told of an execution: who called what, and read and wrote which value."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.misuse: ProgramError | None = None
        """Why the program cannot be explored, which its threads may have caught."""
        self.begin()

    def begin(self) -> None:
        """Forget the last execution."""
        self.barriers = 0
        self.told: list[tuple[int, int, int, str, str]] = []
        """The step, the thread, at which barrier or 0, what it did, and what came of that."""
        self.calls: dict[int, tuple[int, str]] = {}
        """For each thread in a call: at which barrier, and which."""

    def tell(self, words: str, barrier: int = 0, then: str = "") -> None:
        """Tell of the thread that runs; while the program is made, there is nothing to tell."""
        if self._runs():
            step = len(self.engine.steps) - 1
            self.told.append((step, self.engine.current.number, barrier, words, then))

    def refuse(self, problem: str) -> NoReturn:
        """End the search, wherever it is noticed."""
        self.misuse = ProgramError(problem)
        raise self.misuse

    def _runs(self) -> bool:
        """Return whether the thread does what the program says, and is not being ended."""
        return bool(self.engine.steps) and not self.engine.current.cancelled

    def call(self, barrier: int, words: str, does: Callable[[], Any]) -> Any:
        """Tell of a call, and of what came of it."""
        if not self._runs():
            return does()
        self.tell(words, barrier)
        thread = self.engine.current.number
        self.calls[thread] = barrier, words
        try:
            result = does()
        except Exception as error:
            self.tell(words, barrier, f" raised {type(error).__name__}")
            raise
        else:
            self.tell(words, barrier, " ended" if result is None else f" returned {result}")
            return result
        finally:
            if self._runs():
                del self.calls[thread]

    def stuck(self, execution: Execution) -> str | None:
        """Return who did not end, and where it is."""
        if execution.ending is Ending.FINISHED:
            return None
        if execution.ending is not Ending.DEADLOCK:
            return f"it has not ended after {len(execution.steps)} steps"
        waits = [
            f"t{number + 1} {self._where(number, execution)}" for number, _ in execution.pending
        ]
        return "; ".join(waits)

    def _where(self, number: int, execution: Execution) -> str:
        if number in self.calls:
            return f"waits for ever in {self._at(*self.calls[number])}"
        return f"waits for ever to {dict(execution.pending)[number]}"

    def _at(self, barrier: int, words: str) -> str:
        return f"{words} at barrier {barrier}" if barrier and self.barriers > 1 else words

    def report(self, execution: Execution, problem: str) -> str:
        """Return what happened, one column a thread, and how each thread ended."""
        lines = [f"wrong:       {problem}", f"preemptions: {preemptions(execution)}", ""]
        names = [f"t{thread.number + 1}" for thread in execution.threads]
        lines += table(["step", *names], self._rows(len(names)))
        pending = dict(execution.pending)
        ends = []
        for thread, end in zip(execution.threads, _ends(execution), strict=True):
            how = "raised" if isinstance(end, BaseException) else "returned"
            stays = thread.number in pending
            words = self._where(thread.number, execution) if stays else f"{how} {end!r}"
            ends.append([names[thread.number], words])
        return "\n".join([*lines, "", *table(["thread", "end"], ends), ""])

    def _rows(self, threads: int) -> Iterator[list[str]]:
        """Yield a row for each step of which there is something to tell."""
        rows: dict[int, tuple[int, list[str]]] = {}
        for step, thread, barrier, words, then in self.told:
            rows.setdefault(step, (thread, []))[1].append(self._at(barrier, words) + then)
        for step, (thread, said) in rows.items():
            cells = [""] * threads
            cells[thread] = ", ".join(said)
            yield [str(step), *cells]


@contextmanager
def _replaced(story: _Story, modules: Iterable[ModuleType]) -> Iterator[None]:
    """Replace what blocks in some modules, wherever they have it from."""
    around = Surroundings(story.engine)
    barrier = _barrier(story)
    standard = load_threading(around, *(name for name in WAITING if not name.endswith("Lock")))
    standard.__dict__["Barrier"] = barrier
    ours = ModuleType(verified_barrier.__name__)
    ours.__dict__.update(vars(verified_barrier), Barrier=barrier)
    pairs = [(threading, standard), (verified_barrier, ours), (verified_barrier.Barrier, barrier)]
    pairs += [(getattr(threading, name), getattr(standard, name)) for name in (*WAITING, "Barrier")]
    with ExitStack() as stack:
        for module in modules:
            names = 0
            for name, value in list(vars(module).items()):
                for real, other in pairs:
                    if value is real:
                        stack.enter_context(patch.object(module, name, other))
                        names += 1
            if not names:
                raise ProgramError(
                    f"{module.__name__} has neither a Barrier nor anything else to be replaced: "
                    "name the modules that make the barriers"
                )
        yield


def _barrier(story: _Story) -> Any:
    """Return the shipped barrier under the engine; its calls are told."""
    try:
        shipped: Any = load_shipped(story.engine).Barrier
        ShippedNames(shipped(1))
    except (AttributeError, KeyError, ValueError) as problem:
        raise ProgramError(
            f"this scheduler and the installed verified-barrier differ ({problem!r}): take both "
            "from the same version"
        ) from None

    class Barrier(shipped):  # type: ignore[misc]
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            story.barriers += 1
            self._number = story.barriers

        def wait(self, timeout: float | None = None) -> Any:
            does = super().wait
            words = f"wait({'' if timeout is None else timeout})"
            return story.call(self._number, words, lambda: does(timeout))

        def abort(self) -> None:
            story.call(self._number, "abort()", super().abort)

        def reset(self) -> None:
            story.call(self._number, "reset()", super().reset)

    return Barrier


@contextmanager
def _watching(
    story: _Story, watched: Mapping[Any, Sequence[str]], changed: Mapping[Any, Sequence[str]]
) -> Iterator[None]:
    """Make attributes of classes scheduling points, whose values are told."""
    shared: list[_Shared] = []
    with ExitStack() as stack:
        for mutable, classes in ((False, watched), (True, changed)):
            for cls, names in classes.items():
                for name in names:
                    # A slot keeps the value itself; else the instance does.
                    slot = cls.__dict__.get(name)
                    place = slot if hasattr(slot, "__set__") else name
                    shared.append(_Shared(story, cls, name, place, mutable))
                    replaced = patch.object(cls, name, shared[-1], create=name not in vars(cls))
                    stack.enter_context(replaced)
        yield
    if unseen := [attribute.label for attribute in shared if not attribute.is_used]:
        raise ProgramError(f"no thread has read or written {', '.join(unseen)}: correct the names")


class _Shared(Watched):
    """An attribute that threads share, and whose values are told."""

    def __init__(self, story: _Story, cls: type, name: str, place: Any, mutable: bool) -> None:
        super().__init__(story.engine, f"{cls.__name__}.{name}", place, mutable)
        self.story = story
        self.cls, self.attribute = cls.__name__, name
        self.is_used = False
        """Whether a thread has read or written it."""

    def __get__(self, instance: object, owner: type) -> Any:
        if instance is None:
            return self
        try:
            is_known = isinstance(self._kept(instance), Kept)
        except KeyError:
            self.story.refuse(f"{self.label} is read before it is written: write it in __init__")
        if not is_known:
            self.story.refuse(
                f"a {self.cls} was made before the program: make all that threads share in it"
            )
        value = super().__get__(instance, owner)
        self._tell("read", instance, value)
        return value

    def __set__(self, instance: object, value: object) -> None:
        self._check(value)
        super().__set__(instance, value)
        self._tell("write", instance, value)

    def _tell(self, what: str, instance: object, value: object) -> None:
        self.is_used = self.is_used or self.engine.current.number >= 0
        self.story.tell(f"{what} {self._words(instance)}: {shortened(value)}")

    def _check(self, value: object) -> None:
        if not self.mutable and not _is_constant(value):
            self.story.refuse(
                f"{self.label} is {shortened(value)}, which may be changed where nobody sees it: "
                "name the attribute among those that are changed, not those that are watched"
            )

    def _words(self, instance: object) -> str:
        number = self.name(instance).removeprefix(self.label)
        return f"{self.attribute} of {self.cls} {number}"


def _is_constant(value: object) -> bool:
    if isinstance(value, (tuple, frozenset)):
        return all(map(_is_constant, value))
    return value is None or isinstance(value, (int, float, complex, str, bytes, Enum))
