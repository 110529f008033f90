"""Run `crossings.py` with each Python that is installed, and compare the barriers.

Every figure is a median over the repetitions. Ratios are formed within a repetition: how many
times as fast as `threading.Barrier`. Run it with `make bench`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import geometric_mean, median

from benchmarks.crossings import Report, Row

ROOT = Path(__file__).parents[2]
VERSIONS = ("3.11", "3.12", "3.13", "3.13t", "3.14", "3.14t")

HEADER = """\
           µs a crossing       times as fast                    CPU µs        switches
threads      ours    theirs    ours  (least to most)  locks     ours  theirs    ours  theirs"""


def pythons() -> list[str]:
    """Return the interpreters that are found: on the path, and with pyenv."""
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    folders += sorted(pyenv.glob("versions/*/bin"))
    found: dict[str, str] = {}
    for version in VERSIONS:
        for folder in folders:
            python = folder / f"python{version}"
            if version not in found and python.is_file() and _runs(python):
                found[version] = str(python)
    return list(found.values()) or [sys.executable]


def _runs(python: Path) -> bool:
    """Return whether it is more than a placeholder for a version that is not installed."""
    return subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0


def measured(python: str, threads: list[int], repetitions: int) -> Report:
    """Return what an interpreter measures."""
    command = [python, "-m", "benchmarks.crossings", "--repetitions", str(repetitions)]
    process = subprocess.run(
        [*command, "--threads", *map(str, threads)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT / "tests")))},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    report: Report = json.loads(process.stdout)
    return report


def ratios(row: Row, subject: str) -> list[float]:
    """Return how many times as fast as `threading.Barrier` it was in each repetition."""
    pairs = zip(row["samples"]["theirs"], row["samples"][subject], strict=True)
    return [theirs[0] / its[0] for theirs, its in pairs]


def middle(row: Row, subject: str, which: int) -> float:
    """Return the median of a field of the samples."""
    return median(sample[which] for sample in row["samples"][subject])


def mean_ratio(rows: list[Row], subject: str) -> float:
    """Return the geometric mean of the median ratios with 2 threads or more."""
    return geometric_mean(median(ratios(row, subject)) for row in rows if row["threads"] > 1)


def lines(report: Report) -> Iterator[str]:
    """Yield the lines of a report."""
    for work, rows in report["tables"].items():
        meanwhile = f"{float(work) * 1e3:g} ms of sleep" if float(work) else "nothing"
        where = f"{report['python']}, {report['processors']} processors"
        yield f"{where}: crossings, and {meanwhile} between them"
        yield from HEADER.splitlines()
        for row in rows:
            its = ratios(row, "ours")
            yield (
                f"{row['threads']:7}  {middle(row, 'ours', 0) * 1e6:8.1f}  "
                f"{middle(row, 'theirs', 0) * 1e6:8.1f}    {median(its):4.2f}  "
                f"({min(its):.2f} to {max(its):.2f})   {median(ratios(row, 'locks')):5.2f}  "
                f"{middle(row, 'ours', 1) * 1e6:7.1f} {middle(row, 'theirs', 1) * 1e6:7.1f}  "
                f"{middle(row, 'ours', 2):6.1f}  {middle(row, 'theirs', 2):6.1f}"
            )
        if any(row["threads"] > 1 for row in rows):
            yield (
                f"geometric mean, 2 threads or more: {mean_ratio(rows, 'ours'):.2f}; "
                f"locks alone: {mean_ratio(rows, 'locks'):.2f}"
            )
        yield ""


def plot(reports: list[Report], file: Path) -> None:
    """Draw the ratios over the number of threads, legible on light and on dark."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": "crossings", "svg.fonttype": "none", "font.size": 11})
    from matplotlib import pyplot as plt

    grey = "#808080"
    figure, axes = plt.subplots(figsize=(7.2, 4), layout="constrained")
    for report in reports:
        rows = report["tables"]["0.0"]
        counts = [row["threads"] for row in rows]
        (line,) = axes.plot(
            counts, [median(ratios(row, "ours")) for row in rows], "o-", label=report["python"]
        )
        locks = [median(ratios(row, "locks")) for row in rows]
        axes.plot(counts, locks, ":", color=line.get_color())
    axes.plot([], [], ":", color=grey, label="locks alone")
    axes.axhline(1, color=grey, linewidth=1)
    axes.annotate("threading.Barrier", (1, 1.04), color=grey)
    axes.set_xscale("log", base=2)
    axes.set_xticks(counts, [str(count) for count in counts])
    axes.set_ylim(bottom=0)
    axes.set_xlabel("threads", color=grey)
    axes.set_ylabel("times as fast", color=grey)
    axes.tick_params(colors=grey, which="both")
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(grey)
    figure.legend(frameon=False, labelcolor=grey, ncols=3, loc="outside upper center")
    title = "How many times as fast as threading.Barrier, over the number of threads"
    about = {"Date": None, "Creator": None, "Title": title}
    figure.savefig(file, transparent=True, metadata=about)


def main() -> None:
    """Print a table for each Python."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2, 4, 8, 16, 32, 64])
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--python", nargs="+", help="interpreters (default: all that are found)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all samples there")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the ratios there, as SVG")
    options = parser.parse_args()
    reports = []
    for python in options.python or pythons():
        reports.append(measured(python, options.threads, options.repetitions))
        print(*lines(reports[-1]), sep="\n", flush=True)
    if options.json:
        options.json.write_text(json.dumps(reports, indent=1) + "\n", encoding="utf-8")
    if options.plot:
        plot(reports, options.plot)


if __name__ == "__main__":
    main()
