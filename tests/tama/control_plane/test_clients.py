"""Clients of a hosted control plane, and their tokens."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tama.control_plane.clients import ALL, LIFETIME_S, METRICS, READ, SCOPES, Clients, Denied
from tama.control_plane.store.sqlite import FILE, SQLiteStore

if TYPE_CHECKING:
    from tama.control_plane.store import Store

NOW = 1_800_000_000.0


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def clients(store: Store, clock: Clock) -> Clients:
    return Clients(store, clock)


def presented(id_: str, secret: str) -> str:
    return base64.b64encode(f"{id_}:{secret}".encode()).decode()


def denied(clients: Clients, credential: str, scope: str | None = None) -> str:
    with pytest.raises(Denied) as caught:
        clients.grant(credential, scope)
    return caught.value.error


def scopes(clients: Clients, token: str) -> frozenset[str] | None:
    bearer = clients.bearer(token)
    return bearer and bearer.scopes


def test_a_client_is_given_a_token_that_says_what_it_may_do(clients: Clients) -> None:
    granted = clients.grant(presented(*clients.add()), ALL)
    assert granted | {"access_token": ""} == {
        "access_token": "",
        "token_type": "Bearer",
        "scope": ALL,
        "expires_in": LIFETIME_S,
    }
    assert scopes(clients, str(granted["access_token"])) == frozenset([ALL])


def test_without_a_scope_a_client_gets_all_that_it_may_have(clients: Clients) -> None:
    credential = presented(*clients.add([READ, METRICS]))
    assert clients.grant(credential, None)["scope"] == "metrics.read provision.read"
    assert clients.grant(credential, f" {READ} ")["scope"] == READ
    assert denied(clients, credential, f"{READ} {ALL}") == "invalid_scope"
    assert denied(clients, credential, " ") == "invalid_scope"


def test_who_may_do_everything_is_given_less_where_less_is_asked_for(clients: Clients) -> None:
    credential = presented(*clients.add())
    token = str(clients.grant(credential, READ)["access_token"])
    bearer = clients.bearer(token)
    assert bearer is not None
    assert [scope for scope in SCOPES if bearer.may(scope)] == [READ]
    assert denied(clients, credential, f"{READ} other") == "invalid_scope"


def test_credentials_are_read_in_both_alphabets_of_base64(clients: Clients) -> None:
    # Ids and secrets of many clients have between them every character of the alphabets.
    for _ in range(50):
        id_, secret = clients.add()
        plain = f"{id_}:{secret}".encode()
        for form in (base64.b64encode(plain), base64.urlsafe_b64encode(plain), base64.b64encode(plain).rstrip(b"=")):
            assert clients.grant(form.decode(), None)["token_type"] == "Bearer"


@pytest.mark.parametrize("credential", ["", "%", "=", "YQ", base64.b64encode(b"\xff:\xff").decode(), "Ã©"])
def test_what_is_no_credential_is_an_unknown_client(clients: Clients, credential: str) -> None:
    assert denied(clients, credential) == "invalid_client"


def test_a_wrong_secret_and_that_of_another_client_are_refused(clients: Clients) -> None:
    (id_, secret), (_, other) = clients.add(), clients.add()
    for wrong in (secret[:-1], other, ""):
        assert denied(clients, presented(id_, wrong)) == "invalid_client"


def test_a_token_ends(clients: Clients, clock: Clock) -> None:
    token = str(clients.grant(presented(*clients.add()), None)["access_token"])
    clock.now += LIFETIME_S - 1
    assert scopes(clients, token) == frozenset([ALL])
    clock.now += 1
    assert scopes(clients, token) is None


def test_a_token_that_was_changed_is_none(clients: Clients) -> None:
    token = str(clients.grant(presented(*clients.add()), None)["access_token"])
    said, _, signature = token.partition(".")
    other = base64.urlsafe_b64encode(b'{"client": "x", "scope": "provision.all", "ends": 9999999999}').decode()
    for changed in ("", said, f"{said}.", f"{said}x.{signature}", f"{other}.{signature}", f"{said}.{'0' * 64}", "é.é"):
        assert scopes(clients, changed) is None


def test_other_processes_on_the_same_store_know_clients_and_tokens_and_at_once_who_was_revoked(
    clients: Clients, clock: Clock, open_store: Callable[[], Store]
) -> None:
    id_, secret = clients.add()
    credential = presented(id_, secret)
    other = Clients(open_store(), clock)
    tokens = [str(one.grant(credential, None)["access_token"]) for one in (clients, other)]
    assert [scopes(one, token) for one in (clients, other) for token in tokens] == [frozenset([ALL])] * 4
    assert clients.revoke(id_)
    assert [scopes(one, token) for one in (clients, other) for token in tokens] == [None] * 4
    assert denied(other, credential) == "invalid_client"
    assert not other.revoke(id_)


def test_no_secret_is_kept(tmp_path: Path) -> None:
    store = SQLiteStore(str(tmp_path))
    _, secret = Clients(store).add()
    store.close()
    assert secret.encode() not in (tmp_path / FILE).read_bytes()
