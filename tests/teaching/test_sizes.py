"""The sizes of the barriers, and how they are said."""

from __future__ import annotations

import pytest

from verified_barrier.teaching.barriers import EXHIBITS, Exhibit
from verified_barrier.teaching.sizes import OF_THE_TABLE, Size, searched, sizes_in_words


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        (OF_THE_TABLE, "1 to 4 parties and 1 to 4 threads, with or without an action"),
        (
            searched(),
            "1 party and 1 or 2 threads; 2 parties and 2 or 3 threads; 3 parties and 3 threads; "
            "with or without an action",
        ),
        (
            searched(least_parties=2, has_action=(False,)),
            "2 parties and 2 or 3 threads; 3 parties and 3 threads; without an action",
        ),
        ([Size(1, 1, True)], "1 party and 1 thread, with an action"),
    ],
)
def test_sizes_are_said_in_few_words(sizes: tuple[Size, ...], words: str) -> None:
    """One is not many; what is alike is said once."""
    assert sizes_in_words(sizes) == words


@pytest.mark.parametrize("one", EXHIBITS, ids=lambda one: one.key)
def test_every_challenge_can_be_looked_at(one: Exhibit) -> None:
    """It is set at a size that is offered; and what the words say of the sizes is so."""
    assert {challenge.size for challenge in one.challenges} <= {*one.sizes}
    pairs = {(size.parties, size.threads) for size in one.sizes}
    actions = {size.has_action for size in one.sizes}
    assert {*one.sizes} == {Size(*pair, action) for pair in pairs for action in actions}
    assert len({*one.sizes}) == len(one.sizes)
