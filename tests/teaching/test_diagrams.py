"""Diagrams say what the table and a recorded run say, and are the same text each time.

After a change that is meant, the golden files are made again:

    UPDATE_GOLDEN=1 make test TESTS=tests/teaching
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from itertools import chain, combinations, product
from pathlib import Path

import pytest

from verified_barrier import cli
from verified_barrier.table import TABLE, Phase, Table
from verified_barrier.teaching import states, svg
from verified_barrier.teaching.folding import folded
from verified_barrier.teaching.phases import PHASE_FORMATS
from verified_barrier.teaching.scenarios import SCENARIOS
from verified_barrier.teaching.sequence import MOST_EVENTS, SEQUENCE_FORMATS, run_of
from verified_barrier.teaching.states import STATE_FORMATS
from verified_barrier.verification.traces.trace import Trace, TraceEvent, read_traces, write_traces

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
RUNS = HERE / "runs.ndjson"
SUFFIXES = {"svg": "svg", "dot": "dot", "mermaid": "mmd", "text": "txt"}

COUNTEREXAMPLE = ["counterexample", str(HERE / "withdraw-leaves-gap.txt"), "--parties", "3"]
OF_A_FAULT = ["counterexample", str(HERE / "holds-on.trace.json")]
CROSSING = ["states", "--only", "Call,Arrive*,Leave"]
ALL_STATES = ["states", "--parties", "1", "--action"]

CASES = [
    *(("phases", form, ["phases"], 0) for form in PHASE_FORMATS),
    *(("run", form, ["sequence", str(RUNS)], 0) for form in SEQUENCE_FORMATS),
    *(("no-run", form, ["sequence", str(RUNS), "--trace", "2"], 1) for form in SEQUENCE_FORMATS),
    *(
        ("part", form, ["sequence", str(RUNS), "--first", "5", "--last", "9"], 0)
        for form in SEQUENCE_FORMATS
    ),
    *(("counterexample", form, COUNTEREXAMPLE, 1) for form in SEQUENCE_FORMATS),
    *(("fault", form, OF_A_FAULT, 0) for form in SEQUENCE_FORMATS),
    *(("crossing-states", form, CROSSING, 0) for form in STATE_FORMATS),
    *(("all-states", form, ALL_STATES, 0) for form in STATE_FORMATS),
    *(("held", form, ["scenario", "held"], 0) for form in SEQUENCE_FORMATS),
    *((name, "text", ["scenario", name], 0) for name in SCENARIOS if name != "held"),
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


def test_order_of_sets_does_not_matter() -> None:
    """It is another one in another process, and with each seed."""
    wanted = [case for case in CASES if case[1] == "svg"]
    calls = [["diagram", *arguments, "--format", form] for _, form, arguments, _ in wanted]
    program = f"from verified_barrier import cli\nfor call in {calls!r}: cli.main(call)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": "1"},
        capture_output=True,
        check=True,
    )
    golden = [(GOLDEN / f"{name}.svg").read_bytes() for name, *_ in wanted]
    assert done.stdout == b"".join(golden)


_Area = tuple[float, float, float, float]
"""Where something begins and ends: left, top, right, bottom."""

_NAMESPACE = "{http://www.w3.org/2000/svg}"


def _rectangles(drawing: ET.Element) -> list[_Area]:
    """Return where boxes are."""
    found = []
    for box in drawing.iter(f"{_NAMESPACE}rect"):
        if box.get("class", "").startswith("box") and float(box.get("width", 0)) > 20:
            x, y, width, height = (float(box.get(key, 0)) for key in ("x", "y", "width", "height"))
            found.append((x, y, x + width, y + height))
    return found


def _texts(drawing: ET.Element) -> list[_Area]:
    """Return where lines of text are."""
    found = []
    for text in drawing.iter(f"{_NAMESPACE}text"):
        x, y = float(text.get("x", 0)), float(text.get("y", 0))
        width = svg.width_of([text.text or ""]) * (1.25 if text.get("class") == "title" else 1)
        left = x - width * {"start": 0, "middle": 0.5, "end": 1}[text.get("text-anchor", "start")]
        found.append((left, y - 10, left + width, y + 3))
    return found


def _overlap(one: _Area, other: _Area) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _flaws(text: str) -> set[str]:
    """Return what is wrong with a drawing, at a glance."""
    drawing = ET.fromstring(text)  # noqa: S314 - our own text
    width, height = float(drawing.get("width", 0)), float(drawing.get("height", 0))
    boxes, texts = _rectangles(drawing), _texts(drawing)
    assert boxes
    assert texts
    found = set()
    for left, top, right, bottom in boxes + texts:
        if left < 0 or top < 0 or right > width or bottom > height:
            found.add("cut off")
    for one, other in (*combinations(boxes, 2), *combinations(texts, 2)):
        if _overlap(one, other):
            found.add("overlap")
    for text_, box in product(texts, boxes):
        if _overlap(text_, box) and not (box[0] <= text_[0] and text_[2] <= box[2]):
            found.add("out of the box")
    return found


@pytest.mark.parametrize(
    "arguments",
    [
        *(arguments for _, form, arguments, code in CASES if form == "svg" and not code),
        ["states", "--threads", "3", "--action", "--without", "*Abort*"],
        ["states", "--parties", "3", "--without", "Withdraw*"],
        *(["scenario", name] for name in SCENARIOS),
    ],
    ids=" ".join,
)
def test_nothing_overlaps_or_is_cut_off(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    cli.main(["diagram", *arguments, "--format", "svg"])
    assert _flaws(capsys.readouterr().out) == set()


@pytest.mark.parametrize(
    ("name", "fault", "says"),
    [
        ("placed", lambda layers, *_: dict.fromkeys(chain(*layers), 60), {"overlap"}),
        ("width_of", lambda _: 60.0, {"cut off", "overlap", "out of the box"}),
        ("LINE", 8, {"overlap"}),
    ],
)
def test_what_overlaps_or_is_cut_off_is_found(
    name: str, fault: object, says: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(states, name, fault)
    assert _flaws(STATE_FORMATS["svg"](folded(2, 2, True))) >= says


def _luminance(color: str) -> float:
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("dark", [False, True])
def test_text_stands_out_from_its_ground(dark: bool) -> None:
    """The contrast is at least 4.5 to 1, as WCAG 2.1 wants it (1.4.3)."""
    style = re.search(r"<style>\n(.*?)</style>", str(svg.Drawing(1, 1, "")), re.DOTALL)
    assert style is not None
    light, _, other = style[1].partition("@media (prefers-color-scheme: dark)")
    part = other if dark else light
    fills = dict(re.findall(r"\.(\w+) \{ fill: (#\w+);", part))
    colors = dict(re.findall(r"(\w+) \{ color: (#\w+);", part))
    assert fills.keys() == {"ground", "box"}
    del colors["faint"]  # lines that only guide the eye
    assert len(colors) == 6
    for color, fill in product(colors.values(), fills.values()):
        one, two = sorted((_luminance(color), _luminance(fill)))
        assert (two + 0.05) / (one + 0.05) >= 4.5, (color, fill)


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
