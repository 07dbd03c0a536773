"""What modules of Memovee expect to find."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from tama.control_plane import ControlPlane
from tama.control_plane.seed import seed
from tests.tama.control_plane.support import Caller

if TYPE_CHECKING:
    from tama.control_plane.store import Store

GLOBAL = "/provision/neural/spaces/global"
CLASSES = {
    *("class-proxy", "forwarding", "entity-network", "action", "action-call", "answer", "assistant-response"),
    *("collection", "context-metadata", "dynamic", "message-routing", "task-result", "tool-call"),
}
CORPORA = {
    "answer": ("answer-content", "Answer Content"),
    "context-metadata": ("context-metadata", "Context Metadata"),
    "action-call": ("action-call-json", "Action Call JSON"),
    "collection": ("sample-items", "Sample Items"),
}


def everything(plane: ControlPlane) -> dict[str, list[dict[str, Any]]]:
    return {kind: plane.objects(kind) for kind in ("space", "class", "class_corpus", "chain", "thought")}


def test_a_minimal_seed_is_the_space_and_the_class_for_proxies(api: Caller) -> None:
    seed(api.plane)
    space = api("GET", GLOBAL)
    assert (space["type"], space["slug"]) == ("global", "global")
    proxy = api("GET", f"{GLOBAL}/classes/class-proxy")
    assert proxy["space_id"] == space["id"]
    assert (proxy["schema"]["title"], proxy["schema"]["type"]) == ("class-proxy", "object")
    types = {name: one["type"] for name, one in proxy["schema"]["properties"].items()}
    assert types == {"name": "string", "description": "string", "schema": "object"}
    assert proxy["description"]
    assert everything(api.plane) == {"space": [space], "class": [proxy], "class_corpus": [], "chain": [], "thought": []}


def test_a_full_seed_is_the_global_module(api: Caller) -> None:
    seed(api.plane)
    proxy = api("GET", f"{GLOBAL}/classes/class-proxy")
    seed(api.plane, full=True)
    found = everything(api.plane)
    assert {one["name"] for one in found["class"]} == CLASSES
    assert all(one["schema"]["type"] == "object" and one["description"] for one in found["class"])
    assert found["class"][0] == proxy
    classes = {one["name"]: one["id"] for one in found["class"]}
    for name, (slug, title) in CORPORA.items():
        corpus = api("GET", f"/provision/neural/classes/{classes[name]}/corpora/{slug}")
        assert (corpus["name"], corpus["main"]) == (title, True)
    (chain,), (thought,) = found["chain"], found["thought"]
    assert chain["name"] == "Identity Validation"
    assert (thought["chain_id"], thought["relation"], thought["index"]) == (chain["id"], "validation", 0)
    assert thought["module"]["reference"] == "tama/identities/validate"
    assert "parameters" not in thought["module"]
    assert thought["output_class_id"] == classes["task-result"]


def test_what_is_there_stays_as_it_is(api: Caller) -> None:
    seed(api.plane, full=True)
    before = everything(api.plane)
    seed(api.plane, full=True)
    seed(api.plane)
    assert everything(api.plane) == before


def test_what_was_deleted_is_made_again(api: Caller) -> None:
    seed(api.plane, full=True)
    before = everything(api.plane)
    api.delete(f"/provision/neural/spaces/{api('GET', GLOBAL)['id']}")
    for _ in range(2):
        seed(api.plane, full=True)
        after = everything(api.plane)
        assert {kind: len(objects) for kind, objects in after.items()} == {
            kind: len(objects) for kind, objects in before.items()
        }
    assert api("GET", GLOBAL) not in before["space"]


def test_many_that_seed_at_once_make_it_once(open_store: Callable[[], Store]) -> None:
    planes = [ControlPlane(open_store()) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda plane: seed(plane, full=True), planes))
    found = everything(planes[0])
    assert {kind: len(objects) for kind, objects in found.items()} == {
        "space": 1,
        "class": len(CLASSES),
        "class_corpus": len(CORPORA),
        "chain": 1,
        "thought": 1,
    }
