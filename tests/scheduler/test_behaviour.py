"""Seen from the outside, ours does what the model does, and CPython's where nothing sets it off."""

from __future__ import annotations

import re

import pytest

from scheduler.behaviour import Behaviour
from scheduler.counts import by_size, comes_to, counts
from scheduler.deviations import DEVIATIONS, Deviation
from scheduler.dpor import dpor
from scheduler.engine import Engine
from scheduler.faults import FAULTS, Fault
from scheduler.scenarios import SCENARIOS, Run, load_shipped
from scheduler.search import Verdict
from scheduler.subjects import SHIPPED, STANDARD, SUBJECTS

UNSEEN = {
    "timeout that ignores an outcome just written",
    "withdrawal that is forgotten",
    "withdrawal that ignores an outcome just written",
    "action run after the release",
}
"""The faults of which nobody outside notices anything in their scenario: the white box does."""


@pytest.mark.parametrize("name", by_size(SHIPPED))
def test_ours_does_what_the_model_does(engine: Engine, name: str) -> None:
    """In every interleaving, there is a run of the model that looks the same."""
    run = Run(SCENARIOS[name], load_shipped(engine), Behaviour)
    result = dpor(engine, run, run.judge)
    assert (result.verdict, result.problem) == (Verdict.PASS, None)


@pytest.mark.parametrize("name", by_size(STANDARD))
def test_cpythons_does_what_the_model_does_or_deviates(name: str) -> None:
    """In each scenario it passes, or fails for the reason that is noted."""
    with Engine(step_bound=500) as engine:
        run = STANDARD.run(engine, name)
        assert comes_to(STANDARD, name, dpor(engine, run, run.judge))


def test_cpythons_fails_only_where_something_sets_it_off() -> None:
    """Crossings, timeouts, resets and actions that leave the barrier alone are all right."""
    harmless = re.compile(
        r"(\d threads( on \d parties)?(, two crossings)?(, (two )?timeouts?)?(, reset)?"
        r"(, held calls with timeouts)?(, action (returns|raises|is slow))?)"
    )
    found = {name: noted[STANDARD.name] for name, noted in counts().items()}
    assert all(
        not isinstance(came_to, str) for name, came_to in found.items() if harmless.fullmatch(name)
    )
    assert all(
        isinstance(came_to, str | None)
        for name, came_to in found.items()
        if not harmless.fullmatch(name)
    )


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fault_is_seen_from_the_outside(engine: Engine, fault: Fault) -> None:
    """Most faults are, and are told by what a thread notices; the rest are listed."""
    run = Run(SCENARIOS[fault.scenario], SUBJECTS[fault.name].load(engine), Behaviour)
    result = dpor(engine, run, run.judge)
    assert result.verdict is (Verdict.PASS if fault.name in UNSEEN else Verdict.FAIL)


@pytest.mark.parametrize("deviation", DEVIATIONS, ids=lambda deviation: deviation.name)
def test_deviation_is_one_of_cpythons_alone(deviation: Deviation) -> None:
    """The search finds it in CPython's barrier, and finds nothing in ours."""
    with Engine(step_bound=500) as engine:
        run = SHIPPED.run(engine, deviation.scenario)
        assert dpor(engine, run, run.judge).verdict is Verdict.PASS
        run = STANDARD.run(engine, deviation.scenario)
        assert dpor(engine, run, run.judge).verdict is Verdict.FAIL
