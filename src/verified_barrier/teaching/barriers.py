"""The barriers that one can look at: ours, CPython's, and some that are almost right.

None of them is written down here. Ours is the table; CPython's is ``spec/CPythonBarrier.tla``; a
broken one is ours with an action replaced, as the model of the same name in
``models/manifest.toml`` says.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from verified_barrier.table import TABLE, Event
from verified_barrier.teaching.followed import Followed, follow
from verified_barrier.teaching.places import SEEN, Steps, cpython_steps, dumped_steps, our_steps
from verified_barrier.verification.graph import read_dump
from verified_barrier.verification.manifest import load_manifest
from verified_barrier.verification.resources import MODELS, SPEC, SetupError, read_modules
from verified_barrier.verification.tlc import Finding, Tlc

__all__ = [
    "EXHIBITS",
    "Challenge",
    "Exhibit",
    "Size",
    "exhibit",
    "followed",
    "replacement_of",
    "runs_of",
    "steps_of",
]


class Size(NamedTuple):
    """How large a barrier is, and how many threads there are."""

    parties: int
    threads: int
    has_action: bool

    def __str__(self) -> str:
        action = "with an action" if self.has_action else "without action"
        return f"{self.parties} parties, {self.threads} threads, {action}"


class Challenge(NamedTuple):
    """Something to bring about."""

    title: str
    violates: str | None
    """The property that is violated then; ``None``: any."""
    size: Size
    """A size at which it can be brought about, or is to be tried."""


@dataclass(frozen=True)
class Exhibit:
    """A barrier that one can look at."""

    key: str
    """For a broken one, the name of its model in the group ``fault``."""
    title: str
    story: str
    challenges: tuple[Challenge, ...]
    sizes: tuple[Size, ...]
    """The sizes that can be looked at."""

    @property
    def is_ours(self) -> bool:
        """Whether it is the barrier of the table."""
        return self.key == "ours"

    @property
    def is_cpythons(self) -> bool:
        """Whether it is ``threading.Barrier``."""
        return self.key == "cpython"

    @property
    def events(self) -> Mapping[str, Event]:
        """What happens in each action."""
        if self.is_cpythons:
            return _CPYTHON_EVENTS
        if self.is_ours:
            return _EVENTS
        action, other = replacement_of(self.key)
        return {**_EVENTS, other: _EVENTS[action]}


_EVENTS: Final = MappingProxyType({row.action: row.event for row in TABLE.rows})
_CPYTHON_EVENTS: Final = MappingProxyType(
    {
        "Call": Event.CALL,
        **dict.fromkeys(
            ("EnterWaits", "EnterRaises", "Wait", "Release", "ReleaseActs"), Event.ARRIVE
        ),
        "ActionReturned": Event.ACTION_RETURNED,
        "ActionRaised": Event.ACTION_RAISED,
        "TimeOut": Event.TIMEOUT,
        "Withdraw": Event.WITHDRAW,
        "WithdrawCall": Event.WITHDRAW_CALL,
        **dict.fromkeys(("WaitReturns", "WaitRaises", "Leave"), Event.LEAVE),
        **dict.fromkeys(
            ("AbortFilling", "AbortDraining", "AbortResetting", "AbortBroken"), Event.ABORT
        ),
        **dict.fromkeys(
            ("ResetFilling", "ResetDraining", "ResetResetting", "ResetBroken"), Event.RESET
        ),
    }
)
"""The steps of ``CPythonBarrier.tla`` in our words. A thread that takes the lock back and goes on
to leave is leaving."""

_INTERVENTIONS: Final = frozenset(
    {Event.TIMEOUT, Event.WITHDRAW, Event.WITHDRAW_CALL, Event.ABORT, Event.RESET}
)

_TWO: Final = Size(2, 2, False)
_TWO_ACTING: Final = Size(2, 2, True)
_THREE: Final = Size(3, 3, False)


def _fault(key: str, title: str, story: str, size: Size, task: str, violates: str) -> Exhibit:
    return Exhibit(key, title, story, (Challenge(task, violates, size),), (size,))


EXHIBITS: Final = (
    Exhibit(
        "ours",
        "verified_barrier.Barrier",
        "The barrier of this package, as its table has it. Everything that can happen is here, "
        "and nothing that can happen breaks a promise.",
        (Challenge("Break any promise", None, _THREE),),
        tuple(
            Size(parties, threads, has_action)
            for parties in range(1, 5)
            for threads in range(1, 5)
            for has_action in (False, True)
        ),
    ),
    Exhibit(
        "cpython",
        "threading.Barrier",
        "The barrier of CPython 3.13. A crossing has to be left by all its threads before the "
        "next call gets in, and the action runs with the lock held.",
        (
            Challenge("Make two threads get the same index", "UniqueIndex", _THREE),
            Challenge("Let one thread of a crossing return and another raise", "OneOutcome", _TWO),
        ),
        (_TWO, _TWO_ACTING, Size(2, 3, False), _THREE),
    ),
    _fault(
        "withdraw-leaves-gap",
        "Nobody moves up",
        "A waiter in which an exception is raised gives up its place, but those behind it keep "
        "theirs.",
        _THREE,
        "Make two threads get the same index",
        "UniqueIndex",
    ),
    _fault(
        "abort-reaches-released",
        "A late abort() that acts",
        "abort() reaches threads that were released already and have not left yet.",
        _TWO,
        "Change an outcome after it was given",
        "OneOutcome",
    ),
    _fault(
        "holds-on",
        "The action's end goes unnoticed",
        "After a reset the end of the action does not open the barrier again.",
        Size(1, 2, True),
        "Strand a thread: have a call held for ever",
        "HeldArrives",
    ),
    _fault(
        "withdrawal-not-counted",
        "Gone, and still counted",
        "A waiter in which an exception is raised leaves, but the count does not go down.",
        _TWO,
        "Let a thread cross without the other",
        "NoEarlyRelease",
    ),
    _fault(
        "release-too-soon",
        "One too early",
        "The last arrival but one releases the barrier: an error by one.",
        _TWO,
        "Let a thread cross alone",
        "NoEarlyRelease",
    ),
    _fault(
        "release-skips-action",
        "Without the action",
        "The last arrival may release the others without having run the action.",
        _TWO_ACTING,
        "Cross without the action",
        "ActionBeforeRelease",
    ),
    _fault(
        "broken-lets-in",
        "Broken, and open",
        "A broken barrier lets a call arrive, which then waits for nobody.",
        _TWO,
        "Arrive at a broken barrier",
        "BrokenRefuses",
    ),
)
"""Every barrier that one can look at. Of the models in the group ``fault`` one is left out, whose
fault is a phase that is misspelt."""


def exhibit(key: str) -> Exhibit:
    """Return the barrier of a name. Raises ``ValueError`` where there is none."""
    for one in EXHIBITS:
        if one.key == key:
            return one
    names = ", ".join(one.key for one in EXHIBITS)
    raise ValueError(f"there is no barrier {key!r}: choose one of {names}")


def followed(one: Exhibit, size: Size, tlc: Tlc | None, timeout: float = 60.0) -> Followed:
    """Return all runs of a barrier of one size. It needs and raises what ``steps_of`` does."""
    return runs_of(one, size, steps_of(one, size, tlc, timeout))


def runs_of(one: Exhibit, size: Size, steps: Steps) -> Followed:
    """Return all runs of a barrier, given what it can do in that size."""
    events = one.events
    return follow(steps, *size, lambda action: events[action] in _INTERVENTIONS)


def steps_of(one: Exhibit, size: Size, tlc: Tlc | None, timeout: float = 60.0) -> Steps:
    """Return what a barrier of one size can do.

    Parameters: ``tlc``, which is needed for all but ours; ``timeout``, seconds for it. Raises
    ``ValueError`` for a size that is not offered, and ``SetupError`` where TLC cannot find the
    graph.
    """
    if size not in one.sizes:
        offered = "; ".join(str(size) for size in one.sizes)
        raise ValueError(f"{one.key} is not there with {size}: choose one of {offered}")
    if one.is_ours:
        return our_steps(*size)
    if tlc is None:
        raise SetupError(
            f"TLC is needed for the graph of {one.key}: install verified-barrier[check]"
        )
    return _dumped(one, size, tlc, timeout)


_SEEN: Final = Path(__file__).with_name("CPythonSeen.tla")
_END: Final = "=" * 77
_REPLACEMENT: Final = re.compile(r"^    (\w+) <- (\w+)$", re.MULTILINE)
_DISJUNCT: Final = re.compile(r"^    \\/ (\\E t \\in Threads : )?(\w+)", re.MULTILINE)


@cache
def replacement_of(key: str) -> tuple[str, str]:
    """Return which action is replaced in a broken barrier, and the name of what replaces it."""
    (model,) = (model for model in load_manifest(MODELS) if model.name == f"fault/{key}")
    ((action, other),) = _REPLACEMENT.findall(model.configuration)
    return action, other


def _dumped(one: Exhibit, size: Size, tlc: Tlc, timeout: float) -> Steps:
    """Return the steps that TLC finds."""
    modules = read_modules(SPEC)
    threads = ", ".join(f"t{number}" for number in range(1, size.threads + 1))
    lines = [
        "CONSTANTS",
        f"    Threads = {{{threads}}}",
        f"    Parties = {size.parties}",
        f"    HasAction = {str(size.has_action).upper()}",
    ]
    if one.is_cpythons:
        module = "CPythonSeen"
        modules[_SEEN.name] = _observed(modules["CPythonBarrier.tla"])
        lines += ["INIT SeenInit", "NEXT SeenNext"]
    else:
        # The faults are written beside the historian, and need nothing of it.
        module = "BarrierFaults"
        text = modules["BarrierFaults.tla"]
        modules["BarrierFaults.tla"] = text.replace("EXTENDS BarrierHistory", "EXTENDS Barrier")
        lines += ["    {} <- {}".format(*replacement_of(one.key)), "SPECIFICATION Spec"]
    with tempfile.TemporaryDirectory(prefix="verified-barrier-") as folder:
        dump = Path(folder, "graph.dot")
        run = tlc.run(module, "\n".join(lines) + "\n", modules, timeout, dump)
        if run.finding is not Finding.HOLDS:
            raise SetupError(
                f"TLC finds no graph of {one.key}, {size}: {run.finding.value}\n{run.explanation}"
            )
        text = dump.read_text(encoding="utf-8")
    return cpython_steps(read_dump(text)) if one.is_cpythons else dumped_steps(text)


def _observed(cpython: str) -> str:
    """Return ``CPythonSeen.tla`` with its ``SeenNext``, given ``CPythonBarrier.tla``.

    Each step has a definition of its own, because TLC labels the edges of its graph with that.
    """
    definitions, disjuncts = [], []
    for some_thread, action in _DISJUNCT.findall(cpython[cpython.index("\nNext ==") :]):
        of = "(t)" if some_thread else ""
        definitions.append(f"{SEEN}{action}{of} == {action}{of} /\\ Observed")
        disjuncts.append(f"    \\/ {some_thread}{SEEN}{action}{of}")
    text = _SEEN.read_text(encoding="utf-8")
    return text.replace(_END, "\n".join([*definitions, "SeenNext ==", *disjuncts, _END]))
