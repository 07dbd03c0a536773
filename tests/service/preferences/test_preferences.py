"""Preferences over HTTP: their life, their versions and their limit."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from service.contract import Contract
from service.web.app import Bounds, create_app
from service.web.credentials import Credential, digest
from tests.service.client import Client, ServiceAnswer
from tests.service.server import BASE, KEY
from tests.service.stores import AnyStore

pytestmark = pytest.mark.every_store

LIST = f"{BASE}/profile/a/preferences"
THEME = f"{LIST}/theme"
DARK, LIGHT = {"value": "dark"}, {"value": "light"}
ANA = {"names": [{"index": 0, "value": "Ana"}]}


def test_a_preference_is_created_read_changed_and_deleted(client: Client) -> None:
    created = client.call("PUT", THEME, DARK)
    assert (created.status_code, created.headers["Content-Location"]) == (201, THEME)
    read = client.call("GET", THEME)
    assert (read.status_code, read.json) == (200, {"type": "theme", "value": "dark"})
    assert read.headers["ETag"] == created.headers["ETag"]
    assert read.headers["Cache-Control"] == "private, no-cache"
    changed = client.call("PUT", THEME, LIGHT)
    assert (changed.status_code, changed.json["value"]) == (200, "light")
    assert changed.headers["ETag"] != created.headers["ETag"]
    deleted = client.call("DELETE", THEME)
    assert (deleted.status_code, deleted.data) == (204, b"")
    for method in ("GET", "DELETE"):
        gone = client.call(method, THEME)
        assert (gone.status_code, gone.json["code"]) == (404, "preference_not_found")


def test_what_was_read_can_be_sent_again_and_changes_nothing(client: Client) -> None:
    first = client.call("PUT", f"{LIST}/region", {"value": "Brazil"})
    again = client.call("PUT", f"{LIST}/region", first.json)
    assert (again.status_code, again.json) == (200, first.json)
    assert again.headers["ETag"] == first.headers["ETag"]


def test_a_new_life_is_another_version(client: Client) -> None:
    first = client.call("PUT", THEME, DARK).headers["ETag"]
    client.call("DELETE", THEME)
    assert client.call("PUT", THEME, DARK).headers["ETag"] != first


def test_the_list_is_in_the_order_of_types_and_empty_for_an_unknown_actor(client: Client) -> None:
    assert client.call("GET", LIST).json == {"preferences": []}
    for kind, value in (("timezone", "UTC"), ("language", "en"), ("theme", "dark"), ("region", "BR")):
        client.call("PUT", f"{LIST}/{kind}", {"value": value})
    shown = client.call("GET", LIST).json["preferences"]
    assert [each["type"] for each in shown] == ["language", "region", "theme", "timezone"]
    assert shown[1] == client.call("GET", f"{LIST}/region").json


def test_the_list_has_a_version_that_every_change_changes(client: Client) -> None:
    versions = [client.call("GET", LIST).headers["ETag"]]
    for method, path, body in (
        ("PUT", THEME, DARK),
        ("PUT", f"{LIST}/language", {"value": "en"}),
        ("PUT", THEME, LIGHT),
        ("DELETE", THEME, None),
        ("PUT", THEME, LIGHT),
    ):
        client.call(method, path, body)
        versions.append(client.call("GET", LIST).headers["ETag"])
    assert len(set(versions)) == len(versions)
    client.call("PUT", THEME, LIGHT)
    client.call("PUT", f"{BASE}/profile/b/preferences/theme", DARK)
    assert client.call("GET", LIST).headers["ETag"] == versions[-1]
    unchanged = client.call("GET", LIST, headers={"If-None-Match": versions[-1]})
    assert (unchanged.status_code, unchanged.data, unchanged.headers["ETag"]) == (304, b"", versions[-1])
    assert client.call("GET", LIST, headers={"If-Match": versions[0]}).status_code == 412


def test_preconditions_are_held(client: Client) -> None:
    def call(method: str, body: object = None, **headers: str) -> ServiceAnswer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.call(method, THEME, body, headers=sent)

    assert call("PUT", DARK, If_Match="*").status_code == 412
    assert call("DELETE", If_Match="*").status_code == 412
    first = call("PUT", DARK, If_None_Match="*").headers["ETag"]
    assert call("PUT", LIGHT, If_None_Match="*").status_code == 412
    assert call("GET", If_None_Match=first).status_code == 304
    second = call("PUT", LIGHT, If_Match=first).headers["ETag"]
    assert call("PUT", DARK, If_Match=first).status_code == 412
    assert call("DELETE", If_Match=first).status_code == 412
    assert call("GET").json["value"] == "light"
    assert call("GET", If_Match="3").json["code"] == "invalid_precondition"
    assert call("DELETE", If_Match=second).status_code == 204


def test_one_of_two_who_decided_on_the_same_version_wins(client: Client) -> None:
    version = client.call("PUT", f"{LIST}/language", {"value": "en"}).headers["ETag"]
    tags = ["de", "fr", "it", "pt"] * 4

    def put(tag: str) -> int:
        return client.call("PUT", f"{LIST}/language", {"value": tag}, headers={"If-Match": version}).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(put, tags)) == [200] + [412] * 15


def test_preferences_need_no_profile_and_outlive_nothing_but_themselves(client: Client) -> None:
    client.call("PUT", THEME, DARK)
    assert client.get("a").json["code"] == "profile_not_found"
    assert client.put("a", ANA).status_code == 201
    client.call("DELETE", THEME)
    assert client.get("a").status_code == 200


def test_preferences_belong_to_one_actor_of_one_tenant(contract: Contract, store: AnyStore, client: Client) -> None:
    client.call("PUT", THEME, DARK)
    other_key = "another-key-of-more-than-32-characters"
    other = Credential(digest(other_key), "other", frozenset(contract.schema("Scope")["enum"]))
    stranger = Client(contract, create_app(contract, store, [other], instance="i", main_pid=1))
    for path in (THEME, f"{BASE}/profile/b/preferences/theme"):
        caller, key = (stranger, other_key) if path == THEME else (client, KEY)
        assert caller.call("GET", path, key=key).json == client.call("GET", f"{LIST}/language").json
    assert stranger.call("GET", LIST, key=other_key).json == {"preferences": []}


@pytest.mark.parametrize(
    ("method", "scope"), [("GET", "profile:write"), ("PUT", "profile:read"), ("DELETE", "profile:read")]
)
def test_each_operation_needs_its_scope(
    make_client: Callable[[frozenset[str]], Client], method: str, scope: str
) -> None:
    answer = make_client(frozenset({scope})).call(method, THEME, DARK if method == "PUT" else None)
    assert (answer.status_code, answer.json["code"]) == (403, "insufficient_scope")


def test_an_actor_has_no_more_preferences_than_the_limit(contract: Contract, store: AnyStore) -> None:
    credential = Credential(digest(KEY), "default", frozenset(contract.schema("Scope")["enum"]))
    app = create_app(contract, store, [credential], instance="i", main_pid=1, bounds=Bounds(max_preferences=2))
    client = Client(contract, app)
    client.call("PUT", THEME, DARK)
    client.call("PUT", f"{LIST}/language", {"value": "en"})
    refused = client.call("PUT", f"{LIST}/region", {"value": "BR"})
    assert (refused.status_code, refused.json["code"]) == (422, "too_many_preferences")
    assert "2 preferences" in refused.json["message"]
    assert client.call("PUT", THEME, LIGHT).status_code == 200, "what is there can be changed"
    assert client.call("PUT", f"{BASE}/profile/b/preferences/region", {"value": "BR"}).status_code == 201
    client.call("DELETE", THEME)
    assert client.call("PUT", f"{LIST}/region", {"value": "BR"}).status_code == 201
