"""What all tests share."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import Phase, settings

from verified_barrier.verification.tlc import Tlc

settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
# For the gallery of faults: that there is a failure is enough.
settings.register_profile(
    "unshrunk", settings.get_profile("ci"), phases=(Phase.explicit, Phase.generate)
)
settings.load_profile("ci" if os.environ.get("CI") else "explore")

# In the background, a shell has Ctrl-C ignored, also by the programs that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def tlc(tmp_path_factory: pytest.TempPathFactory) -> Tlc:
    """The TLC that `make check` uses, prepared once for all tests."""
    return Tlc.find().prepared(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def caches(tlc: Tlc, tmp_path: Path) -> Path:
    """A folder for `XDG_CACHE_HOME` in which TLC is prepared, and no result is remembered."""
    ours = tmp_path / "caches" / "verified-barrier"
    ours.mkdir(parents=True)
    for option in tlc.java_options:
        name, _, value = option.partition("=")
        if name == "-XX:AOTCache":
            (ours / Path(value).name).hardlink_to(value)
    return ours.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that runs what takes minutes."""
    parser.addoption("--full", action="store_true", help="run the tests that take minutes, too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes minutes, unless it is asked for; begin with what one process must do."""
    if not config.getoption("--full"):
        large = [item for item in items if item.get_closest_marker("full")]
        config.hook.pytest_deselected(items=large)
        items[:] = [item for item in items if item not in large]
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)
