"""What an actor who withdrew consent is to everyone: unknown, and not to be written to."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from service.items import ALL_KEYS, CONSENT
from tests.service.client import Client, ServiceAnswer
from tests.service.server import BASE
from tests.service.stores import AnyStore

pytestmark = pytest.mark.every_store

ANA = {"index": 0, "group": "real", "value": "Ana"}
NAMES = {"names": [ANA]}
DOCUMENT = {
    "actor_id": "a",
    "aliases": [],
    "consent": {"status": "given"},
    "format": 1,
    "history": [],
    "preferences": [],
    "profile": {"names": [ANA]},
}
PROFILE = f"{BASE}/profile/a"


def consent(client: Client, body: object, **options: Any) -> ServiceAnswer:
    return client.call("PUT", f"{PROFILE}/consent", body, **options)


def withdraw(client: Client) -> ServiceAnswer:
    return consent(client, {"status": "withdrawn"})


def test_a_withdrawal_keeps_its_time_until_consent_is_given_again(client: Client) -> None:
    first = withdraw(client)
    assert (first.status_code, first.json["status"]) == (200, "withdrawn")
    assert withdraw(client).json == first.json
    for _ in range(2):
        assert consent(client, {"status": "given"}).json == {"status": "given"}


READS = ("", "/preferences", "/preferences/theme", "/history", "/context")


@pytest.mark.parametrize("path", READS)
def test_reads_answer_as_for_an_actor_nobody_knows(client: Client, path: str) -> None:
    client.put("a", NAMES)
    client.call("PUT", f"{PROFILE}/preferences/theme", {"value": "dark"})
    client.call("POST", f"{PROFILE}/history", {"events": [{"role": "user", "content": "Hi", "event_id": "e-1"}]})
    known = client.call("GET", f"{PROFILE}{path}")
    withdraw(client)
    withdrawn = client.call("GET", f"{PROFILE}{path}")
    unknown = client.call("GET", f"{BASE}/profile/nobody{path}")
    assert (withdrawn.status_code, withdrawn.data) == (unknown.status_code, unknown.data)
    assert withdrawn.headers.get("ETag") == unknown.headers.get("ETag")
    assert withdrawn.data != known.data
    consent(client, {"status": "given"})
    assert client.call("GET", f"{PROFILE}{path}").data == known.data, "what was stored stayed"


WRITES = [
    ("PUT", "", NAMES),
    ("PATCH", "", {"gender": None}),
    ("DELETE", "", None),
    ("DELETE", "/names/real/0", None),
    ("DELETE", "/dates/birth/0", None),
    ("PUT", "/preferences/theme", {"value": "light"}),
    ("DELETE", "/preferences/theme", None),
    ("POST", "/history", {"events": [{"role": "user", "content": "Good evening."}]}),
    ("DELETE", "/history/m-1", None),
    ("DELETE", "/history?through=m-1", None),
    ("POST", "/merge", {"from": "v"}),
    ("PUT", "/import", DOCUMENT),
]


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_every_write_is_refused(client: Client, method: str, path: str, body: object) -> None:
    client.put("a", NAMES)
    client.call("PUT", f"{PROFILE}/preferences/theme", {"value": "dark"})
    client.call("POST", f"{PROFILE}/history", {"events": [{"role": "user", "content": "Hi", "event_id": "e-1"}]})
    before = [client.call("GET", f"{PROFILE}{read}").data for read in READS]
    withdraw(client)
    path, _, query = path.partition("?")
    for headers in ({}, {"If-Match": '"other.1"'}, {"Idempotency-Key": "k"}):
        answer = client.call(method, f"{PROFILE}{path}", body, headers=headers, environ={"QUERY_STRING": query})
        assert (answer.status_code, answer.json["code"]) == (403, "consent_withdrawn")
        assert "Do not ask" in answer.json["message"]
    consent(client, {"status": "given"})
    assert [client.call("GET", f"{PROFILE}{read}").data for read in READS] == before


def test_the_writes_that_are_tried_here_are_all_there_are(client: Client) -> None:
    operations = client.call("GET", f"{BASE}/openapi.json").json["paths"]
    writes = {
        (method.upper(), path)
        for path, item in operations.items()
        for method in item.keys() & {"put", "post", "patch", "delete"}
        if "consent_withdrawn" in str(item[method]["responses"]) or "WriteForbidden" in str(item[method]["responses"])
    }
    assert len(writes) == len(WRITES)


def test_an_earlier_answer_is_not_given_again(client: Client) -> None:
    headers = {"Idempotency-Key": "k"}
    client.put("a", NAMES, headers=headers)
    withdraw(client)
    answer = client.put("a", NAMES, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (403, "consent_withdrawn")
    consent(client, {"status": "given"})
    assert client.put("a", NAMES, headers=headers).status_code == 201


def test_a_refusal_for_want_of_consent_is_not_recorded(client: Client) -> None:
    withdraw(client)
    assert client.put("a", NAMES, headers={"Idempotency-Key": "k"}).status_code == 403
    consent(client, {"status": "given"})
    assert client.put("a", NAMES, headers={"Idempotency-Key": "k"}).status_code == 201


def test_the_consent_of_one_actor_is_not_anothers(client: Client) -> None:
    withdraw(client)
    assert client.put("b", NAMES).status_code == 201


def test_no_write_is_acknowledged_after_the_withdrawal(client: Client) -> None:
    client.put("a", NAMES)
    withdrawn = threading.Event()

    def write(index: int) -> tuple[bool, int]:
        was_withdrawn = withdrawn.is_set()
        return was_withdrawn, client.put("a", {"names": [{**ANA, "index": index % 60}]}).status_code

    with ThreadPoolExecutor(8) as pool:
        writes = [pool.submit(write, index) for index in range(60)]
        withdraw(client)
        withdrawn.set()
        writes += [pool.submit(write, index) for index in range(60)]
        outcomes = [future.result() for future in writes]
    assert {status for late, status in outcomes if late} == {403}


@pytest.mark.parametrize(
    "body",
    [
        {"status": " Withdrawn "},
        {"consent": {"status": "withdrawn"}},
        {"path": {"actor_id": "a"}, "body": {"status": "withdrawn"}},
    ],
)
def test_what_a_model_says_of_consent_is_understood(client: Client, body: object) -> None:
    assert consent(client, body).json["status"] == "withdrawn"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/status"),
        ({"status": "revoked"}, "/status"),
        ({"status": ""}, "/status"),
        ({"status": True}, "/status"),
        ({"withdrawn": True}, "/withdrawn"),
        ({"consent": "withdrawn"}, "/consent"),
    ],
)
def test_what_does_not_say_it_is_refused_with_the_form(client: Client, body: object, pointer: str) -> None:
    answer = consent(client, body)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_consent")
    assert pointer in [error["pointer"] for error in answer.json["errors"]]
    assert client.put("a", NAMES).status_code == 201


def test_a_withdrawal_does_not_name_the_actor_in_the_store(client: Client, store: AnyStore) -> None:
    client.call("PUT", f"{BASE}/profile/canary-actor/consent", {"status": "withdrawn"})
    assert store.read("default", "canary-actor", lambda items: items.scan(*ALL_KEYS, 10)) == []
    assert store.get("default", "canary-actor", CONSENT) != [None], "a mark, and marks name nobody"
