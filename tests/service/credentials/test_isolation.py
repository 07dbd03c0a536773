"""Every route is closed to every kind of wrong credential, and what another tenant has is as good as not there."""

import re
from collections.abc import Callable

import pytest
from flask import Flask

from service.contract import Contract, load_contract
from service.credentials import records
from service.storage.sqlite import SQLiteStore
from service.web.app import create_app
from service.web.credentials import Credential, digest
from tests.service.client import Client
from tests.service.credentials.routes import Route, comparable, routes
from tests.service.server import BASE, KEY

ALL = frozenset(load_contract().schema("Scope")["enum"])
ROUTES = list(routes(load_contract()))
BY_ID = pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation.id)
OPEN = {
    "/healthz",
    "/readyz",
    f"{BASE}/openapi.json",
    f"{BASE}/openapi.yaml",
    "/docs",
    "/docs/assets/digest/name",
    "/docs/swagger-ui/digest/name",
    "/assets/digest/name",
}
TOKEN_ENDPOINT = f"{BASE}/oauth/token"
PROFILE = {"names": [{"index": 0, "value": "Canarina"}]}


@pytest.fixture
def app(contract: Contract, store: SQLiteStore) -> Flask:
    configured = Credential(digest(KEY), "default", ALL)
    return create_app(contract, store, [configured], instance="i", main_pid=1)


@pytest.fixture
def any_caller(contract: Contract, app: Flask) -> Client:
    return Client(contract, app)


@pytest.fixture
def add(store: SQLiteStore) -> Callable[..., str]:
    def make(tenant: str = "default", scopes: frozenset[str] = ALL) -> str:
        return records.add(store, tenant, scopes, "", 0).text

    return make


def test_the_routes_without_a_credential_are_these(app: Flask, any_caller: Client) -> None:
    is_open = set()
    for rule in app.url_map.iter_rules():
        path = re.sub("<(?:segment:)?([a-z_]+)>", r"\1", rule.rule)
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
            # It has errors of its own, and answers 401 of its own to a call without a client.
            if path == TOKEN_ENDPOINT or any_caller.call(method, path, key=None).status_code != 401:
                is_open.add(path)
    assert is_open == {*OPEN, TOKEN_ENDPOINT}


@BY_ID
def test_a_wrong_credential_gets_the_answer_of_none(
    route: Route, any_caller: Client, store: SQLiteStore, add: Callable[..., str]
) -> None:
    revoked, good = add(), add()
    records.revoke(store, revoked.split("_")[1], 0)
    none = route.call(any_caller, "canary", None)
    assert (none.status_code, none.json["code"]) == (401, "unauthenticated")
    assert none.headers["WWW-Authenticate"].startswith("Bearer")
    unknown_of_the_form = f"mpk_{'0' * 16}_{'A' * 43}"
    other_secret = good[:-1] + ("A" if good[-1] != "A" else "B")
    wrong = [
        "Bearer",
        "Bearer ",
        f"Basic {good}",
        f"bearer{good}",
        good,
        f"Bearer {good} {good}",
        f"Bearer {good},{good}",
        f"Bearer {good[:-1]}",
        f"Bearer {good.upper()}",
        f"Bearer {other_secret}",
        f"Bearer {unknown_of_the_form}",
        f"Bearer {revoked}",
        "Bearer an-unknown-key-of-thirty-two-characters",
        "Bearer \u00e9",
        f"Bearer {digest(KEY).hex()}",
    ]
    for header in wrong:
        answer = route.call(any_caller, "canary", None, Authorization=header)
        assert comparable(answer, "canary") == comparable(none, "canary"), header
    assert route.call(any_caller, "canary", good).status_code != 401


@BY_ID
def test_a_credential_without_the_scope_of_a_route_is_refused(
    route: Route, any_caller: Client, add: Callable[..., str]
) -> None:
    for scope in route.operation.scopes:
        answer = route.call(any_caller, "canary", add(scopes=ALL - {scope}))
        assert (answer.status_code, answer.json["code"]) == (403, "insufficient_scope")
        assert scope in answer.json["message"]
    answer = route.call(any_caller, "canary", add(scopes=route.operation.scopes or frozenset({"admin"})))
    assert answer.status_code not in {401, 403}


@BY_ID
def test_the_actor_of_another_tenant_is_an_unknown_one(
    route: Route, any_caller: Client, add: Callable[..., str]
) -> None:
    owner, stranger = add("owner"), add("stranger")
    any_caller.put("canary-1", PROFILE, key=owner)
    preference = next(route for route in ROUTES if route.operation.id == "create-or-update-preference")
    assert preference.call(any_caller, "canary-1", owner).status_code == 201
    before = any_caller.get("canary-1", key=owner)
    known, unknown = (route.call(any_caller, actor, stranger) for actor in ("canary-1", "canary-2"))
    assert comparable(known, "canary-1") == comparable(unknown, "canary-2")
    assert "Canarina" not in known.text
    after = any_caller.get("canary-1", key=owner)
    assert (after.json, after.headers["ETag"]) == (before.json, before.headers["ETag"])


def test_two_tenants_can_have_the_same_actor(any_caller: Client, add: Callable[..., str]) -> None:
    one, two = add("one"), add("two")
    any_caller.put("canary", PROFILE, key=one)
    assert any_caller.put("canary", {"names": [{"index": 0, "value": "Other"}]}, key=two).status_code == 201
    assert any_caller.get("canary", key=one).json["names"][0]["value"] == "Canarina"
