"""What all tests share."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from verified_barrier.verification.tlc import Tlc

settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "explore")


@pytest.fixture(scope="session")
def tlc(tmp_path_factory: pytest.TempPathFactory) -> Tlc:
    """The TLC that `make check` uses, prepared once for all tests."""
    return Tlc.find().prepared(tmp_path_factory.mktemp("cache"))
