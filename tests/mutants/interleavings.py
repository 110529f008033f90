"""The check of the scheduler for the gallery: small scenarios, in every interleaving.

It ends with 1 and says what is wrong as soon as something is; with 3 where it has not finished.
"""

from __future__ import annotations

import sys

from scheduler.behaviour import Behaviour
from scheduler.counts import counts
from scheduler.dpor import dpor
from scheduler.engine import Engine
from scheduler.oracle import Oracle
from scheduler.scenarios import SCENARIOS, Run, load_shipped
from scheduler.search import Verdict
from scheduler.subjects import SHIPPED

MANY = 30
"""Scenarios with more executions are left out, save those of ``ALSO``."""
ALSO = ("3 threads on 2 parties, action raises", "4 threads on 3 parties, withdrawal")


def main() -> int:
    """Look at each scenario as the steps tell it, and as it is seen from the outside."""
    with Engine(step_bound=2_000) as engine:
        for name, noted in counts().items():
            size = noted[SHIPPED.name]
            if name not in ALSO and (not isinstance(size, int) or size > MANY):
                continue
            for judge in (Oracle, Behaviour):
                run = Run(SCENARIOS[name], load_shipped(engine), judge)
                found = dpor(engine, run, run.judge, limit=2_000)
                if found.problem is not None:
                    print(f"{name}: {found.problem}")
                    return 1
                if found.verdict is not Verdict.PASS:
                    print(f"{name}: {found.verdict.value} after {found.executions} executions")
                    return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
