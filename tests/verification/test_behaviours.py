"""Two barriers that can be told apart are told apart, by a shortest sequence of events."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from verified_barrier.verification import check as checks
from verified_barrier.verification.behaviours import Behaviour, Comparison, compare
from verified_barrier.verification.check import Verdict, check_model
from verified_barrier.verification.graph import GraphError
from verified_barrier.verification.manifest import load_manifest
from verified_barrier.verification.resources import MODELS, SPEC
from verified_barrier.verification.tlc import Finding, Tlc

MODEL_NAMES = {model.name: model for model in load_manifest(MODELS)}
SAME = MODEL_NAMES["same-as-cpython/2-parties-2-threads"]
UNLIKE = MODEL_NAMES["unlike-cpython/abort-after-release"]


def dump(
    places: Mapping[int, str], steps: Sequence[tuple[int, str, int]], thread: str = "t1"
) -> str:
    """Return a graph as TLC writes it: one thread, by its place in each state; 1 comes first."""
    lines = []
    for number, pc in places.items():
        variables = [
            *(r"/\\ phase = \"FILLING\"", r"/\\ arrived = 0"),
            rf"/\\ pc = ({thread} :> \"{pc}\")",
            rf"/\\ index = ({thread} :> 0)",
        ]
        style = ",style = filled" if number == 1 else ""
        lines.append(f'{number} [label="' + r"\n".join(variables) + f'"{style}];')
    lines += [f'{source} -> {to} [label="{action}",color="black"];' for source, action, to in steps]
    return "\n".join(lines)


PLACES = {1: "OUTSIDE", 2: "CALLING", 3: "LEAVING"}
CALL, ARRIVE, LEAVE = (1, "Call", 2), (2, "ArriveAndRelease", 3), (3, "Leave", 1)


def compared(*steps: tuple[int, str, int]) -> Comparison:
    """Compare a barrier of these steps with one that is crossed alone."""
    crossing = Behaviour("Barrier", dump(PLACES, [CALL, ARRIVE, LEAVE]))
    return compare(Behaviour("Barrier", dump(PLACES, steps)), crossing)


def test_same() -> None:
    """Nothing tells a barrier from itself: outside and inside, two readings and an event each.

    Outside, nothing happens by itself, which can be seen, too.
    """
    assert compared(CALL, ARRIVE, LEAVE) == Comparison(2, 7, (), None)


@pytest.mark.parametrize(
    ("steps", "difference", "possible"),
    [
        ([CALL, ARRIVE, LEAVE, (1, "AbortFilling", 1)], ("abort()",), 0),
        ([(1, "Call", 2)], ("t1 calls wait()", "nothing happens by itself"), 0),
        ([CALL, ARRIVE, (3, "TimeOut", 1)], ("t1 calls wait()", "nothing happens by itself"), 0),
        ([CALL, (2, "ArriveRefused", 1)], ("t1 calls wait()", "t1 raises BrokenBarrierError"), 0),
        ([], ("t1 calls wait()",), 1),
        # It may be stuck now, and may not: that it can be is seen.
        (
            [CALL, ARRIVE, LEAVE, (2, "ArriveAndWait", 1)],
            ("t1 calls wait()", "nothing happens by itself"),
            0,
        ),
    ],
)
def test_difference(
    steps: list[tuple[int, str, int]], difference: tuple[str, ...], possible: int
) -> None:
    """What only one of them can do is found, with a shortest way there, and which one it is."""
    found = compared(*steps)
    assert (found.difference, found.possible) == (difference, possible)


def test_what_is_left_out_does_not_count() -> None:
    """An action that is left out does not happen, but is known to exist."""
    crossing = [CALL, ARRIVE, LEAVE]
    one = Behaviour("Barrier", dump(PLACES, [*crossing, (1, "AbortFilling", 1)]), ["AbortFilling"])
    assert compare(one, Behaviour("Barrier", dump(PLACES, crossing))).possible is None
    assert "AbortFilling" in one.actions


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (dump(PLACES, [(1, "Sleep", 2)]), "Sleep: say in behaviours.py what is seen of this"),
        (dump(PLACES, [(1, "Call", 1)]), "cannot tell which thread takes Call"),
        (dump(PLACES, []).replace("phase", "phrase"), r"not a state of Barrier.tla \(no 'phase'\)"),
    ],
)
def test_graph_that_is_not_understood(text: str, message: str) -> None:
    """What nobody has said how to see is no difference, and no agreement: it is an error."""
    with pytest.raises(GraphError, match=message):
        Behaviour("Barrier", text)


@pytest.mark.check
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"pairs": 617},
            "pairs of sets of states that were compared: 618, where the manifest says 617",
        ),
        pytest.param(
            {"events": 1},
            "events that were compared: 6566, where the manifest says 1",
            marks=pytest.mark.full,
        ),
        ({"without": ("AbortDraining", "Sleep")}, "left out, but in neither of them: Sleep"),
        (
            {"without": ()},
            "after t1 calls wait(); t2 calls wait(); abort(); t1 raises BrokenBarrierError; "
            "t2 returns 1: in CPythonBarrier alone",
        ),
        ({"difference": ("abort()",), "only": "Barrier"}, "no difference"),
    ],
)
def test_comparison_that_is_not_as_the_manifest_says(
    tlc: Tlc, changes: dict[str, object], said: str
) -> None:
    """What was left out, whether there is a difference, and how much was compared."""
    assert SAME.compared is not None
    model = replace(SAME, compared=replace(SAME.compared, **changes))  # type: ignore[arg-type]
    report = check_model(model, tlc, 60.0)
    assert report.verdict is Verdict.UNEXPECTED
    assert report.details[0] == said


@pytest.mark.check
def test_comparison_that_must_differ(tlc: Tlc) -> None:
    """The sequence is compared, and which of the two can have it."""
    assert check_model(UNLIKE, tlc, 60.0).verdict is Verdict.AS_EXPECTED
    assert UNLIKE.compared is not None
    other = replace(UNLIKE.compared, only="Barrier")
    assert check_model(replace(UNLIKE, compared=other), tlc, 60.0).verdict is Verdict.UNEXPECTED


@pytest.mark.check
def test_comparison_that_takes_too_long_is_incomplete(
    tlc: Tlc, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the other model is not done in time, nothing was compared."""
    run = Tlc.run

    def slow(
        self: Tlc, module: str, configuration: str, modules: Mapping[str, str], timeout: float,
        path: Path | None = None,
    ) -> object:  # fmt: skip
        done = run(self, module, configuration, modules, timeout, path)
        return replace(done, finding=Finding.TIMED_OUT) if module == "Barrier" else done

    monkeypatch.setattr(Tlc, "run", slow)
    assert check_model(SAME, tlc, 60.0).verdict is Verdict.INCOMPLETE


@pytest.mark.check
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        # A thread that was notified in _enter() never goes on.
        (
            r'\/ (pc[t] = "_enter" /\ t \notin waiters)',
            r"\/ FALSE",
            "after t1 calls wait(); reset(); t2 calls wait(); abort(); t1 raises "
            "BrokenBarrierError; nothing happens by itself: in CPythonBarrier alone",
        ),
        (
            r's \in {"draining", "resetting"}',
            's = "draining"',
            "CountIsRight is violated, where no",
        ),
        ('state\'   = "broken"', 'state\'   = "aborted"', "CPythonTypeOK is violated, where no"),
        (
            'Exit("draining", count, NotifyAll)',
            'Exit("draining", count, waiters)',
            "WaitsWhileFilling is violated, where no property is to be",
        ),
    ],
)
def test_change_of_the_specification_is_found(
    tlc: Tlc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, said: str
) -> None:
    """A change of CPythonBarrier.tla can be observed, or violates an invariant."""
    for path in SPEC.glob("*.tla"):
        shutil.copy(path, tmp_path)
    module = tmp_path / "CPythonBarrier.tla"
    text = module.read_text()
    assert text.count(old) >= 1
    module.write_text(text.replace(old, new, 1))
    monkeypatch.setattr(checks, "SPEC", tmp_path)
    report = check_model(replace(SAME, distinct=None, generated=None), tlc, 60.0)
    assert report.verdict is Verdict.UNEXPECTED
    assert any(detail.startswith(said) for detail in report.details)
