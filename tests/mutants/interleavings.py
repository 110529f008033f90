"""The check of the scheduler for the gallery: small scenarios, in every interleaving.

It ends with 1 and says what is wrong as soon as something is; with 3 where a small scenario has not
been exhausted.
"""

from __future__ import annotations

import sys

from mutants.running import NO_VERDICT
from scheduler.behaviour import Behaviour
from scheduler.counts import counts
from scheduler.dpor import dpor
from scheduler.engine import Engine
from scheduler.oracle import Oracle
from scheduler.scenarios import SCENARIOS, Run, load_shipped
from scheduler.search import Verdict
from scheduler.subjects import SHIPPED

SMALL = 30
"""How many executions a scenario has at most that is exhausted."""
LARGER = ("3 threads on 2 parties, withdrawal", "4 threads on 3 parties, withdrawal")
"""Scenarios of which a hundred executions are looked at."""


def main() -> int:
    """Look at each scenario as the steps tell it, and as it is seen from the outside."""
    sizes = {name: noted[SHIPPED.name] for name, noted in counts().items()}
    small = [name for name, size in sizes.items() if isinstance(size, int) and size <= SMALL]
    with Engine(step_bound=2_000) as engine:
        for name in (*small, *LARGER):
            for judge in (Oracle, Behaviour) if name in small else (Oracle,):
                run = Run(SCENARIOS[name], load_shipped(engine), judge)
                found = dpor(engine, run, run.judge, limit=2_000 if name in small else 100)
                if found.problem is not None:
                    print(f"{name}: {found.problem}")
                    return 1
                if name in small and found.verdict is not Verdict.PASS:
                    print(f"{name}: {found.verdict.value} after {found.executions} executions")
                    return NO_VERDICT
    return 0


if __name__ == "__main__":
    sys.exit(main())
