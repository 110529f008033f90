"""A barrier of a counter and a lock, and two threads that cross it twice, one step at a time.

    python counter.py 1 1 2 2       lets thread 1 take two steps, and then thread 2 two
    python counter.py --reset …     the last to arrive sets the counter back

A step ends at each ``yield``: there, another thread may come in.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

PARTIES = 2


class CounterBarrier:
    """It counts who has arrived; whoever finds the count too small looks again."""

    def __init__(self, resets: bool) -> None:
        self.count = 0
        self.resets = resets

    def wait(self) -> Iterator[str]:
        """Say what each step does."""
        self.count += 1  # with a lock around it; so this is one step
        last = self.count == PARTIES
        yield f"arrives: the count is {self.count}"
        if last and self.resets:
            self.count = 0
            yield "is the last, and sets the count to 0"
            return
        while not last and self.count < PARTIES:
            yield f"looks: the count is {self.count}, so it waits"
        yield "goes on"


def thread(barrier: CounterBarrier) -> Iterator[str]:
    """Cross twice."""
    for crossing in ("first", "second"):
        for says in barrier.wait():
            yield f"{crossing} crossing: {says}"


def main() -> None:
    """Run the schedule of the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--reset", action="store_true", help="the last sets the counter back")
    parser.add_argument("schedule", type=int, nargs="+", choices=(1, 2), metavar="THREAD")
    options = parser.parse_args()
    barrier = CounterBarrier(options.reset)
    threads = {number: thread(barrier) for number in (1, 2)}
    for number in options.schedule:
        print(f"thread {number}, {next(threads[number], 'has ended')}")


if __name__ == "__main__":
    main()
