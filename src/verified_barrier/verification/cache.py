"""Results of checks that are remembered, so that what has not changed is not run again.

A result is found again by a key: a hash of all that decides the verdict. Only results that are as
expected are remembered. Nothing depends on an entry being there, or being whole: one that cannot
be read, or is not what it should be, is not used. It is written whole or not at all, so that
several commands can share the folder.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any, Final

from verified_barrier.verification.evidence import note
from verified_barrier.verification.files import OutputError, reason, write_whole
from verified_barrier.verification.report import Check, Report, Verdict

__all__ = ["ResultCache"]

_FORMAT: Final = "verified-barrier result 1"
_PACKAGE: Final = Path(__file__).resolve().parents[1]
_FIELDS: Final = {"summary": str, "seconds": float, "ran": str}
"""What is remembered of a report, and of which type it must be."""


class ResultCache:
    """Remembered results.

    Parameters: ``folder``, where they are; it need not be there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder: Final = folder / "results"
        # What runs now is what was there when the program began, whatever becomes of the files.
        self._sources: Final = _sources()

    def key(self, check: Check) -> str | None:
        """Return the key of a check's result now; ``None`` if it is not to be remembered."""
        return _key(check, self._sources)

    def recall(self, check: Check, key: str) -> Report | None:
        """Return the result that is remembered under a key, if there is one that can be used."""
        path = self._path(key)
        try:
            entry = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            note(f"no result is remembered under {key}")
            return None
        except (OSError, ValueError, RecursionError) as problem:
            note(f"{path} is not used: it cannot be read: {reason(problem)}")
            return None
        try:
            if entry["format"] != _FORMAT or (entry["key"], entry["check"]) != (key, check.name):
                raise ValueError("it is of another format, or of another check")
            report = entry["report"]
            if entry["checksum"] != _hash(report):
                raise ValueError("it is damaged")
            if {name: type(value) for name, value in report.items()} != _FIELDS:
                raise ValueError("it has other fields than it should")
        except (KeyError, TypeError, AttributeError, ValueError) as problem:
            note(f"{path} is not used: {problem!r}")
            return None
        note(f"remembered in {path}")
        return Report(Verdict.AS_EXPECTED, **report, remembered=True)

    def remember(self, check: Check, key: str, report: Report) -> None:
        """Remember a result that is as expected, if nothing has changed while it came about."""
        if report.verdict is not Verdict.AS_EXPECTED:
            return
        if _key(check, _sources()) != key:
            note("not remembered: what it depends on has changed while it ran")
            return
        kept = {name: getattr(report, name) for name in _FIELDS}
        entry = {
            "format": _FORMAT,
            "key": key,
            "check": check.name,
            "report": kept,
            "checksum": _hash(kept),
        }
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_whole(self._path(key), [json.dumps(entry)])
            note(f"remembered from now on in {self._path(key)}")
        except (OSError, OutputError) as problem:
            note(f"not remembered: {problem}")

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.json"


def _key(check: Check, sources: str) -> str | None:
    if check.inputs is None:
        return None
    return _hash([_FORMAT, check.name, sys.version, sources, check.inputs()])


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _sources() -> str:
    """Return a hash of this package's Python: what decides a verdict may be in any part of it."""
    files = sorted(_PACKAGE.rglob("*.py"))
    return _hash([(str(file.relative_to(_PACKAGE)), _digest(file)) for file in files])


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
