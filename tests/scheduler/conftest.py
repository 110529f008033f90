"""What the tests of the scheduler share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scheduler.engine import Engine


@pytest.fixture
def engine() -> Iterator[Engine]:
    """An engine, whose pool ends with the test."""
    with Engine() as engine:
        yield engine
