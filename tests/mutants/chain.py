"""The check of the chain of evidence for the gallery: some of its checks, one after another.

It takes their names, and ends with 1 and says what is wrong as soon as one is not as expected; with
3 where one comes to no verdict: TLC cannot check the model, or CrossHair has neither confirmed a
condition nor refuted one; with 4 where the time is up.
"""

from __future__ import annotations

import os
import sys
import time
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from mutants.running import LATE, NO_VERDICT
from verified_barrier.verification.check import all_checks
from verified_barrier.verification.report import Report, Verdict
from verified_barrier.verification.tlc import Tlc

SECONDS = 280.0
"""The time limit of all checks together: TLC is to be ended before somebody ends this."""


def main(patterns: list[str]) -> int:
    """Run the checks whose names match, the first pattern's first."""

    @cache
    def find_tlc() -> Tlc:
        return Tlc.find().prepared(Path(os.environ["XDG_CACHE_HOME"], "verified-barrier"))

    checks = all_checks(find_tlc)
    deadline = time.monotonic() + SECONDS
    for pattern in patterns:
        chosen = [check for check in checks if fnmatchcase(check.name, pattern)]
        if not chosen:
            print(f"there is no check {pattern}")
            return 2
        for check in chosen:
            report = check.run(max(0.1, deadline - time.monotonic()))
            if report.verdict is not Verdict.AS_EXPECTED:
                print(f"{check.name}: {said(report)}")
                return exit_code(report)
    return 0


def exit_code(report: Report) -> int:
    """Return 1 if something is wrong, and not only unknown."""
    if report.verdict is Verdict.INCOMPLETE:
        return LATE
    is_refuted = any(" when calling " in detail for detail in report.details)
    is_unknown = report.details[:1] == ["TLC: failed"] or (
        "not confirmed" in report.summary and not is_refuted
    )
    return NO_VERDICT if is_unknown else 1


def said(report: Report) -> str:
    """Return the first line of what is wrong."""
    return (report.details or [report.summary])[0].split("\n")[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
