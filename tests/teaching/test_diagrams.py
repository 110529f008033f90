"""Diagrams say what the table and a recorded run say, and are the same text each time.

After a change that is meant, the golden files are made again:

    UPDATE_GOLDEN=1 make test TESTS=tests/teaching
"""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from verified_barrier import cli
from verified_barrier.table import TABLE, Phase, Table
from verified_barrier.teaching.phases import PHASE_FORMATS
from verified_barrier.teaching.sequence import MOST_EVENTS, SEQUENCE_FORMATS, run_of
from verified_barrier.verification.traces.trace import Trace, TraceEvent, read_traces, write_traces

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
RUNS = HERE / "runs.ndjson"
SUFFIXES = {"svg": "svg", "dot": "dot", "mermaid": "mmd", "text": "txt"}

CASES = [
    *(("phases", form, ["phases"], 0) for form in PHASE_FORMATS),
    *(("run", form, ["sequence", str(RUNS)], 0) for form in SEQUENCE_FORMATS),
    *(("no-run", form, ["sequence", str(RUNS), "--trace", "2"], 1) for form in SEQUENCE_FORMATS),
    *(
        ("part", form, ["sequence", str(RUNS), "--first", "5", "--last", "9"], 0)
        for form in SEQUENCE_FORMATS
    ),
]
"""Golden file, format, arguments and exit code; a run that leaves the model is not a success."""


@pytest.mark.parametrize(("name", "form", "arguments", "code"), CASES)
def test_diagram_is_the_golden_one(
    name: str, form: str, arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same command prints the same text, twice, and it is the one that is kept."""
    found = []
    for _ in range(2):
        assert cli.main(["diagram", *arguments, "--format", form]) == code
        found.append(capsys.readouterr().out)
    assert found[0] == found[1]
    if form == "svg":
        ET.fromstring(found[0])  # noqa: S314 - our own text
    golden = GOLDEN / f"{name}.{SUFFIXES[form]}"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(found[0], encoding="utf-8")
    assert found[0] == golden.read_text(encoding="utf-8")


def test_readme_has_the_diagram_of_today() -> None:
    """`verified-barrier diagram phases --format svg > docs/phases.svg` renews it."""
    root = HERE.parents[1]
    assert "](docs/phases.svg)" in (root / "README.md").read_text(encoding="utf-8")
    drawn = (root / "docs" / "phases.svg").read_text(encoding="utf-8")
    assert drawn == (GOLDEN / "phases.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize("form", PHASE_FORMATS)
def test_phases_name_every_action(form: str) -> None:
    drawn = PHASE_FORMATS[form](TABLE)
    assert [row.action for row in TABLE.rows if row.action not in drawn] == []


@pytest.mark.parametrize("form", PHASE_FORMATS)
def test_another_table_is_another_diagram(form: str) -> None:
    """A table in which an abort empties the barrier is seen to be another one."""
    rows = tuple(
        row._replace(phase=Phase.RESETTING) if row.action == "AbortTripping" else row
        for row in TABLE.rows
    )
    assert PHASE_FORMATS[form](Table(rows)) != PHASE_FORMATS[form](TABLE)
    if form == "mermaid":
        before = set(PHASE_FORMATS[form](TABLE).splitlines())
        after = set(PHASE_FORMATS[form](Table(rows)).splitlines())
        assert after - before == {
            "    TRIPPING --> RESETTING: AbortTripping / BROKEN<br/>ResetTripping / RESET"
        }


def test_barrier_lane_is_what_the_model_says() -> None:
    """Without its arrival, a run is drawn up to the return that the model does not allow."""
    trace = read_traces(RUNS)[0]
    run = run_of(Trace(2, True, 3, trace.events[:1] + trace.events[2:]))
    assert run.stuck is not None
    assert run.stuck.startswith("event 3, ArriveAndAct by t2, is not possible here")
    assert [moment.event.name for moment in run.moments] == ["Call", "Call"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--trace", "3"], "--trace is 3, and .* has the traces 1 to 2"),
        (["--trace", "0"], "--trace is 0"),
        (["--first", "3", "--last", "2"], "--first is 3 and --last 2, .* the events 1 to 15"),
        (["--last", "16"], "--first is 1 and --last 16"),
    ],
)
def test_wrong_choice_is_refused(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["diagram", "sequence", str(RUNS), *arguments]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert re.search(says, output.err)


def test_long_run_and_missing_file_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "long.ndjson"
    assert cli.main(["diagram", "sequence", str(file)]) == 2
    assert "cannot be read" in capsys.readouterr().err
    write_traces([Trace(1, False, 1, (TraceEvent("ResetFilling"),) * (MOST_EVENTS + 1))], file)
    assert cli.main(["diagram", "sequence", str(file)]) == 2
    assert f"at most {MOST_EVENTS} events, not {MOST_EVENTS + 1}" in capsys.readouterr().err


def test_unknown_format_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(["diagram", "phases", "--format", "png"])
    assert left.value.code == 2
    assert "invalid choice: 'png'" in capsys.readouterr().err
