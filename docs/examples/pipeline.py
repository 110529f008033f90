"""A pipeline whose stages go on in step: in each round, each passes its result to the next one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

from verified_barrier import Barrier

Work = Callable[[int | None], int | None]
"""What a stage does with what it is given; ``None`` stands for nothing."""


class Slot:
    """What one stage passes to the next."""

    def __init__(self, item: int | None = None) -> None:
        self.item = item


def stage(work: Work, source: Slot, target: Slot, barrier: Barrier, rounds: int) -> None:
    """Run one stage. If an exception is raised in it, nobody waits for it any more."""
    try:
        stage_that_forgets(work, source, target, barrier, rounds)
    except BaseException:
        barrier.abort()
        raise


def stage_that_forgets(
    work: Work, source: Slot, target: Slot, barrier: Barrier, rounds: int
) -> None:
    """Run one stage, and forget the others if an exception is raised in it."""
    for _ in range(rounds):
        result = work(source.item)
        barrier.wait()  # all have taken theirs
        target.item = result
        barrier.wait()  # all have passed theirs on


def stage_that_resets(
    work: Work, source: Slot, target: Slot, barrier: Barrier, rounds: int
) -> None:
    """Run one stage; if an exception is raised in it, reset the barrier, which is not enough."""
    try:
        stage_that_forgets(work, source, target, barrier, rounds)
    except BaseException:
        barrier.reset()
        raise


def stages(
    works: Sequence[Work], run: Callable[..., None], item: int, rounds: int
) -> list[Callable[[], None]]:
    """Return what the stages do with an item: one for each kind of work."""
    barrier = Barrier(len(works))
    slots = [Slot(item), *(Slot() for _ in works)]
    return [
        partial(run, work, source, target, barrier, rounds)
        for work, (source, target) in zip(works, pairwise(slots), strict=True)
    ]
