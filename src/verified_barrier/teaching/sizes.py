"""How large the barriers are that one can look at. Which sizes there are is said nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from verified_barrier.teaching.words import counted

__all__ = ["OF_THE_TABLE", "Size", "searched", "sizes_in_words"]


class Size(NamedTuple):
    """How large a barrier is, and how many threads there are."""

    parties: int
    threads: int
    has_action: bool

    @property
    def key(self) -> str:
        """The size as it stands in the address of the explorer's page."""
        return f"{self.parties}-{self.threads}-{'action' if self.has_action else 'plain'}"

    def __str__(self) -> str:
        return (
            f"{counted(self.parties, 'party', 'parties')}, "
            f"{counted(self.threads, 'thread', 'threads')}, "
            f"{'with an action' if self.has_action else 'without action'}"
        )


OF_THE_TABLE: Final = tuple(
    Size(parties, threads, has_action)
    for parties in range(1, 5)
    for threads in range(1, 5)
    for has_action in (False, True)
)
"""The sizes of a barrier that the table spans."""

_SEARCHED: Final = ((1, 1), (1, 2), (2, 2), (2, 3), (3, 3))
"""Parties and threads of the barriers that TLC has to search. A fourth thread would make the page
of ``verified-barrier explore`` take minutes."""


def searched(
    *, least_parties: int = 1, has_action: Sequence[bool] = (False, True)
) -> tuple[Size, ...]:
    """Return the sizes of a barrier that TLC has to search.

    Parameters: ``least_parties`` and ``has_action``, with which there is something to be seen.
    """
    return tuple(
        Size(parties, threads, acts)
        for parties, threads in _SEARCHED
        for acts in has_action
        if parties >= least_parties
    )


def sizes_in_words(sizes: Iterable[Size]) -> str:
    """Return what sizes there are: of each count of parties the threads, then the action."""
    found = sorted(sizes)
    of_threads: dict[tuple[int, ...], list[int]] = {}
    for parties in sorted({size.parties for size in found}):
        threads = tuple(sorted({size.threads for size in found if size.parties == parties}))
        of_threads.setdefault(threads, []).append(parties)
    pairs = [
        f"{_numbers(parties, 'party', 'parties')} and {_numbers(threads, 'thread', 'threads')}"
        for threads, parties in of_threads.items()
    ]
    acts = {size.has_action for size in found}
    action = "with or without" if len(acts) == 2 else "with" if True in acts else "without"
    return f"{'; '.join(pairs)}{';' if len(pairs) > 1 else ','} {action} an action"


def _numbers(numbers: Sequence[int], one: str, more: str) -> str:
    if len(numbers) == 1:
        return counted(numbers[0], one, more)
    return f"{numbers[0]} {'or' if len(numbers) == 2 else 'to'} {numbers[-1]} {more}"
