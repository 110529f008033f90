"""The scheduler's commands: ``make find`` and ``make replay``.

``find SCENARIO`` looks for a failure of a barrier in every interleaving of a scenario, reports the
smallest that it gets hold of, and with ``--output`` keeps its schedule; ``replay FILE`` runs a
schedule again, and with ``--trace`` records what our barrier does in it. Both end with 1 if there
is a failure, with 0 if nothing is wrong, and with 2 if what they are asked cannot be done, or was
not finished; then they say why.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from scheduler.dpor import dpor
from scheduler.engine import Engine
from scheduler.minimise import fewest_preemptions
from scheduler.scenarios import SCENARIOS
from scheduler.schedule import ScheduleError, checked_name, load, recorded, replay, save
from scheduler.search import Verdict
from scheduler.subjects import SHIPPED, STANDARD, SUBJECTS
from traces.recorder import Recorder
from verified_barrier.verification.files import OutputError, check_writable
from verified_barrier.verification.traces.trace import write_traces


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code."""
    parser = argparse.ArgumentParser(prog="scheduler", description="Run barriers in any order.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    finds = commands.add_parser("find", help="look for the smallest failure in a scenario")
    finds.add_argument("scenario", help="one of scenarios.py")
    finds.add_argument("--barrier", default=SHIPPED.name, help="one of subjects.py")
    finds.add_argument("--output", type=Path, help="the file that the schedule goes to")
    finds.add_argument("--limit", type=int, default=20_000, help="how many executions at most")
    finds.set_defaults(command=_find)
    replays = commands.add_parser("replay", help="run a schedule again")
    replays.add_argument("schedule", type=Path, help="a file that find --output has written")
    replays.add_argument("--trace", type=Path, help="the file that a recorded run goes to")
    replays.set_defaults(command=_replay)
    for command in (finds, replays):
        command.add_argument("--details", action="store_true", help="show reads and writes")
    options = parser.parse_args(arguments)
    try:
        return int(options.command(options))
    except (ScheduleError, OutputError) as error:
        print(error, file=sys.stderr)
        return 2


def _find(options: argparse.Namespace) -> int:
    checked_name("scenario", options.scenario, SCENARIOS)
    subject = SUBJECTS[checked_name("barrier", options.barrier, SUBJECTS)]
    with Engine(step_bound=500) as engine:
        run = subject.run(engine, options.scenario)
        found = dpor(engine, run, run.judge, options.limit)
        if found.failure is None:
            print(f"{found.verdict.value}: {found.executions} executions")
            return 0 if found.verdict is Verdict.PASS else 2
        run = subject.run(engine, options.scenario, livelocks=True)
        least = fewest_preemptions(engine, run, run.judge, limit=options.limit)
        schedule = recorded(least.failure or found.failure, options.scenario, subject)
        print(replay(engine, schedule).report(details=options.details), end="")
    if options.output is not None:
        save(schedule, options.output)
    return 1


def _replay(options: argparse.Namespace) -> int:
    schedule = load(options.schedule)
    if options.trace is not None:
        if schedule.barrier == STANDARD.name:
            raise ScheduleError(
                f"{schedule.barrier} tells nobody which steps it takes: there is no trace of it"
            )
        check_writable(options.trace)
    with Engine() as engine:
        replayed = replay(engine, schedule, oracle=Recorder if options.trace else None)
        oracle = replayed.recording.run.oracle
    print(replayed.report(details=options.details), end="")
    if isinstance(oracle, Recorder):
        source = f"{schedule.barrier}: {schedule.scenario}"
        write_traces([oracle.recording.trace(source)], options.trace)
    return 0 if replayed.problem is None else 1


if __name__ == "__main__":
    sys.exit(main())
