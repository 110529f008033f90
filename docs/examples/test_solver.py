"""The solver, in every order that can make a difference. Run as a script, it shows a failure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import solver
from scheduler.own import Found, Verdict, explore_program


def explored(relax: Callable[..., int]) -> Found:
    """Have two workers solve a small equation, in every order."""

    def program() -> Sequence[Callable[[], object]]:
        values = (0.0, 0.0, 0.0, 8.0)
        points = [solver.Point(value, change=0.0) for value in values]
        return solver.workers(points, relax, tolerance=3.0)

    def judge(ends: Sequence[object]) -> str | None:
        return None if ends == [2, 2] else f"they do not both leave after two sweeps: {ends}"

    watched = {solver.Point: ("value", "change")}
    return explore_program(program, judge, modules=[solver], watched=watched)


def test_both_leave_after_the_same_sweep() -> None:
    """In every order."""
    found = explored(solver.relax)
    assert found.verdict is Verdict.PASS, found.report


def test_hasty_solver_is_found_out() -> None:
    """Without the first wait, a worker may leave too early, and the other waits for ever."""
    found = explored(solver.relax_hastily)
    assert found.verdict is Verdict.FAIL
    assert found.problem == "t2 waits for ever in wait()"


if __name__ == "__main__":
    print(explored(solver.relax).report)
    print(explored(solver.relax_hastily).report, end="")
