"""What an id shows that is another actor's alias, and one whose actor is being erased."""

from collections.abc import Callable
from typing import Any

import pytest

from service.items import Changes
from service.personalization.standing import Standing
from tests.service.client import Client, ServiceAnswer
from tests.service.erasure.calls import KEYED, fill, reads
from tests.service.server import BASE
from tests.service.stores import AnyStore
from tests.service.test_consent import NAMES, WRITES

pytestmark = pytest.mark.every_store(but="dynamodb")


def stands(store: AnyStore, actor: str, standing: Standing | None) -> None:
    def change(changes: Changes) -> None:
        if standing is None:
            changes.delete("standing")
        else:
            standing.store(changes)

    store.write("default", actor, change)


def is_alias(store: AnyStore, actor: str, target: str) -> None:
    stands(store, actor, Standing(alias_of=target))


def call(client: Client, actor: str, method: str, path: str, body: object, **options: Any) -> ServiceAnswer:
    path, _, query = path.partition("?")
    environ = {"QUERY_STRING": query}
    return client.call(method, f"{BASE}/profile/{actor}{path}", body, environ=environ, **options)


def test_reads_of_an_alias_answer_as_for_the_actor_to_whom_it_leads(client: Client, store: AnyStore) -> None:
    fill(client, "named")
    is_alias(store, "visitor", "named")
    assert reads(client, "visitor") == reads(client, "named")
    assert client.get("visitor").status_code == 200


def test_writes_to_an_alias_are_the_actors_to_whom_it_leads(client: Client, store: AnyStore) -> None:
    is_alias(store, "visitor", "named")
    fill(client, "visitor")
    assert client.get("named").json["names"] == client.get("visitor").json["names"]
    lie_there = store.read("default", "visitor", lambda items: items.scan("", "~", 10))
    assert [item.key for item in lie_there] == ["standing"]


def test_a_call_to_an_alias_that_comes_again_is_answered_as_before(client: Client, store: AnyStore) -> None:
    is_alias(store, "visitor", "named")
    first, again = (client.put("visitor", NAMES, headers=KEYED) for _ in range(2))
    assert (first.status_code, again.status_code, again.data) == (201, 201, first.data)


def test_the_consent_of_an_alias_is_that_of_the_actor_to_whom_it_leads(client: Client, store: AnyStore) -> None:
    fill(client, "named")
    is_alias(store, "visitor", "named")
    client.call("PUT", f"{BASE}/profile/visitor/consent", {"status": "withdrawn"})
    assert client.get("named").status_code == client.get("visitor").status_code == 404
    for actor in ("named", "visitor"):
        assert client.put(actor, NAMES).json["code"] == "consent_withdrawn"


def test_an_alias_whose_actor_becomes_one_is_followed_on(client: Client, store: AnyStore) -> None:
    fill(client, "named")
    is_alias(store, "between", "named")
    is_alias(store, "visitor", "between")
    assert reads(client, "visitor") == reads(client, "named")
    assert client.put("visitor", {"gender": "female"}).status_code == 200


def test_aliases_in_a_circle_end_in_an_error(client: Client, store: AnyStore) -> None:
    is_alias(store, "one", "two")
    is_alias(store, "two", "one")
    for answer in (client.put("one", NAMES), client.get("one"), client.call("GET", f"{BASE}/profile/one/preferences")):
        assert answer.json["code"] == "store_unavailable"


@pytest.mark.parametrize("actor", ["a", "alias"])
def test_an_actor_who_is_being_erased_reads_as_one_nobody_knows(client: Client, store: AnyStore, actor: str) -> None:
    fill(client, "a")
    is_alias(store, "alias", "a")
    known = reads(client, actor)
    stands(store, "a", Standing(erasure="e"))
    assert reads(client, actor) == reads(client, "nobody")
    stands(store, "a", None)
    assert reads(client, actor) == known


@pytest.mark.parametrize(("method", "path", "body"), [*WRITES, ("PUT", "/consent", {"status": "given"})])
@pytest.mark.parametrize("headers", [{}, KEYED])
def test_no_write_to_an_actor_who_is_being_erased_is_carried_out(
    client: Client, store: AnyStore, method: str, path: str, body: object, headers: dict[str, str]
) -> None:
    fill(client, "a")
    known = reads(client, "a")
    stands(store, "a", Standing(erasure="e"))
    answer = call(client, "a", method, path, body, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (409, "erasure_in_progress")
    assert answer.headers["Retry-After"] == "1"
    stands(store, "a", None)
    assert reads(client, "a") == known


def test_an_actor_is_read_from_the_store_once_and_an_alias_twice(
    client: Client, store: AnyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(client, "named")
    is_alias(store, "visitor", "named")
    looked_up: list[str] = []
    get: Callable[..., Any] = store.get

    def counted(tenant: str, actor: str, *keys: str) -> Any:
        looked_up.append(actor)
        return get(tenant, actor, *keys)

    monkeypatch.setattr(store, "get", counted)
    client.get("named")
    client.get("visitor")
    assert looked_up == ["named", "visitor", "named"]
