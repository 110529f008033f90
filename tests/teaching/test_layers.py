"""The layout of layers: few crossings, nothing overlaps, the same each time."""

from __future__ import annotations

from itertools import combinations, pairwise, permutations, product
from random import Random

import pytest

from verified_barrier.teaching.folding import folded
from verified_barrier.teaching.layers import crossings, ordered, placed

Layers = list[list[int]]
Arrows = dict[int, list[int]]


def _random_graph(seed: int) -> tuple[Layers, Arrows]:
    dice = Random(seed)  # noqa: S311
    numbers = iter(range(1000))
    layers = [[next(numbers) for _ in range(dice.randint(1, 4))] for _ in range(4)]
    arrows = {
        source: sorted(dice.sample(lower, dice.randint(0, len(lower))))
        for upper, lower in pairwise(layers)
        for source in upper
    }
    return layers, arrows


def _crossings(layers: Layers, arrows: Arrows) -> int:
    """Count the pairs of arrows of which one begins above and ends below the other."""
    count = 0
    for upper, lower in pairwise(layers):
        ends = [(upper.index(a), lower.index(b)) for a in upper for b in arrows.get(a, [])]
        count += sum((a - c) * (b - d) < 0 for (a, b), (c, d) in combinations(ends, 2))
    return count


@pytest.mark.parametrize("seed", range(20))
def test_crossings_are_counted_and_few(seed: int) -> None:
    """The order is one of the same members, and not far from the best there is."""
    layers, arrows = _random_graph(seed)
    found = ordered(layers, arrows)
    assert [sorted(layer) for layer in found] == layers
    assert crossings(found, arrows) == _crossings(found, arrows)
    orders = product(*(map(list, permutations(layer)) for layer in layers))
    if sum(map(len, layers)) <= 9:
        assert crossings(found, arrows) <= min(_crossings(list(o), arrows) for o in orders) + 2
    assert crossings(found, arrows) <= _crossings(layers, arrows)


def test_state_graphs_have_few_crossings() -> None:
    """The small graphs have as few as can be seen on the page."""
    graphs = {size: folded(*size) for size in [(1, 1, True), (2, 2, False), (2, 2, True)]}
    found = {size: crossings(graph.layers, graph.forward) for size, graph in graphs.items()}
    assert found == {(1, 1, True): 0, (2, 2, False): 2, (2, 2, True): 21}


@pytest.mark.parametrize("seed", range(20))
def test_nothing_overlaps_and_the_top_is_zero(seed: int) -> None:
    layers, arrows = _random_graph(seed)
    dice = Random(seed)  # noqa: S311
    heights = {member: dice.randint(20, 90) for layer in layers for member in layer}
    middle = placed(layers, arrows, heights, gap=10)
    for layer in layers:
        for one, other in pairwise(layer):
            assert middle[other] - middle[one] >= (heights[one] + heights[other]) / 2 + 10
    assert min(middle[member] - heights[member] // 2 for member in middle) == 0


def test_single_members_are_in_one_line() -> None:
    """And one with two before it is in the middle of them."""
    middle = placed(
        [[0], [1], [2, 3], [4]],
        {0: [1], 1: [2, 3], 2: [4], 3: [4]},
        dict.fromkeys(range(5), 40),
        20,
    )
    assert middle[0] == middle[1] == middle[4] == 50
    assert (middle[2], middle[3]) == (20, 80)
