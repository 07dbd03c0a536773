"""Whom list-actors shows, and how it goes on."""

import base64
import random
from collections.abc import Iterator
from typing import Any

import pytest

from service.contract import Contract
from service.items import Changes
from service.personalization.cursors import make_cursor
from service.personalization.standing import Standing
from service.web.app import create_app
from service.web.credentials import Credential, digest
from tests.service.client import Client, ServiceAnswer
from tests.service.server import BASE, KEY
from tests.service.stores import AnyStore

pytestmark = pytest.mark.every_store

OTHER_KEY = "another-k3y-of-the-tests-0123456789-abc"


def listed(client: Client, query: str = "", **options: Any) -> ServiceAnswer:
    return client.call("GET", f"{BASE}/actors", environ={"QUERY_STRING": query}, **options)


def ids(answer: ServiceAnswer) -> list[str]:
    return [actor["actor_id"] for actor in answer.json["actors"]]


def pages(client: Client, limit: int) -> Iterator[list[str]]:
    query = f"limit={limit}"
    while True:
        answer = listed(client, query)
        yield ids(answer)
        if "next" not in answer.json:
            return
        query = f"limit={limit}&cursor={answer.json['next']}"


def add(store: AnyStore, *actors: str, tenant: str = "default") -> None:
    for actor in actors:
        store.write(tenant, actor, lambda changes: changes.put("profile", b"{}"))


def remove(store: AnyStore, actor: str) -> None:
    store.write("default", actor, lambda changes: changes.delete("profile"))


def test_a_tenant_without_actors_has_an_empty_list(client: Client) -> None:
    assert listed(client).json == {"actors": []}


def test_an_actor_is_who_has_a_profile_a_preference_or_an_event(client: Client) -> None:
    keyed = {"Idempotency-Key": "k"}
    client.put("profile", {"names": [{"index": 0, "value": "Ana"}]})
    client.call("PUT", f"{BASE}/profile/preference/preferences/theme", {"value": "dark"})
    for actor in ("event", "was"):
        events = {"events": [{"role": "user", "content": "Hi", "event_id": "m-1"}]}
        client.call("POST", f"{BASE}/profile/{actor}/history", events)
    client.call("DELETE", f"{BASE}/profile/was/history/m-1")
    assert client.put("refused", {}, headers=keyed).status_code == 422
    assert ids(listed(client)) == ["event", "preference", "profile"]
    for actor in ("profile", "nobody"):
        client.call("PUT", f"{BASE}/profile/{actor}/consent", {"status": "withdrawn"}, headers=keyed)
    assert ids(listed(client)) == ["event", "preference", "profile"], "consent changes nothing of what is kept"


def test_an_alias_is_not_listed_nor_who_is_being_erased(client: Client, store: AnyStore) -> None:
    def stand(standing: Standing) -> Any:
        def change(changes: Changes) -> None:
            changes.put("profile", b"{}")
            standing.store(changes)

        return change

    add(store, "a", "d")
    store.write("default", "b", stand(Standing(alias_of="a")))
    store.write("default", "c", stand(Standing(erasure="e-1")))
    assert list(pages(client, 2)) == [["a"], ["d"]]


def test_only_actors_of_the_callers_tenant_are_listed(contract: Contract, store: AnyStore, client: Client) -> None:
    add(store, "canary-1", "canary-2")
    scopes = frozenset(contract.schema("Scope")["enum"])
    app = create_app(contract, store, [Credential(digest(OTHER_KEY), "other", scopes)], instance="i", main_pid=1)
    other = Client(contract, app)
    cursor = listed(client, "limit=1").json["next"]
    assert listed(other, key=OTHER_KEY).json == {"actors": []}
    answer = listed(other, f"cursor={cursor}", key=OTHER_KEY)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_cursor")


def test_pages_hold_every_actor_once(client: Client, store: AnyStore) -> None:
    everyone = [f"actor-{number:02}" for number in range(15)] + ["\u00e9 \u00e8", "\U0001f600" * 256]
    add(store, *everyone)
    for limit in (1, 7, 17, 1_000):
        found = list(pages(client, limit))
        assert [actor for page in found for actor in page] == everyone
        assert {len(page) for page in found[:-1]} <= {limit}
        assert found[-1]


# The engine of the tests takes seconds for so many actors, and a store knows nothing of what a query leaves out.
@pytest.mark.every_store(but="dynamodb")
def test_a_page_has_a_hundred_actors_unless_it_is_asked_for_others(client: Client, store: AnyStore) -> None:
    add(store, *(f"actor-{number:03}" for number in range(101)))
    assert len(ids(listed(client))) == 100
    for query in ("limit=0", "limit=1001", "limit=ten", "page=2", "cursor=a&cursor=b"):
        assert listed(client, query).json["code"] == "invalid_query"


@pytest.mark.parametrize("seed", range(3))
def test_who_comes_and_goes_makes_nobody_else_come_twice_or_be_passed_over(
    client: Client, store: AnyStore, seed: int
) -> None:
    chance = random.Random(seed)
    stay = {f"actor-{chance.randrange(10_000):04}" for _ in range(20)}
    guests = {f"actor-{chance.randrange(10_000):04}" for _ in range(20)} - stay
    add(store, *stay, *list(guests)[:10])
    seen: list[str] = []
    for page in pages(client, 5):
        seen += page
        for guest in chance.sample(sorted(guests), 5):
            (add if chance.random() < 0.5 else remove)(store, guest)
    assert [actor for actor in seen if actor in stay] == sorted(stay)
    assert len(seen) == len(set(seen))


def test_a_cursor_that_was_changed_or_made_up_is_refused(client: Client, store: AnyStore) -> None:
    add(store, "a", "b")
    cursor = listed(client, "limit=1").json["next"]
    held = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    changed = [
        base64.urlsafe_b64encode(held[:at] + bytes([held[at] ^ 1]) + held[at + 1 :]).decode() for at in range(17)
    ]
    for wrong in (*changed, "x", "%C3%A9", cursor[:-2], make_cursor("list-actors", ("default",), b"\xff")):
        answer = listed(client, f"cursor={wrong}")
        assert (answer.status_code, answer.json["code"]) == (422, "invalid_cursor"), wrong
    assert ids(listed(client, f"cursor={cursor}")) == ["b"]


def test_it_is_for_administrators(contract: Contract, store: AnyStore) -> None:
    scopes = frozenset(contract.schema("Scope")["enum"]) - {"admin"}
    app = create_app(contract, store, [Credential(digest(KEY), "default", scopes)], instance="i", main_pid=1)
    assert listed(Client(contract, app)).json["code"] == "insufficient_scope"
