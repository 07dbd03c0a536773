"""Which layer each box is in."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    Edge = tuple[int, int]


def layered(boxes: list[int], edges: list[Edge]) -> dict[int, int]:
    """The layer of each box from 0 on: behind all that lead to it, and no further before what it leads to than needed.

    An arrow that closes a circle leads back to an earlier layer.

    Args:
        boxes: those that arrows join.
        edges: the two boxes of each arrow, never the same.
    """
    order = _in_order(boxes, edges)
    place = {box: at for at, box in enumerate(order)}
    forward: dict[int, list[int]] = {box: [] for box in boxes}
    for source, target in edges:
        if place[source] < place[target]:
            forward[source].append(target)
    layer = dict.fromkeys(boxes, 0)
    for box in order:
        for target in forward[box]:
            layer[target] = max(layer[target], layer[box] + 1)
    for box in reversed(order):
        if forward[box]:
            layer[box] = min(layer[target] for target in forward[box]) - 1
    lowest = min(layer.values())
    return {box: at - lowest for box, at in layer.items()}


def _in_order(boxes: list[int], edges: list[Edge]) -> list[int]:
    """The boxes in an order in which all arrows lead forward but those that close a circle: a depth-first search."""
    behind: dict[int, list[int]] = {box: [] for box in boxes}
    for source, target in edges:
        behind[source].append(target)
    finished: list[int] = []
    visited: set[int] = set()
    targets = {target for _, target in edges}
    for start in sorted(boxes, key=lambda box: (box in targets, box)):
        stack = [] if start in visited else [start]
        while stack:
            visited.add(stack[-1])
            if new := [target for target in behind[stack[-1]] if target not in visited][:1]:
                stack += new
            else:
                finished.append(stack.pop())
    return finished[::-1]
