"""Creates that carry an idempotency key, and what is known of one whose answer did not come."""

from __future__ import annotations

import time

import pytest

from tama.client import Client, errors
from tama.client._repetition import PAUSES
from tests.tama.client.conftest import Waiting
from tests.tama.client.hosted import FINE, Hosted
from tests.tama.endpoint import Answer

TRIES = 1 + len(PAUSES)
CUT = Answer(201, b"{", {"Content-Length": "9", "Connection": "close"})
UNCERTAIN = {"500": Answer(500), "503": Answer(503), "cut": CUT, "garbage": Answer(201, b"<html>")}


@pytest.fixture
def knowing(hosted: Hosted) -> Hosted:
    hosted.keys_lifetime = "86400"
    return hosted


def keys(hosted: Hosted) -> list[str]:
    return [request.headers["idempotency-key"] for request in hosted.requests]


@pytest.mark.parametrize("trouble", UNCERTAIN.values(), ids=UNCERTAIN)
def test_a_create_is_repeated_with_its_key(knowing: Hosted, client: Client, trouble: Answer) -> None:
    knowing.answers = [trouble, Answer(429), trouble, FINE]

    assert client.create("/a", {}) == {"id": "1"}

    assert len(keys(knowing)) == 4
    assert len(set(keys(knowing))) == 1
    client.create("/a", {})
    assert keys(knowing)[-1] != keys(knowing)[0]


def test_a_key_is_a_string_of_structured_fields(knowing: Hosted, client: Client) -> None:
    client.create("/a", {})

    (key,) = keys(knowing)
    assert key[0] == key[-1] == '"'
    assert len(key) == 34


@pytest.mark.parametrize("trouble", UNCERTAIN.values(), ids=UNCERTAIN)
def test_what_became_of_a_create_can_be_asked_by_its_key(knowing: Hosted, client: Client, trouble: Answer) -> None:
    knowing.answers = [trouble] * TRIES
    with pytest.raises(errors.OutcomeUnknown) as caught:
        client.create("/a", {})

    unknown = caught.value
    assert f'"{unknown.key}"' == keys(knowing)[0]
    assert 86390 < unknown.expires - time.time() < 86410
    assert unknown.request == "POST /a"
    assert client.resolve(unknown.key) == {"id": "1"}
    last = knowing.requests[-1]
    assert (last.method, last.target) == ("DELETE", f"/base/idempotency-keys/{unknown.key}")
    knowing.answers = [Answer(204)]
    assert client.resolve(unknown.key) is None


@pytest.mark.parametrize("refusal", [Answer(422), Answer(429), Answer(403)], ids=lambda answer: str(answer.status))
def test_a_refusal_after_a_lost_answer_says_nothing_of_the_first_try(
    knowing: Hosted, client: Client, refusal: Answer
) -> None:
    knowing.answers = [CUT] + [refusal] * TRIES

    with pytest.raises(errors.OutcomeUnknown, match=str(refusal.status)):
        client.create("/a", {})


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422, 429])
def test_a_create_that_was_refused_did_not_happen(knowing: Hosted, client: Client, status: int) -> None:
    knowing.answers = [Answer(status)] * TRIES

    with pytest.raises(errors.ResponseError):
        client.create("/a", {})


@pytest.mark.parametrize("trouble", UNCERTAIN.values(), ids=UNCERTAIN)
def test_without_keys_a_create_that_may_have_happened_is_not_repeated(
    hosted: Hosted, client: Client, waiting: Waiting, trouble: Answer
) -> None:
    hosted.answers = [trouble]

    with pytest.raises(errors.OutcomeUnknown) as caught:
        client.create("/a", {})

    assert caught.value.key == ""
    assert waiting.pauses == []
    assert len(hosted.requests) == 1
    assert "idempotency-key" not in hosted.requests[0].headers


def test_a_post_that_makes_no_object_carries_no_key_and_is_not_repeated(knowing: Hosted, client: Client) -> None:
    knowing.answers = [Answer(503)]

    with pytest.raises(errors.ServerError):
        client.request("POST", "/calls", {})

    assert len(knowing.requests) == 1
    assert "idempotency-key" not in knowing.requests[0].headers


def test_a_create_whose_repetition_is_interrupted_is_unknown(knowing: Hosted, client: Client, waiting: Waiting) -> None:
    knowing.answers = [CUT]
    waiting.is_to_end = True

    with pytest.raises(errors.OutcomeUnknown) as caught:
        client.create("/a", {})

    assert caught.value.key
