"""What an export holds, and what it is when it breaks off."""

from functools import partial
from typing import Any

import orjson
import pytest

from service.items import Changes
from service.personalization.actors.exporting import PAGE, ExportBrokenError, export
from service.personalization.history.events import Event
from service.personalization.history.retention import Limits, Retention
from service.personalization.history.rules import append as append_to
from service.personalization.standing import Standing, put_aliases
from service.storage import StoreUnavailableError
from tests.service.actors.calls import ANA, consent, exported, prefer
from tests.service.client import Client
from tests.service.history.calls import append, forget, forget_up_to, listed, said
from tests.service.server import BASE, KEY
from tests.service.stores import AnyStore

pytestmark = pytest.mark.every_store

NOBODY = b'{"actor_id":"a","aliases":[],"consent":{"status":"given"},"format":1,"history":[],"preferences":[]}'


def append_many(store: AnyStore, number: int, actor: str = "a") -> None:
    """Append as many events, so that an export takes several pages."""
    for first in range(0, number, 40):
        events = [
            Event(f"m-{index}", {"role": "user", "content": f"said {index}"})
            for index in range(first, min(first + 40, number))
        ]
        store.write("default", actor, partial(_append, events))


def _append(events: list[Event], changes: Changes) -> None:
    append_to(changes, events, Retention(Limits()), 1.5)


def test_everything_that_is_kept_is_in_it(client: Client, store: AnyStore) -> None:
    client.put("a", ANA)
    prefer(client, "theme", "dark")
    prefer(client, "region", "BR")
    append(
        client,
        said("Hi", event_id="m-1", thread="t-1", time="2026-11-24T21:00:00+01:00"),
        said("There", event_id="m-2"),
    )
    store.write("default", "a", lambda changes: changes.put("preference/x.gone", b'{"type":"x.gone","value":[1.5]}'))
    store.write("default", "a", lambda changes: put_aliases(changes, ["visitor"]))
    consent(client, "withdrawn")
    answer = exported(client)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    document = answer.json
    meta = document["profile"].pop("meta")
    assert set(meta["changed_at"]) == set(ANA)
    assert document["profile"] == ANA, "and no default that nobody told"
    assert document["preferences"] == [
        {"type": "region", "value": {"code": "BR", "name": "Brazil"}},
        {"type": "theme", "value": "dark"},
        {"type": "x.gone", "value": [1.5]},
    ]
    assert document["consent"]["status"] == "withdrawn"
    assert document["aliases"] == ["visitor"]
    consent(client, "given")
    assert document["history"] == list(reversed(listed(client).json["events"]))
    assert document["history"][0]["time"] == "2026-11-24T20:00:00Z"


def test_of_an_actor_nobody_knows_nothing_is_kept(client: Client) -> None:
    assert exported(client).data == NOBODY


def test_the_same_content_is_the_same_bytes_in_the_order_of_names(client: Client) -> None:
    client.put("a", ANA)
    append(client, said("Hi", event_id="m-1"))
    first = exported(client)
    assert first.data == exported(client).data
    assert first.data == orjson.dumps(first.json, option=orjson.OPT_SORT_KEYS)


def test_a_long_history_is_whole_and_without_what_was_deleted(client: Client, store: AnyStore) -> None:
    append_many(store, 5 * PAGE)
    forget_up_to(client, "m-9")
    forget(client, f"m-{2 * PAGE}")
    ids = [event["event_id"] for event in exported(client).json["history"]]
    assert ids == [f"m-{number}" for number in range(10, 5 * PAGE) if number != 2 * PAGE]


def test_an_alias_exports_the_actor_to_whom_it_leads(client: Client, store: AnyStore) -> None:
    client.put("a", ANA)
    store.write("default", "visitor", Standing(alias_of="a").store)
    assert exported(client, "visitor").data == exported(client).data


def test_nothing_is_exported_of_an_actor_who_is_being_erased(client: Client, store: AnyStore) -> None:
    client.put("a", ANA)
    append(client, said("Hi"))
    store.write("default", "a", Standing(erasure="e").store)
    assert exported(client).data == NOBODY


def test_what_is_appended_meanwhile_is_not_in_it(client: Client, store: AnyStore) -> None:
    append_many(store, 2 * PAGE)
    pieces = export("a", partial(store.read, "default", "a"))
    next(pieces)
    append(client, said("later"))
    document = orjson.loads(b'{"history":[' + b"".join(pieces))
    assert [event["event_id"] for event in document["history"]] == [f"m-{number}" for number in range(2 * PAGE)]


def _erases(changes: Changes) -> None:
    Standing(erasure="e").store(changes)


def _becomes_alias(changes: Changes) -> None:
    Standing(alias_of="b").store(changes)


def _begins_anew(changes: Changes) -> None:
    head = changes.get("head")
    assert head is not None
    changes.delete("head")
    changes.put("head", head.document)


@pytest.mark.parametrize("change", [_erases, _becomes_alias, _begins_anew])
def test_it_breaks_off_when_the_actor_is_another_one_meanwhile(store: AnyStore, change: Any) -> None:
    append_many(store, 2 * PAGE)
    pieces = export("a", partial(store.read, "default", "a"))
    next(pieces)
    store.write("default", "a", change)
    with pytest.raises(ExportBrokenError):
        list(pieces)


def test_what_breaks_off_is_not_json(client: Client, store: AnyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    append_many(store, 2 * PAGE)
    read, reads = store.read, 0

    def fails_late(*arguments: Any) -> Any:
        nonlocal reads
        reads += 1
        if reads > 2:
            raise StoreUnavailableError
        return read(*arguments)

    monkeypatch.setattr(store, "read", fails_late)
    answer = client._http.get(f"{BASE}/profile/a/export", headers={"Authorization": f"Bearer {KEY}"})
    assert answer.status_code == 200
    assert b'"m-0"' in answer.data
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(answer.data)


def test_a_store_that_fails_at_once_is_an_error(
    client: Client, store: AnyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        raise StoreUnavailableError

    monkeypatch.setattr(store, "read", fails)
    assert exported(client).json["code"] == "store_unavailable"
