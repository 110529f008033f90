"""The page in a browser, with some of its barriers: those that the tests press on."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from explore.driving import NoBrowserError, a_browser
from verified_barrier.teaching.barriers import EXHIBITS, Size, exhibit, runs_of, steps_of
from verified_barrier.teaching.explore.export import Graphs, export
from verified_barrier.teaching.explore.page import page
from verified_barrier.teaching.places import Steps
from verified_barrier.verification.tlc import Tlc

SHOWN = {
    "ours": [Size(2, 2, False), Size(2, 3, True), Size(3, 3, False), Size(4, 4, True)],
    "cpython": [Size(2, 2, True), Size(3, 3, False)],
    "withdraw-leaves-gap": [Size(3, 3, False)],
    "holds-on": [Size(1, 2, True)],
    "release-skips-action": [Size(2, 2, True)],
}

AllSteps = dict[tuple[str, Size], Steps]


@pytest.fixture(scope="session")
def all_steps(tlc: Tlc) -> AllSteps:
    """What is shown, and what the manifest has a counterexample of."""
    wanted = {(key, size) for key, sizes in SHOWN.items() for size in sizes}
    for one in EXHIBITS:
        wanted |= {(one.key, challenge.size) for challenge in one.challenges}
    with ThreadPoolExecutor(2) as pool:
        found = {
            (key, size): pool.submit(steps_of, exhibit(key), size, tlc) for key, size in wanted
        }
        return {name: steps.result() for name, steps in found.items()}


@pytest.fixture(scope="session")
def graphs(all_steps: AllSteps) -> Graphs:
    return {
        key: {size: runs_of(exhibit(key), size, all_steps[key, size]) for size in sizes}
        for key, sizes in SHOWN.items()
    }


@pytest.fixture(scope="session")
def page_file(graphs: Graphs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "barrier.html"
    file.write_text(page(export(graphs)), encoding="utf-8")
    return file


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A Chromium; without one, what needs it is skipped, and says so."""
    try:
        with a_browser() as found:
            yield found
    except NoBrowserError as reason:
        pytest.skip(f"{reason}: make browser installs one")
