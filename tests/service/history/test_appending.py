"""What append-history takes, what it answers, and what it stores."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.service.client import Client
from tests.service.history.calls import append, contents, forget, listed, path, said
from tests.service.server import BASE

pytestmark = pytest.mark.every_store


def test_what_was_said_is_shown_as_it_was_told(client: Client) -> None:
    told = said("A scary one!\nPlease.", thread="evening-1", event_id="m:1", time="2026-11-24T22:00:00+02:00")
    answer = append(client, told, {"role": "tool", "content": "{}"})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (201, "no-store")
    first, second = listed(client, order="oldest").json["events"]
    assert first == {**told, "time": "2026-11-24T20:00:00Z", "received_at": first["received_at"]}
    assert second.keys() == {"role", "content", "event_id", "received_at"}
    assert answer.json["events"] == [
        {name: event[name] for name in ("event_id", "received_at")} for event in (first, second)
    ]


def test_the_same_event_is_stored_once(client: Client) -> None:
    event = said("Hello", event_id="m-1", time="2026-11-24T20:00:00Z", thread="t")
    first = append(client, event)
    again = append(client, {**event, "time": "2026-11-24T21:00:00+01:00"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json == first.json
    twice = append(client, event, said("More", event_id="m-2"), said("More", event_id="m-2"))
    assert twice.status_code == 201
    assert contents(client, order="oldest") == ["Hello", "More"]


@pytest.mark.parametrize(
    "change",
    [{"content": "Hallo"}, {"role": "tool"}, {"thread": "t"}, {"time": "2026-11-24T20:00:00Z"}],
    ids=lambda change: next(iter(change)),
)
def test_an_id_with_another_content_stores_nothing_of_the_call(client: Client, change: dict[str, str]) -> None:
    append(client, said("Hello", event_id="m-1"))
    answer = append(client, said("New"), {**said("Hello", event_id="m-1"), **change})
    assert (answer.status_code, answer.json["code"]) == (409, "event_conflict")
    assert "m-1" in answer.json["message"]
    assert contents(client) == ["Hello"]


def test_the_id_of_a_deleted_event_stays_used(client: Client) -> None:
    append(client, said("Hello", event_id="m-1"))
    forget(client, "m-1")
    answer = append(client, said("New"), said("Hello", event_id="m-1"))
    assert (answer.status_code, answer.json["code"]) == (409, "event_deleted")
    assert contents(client) == []


def test_events_are_in_the_order_of_the_call_and_of_the_calls(client: Client) -> None:
    append(client, said("1", time="2026-01-03T00:00:00Z"), said("2", time="2026-01-02T00:00:00Z"))
    append(client, said("3", time="2026-01-01T00:00:00Z"))
    assert contents(client, order="oldest") == ["1", "2", "3"]
    assert contents(client) == ["3", "2", "1"]


def test_forty_of_the_longest_events_are_one_write(client: Client) -> None:
    # Signs that JSON writes as two bytes, so that the body is as long as bodies usually get.
    events = [said("\n".join(["x" * 1_023] * 16)[:16_383] + "!", event_id=f"m-{number}") for number in range(40)]
    assert append(client, *events, headers={"Idempotency-Key": "k"}).status_code == 201
    assert contents(client, order="oldest", limit=100) == [event["content"] for event in events]


def test_a_content_is_bounded_in_bytes(client: Client) -> None:
    assert append(client, said("é" * 8_192)).status_code == 201
    answer = append(client, said("fits"), said("é" * 8_193))
    assert (answer.status_code, answer.json["code"]) == (422, "content_too_large")
    assert [detail["pointer"] for detail in answer.json["errors"]] == ["/events/1/content"]
    assert append(client, said("x" * 16_385)).json["code"] == "invalid_history"
    assert len(contents(client)) == 1


def test_a_body_that_is_too_long_is_refused_by_its_own_bound(client: Client) -> None:
    body = b'{"events": [], "filler": "' + b"x" * 1_048_576 + b'"}'
    answer = client.call("POST", path(), body)
    assert (answer.status_code, answer.json["code"]) == (413, "body_too_large")
    assert "1048576" in answer.json["message"]
    assert client.put("a", b" " * 65_537).status_code == 413


def test_a_retry_with_a_key_is_not_stored_again(client: Client) -> None:
    first = append(client, said("Hello"), headers={"Idempotency-Key": "k"})
    again = append(client, said("Hello"), headers={"Idempotency-Key": "k"})
    assert (again.status_code, again.data) == (201, first.data)
    assert contents(client) == ["Hello"]


def test_calls_at_once_lose_nothing_and_keep_each_call_together(client: Client) -> None:
    def one(number: int) -> int:
        return append(client, said(f"{number}a"), said(f"{number}b")).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(one, range(40))) == {201}
    stored = contents(client, order="oldest", limit=7)
    assert sorted(stored) == sorted(f"{number}{part}" for number in range(40) for part in "ab")
    assert all(second == first[:-1] + "b" for first, second in zip(stored[::2], stored[1::2], strict=True))


def test_what_a_history_may_do_needs_its_scope(make_client: Callable[[frozenset[str]], Client]) -> None:
    reader = make_client(frozenset({"profile:read", "profile:write"}))
    for answer in (append(reader, said("x")), forget(reader, "m-1")):
        assert (answer.status_code, answer.json["code"]) == (403, "insufficient_scope")
    writer = make_client(frozenset({"history:write"}))
    assert append(writer, said("x")).status_code == 201
    assert listed(writer).status_code == 403


def test_without_consent_nothing_is_stored_and_nothing_shown(client: Client) -> None:
    append(client, said("Hello", event_id="m-1"))
    client.call("PUT", f"{BASE}/profile/a/consent", {"status": "withdrawn"})
    assert append(client, said("More")).json["code"] == "consent_withdrawn"
    assert forget(client, "m-1").json["code"] == "consent_withdrawn"
    assert listed(client).json == {"events": []}
    client.call("PUT", f"{BASE}/profile/a/consent", {"status": "given"})
    assert contents(client) == ["Hello"]


def test_a_history_outlives_the_profile_and_stands_in_the_context(client: Client) -> None:
    client.put("a", {"names": [{"index": 0, "value": "Ana"}]})
    append(client, said("Old", event_id="m-1"), said("New", event_id="m-2"))
    client.call("DELETE", f"{BASE}/profile/a")
    client.call("DELETE", path(), environ={"QUERY_STRING": "through=m-1"})
    text = client.call("GET", f"{BASE}/profile/a/context").json["text"]
    assert '- user: "New"' in text
    assert "Old" not in text
