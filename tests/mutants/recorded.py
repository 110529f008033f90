"""The check of trace validation for the gallery: a few executions of each scenario, recorded.

What the scheduler's oracle thinks of them is not asked: TLC alone decides. It ends with 1 and says
what is wrong if something is; with 4 where there was no time.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from mutants.running import LATE
from scheduler.engine import Engine, Execution
from scheduler.randomised import random_walk
from scheduler.scenarios import SCENARIOS, Run, load_shipped
from traces.recorder import Recorder
from verified_barrier.verification.tlc import Tlc
from verified_barrier.verification.traces.recording import RecordingError
from verified_barrier.verification.traces.trace import Trace
from verified_barrier.verification.traces.validation import ValidationError, validate

EXECUTIONS = 4


class _Lenient(Recorder):
    """An oracle that records, and objects to nothing."""

    def _wrong(self, what: str) -> None:
        pass


def traces() -> list[Trace]:
    """Return the traces of some executions of each scenario for two parties."""
    found: list[Trace] = []
    with Engine() as engine:
        for name, scenario in SCENARIOS.items():
            if scenario.parties != 2:
                continue
            run = Run(scenario, load_shipped(engine), _Lenient)
            random_walk(engine, run, _kept(run, name, found), seed=1, executions=EXECUTIONS)
    return [trace for trace in found if trace.events]


def _kept(run: Run, name: str, to: list[Trace]) -> Callable[[Execution], None]:
    def keep(_execution: Execution) -> None:
        if run.barrier is not None and isinstance(run.oracle, Recorder):
            to.append(run.oracle.recording.trace(name))

    return keep


def main() -> int:
    """Validate the traces."""
    try:
        found = traces()
        judged = validate(found, Tlc.find().prepared(Path(sys.argv[1])), 60.0)
    except (RecordingError, ValidationError) as problem:
        print(str(problem).replace("\n", " "))
        return 1
    for one in judged:
        if one.accepted is None:
            return LATE
        if one.stuck is not None:
            event = one.trace.events[one.stuck.place]
            print(f"{one.trace.source}: event {one.stuck.place + 1}, {event}, is not possible")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
