"""How high each box stands in its layer: as near to its neighbours as the others let it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    Edge = tuple[int, int]

_GAP = 24.0
_ROUNDS = 8


def levelled(layers: list[list[int]], links: list[Edge], heights: Mapping[int, float]) -> dict[int, float]:
    """The height of the middle of each box, in pixels.

    Args:
        layers: the boxes of each layer, from above to below.
        links: pairs of boxes of adjacent layers.
        heights: the boxes' own.
    """
    neighbours: dict[int, list[int]] = {box: [] for layer in layers for box in layer}
    for first, second in links:
        neighbours[first].append(second)
        neighbours[second].append(first)
    middle: dict[int, float] = {}
    for layer in layers:
        middle.update(_apart(layer, [0.0] * len(layer), heights))
    for turn in range(_ROUNDS):
        for layer in layers[:: -1 if turn % 2 else 1]:
            near = [[middle[one] for one in neighbours[box] or [box]] for box in layer]
            middle.update(_apart(layer, [sum(those) / len(those) for those in near], heights))
    return middle


def _apart(layer: list[int], wanted: list[float], heights: Mapping[int, float]) -> dict[int, float]:
    """The heights nearest to those that are wanted, by least squares, at which the boxes keep order and distance.

    Without the distances it is an isotonic regression, by the pooling of adjacent violators.
    """
    offset, offsets = 0.0, []
    for at, box in enumerate(layer):
        if at:
            above = heights[layer[at - 1]]
            offset += (above + heights[box]) / 2 + min(_GAP, above, heights[box])
        offsets.append(offset)
    pools: list[tuple[float, int]] = []
    for want, offset in zip(wanted, offsets, strict=True):
        total, count = want - offset, 1
        while pools and pools[-1][0] / pools[-1][1] >= total / count:
            total, count = total + pools[-1][0], count + pools[-1][1]
            pools.pop()
        pools.append((total, count))
    means = [total / count for total, count in pools for _ in range(count)]
    return {box: mean + offset for box, mean, offset in zip(layer, means, offsets, strict=True)}
