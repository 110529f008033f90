"""The benchmark's figures: what is compared with what."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.compare import ROOT, TITLE, lines, mean_ratio, plot, pythons, ratios
from benchmarks.crossings import SUBJECTS, Report, Row, Sample, sample


def row(threads: int) -> Row:
    """Return a row in which ours takes half the time, and the locks a quarter."""
    seconds = {"ours": 2e-6, "theirs": 4e-6, "locks": 1e-6}
    samples = {
        name: [Sample(each * n, each * n, 1.0) for n in (1, 2, 3)] for name, each in seconds.items()
    }
    return {"threads": threads, "crossings": 10, "samples": samples}


def test_ratios_are_formed_within_a_repetition() -> None:
    """However much slower the machine is in one than in another."""
    assert ratios(row(2), "ours") == [2.0, 2.0, 2.0]
    assert ratios(row(2), "locks") == [4.0, 4.0, 4.0]
    assert mean_ratio([row(1), row(2), row(4)], "ours") == pytest.approx(2.0)


def test_lines_have_the_medians() -> None:
    """A line for each number of threads, and the mean without the barrier for one."""
    report: Report = {
        "python": "CPython 3.99.0",
        "processors": 2,
        "tables": {"0.0": [row(1), row(2)], "0.002": [row(1)]},
    }
    shown = list(lines(report))
    assert shown[0] == "CPython 3.99.0, 2 processors: crossings, and nothing between them"
    assert shown[4].split()[:4] == ["2", "4.0", "8.0", "2.00"]
    assert shown[5] == "geometric mean, 2 threads or more: 2.00; locks alone: 4.00"
    assert sum(line.startswith("geometric mean") for line in shown) == 1


def test_plot_has_a_title(tmp_path: Path) -> None:
    """As each picture of the documentation: what reads a page aloud reads that."""
    assert f" <title>{TITLE}</title>\n" in (ROOT / "docs" / "crossings.svg").read_text()
    pytest.importorskip("matplotlib", reason="needs the extra `bench`")
    tables = {"0.0": [row(1), row(2)]}
    plot([{"python": "CPython 3.99.0", "processors": 2, "tables": tables}], tmp_path / "plot.svg")
    assert f" <title>{TITLE}</title>\n" in (tmp_path / "plot.svg").read_text()


@pytest.mark.parametrize("subject", SUBJECTS)
def test_sample(subject: str) -> None:
    """Each can be measured: three threads cross a few times."""
    assert sample(subject, 3, 5, 0.0).seconds > 0


def test_interpreters_that_are_found_are_there() -> None:
    """At least one is."""
    found = pythons()
    assert found
    assert all(Path(python).is_file() for python in found)
