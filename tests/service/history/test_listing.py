"""Which events list-history shows, in what order, and how it goes on."""

import base64
import random
from itertools import count
from typing import Any

import pytest

from service.contract import Contract
from service.personalization.history import rules
from service.web.app import create_app
from service.web.credentials import Credential, digest
from tests.service.client import Client
from tests.service.history.calls import append, contents, forget, forget_up_to, listed, path, said
from tests.service.server import BASE
from tests.service.stores import AnyStore

pytestmark = pytest.mark.every_store

OTHER_KEY = "another-k3y-of-the-tests-0123456789-abc"


def _fill(client: Client, number: int, actor: str = "a") -> None:
    for first in range(0, number, 40):
        events = (said(str(each), event_id=f"m-{each}") for each in range(first, min(first + 40, number)))
        append(client, *events, actor=actor)


def test_an_actor_nobody_knows_has_an_empty_history(client: Client) -> None:
    assert listed(client).json == {"events": []}


@pytest.mark.parametrize("limit", [1, 7, 100])
def test_pages_hold_every_event_once(client: Client, limit: int) -> None:
    _fill(client, 21)
    oldest_first = [str(number) for number in range(21)]
    assert contents(client, order="oldest", limit=limit) == oldest_first
    assert contents(client, limit=limit) == oldest_first[::-1]


def test_the_last_page_says_that_it_is_the_last(client: Client) -> None:
    _fill(client, 4)
    page = listed(client, limit=2).json
    assert len(page["events"]) == 2
    assert "next" not in listed(client, limit=2, cursor=page["next"]).json
    assert "next" not in listed(client, limit=4).json


def test_events_are_taken_by_thread_and_by_time(client: Client) -> None:
    append(
        client,
        said("1", thread="t", time="2026-01-01T10:00:00.5Z"),
        said("2", thread="u", time="2026-01-01T10:00:00Z"),
        said("3", thread="t", time="2026-01-01T12:00:00+01:00"),
        said("4"),
    )
    assert contents(client, order="oldest", thread="t") == ["1", "3"]
    assert contents(client, thread="T") == []
    assert contents(client, order="oldest", since="2026-01-01T10:00:00.5Z", until="2026-01-02T00:00:00Z") == ["1", "3"]
    assert contents(client, order="oldest", until="2026-01-01T11:00:00Z") == ["1", "2"]
    assert contents(client, since="2026-01-01t11:00:01z") == ["4"]


@pytest.mark.parametrize(("most", "seconds", "events"), [(120, 60, 120), (1_000, 0, 3)])
def test_a_filter_that_few_events_pass_makes_short_pages_and_loses_none(
    client: Client, monkeypatch: pytest.MonkeyPatch, most: int, seconds: float, events: int
) -> None:
    monkeypatch.setattr(rules, "MAX_LOOKED_AT", most)
    monkeypatch.setattr(rules, "MAX_LOOK_S", seconds)
    append(client, said("first", thread="t"))
    _fill(client, events)
    append(client, said("last", thread="t"))
    page = listed(client, thread="t", limit=100).json
    assert [event["content"] for event in page["events"]] == ["last"]
    assert "next" in page
    assert contents(client, thread="t") == ["last", "first"]


@pytest.mark.parametrize("order", ["newest", "oldest"])
@pytest.mark.parametrize("seed", range(3))
def test_deletions_between_pages_neither_repeat_nor_skip_what_survives(client: Client, order: str, seed: int) -> None:
    chance = random.Random(seed)
    _fill(client, 40)
    alive = set(range(40))
    seen: list[int] = []
    query = {"order": order}
    names = count(40)
    while True:
        page = listed(client, **query, limit=chance.randint(1, 12)).json
        seen += [int(event["content"]) for event in page["events"]]
        if "next" not in page:
            break
        query["cursor"] = page["next"]
        for victim in chance.sample(sorted(alive), min(4, len(alive))):
            forget(client, f"m-{victim}")
            alive.discard(victim)
        if chance.random() < 0.3:
            through = chance.choice(range(20))
            forget_up_to(client, f"m-{through}")
            alive -= set(range(through + 1))
        append(client, said(str(next(names))))
    assert len(seen) == len(set(seen))
    assert alive <= set(seen)
    assert seen == sorted(seen, reverse=order == "newest")


def test_a_cursor_fits_no_other_list(client: Client) -> None:
    _fill(client, 4)
    _fill(client, 4, actor="b")
    cursor = listed(client, limit=1).json["next"]
    assert listed(client, limit=2, order="newest", cursor=cursor).status_code == 200
    for actor, query in (
        ("b", {}),
        ("nobody", {}),
        ("a", {"order": "oldest"}),
        ("a", {"thread": "t"}),
        ("a", {"since": "2026-01-01T00:00:00Z"}),
        ("a", {"until": "2026-01-01T00:00:00Z"}),
    ):
        answer = listed(client, actor, cursor=cursor, **query)
        assert (answer.status_code, answer.json["code"]) == (422, "invalid_cursor")


def test_a_cursor_fits_no_other_tenant(contract: Contract, store: AnyStore, client: Client) -> None:
    credentials = [Credential(digest(OTHER_KEY), "other", frozenset({"profile:read", "history:write"}))]
    other = Client(contract, create_app(contract, store, credentials, instance="i", main_pid=1))
    _fill(client, 2)
    append(other, said("1"), said("2"), key=OTHER_KEY)
    cursor = listed(client, limit=1).json["next"]
    assert listed(other, key=OTHER_KEY, cursor=cursor).json["code"] == "invalid_cursor"
    assert [event["content"] for event in listed(other, key=OTHER_KEY).json["events"]] == ["2", "1"]


def test_a_cursor_that_was_changed_is_refused(client: Client) -> None:
    _fill(client, 4)
    whole = base64.urlsafe_b64decode(listed(client, limit=1).json["next"])
    changed = [bytes(byte ^ (index == at) for index, byte in enumerate(whole)) for at in range(len(whole))]
    for held in (*changed, whole[:-1], whole + b"\0", b"\0"):
        cursor = base64.urlsafe_b64encode(held).decode()
        assert listed(client, cursor=cursor).json["code"] == "invalid_cursor"
    assert listed(client, cursor="é?").json["code"] == "invalid_cursor"


@pytest.mark.parametrize(
    ("query", "at"),
    [
        ({"limit": 0}, "/query/limit"),
        ({"limit": 101}, "/query/limit"),
        ({"order": "latest"}, "/query/order"),
        ({"thread": "a b"}, "/query/thread"),
        ({"since": "yesterday"}, "/query/since"),
        ({"until": "2026-02-30T00:00:00Z"}, "/query/until"),
        ({"page": 2}, "/query/page"),
    ],
)
def test_a_query_that_cannot_be_taken_is_named(client: Client, query: dict[str, Any], at: str) -> None:
    answer = listed(client, **query)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_query")
    assert [detail["pointer"] for detail in answer.json["errors"]] == [at]


def test_an_order_is_read_in_any_case_and_an_empty_parameter_as_absent(client: Client) -> None:
    _fill(client, 2)
    assert contents(client, order=" Oldest ", thread="", limit="2.0") == ["0", "1"]


def test_an_actor_id_is_checked(client: Client) -> None:
    for method, where in (("GET", path("%01")), ("POST", path("%01")), ("DELETE", f"{BASE}/profile/%01/history/m-1")):
        assert client.call(method, where, {} if method == "POST" else None).json["code"] == "invalid_actor_id"
