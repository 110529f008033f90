"""Generated programs, played with real threads at the real barrier, do what the model does.

A program that fails is made small, printed as numbered steps, and handed to the scheduler, which
shows the same failure again and keeps it as a schedule. That this works is shown with the
scheduler's faults and with CPython's barrier.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from scheduler.deviations import DEVIATIONS
from scheduler.engine import Engine
from scheduler.faults import FAULTS
from scheduler.schedule import load, replay
from scheduler.subjects import SHIPPED, STANDARD
from stateful import threads
from stateful.playing import Story, play
from stateful.programs import ALL, SITES, Command, Do, Program, Site, programs
from stateful.replaying import explained, replayed
from verified_barrier import barrier as shipped
from verified_barrier.table import TABLE

TESTS = Path(__file__).parents[1]


class FailedError(Exception):
    """A program that fails."""

    def __init__(self, story: Story) -> None:
        super().__init__(str(story))
        self.story = story


def smallest(
    barrier: str,
    chosen: settings,
    dos: tuple[Do, ...] = ALL,
    sites: st.SearchStrategy[Site] = SITES,
) -> Story | None:
    """Return the story of the smallest program that fails, of those that are generated."""

    @settings(chosen, suppress_health_check=list(HealthCheck))
    @given(programs(dos, sites))
    def run(program: Program) -> None:
        story = play(barrier, program)
        if story.problem is not None:
            raise FailedError(story)

    try:
        run()
    except FailedError as error:
        return error.story
    return None


def test_shipped_barrier_does_what_the_model_does(tmp_path: Path) -> None:
    """Whatever threads do, one after the other, the barrier does what the model does."""
    story = smallest(SHIPPED.name, settings(max_examples=400))
    if story is not None:
        pytest.fail(explained(story, tmp_path / "schedule.json"))


def test_programs_reach_every_action() -> None:
    """Programs lead everywhere: there is no row of the table that is not taken."""
    reached: set[str] = set()

    @settings(max_examples=800, derandomize=True, database=None)
    @given(programs())
    def run(program: Program) -> None:
        reached.update(play(SHIPPED.name, program).reached)

    run()
    assert reached == {row.action for row in TABLE.rows}
