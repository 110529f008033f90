"""The pipeline, in every order that can make a difference, with a stage that fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import BrokenBarrierError

import pipeline
from scheduler.own import Found, Verdict, explore_program


def double(item: int | None) -> int | None:
    """Work."""
    return None if item is None else 2 * item


def fail(item: int | None) -> int | None:
    """Work until there is something to work on."""
    if item is not None:
        raise ValueError(item)
    return None


FINISH = [type(None), type(None)]
STOP = [BrokenBarrierError, ValueError]


def explored(stage: Callable[..., None], second: pipeline.Work, ends: Sequence[type]) -> Found:
    """Have two stages work on a number for two rounds, in every order.

    Parameters: ``second``, what the second one does; ``ends``, of which kind is what the two
    return or raise.
    """

    def program() -> Sequence[Callable[[], object]]:
        return pipeline.stages([double, second], stage, item=1, rounds=2)

    def judge(found: Sequence[object]) -> str | None:
        is_right = [type(end) for end in found] == ends
        return None if is_right else f"they do not end as they should: {found}"

    watched = {pipeline.Slot: ["item"]}
    return explore_program(program, judge, modules=[pipeline], watched=watched)


def test_both_finish() -> None:
    """Where nothing fails."""
    found = explored(pipeline.stage, double, FINISH)
    assert found.verdict is Verdict.PASS, found.report


def test_both_end_if_one_fails() -> None:
    """It ends with its exception, and the other one is told."""
    found = explored(pipeline.stage, fail, STOP)
    assert found.verdict is Verdict.PASS, found.report


def test_stage_that_forgets_the_others_is_found_out() -> None:
    """The other one waits for ever."""
    found = explored(pipeline.stage_that_forgets, fail, STOP)
    assert found.verdict is Verdict.FAIL
    assert found.problem == "t1 waits for ever in wait()"


def test_stage_that_resets_is_found_out() -> None:
    """The other one waits for ever, if it comes too late to notice."""
    found = explored(pipeline.stage_that_resets, fail, STOP)
    assert found.verdict is Verdict.FAIL
    assert found.problem == "t1 waits for ever in wait()"


if __name__ == "__main__":
    print(explored(pipeline.stage, fail, STOP).report)
    print(explored(pipeline.stage_that_resets, fail, STOP).report, end="")
