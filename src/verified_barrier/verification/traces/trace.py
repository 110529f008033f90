"""Recorded runs of a barrier, and the file that holds them.

A trace is what one barrier did: its steps, each under the name of its row in the table, and what
the program saw of it, in the order in which it happened. A file holds one JSON object a line
(NDJSON). A header begins each trace, and its events follow:

    {"format": "verified-barrier trace", "version": 1, "parties": 1, "action": false, "threads": 1}
    {"event": "Call", "thread": "t1"}
    {"event": "ArriveAndRelease", "thread": "t1"}
    {"event": "Returned", "thread": "t1", "index": 0}

``Returned`` and ``Raised`` are what came of a call; ``ActionBegan``, ``ActionDone`` and
``ActionFailed`` are about the program's action. All other events are actions of
``spec/Barrier.tla``; ``Leave`` and ``WithdrawCall`` are not among them, because ``Returned`` and
``Raised`` tell what they do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from verified_barrier.table import TABLE, Event
from verified_barrier.verification.files import reason, write_whole

__all__ = [
    "EVENTS",
    "NOT_STEPS",
    "Trace",
    "TraceError",
    "TraceEvent",
    "dump",
    "read_traces",
    "write_traces",
]

NOT_STEPS: Final = ("ActionBegan", "ActionDone", "ActionFailed", "Returned", "Raised")
"""The events that are not steps of the barrier: the program saw them."""

_TOLD_BY_THE_CALLER: Final = (Event.LEAVE, Event.WITHDRAW_CALL)

EVENTS: Final = (
    *(row.action for row in TABLE.rows if row.event not in _TOLD_BY_THE_CALLER),
    *NOT_STEPS,
)
"""The names of all events."""

_OF_NO_THREAD: Final = frozenset(row.action for row in TABLE.rows if row.location is None)
_BY: Final = ("barrier", "action", "other")
_FORMAT: Final = "verified-barrier trace"
_VERSION: Final = 1
_MOST: Final = 2**31 - 1
"""The largest number that TLC knows."""
_THREAD: Final = re.compile(r"t([1-9][0-9]{0,8})")


class TraceError(ValueError):
    """A file that holds no traces; the message says where and what is wrong, and the remedy."""


class TraceEvent(NamedTuple):
    """One event of a trace."""

    name: str
    thread: int | None = None
    """The thread, counted from 0, to which it happens; ``None`` if to no one thread."""
    index: int | None = None  # type: ignore[assignment]
    """What ``wait()`` returned."""
    error: str | None = None
    """The name of the class of what ``wait()`` raised."""
    by: str | None = None
    """Who raised that: the barrier, the action, or other: something else, such as a signal."""

    def __str__(self) -> str:
        what = self.name
        if self.index is not None:
            what += f" {self.index}"
        if self.error is not None:
            what += f" {self.error} (raised by: {self.by})"
        return what if self.thread is None else f"{what} by t{self.thread + 1}"


@dataclass(frozen=True)
class Trace:
    """What one barrier did."""

    parties: int
    has_action: bool
    threads: int
    """How many threads called it."""
    events: tuple[TraceEvent, ...]
    source: str = ""
    """Where it was recorded, or the file that it was read from."""
    line: int = 1
    """The line of its header in that file; the events follow line by line."""


def dump(trace: Trace) -> Iterator[str]:
    """Yield the lines of a file that say what a trace is."""
    yield json.dumps(
        {
            "format": _FORMAT,
            "version": _VERSION,
            "parties": trace.parties,
            "action": trace.has_action,
            "threads": trace.threads,
            "source": trace.source,
        }
    )
    for event in trace.events:
        fields: dict[str, object] = {"event": event.name}
        if event.thread is not None:
            fields["thread"] = f"t{event.thread + 1}"
        for key in ("index", "error", "by"):
            if (value := getattr(event, key)) is not None:
                fields[key] = value
        yield json.dumps(fields)


def write_traces(traces: Iterable[Trace], path: Path) -> None:
    """Write a file of traces: whole, or not at all. Raises ``OutputError`` if it cannot."""
    write_whole(path, (line for trace in traces for line in dump(trace)))


def read_traces(path: Path) -> list[Trace]:
    """Return the traces of a file.

    Raises ``TraceError`` where it cannot be read, or is not a file of traces, or holds a trace
    without events: that would show nothing.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise TraceError(f"{path} cannot be read: {reason(problem)}") from None
    if not lines:
        raise TraceError(f"{path} is empty: record one with verified-barrier trace record")
    starts: list[tuple[int, dict[str, Any]]] = []
    events: list[list[TraceEvent]] = []
    for number, text in enumerate(lines, 1):
        where = f"{path}, line {number}"
        fields = _fields(text, where)
        if "format" in fields:
            _check_header(fields, where)
            starts.append((number, fields))
            events.append([])
        elif not starts:
            raise TraceError(f"{where}: the first line must be a header, with a format: {text}")
        else:
            events[-1].append(_event(fields, starts[-1][1]["threads"], where))
    for (line, _), its_events in zip(starts, events, strict=True):
        if not its_events:
            raise TraceError(f"{path}, line {line}: this trace has no events: leave it out")
    return [
        Trace(
            fields["parties"],
            fields["action"],
            fields["threads"],
            tuple(its_events),
            str(path),
            line,
        )
        for (line, fields), its_events in zip(starts, events, strict=True)
    ]


def _fields(text: str, where: str) -> dict[str, Any]:
    try:
        fields = json.loads(text, object_pairs_hook=_each_once)
    except (ValueError, RecursionError) as problem:
        raise TraceError(
            f"{where}: not a JSON object ({problem}): {text[:80]}\n"
            "    was the file cut off, or altered? record it again"
        ) from None
    if not isinstance(fields, dict):
        raise TraceError(f"{where}: not a JSON object: {text[:80]}")
    return fields


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a key appears twice")
    return fields


def _check_header(fields: Mapping[str, Any], where: str) -> None:
    if fields["format"] != _FORMAT:
        raise TraceError(f"{where}: the format is {fields['format']!r}, and must be {_FORMAT!r}")
    if fields.get("version") != _VERSION:
        raise TraceError(
            f"{where}: the version is {fields.get('version')!r}, and this program knows "
            f"{_VERSION} only: record the trace again"
        )
    _check_keys(fields, ["format", "version", "parties", "action", "threads"], ["source"], where)
    for key in ("parties", "threads"):
        if not _is_number(fields[key]) or fields[key] < 1:
            raise TraceError(
                f"{where}: {key} is {fields[key]!r}, and must be an integer from 1 to {_MOST}"
            )
    if not isinstance(fields["action"], bool):
        raise TraceError(f"{where}: action is {fields['action']!r}, and must be true or false")


def _event(fields: Mapping[str, Any], threads: int, where: str) -> TraceEvent:
    name = fields.get("event")
    if name not in EVENTS:
        raise TraceError(f"{where}: the event is {name!r}, and must be one of {', '.join(EVENTS)}")
    keys = ["event"] if name in _OF_NO_THREAD else ["event", "thread"]
    keys += {"Returned": ["index"], "Raised": ["error", "by"]}.get(name, [])
    _check_keys(fields, keys, [], where)
    thread = None
    if "thread" in keys:
        match = _THREAD.fullmatch(str(fields["thread"]))
        if match is None or int(match[1]) > threads:
            raise TraceError(
                f"{where}: the thread is {fields['thread']!r}, and the header says that they "
                f"are t1 to t{threads}"
            )
        thread = int(match[1]) - 1
    if "index" in keys and not _is_number(fields["index"]):
        raise TraceError(
            f"{where}: the index is {fields['index']!r}, and must be an integer from 0 to {_MOST}"
        )
    if "by" in keys and fields["by"] not in _BY:
        raise TraceError(
            f"{where}: raised by {fields['by']!r}, which must be one of {', '.join(_BY)}"
        )
    if "error" in keys and not (
        isinstance(fields["error"], str) and fields["error"].isidentifier()
    ):
        raise TraceError(
            f"{where}: the error is {fields['error']!r}, and must be the name of a class"
        )
    return TraceEvent(str(name), thread, fields.get("index"), fields.get("error"), fields.get("by"))


def _check_keys(
    fields: Mapping[str, Any], needed: list[str], optional: list[str], where: str
) -> None:
    if missing := [key for key in needed if key not in fields]:
        raise TraceError(f"{where}: it lacks {', '.join(missing)}: {json.dumps(fields)}")
    if unknown := [key for key in fields if key not in (*needed, *optional)]:
        raise TraceError(f"{where}: it has more than it may: {', '.join(unknown)}")


def _is_number(value: object) -> bool:
    return type(value) is int and 0 <= value <= _MOST
