"""What checks have found, for other programs: JSON, JUnit's XML, and what GitHub shows."""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

from verified_barrier.verification.report import Check, Report, Verdict

__all__ = ["Results", "as_json", "as_junit", "github_annotations", "job_summary"]

FORMAT: Final = "verified-barrier check"
FORMAT_VERSION: Final = 2
"""It changes when a field changes its meaning or goes; not when one is added."""

_NOT_IN_XML: Final = re.compile(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Results:
    """What a run of checks has found."""

    reports: Sequence[tuple[Check, Report]]
    left_out: int
    """How many checks were left out because they are large."""
    seconds: float

    def count(self, verdict: Verdict) -> int:
        """Return how many checks came out so."""
        return sum(report.verdict is verdict for _, report in self.reports)

    @property
    def remembered(self) -> int:
        """How many of those that are as expected were not run, because nothing has changed."""
        return sum(report.remembered for _, report in self.reports)

    @property
    def sums(self) -> str:
        """How many checks came out how, in words."""
        more = f"; left out without --full: {self.left_out}" if self.left_out else ""
        known = f" ({self.remembered} remembered, not run)" if self.remembered else ""
        return (
            f"{self.count(Verdict.AS_EXPECTED)} as expected{known}, "
            f"{self.count(Verdict.UNEXPECTED)} unexpected, "
            f"{self.count(Verdict.INCOMPLETE)} incomplete, in {self.seconds:.0f} s{more}"
        )


def as_json(results: Results) -> str:
    """Return the results as JSON; ``docs/check.md`` says what each field means."""
    fields: dict[str, Any] = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "package": version("verified-barrier"),
        "python": platform.python_version(),
        "seconds": round(results.seconds, 3),
        "left_out": results.left_out,
        "counts": {
            **{verdict.name.lower(): results.count(verdict) for verdict in Verdict},
            "remembered": results.remembered,
        },
        "checks": [
            {
                "name": check.name,
                "shows": check.shows,
                "large": check.large,
                "verdict": report.verdict.name.lower(),
                "remembered": report.remembered,
                "ran": report.ran,
                "seconds": round(report.seconds, 3),
                "summary": report.summary,
                "details": list(report.details),
            }
            for check, report in results.reports
        ],
    }
    return json.dumps(fields, indent=1)


def as_junit(results: Results) -> str:
    """Return the results as JUnit's XML: a check is a test case, its group the class.

    What is unexpected is a failure; what is incomplete is an error, and not skipped: nothing was
    shown.
    """
    tags = {Verdict.UNEXPECTED: "failure", Verdict.INCOMPLETE: "error"}
    suite = ElementTree.Element(
        "testsuite",
        name=FORMAT,
        tests=str(len(results.reports)),
        failures=str(results.count(Verdict.UNEXPECTED)),
        errors=str(results.count(Verdict.INCOMPLETE)),
        time=f"{results.seconds:.3f}",
    )
    for check, report in results.reports:
        group, _, name = check.name.partition("/")
        seconds = 0.0 if report.remembered else report.seconds
        case = ElementTree.SubElement(
            suite, "testcase", classname=group, name=name, time=f"{seconds:.3f}"
        )
        if report.remembered:
            properties = ElementTree.SubElement(case, "properties")
            ElementTree.SubElement(properties, "property", name="remembered", value=report.ran)
        if report.verdict in tags:
            problem = ElementTree.SubElement(
                case, tags[report.verdict], message=_for_xml(report.summary)
            )
            problem.text = _for_xml("\n".join(report.details))
        else:
            said = _remembered_words(report) + report.summary
            ElementTree.SubElement(case, "system-out").text = _for_xml(said)
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True)


def _remembered_words(report: Report) -> str:
    if not report.remembered:
        return ""
    return f"remembered, not run: it ran {report.ran}, and took {report.seconds:.1f} s; "


def _for_xml(text: str) -> str:
    """Return a text without what XML cannot have."""
    return _NOT_IN_XML.sub("?", text)


def github_annotations(results: Results) -> Iterator[str]:
    """Yield a line for each check that is not as expected, which GitHub shows as an annotation.

    Source: GitHub Actions, workflow commands.
    """
    for check, report in results.reports:
        if report.verdict is not Verdict.AS_EXPECTED:
            text = "\n".join([report.summary, *report.details])
            title = f"{report.verdict.value}: {check.name}"
            yield f"::error {_where(check)}title={_escaped(title, ':,')}::{_escaped(text, '')}"


def _where(check: Check) -> str:
    """Return which file of the repository GitHub marks, if it is one of the repository."""
    root = Path(os.environ.get("GITHUB_WORKSPACE", "")).resolve()
    file = None if check.file is None else check.file.resolve()
    if file is None or not file.is_relative_to(root):
        return ""
    return f"file={_escaped(file.relative_to(root).as_posix(), ':,')},"


def _escaped(text: str, more: str) -> str:
    for character in "%\r\n" + more:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def job_summary(results: Results) -> Iterator[str]:
    """Yield the lines of a summary in Markdown: the sums, and what is not as expected."""
    yield "## verified-barrier check"
    yield ""
    yield results.sums
    for check, report in results.reports:
        if report.verdict is not Verdict.AS_EXPECTED:
            yield ""
            yield f"### {report.verdict.value}: {check.name}"
            yield ""
            yield report.summary
            if report.details:
                yield ""
                yield from ("```", *"\n".join(report.details).splitlines(), "```")
