"""The page in a browser, with some of its barriers: those that the tests press on."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from explore.driving import NoBrowserError, a_browser
from verified_barrier.teaching.barriers import EXHIBITS, exhibit, runs_of, steps_of
from verified_barrier.teaching.explore.export import Graphs, export
from verified_barrier.teaching.explore.page import page
from verified_barrier.teaching.places import Steps
from verified_barrier.teaching.searched import search_broken
from verified_barrier.teaching.sizes import Size
from verified_barrier.verification.tlc import Tlc

SHOWN = {
    "ours": [Size(2, 2, False), Size(2, 3, True), Size(3, 3, False), Size(4, 4, True)],
    "cpython": [Size(1, 1, False), Size(2, 2, True), Size(3, 3, False)],
    "withdraw-leaves-gap": [Size(3, 3, False)],
    "holds-on": [Size(1, 2, True)],
    "release-skips-action": [Size(2, 2, True), Size(3, 3, True)],
    "broken-lets-in": [Size(2, 2, False), Size(2, 2, True), Size(3, 3, False)],
}

AllSteps = dict[tuple[str, Size], Steps]


@pytest.fixture(scope="session")
def all_steps(tlc: Tlc) -> AllSteps:
    """What is shown, and what the manifest has a counterexample of."""
    wanted = {(key, size) for key, sizes in SHOWN.items() for size in sizes}
    for one in EXHIBITS:
        wanted |= {(one.key, challenge.size) for challenge in one.challenges}
    alone = [(key, size) for key, size in wanted if not exhibit(key).is_broken]
    together: dict[Size, list[str]] = {}
    for key, size in wanted - {*alone}:
        together.setdefault(size, []).append(key)
    with ThreadPoolExecutor(2) as pool:
        steps = {(key, size): pool.submit(steps_of, exhibit(key), size, tlc) for key, size in alone}
        broken = {
            size: pool.submit(search_broken, sorted(keys), size, tlc, 60.0)
            for size, keys in together.items()
        }
    return {name: found.result() for name, found in steps.items()} | {
        (key, size): its_steps
        for size, found in broken.items()
        for key, its_steps in found.result().items()
    }


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
