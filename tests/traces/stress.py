"""Real threads at a barrier that records: real races and real time, bounded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from threading import BrokenBarrierError

from barrier.threads import Threads
from verified_barrier.verification.traces.recording import RecordedBarrier
from verified_barrier.verification.traces.trace import Trace

__all__ = ["of_threads"]

_SHORT = (0.0, 0.0002, 0.002)
"""Seconds after which a call times out: each does, if nobody else comes."""


class _FailureError(Exception):
    """What the action raises."""


def of_threads(number: int) -> Iterator[Trace]:
    """Yield so many traces, of three or four threads each that do something at random."""
    dice = Random(1)  # noqa: S311
    for _ in range(number):
        barrier = RecordedBarrier(dice.choice((2, 3)), dice.choice((None, _action(dice))))
        with Threads() as threads:
            for _ in range(dice.choice((3, 4))):
                threads.start(_body(barrier, Random(dice.random())))  # noqa: S311
        yield barrier.recording.trace("threads")


def _action(dice: Random) -> Callable[[], None]:
    def action() -> None:
        if dice.random() < 0.2:
            raise _FailureError

    return action


def _body(barrier: RecordedBarrier, dice: Random) -> Callable[[], None]:
    def body() -> None:
        for _ in range(3):
            try:
                barrier.wait(dice.choice(_SHORT))
            except (BrokenBarrierError, _FailureError):
                if dice.random() < 0.6:
                    barrier.reset()
            if dice.random() < 0.1:
                barrier.abort()

    return body
