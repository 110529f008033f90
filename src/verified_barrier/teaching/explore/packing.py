"""Graphs as short texts, which the page reads by position."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import permutations
from typing import Any, Final, TypeVar

from verified_barrier.teaching.explore.controls import ExportError
from verified_barrier.teaching.followed import LAMPS, Followed

__all__ = ["DIGITS", "orders", "packed"]

DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
"""Of a number in a packed graph."""

_Item = TypeVar("_Item")


def orders(threads: int) -> list[tuple[int, ...]]:
    """Return every order of the threads. A move names the slots of its target by their number."""
    return list(permutations(range(threads)))


@cache
def _digits(number: int, width: int) -> str:
    if number >= len(DIGITS) ** width:
        raise ExportError(f"{number} does not fit into {width} digits: make the numbers wider")
    digits = ""
    for _ in range(width):
        number, digit = divmod(number, len(DIGITS))
        digits = DIGITS[digit] + digits
    return digits


class _Index(dict[_Item, int]):
    """Numbers for items, in the order in which they are first asked for."""

    def __missing__(self, item: _Item) -> int:
        self[item] = len(self)
        return self[item]


def packed(graph: Followed, actions: Sequence[str], phases: Sequence[str]) -> dict[str, Any]:
    """Return a graph for the page.

    ``threads`` are the threads that there are in a scene: location, outcome and index. ``lamps``
    are the sets of properties that are violated in a node. ``choices`` are what can happen in a
    node: each an action and a slot, -1 for none. A node is its phase, ``arrived``, lamps (a digit
    each), choices (two), and its threads (a digit each); its moves are in the order of its choices,
    each a node (``width`` digits) and an order of the slots (one).
    """
    width = 2 if len(graph.nodes) <= len(DIGITS) ** 2 else 3
    lamp_numbers = {name: number for number, name in enumerate(LAMPS)}
    order_numbers = {order: number for number, order in enumerate(orders(graph.threads))}
    threads, lamps, choices = _Index[Any](), _Index[Any](), _Index[Any]()
    nodes, moves = [], []
    for node in graph.nodes:
        violated = tuple(lamp_numbers[name] for name in node.violated)
        chosen = tuple(
            (actions.index(m.action), -1 if m.slot is None else m.slot) for m in node.moves
        )
        nodes.append(
            _digits(phases.index(node.scene.phase), 1)
            + _digits(node.scene.arrived, 1)
            + _digits(lamps[violated], 1)
            + _digits(choices[chosen], 2)
            + "".join(_digits(threads[thread], 1) for thread in node.scene.threads)
        )
        moves += [_digits(m.target, width) + _digits(order_numbers[m.slots], 1) for m in node.moves]
    return {
        "width": width,
        "threads": [list(thread) for thread in threads],
        "lamps": [list(violated) for violated in lamps],
        "choices": [[list(choice) for choice in chosen] for chosen in choices],
        "nodes": "".join(nodes),
        "moves": "".join(moves),
    }
