"""Drawing a graph in layers, with few crossings: the order within each layer, and the places.

An arrow leads from a layer to the next. In turn, each member of a layer is put near the middle of
those that it is linked with: first in the order, then on the page. Source: K. Sugiyama, S. Tagawa
and M. Toda, "Methods for Visual Understanding of Hierarchical System Structures" (1981).

Places are whole numbers, and what is equal keeps its order, so that the same graph is the same
picture on each machine.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, pairwise

__all__ = ["crossings", "ordered", "placed"]

Layers = Sequence[Sequence[int]]
Arrows = Mapping[int, Sequence[int]]
"""Where the arrows of each member lead: to members of the next layer."""

_ROUNDS = 12


def crossings(layers: Layers, arrows: Arrows) -> int:
    """Return how many pairs of arrows cross."""
    count = 0
    for upper, lower in pairwise(layers):
        place = {member: number for number, member in enumerate(lower)}
        before: list[int] = []
        for member in upper:
            ends = sorted(place[target] for target in arrows.get(member, ()))
            count += sum(len(before) - bisect_right(before, end) for end in ends)
            for end in ends:
                insort(before, end)
    return count


def ordered(layers: Layers, arrows: Arrows) -> list[list[int]]:
    """Return the same layers, each in an order in which few arrows cross."""
    now = best = [list(layer) for layer in layers]
    fewest = crossings(now, arrows)
    for neighbours, sweep in _sweeps(len(layers), arrows):
        now = [list(layer) for layer in now]
        for one, other in sweep:
            place = {member: number for number, member in enumerate(now[one])}
            own = {member: number for number, member in enumerate(now[other])}
            wish = {m: _mean([place[n] for n in neighbours.get(m, ())], own[m]) for m in own}
            now[other].sort(key=wish.__getitem__)
        if (count := crossings(now, arrows)) < fewest:
            best, fewest = now, count
    return best


def placed(layers: Layers, arrows: Arrows, heights: Mapping[int, int], gap: int) -> dict[int, int]:
    """Return where the middle of each member is, in its layer: near those it is linked with.

    Parameters: ``heights``, of the members; ``gap``, how far they are apart at least.
    """
    middle: dict[int, int] = {}
    for layer in layers:
        middle |= _apart(layer, dict.fromkeys(layer, 0), heights, gap)
    for neighbours, sweep in _sweeps(len(layers), arrows):
        for _, other in sweep:
            layer = layers[other]
            wish = {m: _mean([middle[n] for n in neighbours.get(m, ())], middle[m]) for m in layer}
            middle |= _apart(layer, wish, heights, gap)
    top = min(middle[member] - heights[member] // 2 for member in middle)
    return {member: place - top for member, place in middle.items()}


def _sweeps(count: int, arrows: Arrows) -> Iterator[tuple[Arrows, list[tuple[int, int]]]]:
    """Yield, to and fro, who is linked with whom, and which layer follows which."""
    back: dict[int, list[int]] = {}
    for source, targets in arrows.items():
        for target in targets:
            back.setdefault(target, []).append(source)
    forth = list(pairwise(range(count)))
    for _ in range(_ROUNDS):
        yield back, forth
        yield arrows, [(other, one) for one, other in reversed(forth)]


def _mean(places: Sequence[int], otherwise: int) -> float:
    return sum(places) / len(places) if places else otherwise


def _apart(
    layer: Sequence[int], wish: Mapping[int, float], heights: Mapping[int, int], gap: int
) -> dict[int, int]:
    """Return places that keep the members apart, as near to the wishes as can be.

    Without their distances, the places must not decrease: where they would, those concerned get
    the mean of their wishes (the pool adjacent violators algorithm).
    """
    steps = [(heights[a] + heights[b] + 1) // 2 + gap for a, b in pairwise(layer)]
    offsets = list(accumulate(steps, initial=0))
    pools: list[tuple[float, int]] = []
    for member, offset in zip(layer, offsets, strict=True):
        total, size = wish[member] - offset, 1
        while pools and pools[-1][0] / pools[-1][1] > total / size:
            before = pools.pop()
            total, size = total + before[0], size + before[1]
        pools.append((total, size))
    places = [round(total / size) for total, size in pools for _ in range(size)]
    return {m: place + offset for m, place, offset in zip(layer, places, offsets, strict=True)}
