"""Where boxes and arrows go: layers from left to right, by the direction of the arrows.

After Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical system structures" (1981): boxes get
layers, arrows over several layers get a lane in each, layers are ordered so that few arrows cross, then boxes are drawn
towards their neighbours. As a lane is as good as a box, no arrow runs through a box.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from tama.graph.layering import layered
from tama.graph.levelling import levelled
from tama.graph.ordering import ordered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    Point = tuple[float, float]
    Edge = tuple[int, int]

_GAP_Y, _GAP_X, _LANE, _PORTS = 24.0, 76.0, 8.0, 18.0
_LINK_X, _MOST_LINKS_X = 3.0, 120.0
_LOOP = 22.0


@dataclass
class Layout:
    """Places in pixels from the upper left corner.

    Attributes:
        places: the upper left corner of each box.
        paths: the points that each arrow goes through; it is horizontal in all of them.
        width: of all of it.
        height: of all of it.
    """

    places: list[Point]
    paths: list[list[Point]]
    width: float = 0.0
    height: float = 0.0


def layout(sizes: Sequence[Point], edges: Sequence[Edge], width: float) -> Layout:
    """Place boxes and arrows.

    Args:
        sizes: width and height of each box.
        edges: the two boxes of each arrow, which may be the same.
        width: how wide rows of boxes without arrows are at least.
    """
    whole = Layout([(0.0, 0.0)] * len(sizes), [[] for _ in edges])
    alone = []
    for boxes in _components(len(sizes), edges):
        if len(boxes) == 1 and not any(boxes[0] in edge for edge in edges):
            alone += boxes
            continue
        _place(whole, boxes, sizes, [(at, edge) for at, edge in enumerate(edges) if edge[0] in boxes])
    _place_alone(whole, alone, sizes, max(width, whole.width))
    return whole


def _components(count: int, edges: Sequence[Edge]) -> list[list[int]]:
    """The boxes that arrows join, the largest such group first."""
    group = list(range(count))
    for source, target in edges:
        old, new = group[target], group[source]
        group = [new if one == old else one for one in group]
    found: dict[int, list[int]] = {}
    for box, one in enumerate(group):
        found.setdefault(one, []).append(box)
    return sorted(found.values(), key=lambda boxes: (-len(boxes), boxes))


def _place_alone(whole: Layout, boxes: list[int], sizes: Sequence[Point], width: float) -> None:
    """Rows of boxes below all others."""
    x, y, tallest = 0.0, whole.height + (_GAP_Y if whole.height else 0.0), 0.0
    for box in boxes:
        if x and x + sizes[box][0] > width:
            x, y, tallest = 0.0, y + tallest + _GAP_Y, 0.0
        whole.places[box] = (x, y)
        tallest = max(tallest, sizes[box][1])
        whole.width = max(whole.width, x + sizes[box][0])
        whole.height = y + tallest
        x += sizes[box][0] + _GAP_Y


def _place(whole: Layout, boxes: list[int], sizes: Sequence[Point], edges: list[tuple[int, Edge]]) -> None:
    """Place the boxes that arrows join below what is placed."""
    between = [(at, edge) for at, edge in edges if edge[0] != edge[1]]
    layer = layered(boxes, [edge for _, edge in between])
    heights = {box: sizes[box][1] for box in boxes}
    chains: dict[int, list[int]] = {}
    lanes = len(sizes)
    for at, edge in between:
        first, last = sorted(edge, key=layer.__getitem__)
        inner = list(range(lanes, lanes + layer[last] - layer[first] - 1))
        lanes += len(inner)
        layer.update({lane: layer[first] + 1 + step for step, lane in enumerate(inner)})
        heights.update(dict.fromkeys(inner, _LANE))
        chains[at] = [first, *inner, last]
    links = [link for chain in chains.values() for link in pairwise(chain)]
    layers = ordered(layer, links)
    centres = levelled(layers, links, heights)
    top = min(centres[one] - heights[one] / 2 for one in centres)
    below = whole.height + (2 * _GAP_Y if whole.height else 0.0)
    centres = {one: centre - top + below for one, centre in centres.items()}
    left, right = _sides(layers, layer, links, sizes, loops={edge[0] for _, edge in edges if edge[0] == edge[1]})
    for box in boxes:
        whole.places[box] = (left[layer[box]], centres[box] - heights[box] / 2)
    whole.width = max(whole.width, right[-1])
    whole.height = max(centres[one] + heights[one] / 2 for one in centres)
    ports = _ports(chains, centres, heights)
    for at, (source, _) in edges:
        if at not in chains:
            whole.paths[at] = _loop(whole.places[source], sizes[source])
            continue
        first, *inner, last = chains[at]
        path = [(left[layer[first]] + sizes[first][0], ports[at, first]), (right[layer[first]], ports[at, first])]
        for lane in inner:
            path += [(left[layer[lane]], centres[lane]), (right[layer[lane]], centres[lane])]
        path.append((left[layer[last]], ports[at, last]))
        path = [point for index, point in enumerate(path) if index == 0 or point != path[index - 1]]
        whole.paths[at] = path if source == first else path[::-1]


def _loop(place: Point, size: Point) -> list[Point]:
    """An arrow from the right side of a box back to it, in its lower corner."""
    right, bottom = place[0] + size[0], place[1] + size[1]
    return [(right, bottom - 12 - _LOOP), (right, bottom - 12)]


def _sides(
    layers: list[list[int]], layer: dict[int, int], links: list[Edge], sizes: Sequence[Point], loops: set[int]
) -> tuple[list[float], list[float]]:
    """Where each layer begins and ends from left to right; the more links are behind it, the more room they get."""
    left, right = [], []
    x = 0.0
    for at, those in enumerate(layers):
        left.append(x)
        x += max((sizes[one][0] for one in those if one < len(sizes)), default=0.0)
        right.append(x)
        crowd = sum(layer[first] == at for first, _ in links)
        x += _GAP_X + min(crowd * _LINK_X, _MOST_LINKS_X) + _LOOP * any(one in loops for one in those)
    if any(one in loops for one in layers[-1]):
        right[-1] += _LOOP
    return left, right


def _ports(
    chains: dict[int, list[int]], centres: dict[int, float], heights: dict[int, float]
) -> dict[tuple[int, int], float]:
    """How high each arrow touches each of its two boxes: spread over the side, in the order of where they lead."""
    sides: dict[tuple[int, bool], list[tuple[float, int]]] = {}
    for at, chain in chains.items():
        sides.setdefault((chain[0], True), []).append((centres[chain[1]], at))
        sides.setdefault((chain[-1], False), []).append((centres[chain[-2]], at))
    found = {}
    for (box, _), arrows in sides.items():
        apart = min(_PORTS, heights[box] / (len(arrows) + 1))
        for index, (_, at) in enumerate(sorted(arrows)):
            found[at, box] = centres[box] + (index - (len(arrows) - 1) / 2) * apart
    return found
