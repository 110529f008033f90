"""Replay a schedule and report what happens: ``make replay SCHEDULE=file.json``.

Ends with 1 if the failure shows again, with 0 if nothing is wrong, and with 2 if the schedule
cannot be replayed; then it says why.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from scheduler.engine import Engine
from scheduler.schedule import ScheduleError, load, replay


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(description="Replay a schedule and report what happens.")
    parser.add_argument("schedule", type=Path, help="a file that schedule.save() has written")
    parser.add_argument("--details", action="store_true", help="show what threads read and write")
    options = parser.parse_args(arguments)
    try:
        schedule = load(options.schedule)
        with Engine() as engine:
            replayed = replay(engine, schedule)
    except ScheduleError as error:
        print(error, file=sys.stderr)
        return 2
    print(replayed.report(details=options.details), end="")
    return 0 if replayed.problem is None else 1


if __name__ == "__main__":
    sys.exit(main())
