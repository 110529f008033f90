"""Time crossings of our barrier, of `threading.Barrier`, and of locks alone, in this interpreter.

Threads cross a barrier again and again, and do nothing else; or each sleeps for a while between
two crossings. Every repetition times all three, one right after another and in another order
each time, so that whatever else the machine does concerns all of them.

The locks alone do what no barrier can do without: each thread but the last of a crossing waits
for a lock of its own, and the last releases them. They keep no generation, know no timeout, and
cannot break: they say how fast it could be.

What was measured is printed as JSON; `make bench` runs this with each Python that it finds.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import resource
import sys
import threading
import time
from _thread import LockType, allocate_lock
from collections.abc import Callable
from typing import NamedTuple, TypedDict

import verified_barrier

WORK = 0.002
"""Seconds for which each thread sleeps between two crossings, in the second table."""
SAMPLE = 0.2
"""Seconds that a sample takes, of the slowest."""

Wait = Callable[[], object]


class LocksAlone:
    """What a crossing costs at least."""

    def __init__(self, parties: int) -> None:
        self._others = parties - 1
        self._lock = allocate_lock()
        self._waiting: list[LockType] = []

    def waiter(self) -> Wait:
        """Return what a thread calls to cross; it has a lock of its own."""
        mine = allocate_lock()
        mine.acquire()

        def wait() -> None:
            with self._lock:
                if len(self._waiting) == self._others:
                    waiting, self._waiting = self._waiting, []
                    for lock in waiting:
                        lock.release()
                    return
                self._waiting.append(mine)
            mine.acquire()

        return wait


def ours(parties: int) -> Callable[[], Wait]:
    """Return what gives each thread what it calls to cross `verified_barrier.Barrier`."""
    barrier = verified_barrier.Barrier(parties)
    return lambda: barrier.wait


def theirs(parties: int) -> Callable[[], Wait]:
    """Return what gives each thread what it calls to cross `threading.Barrier`."""
    barrier = threading.Barrier(parties)
    return lambda: barrier.wait


def locks(parties: int) -> Callable[[], Wait]:
    """Return what gives each thread what it calls to cross by locks alone."""
    return LocksAlone(parties).waiter


SUBJECTS = {"ours": ours, "theirs": theirs, "locks": locks}


class Sample(NamedTuple):
    """What a crossing costs, on average over a run."""

    seconds: float
    processor_seconds: float
    switches: float
    """Context switches of all threads."""


class Row(TypedDict):
    """What was measured with a number of threads: for each subject a sample a repetition."""

    threads: int
    crossings: int
    samples: dict[str, list[Sample]]


class Report(TypedDict):
    """What was measured in one interpreter: the rows by the seconds of work between crossings."""

    python: str
    processors: int
    tables: dict[str, list[Row]]


def sample(subject: str, threads: int, crossings: int, work: float) -> Sample:
    """Return what a crossing costs."""
    waiter = SUBJECTS[subject](threads)
    start = threading.Barrier(threads + 1)

    def cross() -> None:
        wait = waiter()
        start.wait()
        if work:
            for _ in range(crossings):
                time.sleep(work)
                wait()
        else:
            for _ in range(crossings):
                wait()

    workers = [threading.Thread(target=cross) for _ in range(threads)]
    for worker in workers:
        worker.start()
    start.wait()
    before = _now()
    for worker in workers:
        worker.join()
    return Sample(*((b - a) / crossings for a, b in zip(before, _now(), strict=True)))


def _now() -> tuple[float, float, int]:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return time.perf_counter(), time.process_time(), usage.ru_nvcsw + usage.ru_nivcsw


def measure(threads: int, work: float, repetitions: int) -> Row:
    """Return a row of a table."""
    crossings = 20
    while (seconds := sample("theirs", threads, crossings, work).seconds) * crossings < SAMPLE / 5:
        crossings *= 2
    crossings = math.ceil(SAMPLE / seconds)
    samples: dict[str, list[Sample]] = {subject: [] for subject in SUBJECTS}
    for repetition in range(repetitions):
        turn = repetition % len(SUBJECTS)
        for subject in [*SUBJECTS][turn:] + [*SUBJECTS][:turn]:
            samples[subject].append(sample(subject, threads, crossings, work))
    return {"threads": threads, "crossings": crossings, "samples": samples}


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, nargs="+", required=True)
    parser.add_argument("--repetitions", type=int, required=True)
    options = parser.parse_args()
    has_gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    report: Report = {
        "python": f"{platform.python_implementation()} {platform.python_version()}"
        + ("" if has_gil else ", free-threaded"),
        "processors": os.cpu_count() or 1,
        "tables": {
            str(work): [measure(n, work, options.repetitions) for n in options.threads]
            for work in (0.0, WORK)
        },
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
