"""The pure step, and the model that it spans, keep the properties of the specification."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from verified_barrier.machine import EMPTY, State, can_happen, is_valid, step
from verified_barrier.table import TABLE, Event, Location, Outcome, Phase, Row, Table
from verified_barrier.verification.model import Edge, enumerate_graph, initial, steps
from verified_barrier.verification.properties import PROPERTIES, Historian

LARGEST = 10**30


@st.composite
def situations(draw: st.DrawFn) -> tuple[int, State]:
    """A number of parties, and a state that a barrier for them can be in."""
    parties = draw(st.integers(1, 6) | st.integers(1, LARGEST))
    phase = draw(st.sampled_from(Phase))
    if phase is Phase.FILLING:
        return parties, State(phase, draw(st.integers(0, parties - 1)))
    if phase is Phase.TRIPPING:
        return parties, State(phase, draw(st.integers(1, parties)))
    return parties, State(phase, 0)


@given(situations(), st.booleans(), st.sampled_from(Event))
def test_step_leads_from_valid_to_valid(
    situation: tuple[int, State], has_action: bool, event: Event
) -> None:
    """Whatever can happen, the barrier is in a valid state afterwards."""
    parties, state = situation
    assert is_valid(parties, state)
    if can_happen(state, event):
        assert is_valid(parties, step(parties, has_action, state, event).state)


@given(situations(), st.booleans())
def test_abort_breaks_and_reset_mends(situation: tuple[int, State], has_action: bool) -> None:
    """`abort()` and `reset()` take effect in every state."""
    parties, state = situation
    aborted = step(parties, has_action, state, Event.ABORT).state
    assert aborted.phase.is_broken
    assert not step(parties, has_action, aborted, Event.RESET).state.phase.is_broken


@pytest.mark.parametrize("parties", [1, 2, 3, 1000])
def test_arrivals_release_at_the_last(parties: int) -> None:
    """Without an action, the last arrival releases all and leaves the barrier empty."""
    state = EMPTY
    outcomes = []
    for _ in range(parties):
        result = step(parties, False, state, Event.ARRIVE)
        state = result.state
        outcomes.append(result.outcome)
    assert outcomes == [None] * (parties - 1) + [Outcome.RELEASED]
    assert state == EMPTY


class ModelRun(RuleBasedStateMachine):
    """Random runs of the model, longer and larger than those that can be enumerated."""

    @initialize(parties=st.integers(1, 4), more=st.integers(0, 3), has_action=st.booleans())
    def start(self, parties: int, more: int, has_action: bool) -> None:
        self.run = Historian(parties, has_action, initial(parties + more))

    @rule(data=st.data())
    def take_a_step(self, data: st.DataObject) -> None:
        run = self.run
        possible = sorted(steps(run.parties, run.has_action, run.now), key=str)
        # What changes nothing, or everything, would otherwise fill most of the run.
        calm = [edge for edge in possible if not edge.action.startswith(("Abort", "Reset"))]
        edge: Edge = data.draw(st.sampled_from(calm if data.draw(st.booleans()) else possible))
        run.see(edge.target)

    @invariant()
    def every_property_holds(self) -> None:
        if hasattr(self, "run"):
            assert self.run.violated() == []


ModelRun.TestCase.settings = settings(max_examples=150, stateful_step_count=60)
test_properties_hold_in_random_runs = ModelRun.TestCase


def violations(parties: int, threads: int, has_action: bool, limit: int) -> set[str]:
    """Return the properties that are violated in some run of at most `limit` steps."""
    found: set[str] = set()
    frontier = [[initial(threads)]]
    seen = set()
    for _ in range(limit):
        longer = []
        for path in frontier:
            for edge in steps(parties, has_action, path[-1]):
                run = Historian(parties, has_action, path[0])
                for configuration in (*path[1:], edge.target):
                    run.see(configuration)
                found.update(run.violated())
                key = (edge.target, tuple(run.joined), tuple(run.first), run.arrivals)
                if key not in seen:
                    seen.add(key)
                    longer.append([*path, edge.target])
        frontier = longer
    return found


FAULTS: dict[str, tuple[str, dict[str, object]]] = {
    "TypeOK": ("Withdraw", {"arrived": 1}),
    "ArrivedCount": ("ArriveAndWait", {"arrived": 0}),
    "OneAction": ("ActionReturned", {"phase": Phase.RESETTING}),
    "UniqueIndex": ("ArriveAndWait", {"arrived": 0}),
    "OneOutcome": ("ActionReturned", {"outcome": None}),
    "NoEarlyRelease": ("ArriveAndWait", {"arrived": 0, "outcome": Outcome.RELEASED}),
    "ActionBeforeRelease": ("ArriveAndAct", {"arrived": 0, "outcome": Outcome.RELEASED}),
    "BrokenRefuses": ("ArriveRefused", {"location": Location.WAITING}),
}


def test_every_property_has_a_fault() -> None:
    """None is left out below."""
    assert FAULTS.keys() == PROPERTIES.keys()


def test_every_step_of_a_small_model_keeps_the_properties() -> None:
    """No property is violated within six steps."""
    assert violations(2, 2, True, 6) == set()


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_property_is_violated_by_a_wrong_table(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each property can fail: a wrong row violates it."""
    action, changes = FAULTS[name]
    rows = [Row(**(row._asdict() | changes)) if row.action == action else row for row in TABLE.rows]
    monkeypatch.setattr("verified_barrier.machine.TABLE", Table(tuple(rows)))
    assert name in violations(2, 2, True, 6)


def test_enumeration_ends_even_where_the_table_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """A count that grows for ever does not keep the enumeration going for ever."""
    rows = [row._replace(arrived=1) if row.action == "Withdraw" else row for row in TABLE.rows]
    monkeypatch.setattr("verified_barrier.machine.TABLE", Table(tuple(rows)))
    graph = enumerate_graph(2, 2, False)
    assert any(not is_valid(2, configuration.state) for configuration in graph.states)
