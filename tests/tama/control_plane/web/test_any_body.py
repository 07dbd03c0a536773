"""Bodies of every shape: each is made or refused, and nothing breaks."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tama.control_plane.support import Place, changed, places
from tests.tama.control_plane.web.test_tama_api import CASES, World, make_world, world

__all__ = ["make_world", "world"]

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([2**70, 1e300, -0.0, 1.5])
    | st.text(max_size=5)
    | st.sampled_from(["", " ", "\ud800", "\x00", "a/b", "x" * 3_000, "{space}", "{class}", "global", "root", "GET"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


# Documents have a test of their own.
PLACES = [
    (kind, place) for kind, case in CASES.items() for place in places(case.body) if place[:2] != ("schema", "paths")
]


@settings(max_examples=300, deadline=None)
@given(where=st.sampled_from(PLACES), value=VALUES)
def test_a_body_of_any_shape_is_taken_or_refused(
    world: World,
    where: tuple[str, Place],
    value: Any,
) -> None:
    kind, place = where
    case = CASES[kind]
    body = {case.wrapper: world.filled(changed(case.body, place, value))}
    status, answer = world.ask("POST", world.at(case.collection), body)
    assert status in (201, 422), (case, body, answer)
    if status == 422:
        assert answer.keys() == {"errors"}
        return
    made = answer["data"]
    member = world.at(case.member, id=made["id"])
    assert world.ask("PATCH", member, body)[0] == 200
    assert world.ask("DELETE", member) == (204, None)
