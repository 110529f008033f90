"""TLC's counterexamples are drawn as far as they are runs of the model."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from verified_barrier import cli
from verified_barrier.teaching.counterexample import run_of_counterexample, run_of_json
from verified_barrier.teaching.scenarios import SCENARIOS, run_of_scenario, shortest
from verified_barrier.verification.graph import GraphError
from verified_barrier.verification.model import Configuration
from verified_barrier.verification.traces.trace import TraceEvent

HERE = Path(__file__).parent
REAL = (HERE / "withdraw-leaves-gap.txt").read_text(encoding="utf-8")
"""What TLC printed of a model in which nobody moves up after a withdrawal."""


def _printed(states: Iterable[tuple[str, Configuration]]) -> str:
    """Return what TLC prints without ``-tool``, with the lines of long values broken."""
    lines = ["Error: Invariant Never is violated.", "Error: The behavior up to this point is:"]
    for number, (label, (state, threads)) in enumerate(states, 1):
        columns = {
            "pc": [f'"{thread.location.value}"' for thread in threads],
            "outcome": [
                f'"{"NONE" if thread.outcome is None else thread.outcome.value}"'
                for thread in threads
            ],
            "index": [str(-1 if thread.index is None else thread.index) for thread in threads],
        }
        lines += [f"State {number}: <{label}>", f'/\\ phase = "{state.phase.value}"']
        for name, column in columns.items():
            pairs = " @@\n          ".join(f"t{n} :> {value}" for n, value in enumerate(column, 1))
            lines.append(f"/\\ {name} = ( {pairs} )")
        lines += [f"/\\ arrived = {state.arrived}", ""]
    return "\n".join([*lines, "12 states generated, 9 distinct states found, 1 states left."])


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("labels", [True, False])
def test_states_of_a_run_are_drawn_as_the_run(name: str, labels: bool) -> None:
    """What TLC calls the steps may be their names, or the name of another formula."""
    scenario = SCENARIOS[name]
    edges = shortest(scenario)
    states = [("Initial predicate", edges[0].source)]
    for edge in edges:
        label = f"{edge.action} line 98, col 5 to line 100, col 45 of module Barrier"
        states.append((label if labels else "Next line 1, col 1 to line 1, col 9", edge.target))
    run = run_of_counterexample(_printed(states), scenario.parties, scenario.has_action)
    assert run.stuck is None
    assert run.moments == run_of_scenario(name).moments


def test_step_that_is_none_of_the_model_ends_the_run() -> None:
    run = run_of_counterexample(REAL, 3, False)
    assert [moment.event.name for moment in run.moments] == ["Call"] * 3 + ["ArriveAndWait"] * 2
    assert run.stuck is not None
    assert run.stuck.startswith("no step leads to state 7, FILLING, arrived 1; t1 OUTSIDE; t2 WAI")
    assert "Withdraw by t1" in run.stuck


def test_state_that_comes_again_is_no_step() -> None:
    """The barrier's variables stay when only those of its history change."""
    parts = re.split(r"(?=@!@!@STARTMSG 2217)", REAL)
    run = run_of_counterexample("".join([*parts[:4], *parts[3:]]), 3, False)
    assert run.moments == run_of_counterexample(REAL, 3, False).moments
    assert run.stuck is not None
    assert run.stuck.startswith("no step leads to state 8")


def test_state_that_is_left_out_is_noticed() -> None:
    """One step too few is no step of the model."""
    parts = re.split(r"(?=@!@!@STARTMSG 2217)", REAL)
    del parts[3]
    run = run_of_counterexample("".join(parts), 3, False)
    assert run.stuck is not None
    assert len(run.moments) == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no counterexample: no line begins with 'State 1: <'"),
        (REAL.replace("/\\ phase", "/\\ phrase"), "not a state of Barrier.tla .*'phase'"),
        (REAL.replace('"CALLING"', '"AWAY"'), "not a state of Barrier.tla .*AWAY"),
        (REAL[REAL.index("@!@!@STARTMSG 2217:4 @!@!@\n2: ") :], "does not begin in the first stat"),
    ],
)
def test_what_is_no_counterexample_is_refused(text: str, says: str) -> None:
    with pytest.raises(GraphError, match=says):
        run_of_counterexample(text, 3, False)


def test_file_that_is_none_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is named."""
    file = tmp_path / "output.txt"
    assert cli.main(["diagram", "counterexample", str(file), "--parties", "2"]) == 2
    assert f"{file} cannot be read" in capsys.readouterr().err
    file.write_text("No error has been found.\n")
    assert cli.main(["diagram", "counterexample", str(file), "--parties", "2"]) == 2
    assert f"{file}: TLC's output has no counterexample" in capsys.readouterr().err


HOLDS_ON = (HERE / "holds-on.trace.json").read_text(encoding="utf-8")
"""What `verified-barrier check --artifacts` keeps of fault/holds-on."""


def test_counterexample_of_a_broken_barrier_is_drawn_to_its_end() -> None:
    """The step that is the fault has its own name, and breaks the promise."""
    run = run_of_json(HOLDS_ON)
    assert run.stuck is None
    assert run.title == "fault/holds-on breaks OneAction"
    assert run.moments[-1].event == TraceEvent("ActionReturnedAfterResetHoldsOn", 0)
    assert run.moments[-1].broken == ("OneAction",)


def test_counterexample_of_another_check_ends_where_the_model_does() -> None:
    """It is not known what else the barrier does."""
    run = run_of_json(HOLDS_ON.replace("fault/holds-on", "spoilt/holds-on"))
    assert run.stuck is not None
    assert run.moments == run_of_json(HOLDS_ON).moments[:-2]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "no counterexample of verified-barrier check --artifacts: JSONDecodeError"),
        ("{}", "no counterexample of .*: KeyError"),
        (HOLDS_ON.replace("TRIPPING", "TRAPPING"), "not a state of Barrier.tla .*TRAPPING"),
    ],
)
def test_json_that_is_no_counterexample_is_refused(text: str, says: str) -> None:
    with pytest.raises(GraphError, match=says):
        run_of_json(text)


def test_parties_are_asked_for_where_they_are_not_known(capsys: pytest.CaptureFixture[str]) -> None:
    """TLC's output does not say how many there are."""
    assert cli.main(["diagram", "counterexample", str(HERE / "withdraw-leaves-gap.txt")]) == 2
    assert "--parties is missing" in capsys.readouterr().err
