from __future__ import annotations

import re
from typing import Any

import pytest

from tama.control_plane import ControlPlane, names
from tests.tama.control_plane.support import Caller, document, operation

SPACES = "/provision/neural/spaces"
UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def schema(**more: Any) -> dict[str, Any]:
    return {"title": "movie", "description": "A movie.", "type": "object", **more}


def test_a_space_is_created_read_changed_and_deleted(api: Caller) -> None:
    made = api("POST", SPACES, {"space": {"name": "Movies & more", "type": "component"}})

    assert made == {
        "id": made["id"],
        "name": "Movies & more",
        "type": "component",
        "slug": "movies-more",
        "provision_state": "active",
    }
    assert UUID7.fullmatch(made["id"])
    assert api("GET", f"{SPACES}/{made['id']}") == made
    assert api("GET", f"{SPACES}/movies-more") == made
    changed = api("PATCH", f"{SPACES}/{made['id']}", {"space": {"name": "Films"}})
    assert changed == {**made, "name": "Films", "slug": "films"}
    assert api.gone(f"{SPACES}/movies-more")
    api.delete(f"{SPACES}/{made['id']}")
    assert api.gone(f"{SPACES}/{made['id']}")
    assert api.refused("DELETE", f"{SPACES}/{made['id']}") == (404, {"detail": "Not Found"})
    assert api.refused("PATCH", f"{SPACES}/{made['id']}", {"space": {}}) == (404, {"detail": "Not Found"})


def test_ids_sort_by_the_time_they_were_made_and_never_repeat_when_the_clock_stands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    in_order = [names.new_id() for _ in range(100)]
    monkeypatch.setattr("time.time_ns", lambda: 1_700_000_000_123_456_789)
    standing = {names.new_id() for _ in range(10_000)}

    assert sorted(in_order) == in_order
    assert len(standing) == 10_000
    assert all(UUID7.fullmatch(one) for one in standing)
    assert {one[:13] for one in standing} == {"018bcfe5-687b"}


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Memovee", "memovee"),
        ("  Émile's  Café -- ", "emile-s-cafe"),
        ("Prompt_Assembly v1.2-beta", "prompt-assembly-v1-2-beta"),
        ("映画", "映画"),
        ("!!!", "space"),
        ("x" * 135, "x" * 135),
    ],
)
def test_a_slug_is_the_name_as_it_stands_in_urls(api: Caller, name: str, slug: str) -> None:
    assert api.space(name)["slug"] == slug


def test_spaces_of_one_name_get_slugs_of_their_own_and_keep_them(api: Caller) -> None:
    first, second, third = (api.space("Memovee") for _ in range(3))

    assert [one["slug"] for one in (first, second, third)] == ["memovee", "memovee-2", "memovee-3"]
    api.delete(f"{SPACES}/{first['id']}")
    same = api("PATCH", f"{SPACES}/{second['id']}", {"space": {"name": "MEMOVEE", "type": "root"}})
    assert same["slug"] == "memovee-2"
    assert api.space("Memovee")["slug"] == "memovee"


def test_the_slug_global_is_kept_for_a_space_of_type_global(api: Caller) -> None:
    component = api.space("Global")
    shared = api.space("global", "global")

    assert (component["slug"], shared["slug"]) == ("global-2", "global")
    assert api("GET", f"{SPACES}/global") == shared
    assert api.space("global", "global")["slug"] == "global-3"


@pytest.mark.parametrize(
    ("space", "errors"),
    [
        ({"type": "root"}, {"name": ["is required"]}),
        ({"name": "", "type": "root"}, {"name": ["is required"]}),
        ({"name": " ", "type": "root"}, {"name": ["is required"]}),
        ({"name": 7, "type": "root"}, {"name": ["is invalid"]}),
        ({"name": "a", "type": "galaxy"}, {"type": ["is invalid"]}),
        ({"name": "a"}, {"type": ["is required"]}),
        ({}, {"name": ["is required"], "type": ["is required"]}),
        ({"name": None, "type": None}, {"name": ["is required"], "type": ["is required"]}),
    ],
)
def test_a_space_that_breaks_rules_is_refused(api: Caller, space: object, errors: object) -> None:
    assert api.refused("POST", SPACES, {"space": space}) == (422, errors)


@pytest.mark.parametrize("body", [None, {}, {"spaces": {}}, [], "space"])
def test_a_body_without_its_wrapper_is_refused(api: Caller, body: object) -> None:
    assert api.refused("POST", SPACES, body) == (422, {"space": ["is required"]})


def test_a_wrapper_that_holds_no_object_is_refused(api: Caller) -> None:
    assert api.refused("POST", SPACES, {"space": [1]}) == (422, {"space": ["is invalid"]})


@pytest.mark.parametrize(
    "path",
    [
        f"{SPACES}/non-existent-id",
        f"{SPACES}/00000000-0000-7000-8000-000000000000",
        f"{SPACES}/%ED%A0%80%00",
        f"{SPACES}/",
        f"{SPACES}/a/b",
        "/provision/neural/bridges/invalid-id",
        "/provision/neural/classes/x",
        "/provision/neural/spaces/x/classes/y",
        "/provision/sensory/specifications/spec-0000",
        "/provision/sensory/identities/x",
        "/provision/motor/specifications/invalid-spec-id/actions/x",
        "/provision/motor/specifications/invalid-spec-id/actions/!!?method=get",
        "/provision/nothing",
        "",
    ],
)
def test_what_is_unknown_or_malformed_is_not_found(api: Caller, path: str) -> None:
    assert api.gone(path)


def test_another_method_is_not_found(api: Caller) -> None:
    assert api.refused("PUT", SPACES, {}) == (404, {"detail": "Not Found"})


def test_a_put_replaces_all_that_a_request_can_give(api: Caller, space: dict[str, Any]) -> None:
    source = {"name": "AI", "type": "model", "endpoint": "https://a.example", "credential": {"api_key": "k"}}
    sources, member = f"/provision/sensory/spaces/{space['id']}/sources", "/provision/sensory/sources/"
    made = api("POST", sources, {"source": {**source, "request": {"headers": [{"name": "a", "value": "b"}]}}})

    replaced = api("PUT", member + made["id"], {"source": {**source, "name": "Model"}})

    assert replaced == {key: value for key, value in made.items() if key != "request"} | {
        "name": "Model",
        "slug": "model",
    }
    assert api("GET", member + made["id"]) == replaced
    del source["credential"], source["name"]
    errors = {"name": ["is required"], "credential": {"api_key": ["is required"]}}
    assert api.refused("PUT", member + made["id"], {"source": source}) == (422, errors)
    assert api.refused("PUT", f"{member}unknown", {"source": source}) == (404, {"detail": "Not Found"})


def test_what_a_space_has_from_elsewhere_outlives_its_replacement(api: Caller) -> None:
    api.space("Movies")
    second = api.space("Movies")
    body = {"space": {"name": "MOVIES", "type": "root"}}
    assert api("PUT", f"{SPACES}/{second['id']}", body) == second | body["space"]
    assert second["slug"] == "movies-2"


def test_a_lookup_finds_names_with_slashes(api: Caller, space: dict[str, Any]) -> None:
    described = document({"/repos": {"get": operation("repos/list")}, "/x": {"get": operation("repos/x/classes/y")}})
    made = api.specification(space["id"], described)
    for name in ("repos/list", "repos%2Flist", "repos/x/classes/y"):
        assert api.action(made["id"], name)["identifier"] == name.replace("%2F", "/")
    assert api("GET", f"{SPACES}/{space['id']}/classes/repos/list")["name"] == "repos/list"
    assert api.gone(f"/provision/motor/specifications/{made['id']}/actions/repos/")


def test_a_bridge_leads_to_a_space_that_exists(api: Caller, space: dict[str, Any]) -> None:
    target = api.space("Profiles")
    bridges = f"{SPACES}/{space['id']}/bridges"

    made = api("POST", bridges, {"bridge": {"target_space_id": target["id"]}})
    itself = api("POST", bridges, {"bridge": {"target_space_id": space["id"]}})

    assert made == {
        "id": made["id"],
        "space_id": space["id"],
        "target_space_id": target["id"],
        "provision_state": "active",
    }
    assert itself["target_space_id"] == itself["space_id"]
    moved = api("PATCH", f"/provision/neural/bridges/{made['id']}", {"bridge": {"target_space_id": space["id"]}})
    assert moved == {**made, "target_space_id": space["id"]}
    for wrong in ("invalid-space-id", made["id"], "\ud800"):
        refused = api.refused("POST", bridges, {"bridge": {"target_space_id": wrong}})
        assert refused == (422, {"target_space_id": ["does not exist"]})
    refused = api.refused("POST", f"{SPACES}/unknown/bridges", {"bridge": {"target_space_id": space["id"]}})
    assert refused == (404, {"detail": "Not Found"})


def test_a_parent_takes_with_it_what_is_in_it_and_what_leads_to_it(api: Caller, space: dict[str, Any]) -> None:
    other = api.space("Other")
    bridge = api("POST", f"{SPACES}/{other['id']}/bridges", {"bridge": {"target_space_id": space["id"]}})
    class_ = api("POST", f"{SPACES}/{space['id']}/classes", {"class": {"schema": schema()}})
    specification = api.specification(space["id"], document({"/movies": {"get": operation("list-movies")}}))
    action = api.action(specification["id"], "list-movies")

    api.delete(f"{SPACES}/{space['id']}")

    assert api.gone(f"/provision/neural/bridges/{bridge['id']}")
    assert api.gone(f"/provision/neural/classes/{class_['id']}")
    assert api.gone(f"/provision/sensory/specifications/{specification['id']}")
    assert api.gone(f"/provision/motor/specifications/{specification['id']}/actions/list-movies")
    assert action["id"] not in {one["id"] for one in api.plane.objects("action")}
    assert api.plane.objects("source") == api.plane.objects("class_corpus") == []
    assert api("GET", f"{SPACES}/{other['id']}") == other


def test_a_class_is_named_and_described_by_its_schema(api: Caller, space: dict[str, Any]) -> None:
    given = schema(title="Class Proxy", properties={"n": {"const": 2**80}}, **{"x-1": [None, 1.5, "\ud800", {}]})

    made = api("POST", f"{SPACES}/{space['id']}/classes", {"class": {"schema": given}})

    assert (made["name"], made["description"]) == ("Class Proxy", "A movie.")
    assert made["schema"] == given
    read = api("GET", f"/provision/neural/classes/{made['id']}")
    assert read == made
    assert list(read["schema"]) == list(given)
    assert isinstance(read["schema"]["properties"]["n"]["const"], int)
    assert api("GET", f"{SPACES}/{space['id']}/classes/Class%20Proxy") == made
    assert api("GET", f"{SPACES}/{space['slug']}/classes/Class%20Proxy") == made
    changed = api("PATCH", f"/provision/neural/classes/{made['id']}", {"class": {"schema": schema(title="a/b")}})
    assert changed["name"] == "a/b"
    assert changed["schema"] == schema(title="a/b")
    assert api.gone(f"{SPACES}/{space['id']}/classes/Class%20Proxy")
    assert api("GET", f"{SPACES}/{space['id']}/classes/a%2Fb") == changed


@pytest.mark.parametrize(
    ("given", "errors"),
    [
        ({}, {"schema": ["is required"]}),
        ({"schema": None}, {"schema": ["is required"]}),
        ({"schema": "object"}, {"schema": ["is invalid"]}),
        ({"schema": {"title": "t"}}, {"schema": {"description": ["is required"]}}),
        (
            {"schema": {"title": 1, "description": ""}},
            {"schema": {"title": ["is invalid"], "description": ["is required"]}},
        ),
    ],
)
def test_a_class_that_breaks_rules_is_refused(
    api: Caller, space: dict[str, Any], given: object, errors: object
) -> None:
    assert api.refused("POST", f"{SPACES}/{space['id']}/classes", {"class": given}) == (422, errors)


def test_a_value_that_json_cannot_hold_is_refused(api: Caller, space: dict[str, Any]) -> None:
    given = {"class": {"schema": schema(properties={"n": float("nan")})}}

    assert api.refused("POST", f"{SPACES}/{space['id']}/classes", given) == (422, {"class": ["is invalid"]})
    assert api.plane.objects("class") == []


def test_a_unique_set_of_a_declaration_is_held(plane: ControlPlane, api: Caller, space: dict[str, Any]) -> None:
    resource = plane._kinds["class"].resource
    assert resource is not None
    given: dict[str, Any] = {"class": {"schema": {"title": "a", "description": "b"}}}
    before, resource.unique = resource.unique, (("space_id", "name"),)
    try:
        api("POST", f"{SPACES}/{space['id']}/classes", given)
        refused = api.refused("POST", f"{SPACES}/{space['id']}/classes", given)
    finally:
        resource.unique = before

    assert refused == (422, {"name": ["has already been taken"]})
    assert len(plane.objects("class")) == 1
