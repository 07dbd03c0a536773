"""Which layer each box is in."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    Edge = tuple[int, int]


def layered(boxes: list[int], edges: list[Edge]) -> dict[int, int]:
    """The layer of each box from 0 on: behind all that lead to it, and no further before what it leads to than needed.

    Args:
        boxes: those that arrows join.
        edges: the two boxes of each arrow.
    """
    order, forward = _without_circles(boxes, edges)
    layer = dict.fromkeys(boxes, 0)
    for box in order:
        for target in forward[box]:
            layer[target] = max(layer[target], layer[box] + 1)
    for box in reversed(order):
        if forward[box]:
            layer[box] = min(layer[target] for target in forward[box]) - 1
    lowest = min(layer.values())
    return {box: at - lowest for box, at in layer.items()}


def _without_circles(boxes: list[int], edges: list[Edge]) -> tuple[list[int], dict[int, list[int]]]:
    """The boxes in an order in which each arrow leads forward, and where the arrows of each lead, some turned round.

    A depth-first search: an arrow back to a box that is still being visited closes a circle, and is turned.
    """
    behind: dict[int, list[int]] = {box: [] for box in boxes}
    for source, target in edges:
        behind[source].append(target)
    forward: dict[int, list[int]] = {box: [] for box in boxes}
    finished: dict[int, None] = {}
    visited: set[int] = set()
    targets = {target for _, target in edges}
    for start in sorted(boxes, key=lambda box: (box in targets, box)):
        stack = [] if start in visited else [(start, iter(behind[start]))]
        while stack:
            box, rest = stack[-1]
            visited.add(box)
            if (target := next(rest, -1)) < 0:
                finished[box] = None
                stack.pop()
            elif target in visited and target not in finished:
                forward[target].append(box)
            else:
                forward[box].append(target)
                if target not in visited:
                    stack.append((target, iter(behind[target])))
    return list(reversed(finished)), forward
