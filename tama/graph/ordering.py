"""In which order the boxes of a layer stand, so that few arrows cross."""

from __future__ import annotations

from bisect import bisect_right, insort
from itertools import pairwise

TYPE_CHECKING = False
if TYPE_CHECKING:
    Edge = tuple[int, int]
    Layers = list[list[int]]
    Neighbours = dict[int, list[int]]

_SWEEPS = 16


def ordered(layer: dict[int, int], links: list[Edge]) -> Layers:
    """The boxes of each layer in their order.

    Args:
        layer: the layer of each box, from 0 on; none is empty.
        links: pairs of boxes, the second in the layer behind the first's.
    """
    layers: Layers = [[] for _ in range(max(layer.values()) + 1)]
    for box in sorted(layer):
        layers[layer[box]].append(box)
    before: Neighbours = {box: [] for box in layer}
    behind: Neighbours = {box: [] for box in layer}
    for first, second in links:
        behind[first].append(second)
        before[second].append(first)
    best, fewest = [list(one) for one in layers], _crossings(layers, behind)
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        if sweep % 2:
            _sweep(layers[::-1], behind)
        else:
            _sweep(layers, before)
        if (crossings := _crossings(layers, behind)) < fewest:
            best, fewest = [list(one) for one in layers], crossings
    return best


def _sweep(layers: Layers, neighbours: Neighbours) -> None:
    """Order each layer but the first by where its boxes' neighbours in the one before stand in the mean."""
    for fixed, free in pairwise(layers):
        place = {box: float(at) for at, box in enumerate(fixed)}
        mean = {box: float(at) for at, box in enumerate(free)}
        for box in free:
            if those := neighbours[box]:
                mean[box] = sum(place[one] for one in those) / len(those)
        free.sort(key=mean.__getitem__)


def _crossings(layers: Layers, behind: Neighbours) -> int:
    """How many links cross: for each, those that begin above it and end below."""
    found = 0
    for first, second in pairwise(layers):
        place = {box: at for at, box in enumerate(second)}
        ends: list[int] = []
        for box in first:
            those = [place[one] for one in behind[box]]
            found += sum(len(ends) - bisect_right(ends, end) for end in those)
            for end in those:
                insort(ends, end)
    return found
