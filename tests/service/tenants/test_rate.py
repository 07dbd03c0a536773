"""How many calls a tenant may make, and what becomes of those that are too many."""

from pathlib import Path
from typing import Any

import pytest

from hosting.rate import RateLimit
from service.contract import Contract
from service.credentials import records
from service.metrics import Metrics
from service.storage.sqlite import SQLiteStore
from service.web.app import Bounds, create_app
from service.web.credentials import Credential, digest
from service.web.observing import Observer
from tests.service.client import Client
from tests.service.clock import Clock
from tests.service.server import BASE, KEY, RunningService


class Limited:
    """The application with a rate limit and a key of each of two tenants."""

    def __init__(self, contract: Contract, store: SQLiteStore, clock: Clock) -> None:
        scopes = frozenset(contract.schema("Scope")["enum"])
        self.metrics = Metrics()
        self.observer = Observer(self.metrics)
        self.other_key = records.add(store, "other", scopes, "", 0).text
        credential = Credential(digest(KEY), "default", scopes)
        self.app = create_app(
            contract,
            store,
            [credential],
            instance="i",
            main_pid=1,
            observer=self.observer,
            bounds=Bounds(rate_limit=RateLimit(2, 3, clock)),
        )
        self.client = Client(contract, self.app)

    def exhaust(self) -> None:
        for _ in range(3):
            assert self.client.get("a").status_code == 404


@pytest.fixture
def limited(contract: Contract, store: SQLiteStore, clock: Clock) -> Limited:
    return Limited(contract, store, clock)


def test_too_many_calls_get_a_problem_that_says_when_to_call_again(limited: Limited, clock: Clock) -> None:
    limited.exhaust()
    answer = limited.client.put("a", {"names": [{"index": 0, "value": "Ana"}]})
    assert (answer.status_code, answer.json["code"], answer.headers["Retry-After"]) == (429, "rate_limited", "1")
    assert "Make the same call again in 1 s." in answer.json["message"]
    clock.now += 1
    assert limited.client.get("a").status_code == 404, "nothing of it was done"
    assert limited.client.get("a", key=limited.other_key).status_code == 404


def test_every_operation_counts_and_says_that_it_may_be_refused(limited: Limited, contract: Contract) -> None:
    limited.exhaust()
    for operation in contract.operations:
        described: Any = contract.at(["paths", operation.path.removeprefix(BASE), operation.method.lower()])
        assert contract.resolved(described["responses"]["429"])["headers"]["Retry-After"], operation.id
        # The path of each parameter is valid as a segment, whatever it says.
        path = operation.path.replace("{", "").replace("}", "")
        assert limited.client.call(operation.method, path).json["code"] == "rate_limited"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", f"{BASE}/openapi.json"])
def test_what_is_no_operation_is_not_limited(limited: Limited, path: str) -> None:
    limited.exhaust()
    for _ in range(5):
        assert limited.client.call("GET", path).status_code == 200


def test_the_token_endpoint_is_not_limited(limited: Limited) -> None:
    limited.exhaust()
    form = {"grant_type": "client_credentials", "client_id": "configured", "client_secret": KEY}
    assert limited.app.test_client().post(f"{BASE}/oauth/token", data=form).status_code == 200


def test_a_wrong_credential_is_not_counted(limited: Limited) -> None:
    for _ in range(10):
        assert limited.client.get("a", key="wrong").status_code == 401
    limited.exhaust()
    assert limited.client.get("a", key="wrong").status_code == 401
    assert limited.client.get("a").status_code == 429


def test_refusals_are_counted_by_their_code(limited: Limited) -> None:
    limited.exhaust()
    limited.client.get("a")
    limited.observer.flush()
    exposition = limited.metrics.exposition().decode()
    assert 'personalization_refusals_total{code="rate_limited"} 1.0' in exposition
    assert 'personalization_refusals_total{code="profile_not_found"} 3.0' in exposition


def test_the_setting_limits_a_running_service(tmp_path: Path) -> None:
    with RunningService(tmp_path, environment={"PERSONALIZATION_RATE_LIMIT": "1:20"}) as service:
        statuses = [service.get("a").status for _ in range(40)]
        assert statuses[:20] == [404] * 20
        assert 429 in statuses[20:]
        assert service.call("GET", "/readyz").status == 200
