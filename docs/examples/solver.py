"""Temperatures along a rod whose ends are held, by Jacobi's method: a worker for each point."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import inf
from threading import Thread

from verified_barrier import Barrier


class Point:
    """A point of the rod."""

    def __init__(self, value: float, change: float = inf) -> None:
        self.value = value
        self.change = change
        """How much the value changed when it was written last."""


def relax(points: Sequence[Point], place: int, barrier: Barrier, tolerance: float) -> int:
    """Compute the value of one point, until no value changes much; return the sweeps it took."""
    point = points[place]
    sweeps = 0
    while True:
        value = (points[place - 1].value + points[place + 1].value) / 2
        barrier.wait()  # all have read
        point.change = abs(value - point.value)
        point.value = value
        barrier.wait()  # all have written
        sweeps += 1
        if all(other.change < tolerance for other in points):
            return sweeps


def relax_hastily(points: Sequence[Point], place: int, barrier: Barrier, tolerance: float) -> int:
    """Do the same without the first wait: a value that is newer does no harm."""
    point = points[place]
    sweeps = 0
    while True:
        value = (points[place - 1].value + points[place + 1].value) / 2
        point.change = abs(value - point.value)
        point.value = value
        barrier.wait()  # all have written
        sweeps += 1
        if all(other.change < tolerance for other in points):
            return sweeps


def workers(
    points: Sequence[Point], relax: Callable[..., int], tolerance: float
) -> list[Callable[[], int]]:
    """Return what the workers do: one for each point between the ends."""
    barrier = Barrier(len(points) - 2)
    places = range(1, len(points) - 1)
    return [partial(relax, points, place, barrier, tolerance) for place in places]


def solve(left: float, right: float, number: int, tolerance: float = 1e-6) -> list[float]:
    """Return the temperatures at so many points, evenly spaced, between the ends."""
    inner = [Point(0.0) for _ in range(number)]
    points = [Point(left, change=0.0), *inner, Point(right, change=0.0)]
    threads = [Thread(target=worker) for worker in workers(points, relax, tolerance)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [point.value for point in inner]
