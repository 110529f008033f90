"""A file of traces is read back as it was written, and a wrong one is refused with its line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from verified_barrier.table import TABLE
from verified_barrier.verification.traces import trace as module
from verified_barrier.verification.traces.trace import (
    EVENTS,
    NOT_STEPS,
    Trace,
    TraceError,
    TraceEvent,
    dump,
    read_traces,
    write_traces,
)

TRACE = Trace(
    2,
    True,
    2,
    (
        TraceEvent("Call", 0),
        TraceEvent("AbortFilling"),
        TraceEvent("Returned", 1, index=1),
        TraceEvent("Raised", 0, error="KeyError", by="action"),
    ),
    "program.py",
)
HEADER, CALL, ABORT, RETURNED, RAISED = (json.loads(line) for line in dump(TRACE))


def test_traces_are_read_back(tmp_path: Path) -> None:
    """Several in a file, each with the line of its header."""
    path = tmp_path / "traces.ndjson"
    write_traces([TRACE, replace(TRACE, has_action=False)], path)
    one, other = read_traces(path)
    assert one == replace(TRACE, source=str(path))
    assert other == replace(TRACE, has_action=False, source=str(path), line=6)
    assert [file.name for file in tmp_path.iterdir()] == ["traces.ndjson"]


def test_example_of_the_documentation_is_a_trace(tmp_path: Path) -> None:
    """The one in the module's docstring."""
    lines = [line.strip() for line in (module.__doc__ or "").splitlines() if '{"' in line]
    (tmp_path / "example").write_text("\n".join(lines))
    (trace,) = read_traces(tmp_path / "example")
    assert len(trace.events) == 3


def test_events_are_the_actions_of_the_table() -> None:
    """All but two, which the caller's view tells, and what only the program sees."""
    actions = {row.action for row in TABLE.rows}
    assert set(EVENTS) - set(NOT_STEPS) == actions - {"Leave", "WithdrawCall"}


def test_file_that_cannot_be_written_is_left_as_it_is(tmp_path: Path) -> None:
    """Whole, or not at all: what was there stays, and nothing else appears."""
    path = tmp_path / "traces.ndjson"
    path.write_text("before")
    broken = replace(TRACE, source=object())  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        write_traces([TRACE, broken], path)
    assert [file.name for file in tmp_path.iterdir()] == ["traces.ndjson"]
    assert path.read_text() == "before"


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([], "is empty: record one with verified-barrier trace record"),
        ([HEADER], r"line 1: this trace has no events"),
        ([HEADER, CALL, HEADER], r"line 3: this trace has no events"),
        ([CALL], r"line 1: the first line must be a header"),
        (
            [HEADER, '{"event": "Call", "thre'],
            r"line 2: not a JSON object .*\n    was the file cut",
        ),
        ([HEADER, ""], r"line 2: not a JSON object"),
        ([HEADER, "[]"], r"line 2: not a JSON object: \[\]"),
        ([HEADER, '{"event": "Call", "event": "Call"}'], r"line 2: .*a key appears twice"),
        ([HEADER | {"format": "text"}, CALL], r"line 1: the format is 'text', and must be"),
        ([HEADER | {"version": 2}, CALL], r"line 1: the version is 2, and this program knows 1"),
        ([HEADER | {"parties": 0}, CALL], r"line 1: parties is 0, and must be an integer from 1"),
        ([HEADER | {"parties": True}, CALL], r"line 1: parties is True, and must be an integer"),
        ([HEADER | {"parties": 2**31}, CALL], r"line 1: parties is 2147483648, and must be"),
        ([HEADER | {"threads": "2"}, CALL], r"line 1: threads is '2', and must be an integer"),
        ([HEADER | {"action": 1}, CALL], r"line 1: action is 1, and must be true or false"),
        ([HEADER | {"more": 1}, CALL], r"line 1: it has more than it may: more"),
        ([{k: v for k, v in HEADER.items() if k != "action"}, CALL], r"line 1: it lacks action"),
        ([HEADER, CALL, {"event": "Leave"}], r"line 3: the event is 'Leave', and must be one of"),
        ([HEADER, {"event": ["Call"]}], r"line 2: the event is \['Call'\], and must be one of"),
        ([HEADER, {"event": "Call"}], r"line 2: it lacks thread"),
        ([HEADER, ABORT | {"thread": "t1"}], r"line 2: it has more than it may: thread"),
        ([HEADER, CALL | {"thread": "t3"}], r"line 2: the thread is 't3', .* they are t1 to t2"),
        ([HEADER, CALL | {"thread": 1}], r"line 2: the thread is 1, and the header says"),
        ([HEADER, RETURNED | {"index": -1}], r"line 2: the index is -1, and must be an integer"),
        ([HEADER, RETURNED | {"index": None}], r"line 2: the index is None"),
        ([HEADER, RAISED | {"by": "me"}], r"line 2: raised by 'me', which must be one of barrier"),
        ([HEADER, RAISED | {"error": 'x"'}], r"line 2: the error is 'x\"', and must be the name"),
        ([HEADER, RAISED | {"error": None}], r"line 2: the error is None, and must be the name"),
    ],
)
def test_wrong_file_is_refused(tmp_path: Path, lines: list[object], says: str) -> None:
    """The message names the line, the value, and what it must be."""
    path = tmp_path / "wrong.ndjson"
    path.write_text("".join(f"{x if isinstance(x, str) else json.dumps(x)}\n" for x in lines))
    with pytest.raises(TraceError, match=says) as caught:
        read_traces(path)
    assert str(path) in str(caught.value)


def test_file_that_cannot_be_read(tmp_path: Path) -> None:
    """It is missing, or no text."""
    with pytest.raises(TraceError, match=r"missing cannot be read: No such file or directory$"):
        read_traces(tmp_path / "missing")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    with pytest.raises(TraceError, match=r"bytes cannot be read: .*utf-8"):
        read_traces(tmp_path / "bytes")
