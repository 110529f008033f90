"""Time crossings of `verified_barrier.Barrier` and of `threading.Barrier`, side by side.

Every repetition times both, one right after the other and in alternating order, so that
whatever else the machine does concerns both. Figures are ratios: how many times as fast as
`threading.Barrier`. Run it with `make bench`.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import threading
import time
from collections.abc import Callable

import verified_barrier

Factory = Callable[[int], threading.Barrier | verified_barrier.Barrier]


def seconds_per_crossing(factory: Factory, threads: int, crossings: int) -> float:
    """Return how long a crossing takes when `threads` threads do nothing else."""
    barrier = factory(threads)
    start = factory(threads + 1)

    def cross() -> None:
        start.wait()
        for _ in range(crossings):
            barrier.wait()

    workers = [threading.Thread(target=cross) for _ in range(threads)]
    for worker in workers:
        worker.start()
    start.wait()
    begin = time.perf_counter()
    for worker in workers:
        worker.join()
    return (time.perf_counter() - begin) / crossings


def measure(threads: int, crossings: int, repetitions: int) -> tuple[list[float], list[float]]:
    """Return the seconds per crossing of ours and of CPython's, one pair a repetition."""
    times: dict[Factory, list[float]] = {verified_barrier.Barrier: [], threading.Barrier: []}
    for repetition in range(repetitions):
        for factory in sorted(
            times, key=lambda f: f is threading.Barrier, reverse=repetition % 2 == 1
        ):
            times[factory].append(seconds_per_crossing(factory, threads, crossings))
    return times[verified_barrier.Barrier], times[threading.Barrier]


def main() -> None:
    """Print a table of ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2, 4, 8, 16, 32])
    parser.add_argument("--repetitions", type=int, default=5)
    options = parser.parse_args()
    print(f"{platform.python_implementation()} {platform.python_version()}, crossings in a loop")
    print("threads   µs each   threading's   ratio (least to most)")
    for threads in options.threads:
        crossings = max(200, 20_000 // threads**2)
        ours, theirs = measure(threads, crossings, options.repetitions)
        ratios = [their / our for our, their in zip(ours, theirs, strict=True)]
        print(
            f"{threads:7}  {statistics.median(ours) * 1e6:8.1f}  "
            f"{statistics.median(theirs) * 1e6:12.1f}   "
            f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        )


if __name__ == "__main__":
    main()
