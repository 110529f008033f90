"""The page in a browser, with some of its barriers: those that the tests press on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from verified_barrier.teaching.barriers import Size, exhibit, runs_of, steps_of
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

_OPTIONS = [
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-first-run"),
]
_REMEDY = "make browser installs one"


AllSteps = dict[tuple[str, Size], Steps]


@pytest.fixture(scope="session")
def all_steps(tlc: Tlc) -> AllSteps:
    return {
        (key, size): steps_of(exhibit(key), size, tlc)
        for key, sizes in SHOWN.items()
        for size in sizes
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
    playwright = pytest.importorskip(
        "playwright.sync_api", reason=f"no Playwright to drive a browser with: {_REMEDY}"
    )
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.skip(f"no Chromium: {_REMEDY}")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=program, args=_OPTIONS)
        yield chromium
        chromium.close()
