"""The deviations of ``threading.Barrier``, and the scenario in which each is found."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DEVIATIONS", "Deviation"]


@dataclass(frozen=True)
class Deviation:
    """One deviation, under the name that the README has for it."""

    name: str
    scenario: str
    """Where every interleaving of ours does what the model does, and one of CPython's does not."""
    says: str
    """What is said of that one."""


DEVIATIONS = [
    Deviation(
        "unique-index",
        "4 threads on 3 parties, withdrawal",
        "t3 returned 1, where the model has it return 0",
    ),
    Deviation(
        "one-outcome",
        "2 threads, one that aborts after the crossing",
        "t1 raised BrokenBarrierError, where the model has it return 0",
    ),
    Deviation(
        "no-draining",
        "3 threads on 2 parties, one that is slow to leave",
        "t2 and t3 stuck, where the model goes on",
    ),
    Deviation("open-action", "2 threads, action aborts", "t2 is stuck in abort()"),
    Deviation(
        "timed-call",
        "2 threads on 3 parties, one that waits for nan",
        "livelock: from step 7 on it goes round in circles",
    ),
    Deviation(
        "checked-arguments", "2 threads on 1.5 parties", "t1 and t2 stuck, where the model goes on"
    ),
    Deviation(
        "no-copy", "2 threads, one at a copy", "t2 returned 1, where the model has it refused"
    ),
]
