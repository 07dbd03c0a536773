"""A control plane as a whole: what lists, shows, exports and imports it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tama.control_plane import ControlPlane
from tama.control_plane.store.sqlite import SQLiteStore
from tama.control_plane.transfer import digest
from tests.tama.control_plane.support import Caller, document, operation
from tests.tama.endpoint import Endpoint

WHOLE = "/provision/control-plane"
SECRETS = ("the-key", "model-key", "header-key", "listener-key")


@pytest.fixture
def things(api: Caller) -> dict[str, dict[str, Any]]:
    """Something of everything that makes an export hard: secrets, what is derived, references across, odd texts."""
    space, other = api.space("Mövies \ud800"), api.space("Other")
    given = document({"/me": {"get": operation("get-profile", security=[{"ApiKey": []}])}})
    given["components"] = {"securitySchemes": {"ApiKey": {"type": "http", "scheme": "bearer"}}}
    given["x-number"] = 2**70
    specification = api.specification(space["id"], given)
    identity = api.identity(specification["id"], api_key="the-key")
    bridge = api(
        "POST", f"/provision/neural/spaces/{other['id']}/bridges", {"bridge": {"target_space_id": other["id"]}}
    )
    source = {
        "name": "AI",
        "type": "model",
        "endpoint": "https://ai.example",
        "credential": {"api_key": "model-key"},
        "request": {"headers": [{"name": "x-plan", "value": "header-key"}]},
    }
    model = api("POST", f"/provision/sensory/spaces/{space['id']}/sources", {"source": source})
    listener = {"listener": {"endpoint": "https://ear.example", "secret": "listener-key"}}
    ear = api("POST", f"/provision/neural/spaces/{space['id']}/listeners", listener)
    queue = api("POST", "/provision/system/queues", {"queue": {"role": "oracle", "name": "fast", "concurrency": 2}})
    chain = api("POST", f"/provision/perception/spaces/{space['id']}/chains", {"chain": {"name": "Greet"}})
    thoughts = f"/provision/perception/chains/{chain['id']}/thoughts"
    thought = {
        "relation": "reply",
        "module": {"reference": "tama/a"},
        "faculty": {"queue_id": queue["id"], "priority": 1},
    }
    modular = api("POST", thoughts, {"thought": thought})
    api("POST", thoughts, {"thought": {"delegation": {"target_thought_id": modular["id"]}}})
    return {
        "space": space,
        "other": other,
        "specification": specification,
        "identity": identity,
        "bridge": bridge,
        "source": model,
        "listener": ear,
        "queue": queue,
        "chain": chain,
        "thought": modular,
    }


@pytest.fixture
def second(tmp_path: Path) -> Caller:
    """Another control plane, empty."""
    return Caller(ControlPlane(SQLiteStore(str(tmp_path / "second"))))


def as_sent(value: object) -> Any:
    return json.loads(json.dumps(value))


def resealed(exported: dict[str, Any]) -> dict[str, Any]:
    return {**exported, "digest": digest(exported["objects"])}


def test_an_export_with_secrets_makes_the_same_control_plane(
    api: Caller, second: Caller, things: dict[str, dict[str, Any]]
) -> None:
    exported = api("GET", f"{WHOLE}/document?secrets=included")

    assert second("POST", f"{WHOLE}/document", as_sent(exported)) == {
        "objects": len(exported["objects"]),
        "missing": [],
    }

    assert json.dumps(second("GET", f"{WHOLE}/document?secrets=included")) == json.dumps(exported)
    for kind, member in (("space", "neural/spaces"), ("specification", "sensory/specifications")):
        path = f"/provision/{member}/{things[kind]['id']}"
        assert second("GET", path) == api("GET", path)
    assert second.action(things["specification"]["id"], "get-profile") == api.action(
        things["specification"]["id"], "get-profile"
    )


@pytest.mark.usefixtures("things")
def test_an_export_is_the_same_by_bytes_and_itsdigest_does_not_depend_on_secrets(api: Caller) -> None:
    exported, again = (json.dumps(api("GET", f"{WHOLE}/document")) for _ in range(2))
    whole = api("GET", f"{WHOLE}/document?secrets=included")

    assert exported == again
    assert json.loads(exported)["digest"] == whole["digest"]
    ids = [one["object"]["id"] for one in whole["objects"]]
    assert ids == sorted(ids)


@pytest.mark.usefixtures("things")
def test_no_secret_is_listed_shown_or_exported_unless_it_is_asked_for(api: Caller) -> None:
    listed = api("GET", f"{WHOLE}/objects")
    shown = [api("GET", f"{WHOLE}/objects/{one['object']['id']}") for one in listed]  # type: ignore[index]
    exported = api("GET", f"{WHOLE}/document")
    whole = api("GET", f"{WHOLE}/document?secrets=included")

    for secret in SECRETS:
        assert secret not in json.dumps([listed, shown, exported])
        assert secret not in json.dumps(whole["objects"])
    assert sorted(one["value"] for one in whole["secrets"]) == sorted(SECRETS)
    assert exported["secrets"] == [{name: one[name] for name in ("id", "kind", "at")} for one in whole["secrets"]]


def test_an_import_without_secrets_says_which_are_missing_and_trusts_no_identity(
    api: Caller, second: Caller, things: dict[str, dict[str, Any]]
) -> None:
    exported = api("GET", f"{WHOLE}/document")

    missing = second("POST", f"{WHOLE}/document", as_sent(exported))["missing"]

    assert missing == exported["secrets"]
    assert {one["at"] for one in missing} == {"/api_key", "/credential/api_key", "/request/headers/0/value", "/secret"}
    path = f"/provision/sensory/identities/{things['identity']['id']}"
    identity = second("GET", path)
    assert identity["current_state"] == "failed"
    assert "has to be set" in identity["reason"]
    assert second.refused("PATCH", path, {"identity": {}}) == (422, {"api_key": ["is required"]})
    assert second("PATCH", path, {"identity": {"api_key": "again"}})["current_state"] == "pending"


def test_an_identity_that_waits_for_its_probe_is_probed_where_it_is_imported(
    api: Caller, second: Caller, endpoint: Endpoint
) -> None:
    given = document({}, components={"securitySchemes": {"ApiKey": {"type": "http", "scheme": "bearer"}}})
    identity = api.identity(api.specification(api.space("Movies")["id"], given, endpoint.url)["id"], api_key="the-key")

    second("POST", f"{WHOLE}/document", api("GET", f"{WHOLE}/document?secrets=included"))

    assert second("GET", f"/provision/sensory/identities/{identity['id']}")["current_state"] == "active"
    assert [one.headers["authorization"] for one in endpoint.requests] == ["Bearer the-key"]


def test_a_secret_that_is_written_into_an_export_is_imported(
    api: Caller, second: Caller, things: dict[str, dict[str, Any]]
) -> None:
    exported = api("GET", f"{WHOLE}/document")
    for one in exported["secrets"]:
        one["value"] = "given"

    assert second("POST", f"{WHOLE}/document", exported)["missing"] == []

    path = f"/provision/sensory/identities/{things['identity']['id']}"
    assert second("PATCH", path, {"identity": {}})["current_state"] == "pending"


def test_an_import_changes_nothing_where_there_is_something(
    api: Caller, second: Caller, things: dict[str, dict[str, Any]]
) -> None:
    second.space("Mine")
    before = second("GET", f"{WHOLE}/document")

    refused = second.refused("POST", f"{WHOLE}/document", api("GET", f"{WHOLE}/document"))

    assert refused == (409, {"detail": "The control plane is not empty, and is left as it is."})
    assert second("GET", f"{WHOLE}/document") == before
    assert things["space"]["id"] not in json.dumps(before)


@pytest.mark.usefixtures("things")
def test_an_import_in_the_place_of_what_is_there_leaves_nothing_of_it(api: Caller, second: Caller) -> None:
    gone = second.space("Mine")
    exported = api("GET", f"{WHOLE}/document?secrets=included")

    second("PUT", f"{WHOLE}/document", as_sent(exported))
    api("PUT", f"{WHOLE}/document", as_sent(exported))

    assert second.gone(f"/provision/neural/spaces/{gone['id']}")
    for plane in (api, second):
        assert plane("GET", f"{WHOLE}/document?secrets=included") == exported


@pytest.mark.usefixtures("things")
def test_clients_are_no_part_of_an_export_and_outlive_an_import(api: Caller, second: Caller) -> None:
    api.plane.clients.add()
    id_, _ = second.plane.clients.add()

    second("PUT", f"{WHOLE}/document", api("GET", f"{WHOLE}/document"))

    assert [one["id"] for one in second.plane.clients.listed()] == [id_]
    assert id_ not in json.dumps(second("GET", f"{WHOLE}/document?secrets=included"))


def with_members(**changed: object) -> Callable[[dict[str, Any]], object]:
    return lambda exported: exported | changed


def with_object(kind: str, **changed: object) -> Callable[[dict[str, Any]], object]:
    """The document with its first object of a kind changed, and a digest that fits."""

    def change(exported: dict[str, Any]) -> object:
        changing = copy.deepcopy(exported)
        next(one["object"] for one in changing["objects"] if one["kind"] == kind).update(changed)
        return resealed(changing)

    return change


BROKEN: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (lambda _: None, "`tama export` writes such a document"),
    (lambda _: {"spaces": []}, "`tama export` writes such a document"),
    (with_members(version=2), "its version is 2, and this program reads 1"),
    (with_members(objects=[]), "its digest is not that of its objects"),
    (with_members(secrets=[{"id": "x", "at": "/api_key"}]), "secrets[0] has no id of an object"),
    (with_members(objects=3), "objects and secrets are lists"),
    (
        lambda e: resealed({**e, "objects": [*e["objects"], e["objects"][0]]}),
        "is no object of a known kind with an id",
    ),
    (lambda e: resealed({**e, "objects": [{"kind": "client", "object": {"id": "x"}}]}), "objects[0] is no object"),
    (
        lambda e: resealed({**e, "objects": [{"kind": "space", "object": {"id": "\ud800"}}]}),
        "objects[0] is no object",
    ),
    (lambda e: resealed({**e, "objects": e["objects"][1:], "secrets": []}), "does not exist"),
    (
        lambda e: {**e, "secrets": [{**e["secrets"][0], "at": "/validation/path", "value": "x"}]},
        "no place for a secret",
    ),
    (with_object("space", name=7), "is invalid"),
    (with_object("source_identity", current_state=None), "is invalid"),
    (with_object("action", specification_id="none"), "does not exist"),
    (with_object("space_bridge", target_space_id="none"), "does not exist"),
    (with_object("space", slug="other"), "has already been taken"),
]


@pytest.mark.usefixtures("things")
def test_a_document_that_is_not_whole_changes_nothing(api: Caller, second: Caller) -> None:
    second.space("Mine")
    before = second("GET", f"{WHOLE}/document")
    exported = api("GET", f"{WHOLE}/document")

    for change, said in BROKEN:
        status, errors = second.refused("PUT", f"{WHOLE}/document", change(as_sent(exported)))
        assert status == 422
        assert said in json.dumps(errors)
        assert second("GET", f"{WHOLE}/document") == before


def test_a_list_names_the_space_of_each_object_and_holds_no_long_documents(
    api: Caller, things: dict[str, dict[str, Any]]
) -> None:
    listed: Any = api("GET", f"{WHOLE}/objects")
    by_id = {one["object"]["id"]: one for one in listed}

    spaces = {name: by_id[thing["id"]]["space_id"] for name, thing in things.items()}
    assert spaces == {
        **dict.fromkeys(things, things["space"]["id"]),
        "other": things["other"]["id"],
        "bridge": things["other"]["id"],
        "queue": None,
    }
    assert "openapi" not in json.dumps(listed)
    actions: Any = api("GET", f"{WHOLE}/objects?kind=action")
    assert [one["object"]["identifier"] for one in actions] == ["get-profile"]


def test_what_is_shown_of_an_object_is_what_it_refers_to_and_what_refers_to_it(
    api: Caller, things: dict[str, dict[str, Any]]
) -> None:
    thought = api("GET", f"{WHOLE}/objects/{things['thought']['id']}")
    specification = api("GET", f"{WHOLE}/objects/{things['specification']['id']}")
    bridge = api("GET", f"{WHOLE}/objects/{things['bridge']['id']}")

    assert [(one["field"], one["kind"], one["name"]) for one in thought["refers_to"]] == [
        ("chain_id", "chain", "Greet"),
        ("faculty.queue_id", "queue", "fast"),
    ]
    assert [(one["field"], one["kind"]) for one in thought["referred_to_by"]] == [
        ("delegation.target_thought_id", "thought")
    ]
    assert specification["object"]["schema"]["openapi"] == "3.1.0"
    assert {one["kind"] for one in specification["referred_to_by"]} == {"action", "class", "source", "source_identity"}
    assert [one["field"] for one in bridge["refers_to"]] == ["space_id", "target_space_id"]
    assert api("GET", f"{WHOLE}/objects/{things['identity']['id']}")["secrets"] == ["/api_key"]


def test_what_there_is_not_is_not_found(api: Caller) -> None:
    unknown = ("objects/none", "objects/%ED%A0%80", "objects?kind=none", "objects?kinds=space", "document?secrets=all")
    for method, path in (("DELETE", "document"), ("GET", ""), *(("GET", path) for path in (*unknown, "calls"))):
        assert api.refused(method, f"{WHOLE}/{path}") == (404, {"detail": "Not Found"}), path


def test_a_call_without_an_action_says_so(api: Caller) -> None:
    assert api.refused("POST", f"{WHOLE}/calls", {}) == (422, {"action": ["is required"]})
    status, errors = api.refused("POST", f"{WHOLE}/calls", {"action": "none", "tool_call": {}})
    assert status == 422
    assert "There is no action 'none'." in errors["detail"]
