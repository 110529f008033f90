"""Scenarios are runs of the model, the shortest that do what they say."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from verified_barrier import cli
from verified_barrier.table import Location
from verified_barrier.teaching import scenarios
from verified_barrier.teaching.scenarios import (
    SCENARIOS,
    Scenario,
    run_of_scenario,
    shortest,
    told,
    trace_of,
)
from verified_barrier.verification.model import Configuration, Edge, Graph, enumerate_graph, initial
from verified_barrier.verification.traces.following import follow
from verified_barrier.verification.traces.trace import Trace, TraceEvent


def _trace(name: str) -> Trace:
    one = SCENARIOS[name]
    return trace_of(one.parties, one.has_action, shortest(one), one.threads)


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario_is_a_run_of_the_model(name: str) -> None:
    """It takes the actions of its name in their order, and leaves nobody in ``wait()``."""
    steps = shortest(SCENARIOS[name])
    now = initial(SCENARIOS[name].threads)
    for step in steps:
        assert step.source == now
        now = step.target
    assert {thread.location for thread in now.threads} == {Location.OUTSIDE}
    actions = iter([step.action for step in steps])
    assert all(action in actions for action in SCENARIOS[name].through)
    taken, stuck = follow(_trace(name))
    assert stuck is None
    assert taken == [step.action for step in steps]
    assert run_of_scenario(name).stuck is None


def _out(graph: Graph) -> dict[Configuration, list[Edge]]:
    out: dict[Configuration, list[Edge]] = {}
    for edge in graph.edges:
        out.setdefault(edge.source, []).append(edge)
    return out


def _fewest_steps(scenario: Scenario) -> int:
    """Return how many steps a run must have at least, whatever the order of actions."""
    graph = enumerate_graph(scenario.parties, scenario.threads, scenario.has_action)
    out, (start,) = _out(graph), graph.initial
    places = {(start, 0)}
    for count in range(100):
        if any(
            done == len(scenario.through) and now.threads == start.threads for now, done in places
        ):
            return count
        places = {
            (edge.target, done + (scenario.through[done : done + 1] == (edge.action,)))
            for now, done in places
            for edge in out[now]
        }
    raise AssertionError("there is no run")


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario_has_no_step_too_many(name: str) -> None:
    assert len(shortest(SCENARIOS[name])) == _fewest_steps(SCENARIOS[name])


@pytest.mark.parametrize(
    ("parties", "threads", "has_action"), [(1, 2, False), (1, 2, True), (2, 2, True)]
)
def test_every_step_is_told_as_it_would_be_recorded(
    parties: int, threads: int, has_action: bool
) -> None:
    """What tells of a shortest way to a step, and of the step, is followed in the model."""
    out = _out(enumerate_graph(parties, threads, has_action))
    ways: dict[Configuration, tuple[Edge, ...]] = {initial(threads): ()}
    for source in (queue := list(ways)):
        for edge in out[source]:
            way = (*ways[source], edge)
            taken, stuck = follow(trace_of(parties, has_action, way, threads))
            assert stuck is None, f"{edge}: {stuck}"
            assert taken == [step.action for step in way]
            if edge.target not in ways:
                ways[edge.target] = way
                queue.append(edge.target)


@pytest.mark.parametrize(
    ("fault", "event"),
    [
        (lambda event: event._replace(index=1 - event.index), "Returned"),
        (lambda event: event._replace(by="action"), "Raised"),
        (lambda event: event._replace(thread=1 - event.thread), "ArriveHeld"),
        (lambda event: event._replace(name="ActionFailed"), "ActionDone"),
    ],
)
def test_step_that_is_told_wrongly_is_found(
    fault: Callable[[TraceEvent], TraceEvent], event: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(edge: Edge) -> Iterator[TraceEvent]:
        for one in told(edge):
            yield fault(one) if one.name == event else one

    monkeypatch.setattr(scenarios, "told", faulty)
    with pytest.raises(AssertionError):
        test_every_step_is_told_as_it_would_be_recorded(2, 2, True)


def test_scenario_that_is_impossible_is_refused() -> None:
    """Three threads cannot cross if there are only two."""
    impossible = Scenario("", 3, 2, False, ("ArriveAndRelease",))
    with pytest.raises(ValueError, match="no run of 2 threads at a barrier for 3 takes ArriveAndR"):
        shortest(impossible)


def test_unknown_scenario_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """It says which there are."""
    with pytest.raises(SystemExit) as left:
        cli.main(["diagram", "scenario", "typo"])
    assert left.value.code == 2
    message = capsys.readouterr().err
    assert "invalid choice: 'typo'" in message
    assert all(name in message for name in SCENARIOS)
