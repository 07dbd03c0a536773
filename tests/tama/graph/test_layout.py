"""Where boxes and arrows go."""

from __future__ import annotations

from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from tama.graph.layout import Layout, layout

BOXES = st.lists(st.tuples(st.floats(150, 600), st.floats(60, 400)), min_size=1, max_size=14)
WIDTH = 900.0


@st.composite
def drawings(draw: st.DrawFn) -> tuple[list[tuple[float, float]], list[tuple[int, int]]]:
    sizes = draw(BOXES)
    box = st.integers(0, len(sizes) - 1)
    return sizes, draw(st.lists(st.tuples(box, box), max_size=30))


def overlap(one: tuple[float, ...], another: tuple[float, ...]) -> bool:
    """Whether two rectangles, each left, top, right and bottom, share more than their sides."""
    return all(min(one[high], another[high]) - max(one[low], another[low]) > 0.01 for low, high in ((0, 2), (1, 3)))


def rectangles(placed: Layout, sizes: list[tuple[float, float]]) -> list[tuple[float, ...]]:
    return [(x, y, x + width, y + height) for (x, y), (width, height) in zip(placed.places, sizes, strict=True)]


@given(drawings())
def test_no_box_covers_another_and_all_are_within_the_picture(
    drawing: tuple[list[tuple[float, float]], list[tuple[int, int]]],
) -> None:
    sizes, edges = drawing
    placed = layout(sizes, edges, WIDTH)

    boxes = rectangles(placed, sizes)
    assert not any(overlap(one, another) for one, another in combinations(boxes, 2))
    points = [point for path in placed.paths for point in path]
    assert all(left >= 0 and top >= -0.01 for left, top, _, _ in boxes)
    assert all(x <= placed.width and y <= placed.height + 0.01 for x, y in [*(box[2:] for box in boxes), *points])


@given(drawings())
def test_no_arrow_runs_through_a_box(drawing: tuple[list[tuple[float, float]], list[tuple[int, int]]]) -> None:
    sizes, edges = drawing
    placed = layout(sizes, edges, WIDTH)

    boxes = rectangles(placed, sizes)
    for path, (source, target) in zip(placed.paths, edges, strict=True):
        assert len(path) >= 2
        for (x1, y1), (x2, y2) in pairwise(path):
            # A curve between two points is within the rectangle that they span, and a line is one without a height.
            piece = (min(x1, x2), min(y1, y2) - 0.5, max(x1, x2), max(y1, y2) + 0.5)
            assert not any(overlap(piece, box) for box in boxes)
        for (x, y), box in ((path[0], boxes[source]), (path[-1], boxes[target])):
            assert min(abs(x - box[0]), abs(x - box[2])) < 0.01
            assert box[1] < y < box[3]


def test_arrows_lead_to_the_right() -> None:
    edges = [(0, 1), (1, 2), (0, 2), (3, 2)]
    placed = layout([(150.0, 60.0)] * 4, edges, WIDTH)

    assert all(placed.places[source][0] < placed.places[target][0] for source, target in edges)


def test_only_one_arrow_of_a_circle_leads_back() -> None:
    placed = layout([(150.0, 60.0)] * 3, [(0, 1), (1, 2), (2, 0)], WIDTH)

    assert [placed.places[at][0] for at in range(3)] == sorted(placed.places[at][0] for at in range(3))
    assert placed.paths[2][0][0] > placed.paths[2][-1][0]


def test_arrows_that_need_not_cross_do_not() -> None:
    # Two fans whose targets stand in the other order than their sources.
    placed = layout([(150.0, 60.0)] * 6, [(0, 5), (1, 4), (2, 3), (0, 4), (1, 3)], WIDTH)

    for one, another in combinations(placed.paths, 2):
        assert (one[0][1] - another[0][1]) * (one[-1][1] - another[-1][1]) >= 0
