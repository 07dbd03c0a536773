"""What is recorded of requests: lines in the log, and metrics."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from service.contract import Contract
from service.metrics import Metrics
from service.storage.sqlite import SQLiteStore
from service.web.app import create_app
from service.web.credentials import Credential, digest
from service.web.observing import Observer
from tests.service.client import Client
from tests.service.server import BASE, KEY, RunningService, head

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
ADMIN = frozenset({"admin", "profile:read", "profile:write"})
NAMES = {"names": [{"index": 0, "value": "Ana"}]}

Observed = tuple[Client, Callable[[], list[Any]]]


@pytest.fixture
def metrics(store: SQLiteStore) -> Metrics:
    metrics = Metrics()
    metrics.watch(store)
    return metrics


@pytest.fixture
def observed(contract: Contract, store: SQLiteStore, metrics: Metrics) -> Observed:
    """A client, and a function that returns the log's lines since it was last called."""
    written: list[bytes] = []
    observer = Observer(metrics, written.append)
    credentials = [Credential(digest(KEY), "default", ADMIN)]
    client = Client(contract, create_app(contract, store, credentials, instance="i", main_pid=1, observer=observer))

    def lines() -> list[Any]:
        observer.flush()
        found = [json.loads(line) for line in b"".join(written).splitlines()]
        written.clear()
        return found

    return client, lines


def test_each_request_is_one_line_that_says_what_was_called_and_answered(observed: Observed) -> None:
    client, lines = observed
    answer = client.get("ana%40example.com", headers={"traceparent": TRACEPARENT})
    (line,) = lines()
    assert time.time() - time.mktime(time.strptime(line["time"][:19], "%Y-%m-%dT%H:%M:%S")) < 100_000
    assert line.pop("time").endswith("+00:00")
    assert line.pop("milliseconds") >= 0
    assert len(line.pop("actor")) == 16
    assert line == {
        "level": "info",
        "logger": "personalization.requests",
        "message": "answered",
        "request_id": answer.headers["X-Request-Id"],
        "trace_id": TRACE,
        "method": "GET",
        "route": f"{BASE}/profile/{{actor_id}}",
        "operation": "get-profile",
        "status": 404,
        "code": "profile_not_found",
    }


def test_the_same_actor_has_the_same_pseudonym_and_others_have_others(observed: Observed) -> None:
    client, lines = observed
    for actor in ("a", "a", "b"):
        client.get(actor)
    first, again, other = (line["actor"] for line in lines())
    assert first == again != other


@pytest.mark.parametrize(
    "traceparent",
    [
        "",
        "ana@example.com",
        TRACEPARENT.replace(TRACE, "0" * 32),
        TRACEPARENT.replace("00f067aa0ba902b7", "0" * 16),
        TRACEPARENT.upper(),
        "ff" + TRACEPARENT[2:],
        f"{TRACEPARENT}, {TRACEPARENT}",
    ],
)
def test_what_is_no_trace_context_leaves_no_trace_id(observed: Observed, traceparent: str) -> None:
    client, lines = observed
    client.get("a", headers={"traceparent": traceparent})
    assert "trace_id" not in lines()[0]


def test_a_later_version_of_the_trace_context_is_read(observed: Observed) -> None:
    client, lines = observed
    client.get("a", headers={"traceparent": f"01{TRACEPARENT[2:]}-more"})
    assert lines()[0]["trace_id"] == TRACE


def test_an_id_of_the_caller_is_not_taken_over(observed: Observed) -> None:
    client, lines = observed
    ids = {client.get("a", headers={"X-Request-Id": "ana@example.com"}).headers["X-Request-Id"] for _ in range(3)}
    assert len(ids) == 3
    assert "ana" not in json.dumps(lines())


def test_paths_and_methods_that_nobody_knows_are_not_repeated(observed: Observed) -> None:
    client, lines = observed
    for method, path in (("CANARY", f"{BASE}/whoami"), ("GET", "/canary"), ("GET", "//canary"), ("GET", "/canary%FF")):
        assert client.call(method, path).headers["X-Request-Id"]
    found = lines()
    assert [(line["operation"], line["route"], line["status"]) for line in found] == [
        ("none", "", 405),
        ("none", "", 404),
        ("none", "", 404),
        ("none", "", 400),
    ]
    assert found[0]["method"] == "other"
    assert "canary" not in json.dumps(found).lower()


def test_a_failure_is_logged_under_the_id_that_the_caller_got(
    observed: Observed, store: SQLiteStore, caplog: pytest.LogCaptureFixture
) -> None:
    client, _ = observed
    store.close()
    answer = client.put("ana", NAMES)
    assert answer.status_code == 503
    (record,) = [record for record in caplog.records if record.message == "the store is not available"]
    assert vars(record)["request_id"] == answer.headers["X-Request-Id"]
    assert vars(record)["operation"] == "create-or-update-profile"


def test_metrics_count_requests_by_operation_and_status(observed: Observed) -> None:
    client, lines = observed
    client.put("a", NAMES)
    client.get("a")
    client.get("a")
    client.get("b")
    lines()
    text = client.call("GET", "/metrics").text
    assert 'personalization_requests_total{operation="get-profile",status="200"} 2.0' in text
    assert 'personalization_requests_total{operation="get-profile",status="404"} 1.0' in text
    assert 'personalization_requests_total{operation="create-or-update-profile",status="201"} 1.0' in text
    assert 'personalization_request_seconds_count{operation="get-profile"} 3.0' in text


def test_metrics_are_for_administrators(observed: Observed, make_client: Callable[[frozenset[str]], Client]) -> None:
    client, _ = observed
    assert client.call("GET", "/metrics").headers["Cache-Control"] == "no-store"
    assert client.call("GET", "/metrics", key=None).status_code == 401
    refused = make_client(frozenset({"profile:read", "profile:write"})).call("GET", "/metrics")
    assert (refused.status_code, refused.json["code"]) == (403, "insufficient_scope")


def test_metrics_tell_of_the_store(tmp_path: Path) -> None:
    metrics = Metrics()
    now = [1_000_000]
    store = SQLiteStore(tmp_path / "p.db", clock=lambda: now[0], sweep_period=3_600, on_batch=metrics.observe_batch)
    metrics.watch(store)
    store.write("t", "a", lambda changes: changes.put("k", b"1", expires=1_000_010))
    now[0] += 20
    text = metrics.exposition().decode()
    assert "personalization_store_batch_size_count 1.0" in text
    assert "personalization_store_commit_seconds_count 1.0" in text
    assert "personalization_store_wal_pages 0.0" not in text
    assert "personalization_store_sweeper_backlog 1.0" in text
    store.sweep()
    assert "personalization_store_sweeper_backlog 0.0" in metrics.exposition().decode()
    store.close()
    (tmp_path / "p.db").unlink()
    assert "personalization_store_sweeper_backlog NaN" in metrics.exposition().decode()


class _Server(RunningService):
    """A service whose metrics are on a listener of their own."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, environment={"PERSONALIZATION_METRICS_LISTEN": "127.0.0.1:0"})

    @property
    def metrics_port(self) -> int:
        lines = [json.loads(line) for line in self.errors.read_text().splitlines()]
        ((port,),) = ([line["port"] for line in lines if "metrics" in line["message"]],)
        return int(port)

    def metrics(self) -> str:
        with urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=10) as answer:
            return str(answer.read().decode())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Server]:
    with _Server(tmp_path_factory.mktemp("metrics")) as server:
        yield server


def test_with_a_listener_of_their_own_metrics_are_never_on_the_public_port(server: _Server) -> None:
    assert server.call("GET", "/metrics").status == 404
    assert "personalization_requests_total" in server.metrics()
    assert "process_resident_memory_bytes" in server.metrics()


def test_the_real_server_records_what_it_answers(server: _Server) -> None:
    answer = server.get("canary", headers={"traceparent": TRACEPARENT})
    deadline = time.monotonic() + 10
    while answer.headers["x-request-id"] not in (log := server.errors.read_text()) and time.monotonic() < deadline:
        pass
    (line,) = [json.loads(line) for line in log.splitlines() if answer.headers["x-request-id"] in line]
    assert (line["operation"], line["status"], line["trace_id"]) == ("get-profile", 404, TRACE)


def test_forwarded_headers_change_nothing(server: _Server) -> None:
    answer = server.exchange(
        head(
            "PUT",
            f"{BASE}/profile/forwarded",
            "Content-Type: application/json",
            "X-Forwarded-For: 192.0.2.1",
            "X-Forwarded-Proto: https",
            "X-Forwarded-Host: evil.example",
            "X-Forwarded-Prefix: /evil",
            "Forwarded: for=192.0.2.1;host=evil.example;proto=https",
            "Content-Length: 41",
        )
        + b'{"names": [{"index": 0, "value": "Ana"}]}'
    )
    assert answer.headers["content-location"] == f"{BASE}/profile/forwarded"
    assert not any("evil" in value for value in answer.headers.values())
