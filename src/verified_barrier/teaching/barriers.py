"""The barriers that one can look at: ours, CPython's, and some that are almost right.

None of them is written down here. Ours is the table; the others are in TLA+: see ``searched.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple

from verified_barrier.table import TABLE, Event
from verified_barrier.teaching.followed import Followed, follow
from verified_barrier.teaching.places import Steps, our_steps
from verified_barrier.teaching.searched import replacement_of, search_broken, search_cpython
from verified_barrier.teaching.sizes import OF_THE_TABLE, Size, searched, sizes_in_words
from verified_barrier.verification.resources import SetupError
from verified_barrier.verification.tlc import Tlc

__all__ = ["EXHIBITS", "Challenge", "Exhibit", "exhibit", "followed", "runs_of", "steps_of"]


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
    def is_broken(self) -> bool:
        """Whether it is one that is almost right."""
        return not self.is_ours and not self.is_cpythons

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


def _fault(
    key: str,
    title: str,
    story: str,
    challenge: Challenge,
    *,
    least_parties: int = 1,
    has_action: tuple[bool, ...] = (False, True),
) -> Exhibit:
    """Return a broken barrier, in the sizes in which its challenge can be met."""
    sizes = searched(least_parties=least_parties, has_action=has_action)
    return Exhibit(key, title, story, (challenge,), sizes)


EXHIBITS: Final = (
    Exhibit(
        "ours",
        "verified_barrier.Barrier",
        "The barrier of this package, as its table has it. Everything that can happen is here, "
        "and nothing that can happen breaks a promise.",
        (Challenge("Break any promise", None, _THREE),),
        OF_THE_TABLE,
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
        searched(),
    ),
    _fault(
        "withdraw-leaves-gap",
        "Nobody moves up",
        "A waiter in which an exception is raised gives up its place, but those behind it keep "
        "theirs.",
        Challenge("Make two threads get the same index", "UniqueIndex", _THREE),
        least_parties=3,
    ),
    _fault(
        "abort-reaches-released",
        "A late abort() that acts",
        "abort() reaches threads that were released already and have not left yet.",
        Challenge("Change an outcome after it was given", "OneOutcome", _TWO),
    ),
    _fault(
        "holds-on",
        "The action's end goes unnoticed",
        "After a reset the end of the action does not open the barrier again.",
        Challenge("Strand a thread: have a call held for ever", "HeldArrives", Size(1, 2, True)),
        has_action=(True,),
    ),
    _fault(
        "withdrawal-not-counted",
        "Gone, and still counted",
        "A waiter in which an exception is raised leaves, but the count does not go down.",
        Challenge("Cross without a thread that has left", "NoEarlyRelease", _TWO),
        least_parties=2,
    ),
    _fault(
        "release-too-soon",
        "One too early",
        "The last arrival but one releases the barrier: an error by one.",
        Challenge("Cross before all have arrived", "NoEarlyRelease", _TWO),
        least_parties=2,
        has_action=(False,),
    ),
    _fault(
        "release-skips-action",
        "Without the action",
        "The last arrival may release the others without having run the action.",
        Challenge("Cross without the action", "ActionBeforeRelease", _TWO_ACTING),
        has_action=(True,),
    ),
    _fault(
        "broken-lets-in",
        "Broken, and open",
        "A broken barrier lets a call arrive, which then waits for nobody.",
        Challenge("Arrive at a broken barrier", "BrokenRefuses", _TWO),
        least_parties=2,
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
        raise ValueError(f"{one.key} is not there with {size}: choose {sizes_in_words(one.sizes)}")
    if one.is_ours:
        return our_steps(*size)
    if tlc is None:
        raise SetupError(
            f"TLC is needed for the graph of {one.key}: install verified-barrier[check]"
        )
    if one.is_cpythons:
        return search_cpython(size, tlc, timeout)
    return search_broken([one.key], size, tlc, timeout)[one.key]
