"""Bodies of append-history as language models send them."""

from typing import Any

import pytest

from tests.service.client import Client
from tests.service.history.calls import contents, listed, path

HELLO = {"role": "user", "content": "Hello"}


@pytest.mark.parametrize(
    "body",
    [
        {"events": [{"role": " User ", "content": " Hello "}]},
        {"events": [{**HELLO, "thread": "", "event_id": None, "time": " "}]},
        {"events": [None, HELLO, ""]},
        {"history": {"events": [HELLO]}},
        {"next": None, "path": {"actor_id": "a"}, "body": {"events": [HELLO]}},
        {"body": {"history": {"events": [HELLO]}}, "query": {}},
        HELLO,
        {**HELLO, "role": "USER", "thread": None},
        [HELLO],
        [None, HELLO],
        {"history": HELLO},
        {"body": {"history": [HELLO]}, "next": None},
    ],
)
def test_what_can_be_understood_is_stored(client: Client, body: Any) -> None:
    assert client.call("POST", path(), body).status_code == 201
    (event,) = listed(client).json["events"]
    assert (event["role"], event["content"], "thread" in event) == ("user", "Hello", False)


@pytest.mark.parametrize(
    ("body", "code", "pointers"),
    [
        ({}, "invalid_history", ["/events"]),
        ({"events": []}, "invalid_history", ["/events"]),
        ([], "invalid_history", [""]),
        ([None], "invalid_history", [""]),
        (["Hello"], "invalid_history", ["/0"]),
        ([HELLO] * 41, "invalid_history", [""]),
        ([None, {**HELLO, "role": "system"}], "invalid_history", ["/1/role"]),
        ({**HELLO, "role": "system"}, "invalid_history", ["/role"]),
        ({"role": "user"}, "invalid_history", ["/content"]),
        ({"body": {"content": "x" * 16_385, "role": "user"}}, "invalid_history", ["/body/content"]),
        ({"body": [HELLO, {"content": "\u00e9" * 8_193, "role": "user"}]}, "content_too_large", ["/body/1/content"]),
        ({**HELLO, "text": "x"}, "invalid_history", ["/text"]),
        ({**HELLO, "events": [HELLO]}, "invalid_history", ["/role", "/content"]),
        ({"text": "Hello"}, "invalid_history", ["/events", "/text"]),
        ({"events": HELLO}, "invalid_history", ["/events"]),
        ({"events": [HELLO] * 41}, "invalid_history", ["/events"]),
        ({"events": [HELLO, {"role": "user", "content": " "}]}, "invalid_history", ["/events/1/content"]),
        ({"events": ["", {**HELLO, "role": "system"}]}, "invalid_history", ["/events/1/role"]),
        ({"events": [{**HELLO, "text": "x"}]}, "invalid_history", ["/events/0/text"]),
        ({"events": [{**HELLO, "content": ["Hello"]}]}, "invalid_history", ["/events/0/content"]),
        ({"events": [{**HELLO, "content": "a\x00b"}]}, "invalid_history", ["/events/0/content"]),
        ({"events": [{**HELLO, "event_id": "a b"}]}, "invalid_history", ["/events/0/event_id"]),
        ({"events": [{**HELLO, "thread": "x" * 129}]}, "invalid_history", ["/events/0/thread"]),
        ({"events": [{**HELLO, "time": "2026-11-24"}]}, "invalid_history", ["/events/0/time"]),
        ({"events": [{**HELLO, "time": "2026-11-24T20:00:00"}]}, "invalid_history", ["/events/0/time"]),
        ({"events": [{**HELLO, "time": "2016-12-31T23:59:60Z"}]}, "invalid_history", ["/events/0/time"]),
        ({"events": [{**HELLO, "time": "0001-01-01T00:00:00+01:00"}]}, "invalid_history", ["/events/0/time"]),
        ({"events": [{**HELLO, "time": "9999-12-31T23:59:59-01:00"}]}, "invalid_history", ["/events/0/time"]),
        ({"path": {"actor_id": "b"}, "body": {"events": [HELLO]}}, "actor_mismatch", ["/path/actor_id"]),
    ],
)
def test_anything_else_is_named_and_nothing_is_stored(
    client: Client, body: Any, code: str, pointers: list[str]
) -> None:
    answer = client.call("POST", path(), body)
    assert (answer.status_code, answer.json["code"]) == (422, code)
    assert sorted(detail["pointer"] for detail in answer.json["errors"]) == sorted(pointers)
    assert contents(client) == []


@pytest.mark.parametrize(
    "time", ["0001-01-02T00:00:00+23:59", "9999-12-30T23:59:59-23:59", "2026-01-01t00:00:00.123456789z"]
)
def test_every_time_of_the_form_can_be_shown_and_appended_again(client: Client, time: str) -> None:
    told = {"events": [{**HELLO, "event_id": "m-1", "time": time}]}
    assert client.call("POST", path(), told).status_code == 201
    (event,) = listed(client).json["events"]
    del event["received_at"]
    assert client.call("POST", path(), {"events": [event]}).status_code == 200
