"""Exhaust one crossing of `threading.Barrier`: our searches and two tools from PyPI, in one run.

Every tool runs the same program with 2 and with 3 threads: each thread crosses the barrier once
and notes the index it got. The indices are the order of arrival, so N threads have N! outcomes,
and a tool that has seen fewer has not seen everything, whatever it says.

- Ours: the naive search and DPOR. CPython's own Barrier and Condition, each lock operation a
  scheduling point.
- frontrun: DPOR without a bound on preemptions. Its Condition replaces CPython's. With the virtual
  clock: with the real one, its default, it gives up in the first execution.
- interleave-test: depth first. Its Condition replaces CPython's. This file is excluded from its
  tracing, so that only operations of locks and threads are scheduling points, as with us: its
  default, a point at each bytecode instruction, needs far more executions. Its documentation has
  a thread that starts the others and joins them; without the joins, which we do not have either,
  it needs fewer executions. The last line has its default bound of two preemptions: it
  exhausts what is within that bound.

Each measurement has a limit of time, and a process of its own, bound to one processor: every tool
runs one thread at a time, and all are two or three times as fast when none moves. A search that
takes less than a second is repeated until a second has passed; the seconds are those of one search
on average, with its own threads and set-up, without imports. Rates count seconds of processor time:
what else the machine does then matters less. Run it with `make bench-scheduler`.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from time import perf_counter, process_time
from typing import NamedTuple

from scheduler.dpor import dpor
from scheduler.engine import Body, Ending, Engine, Execution, Program
from scheduler.scenarios import load_standard
from scheduler.search import Judge, Result, Verdict, naive

Order = tuple[int | None, ...]
"""The index that each thread got."""

REPEATED_FOR = 1.0
"""Seconds for which a short search is repeated."""
GRACE = 15.0
"""Seconds that a process may go on beyond its limit before it is killed."""


class Found(NamedTuple):
    """What one search has looked at."""

    executions: int
    orders: set[Order]
    finished: bool
    """Whether the tool says that it has looked at everything."""


class Measurement(NamedTuple):
    """What a process reports: the searches that fitted in its time."""

    executions: int
    """Those of one search."""
    seconds: float
    """Those of one search, on average."""
    processor_seconds: float
    orders: int
    finished: bool

    @property
    def rate(self) -> float:
        """Executions per second of processor time."""
        return self.executions / self.processor_seconds


Search = Callable[[int, float], Found]
"""Searches with a number of threads, until a time of `perf_counter`."""


class OutOfTime(Exception):  # noqa: N818
    """Ends a search that has no limit of time itself."""


def our_search(
    search: Callable[[Engine, Program, Judge, int], Result], threads: int, deadline: float
) -> Found:
    """Search with one of ours."""
    orders: list[Order] = []

    def judge(execution: Execution) -> str | None:
        orders.append(tuple(t.result for t in execution.threads if isinstance(t.result, int)))
        if perf_counter() > deadline:
            raise OutOfTime
        return None if execution.ending is Ending.FINISHED else execution.ending.value

    with Engine() as engine:
        module = load_standard(engine)

        def program(engine: Engine) -> list[Body]:
            barrier = module.Barrier(threads)
            return [Body(barrier.wait)] * threads

        try:
            result = search(engine, program, judge, sys.maxsize)
        except OutOfTime:
            return Found(len(orders), set(orders), False)
    if result.problem is not None:
        raise AssertionError(result.problem)
    return Found(result.executions, set(orders), result.verdict is Verdict.PASS)


class Crossing:
    """A barrier and what its threads got: the program that frontrun and interleave-test run."""

    def __init__(self, threads: int) -> None:
        self.barrier = threading.Barrier(threads)
        self.indices: list[int | None] = [None] * threads

    def cross(self, number: int) -> None:
        """Cross the barrier as one of the threads."""
        self.indices[number] = self.barrier.wait()


def frontrun_search(threads: int, deadline: float) -> Found:
    """Search with frontrun."""
    os.environ["FRONTRUN_ACTIVE"] = "1"  # as its command sets it
    import frontrun

    orders: set[Order] = set()

    def worker(number: int) -> Callable[[Crossing], None]:
        return lambda crossing: crossing.cross(number)

    def note(crossing: Crossing) -> bool:
        orders.add(tuple(crossing.indices))
        return True

    result = frontrun.explore(
        setup=lambda: Crossing(threads),
        workers=[worker(number) for number in range(threads)],
        invariant=note,
        clock="virtual",
        preemption_bound=None,
        stop_on_first=False,
        detect_io=False,
        total_timeout=deadline - perf_counter(),
    )
    finished = result.property_holds is True and perf_counter() < deadline
    return Found(result.num_explored, orders, finished)


def interleave_search(joins: bool, max_preemptions: int, threads: int, deadline: float) -> Found:
    """Search with interleave-test."""
    import interleave_test

    orders: set[Order] = set()

    def model() -> None:
        if perf_counter() > deadline:
            raise OutOfTime
        crossing = Crossing(threads)

        def cross(number: int) -> None:
            crossing.cross(number)
            if None not in crossing.indices:
                orders.add(tuple(crossing.indices))

        tasks = [interleave_test.spawn(cross, number) for number in range(threads)]
        if joins:
            for task in tasks:
                task.join()

    result = interleave_test.explore(
        model,
        strategy="dfs",
        max_preemptions=max_preemptions,
        iterations=sys.maxsize,
        exclude=[__file__],
        raise_on_failure=False,
    )
    if result.failure and not isinstance(result.failure.exception, OutOfTime):
        raise AssertionError(result.failure.format())
    return Found(result.schedules_run, orders, result.exhausted and result.failure is None)


SEARCHES: dict[str, Search] = {
    "ours, naive": partial(our_search, naive),
    "ours, DPOR": partial(our_search, dpor),
    "frontrun, DPOR": frontrun_search,
    "interleave-test, as documented": partial(interleave_search, True, sys.maxsize),
    "interleave-test, without joins": partial(interleave_search, False, sys.maxsize),
    "interleave-test, 2 preemptions": partial(interleave_search, False, 2),
}
NEEDS = {"frontrun": "frontrun", "interleave-test": "interleave-test (Python 3.12 or newer)"}
"""What to install for the searches whose names begin so."""


def measure(search: Search, threads: int, limit: float) -> Measurement:
    """Search on one processor, again and again if that is quick."""
    if sys.platform == "linux":
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    begin, processor_begin = perf_counter(), process_time()
    searches = 0
    while True:
        found = search(threads, begin + limit)
        searches += 1
        seconds = perf_counter() - begin
        if not found.finished or seconds > min(REPEATED_FOR, limit):
            break
    return Measurement(
        found.executions,
        seconds / searches,
        (process_time() - processor_begin) / searches,
        len(found.orders),
        found.finished,
    )


def measure_apart(name: str, threads: int, limit: float) -> Measurement | str:
    """Return what a process of its own measures, or why there is nothing."""
    package = name.split(",")[0]
    try:
        if package in NEEDS:
            version(package)
    except PackageNotFoundError:
        return f"not installed: pip install {NEEDS[package]}"
    command = [sys.executable, __file__, "--only", name, "--threads", str(threads)]
    try:
        process = subprocess.run(
            [*command, "--limit", str(limit)], capture_output=True, text=True, timeout=limit + GRACE
        )
    except subprocess.TimeoutExpired:
        return f"not finished, and killed {GRACE:.0f} s after its limit"
    if process.returncode != 0:
        return f"failed: {(process.stderr.strip() or str(process.returncode)).splitlines()[-1]}"
    return Measurement(*json.loads(process.stdout.splitlines()[-1]))


def row(name: str, threads: int, measured: Measurement, ours: list[Measurement]) -> str:
    """Return a line of the table."""
    orders = math.factorial(threads)
    if not measured.finished:
        verdict = "not finished"
    else:
        verdict = "yes" if measured.orders == orders else "it says so"
    ratios = "".join(f"{our.rate / measured.rate:9.1f}" for our in ours)
    return (
        f"{threads:7}  {name:30}  {measured.executions:10}  {measured.seconds:8.4f}  "
        f"{measured.rate:9.1f}  {verdict:12}  {f'{measured.orders} of {orders}':>8}{ratios}"
    )


def main() -> None:
    """Print a table, or measure one line of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, nargs="+", default=[2, 3])
    parser.add_argument("--limit", type=float, default=60, help="seconds for each measurement")
    parser.add_argument("--only", choices=SEARCHES, help="measure this one, print JSON")
    options = parser.parse_args()
    if options.only:
        print(json.dumps(measure(SEARCHES[options.only], options.threads[0], options.limit)))
        return
    print(
        f"{platform.python_implementation()} {platform.python_version()}, one crossing of "
        f"threading.Barrier, at most {options.limit:g} s each"
    )
    print(
        f"threads  {'search':30}  executions   seconds  per CPU s  exhausted       orders"
        "  naive ÷   DPOR ÷"
    )
    for threads in options.threads:
        ours: list[Measurement] = []
        for name in SEARCHES:
            measured = measure_apart(name, threads, options.limit)
            if isinstance(measured, str):
                print(f"{threads:7}  {name:30}  {measured}", flush=True)
                continue
            peer = not name.startswith("ours")
            print(row(name, threads, measured, ours if peer else []), flush=True)
            if not peer:
                ours.append(measured)
    print("naive ÷, DPOR ÷: how many times as many executions per CPU s ours make")
    print("it says so: the tool reports success, but has not seen every order")


if __name__ == "__main__":
    main()
