"""What a served control plane answers on the wire, and what it records, by the real server."""

from __future__ import annotations

import base64
import http.client
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from tests.support.served_control_plane import Served, served

SPACES = "/provision/neural/spaces"


class Wire:
    """A served control plane, and what it has logged."""

    def __init__(self, plane: Served, log: Path) -> None:
        self.plane = plane
        self._log = log
        presented = base64.b64encode(f"{plane.client_id}:{plane.client_secret}".encode()).decode()
        body = {"grant_type": "client_credentials"}
        given = self.ask("POST", "/auth/tokens", json.dumps(body).encode(), {"Authorization": f"Bearer {presented}"})[1]
        self.granted: dict[str, Any] = json.loads(given)
        self.token = {"Authorization": f"Bearer {self.granted['access_token']}"}

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes, dict[str, str]]:
        connection = http.client.HTTPConnection(urlsplit(self.plane.url).netloc, timeout=30)
        connection.request(method, path, body, {"Content-Type": "application/json", **(headers or self.token)})
        answer = connection.getresponse()
        found = answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()}
        connection.close()
        return found

    def logged(self, request_id: str) -> dict[str, Any]:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            for line in self.lines():
                if line.get("request_id") == request_id:
                    return line
            time.sleep(0.02)
        raise AssertionError(self.lines())

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._log.read_text().splitlines()]


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    store = tmp_path_factory.mktemp("served") / "plane.db"
    options = "--token-lifetime", "60", "--metrics-listen", "127.0.0.1:0", "--no-pages"
    with served(store, "--seed=full", *options) as plane:
        yield Wire(plane, store.with_suffix(".log"))


def test_a_request_is_logged_by_its_route(wire: Wire) -> None:
    status, _, headers = wire.ask("GET", f"{SPACES}/global", headers={**wire.token, "X-Request-Id": "of-the-caller"})
    assert (status, headers["x-request-id"]) == (200, "of-the-caller")
    line = wire.logged("of-the-caller")
    assert (line["route"], line["status"], line["client"]) == (f"{SPACES}/{{id}}", 200, wire.plane.client_id)
    assert wire.plane.client_secret not in json.dumps(line)


def test_a_token_is_good_as_long_as_the_operator_says(wire: Wire) -> None:
    assert wire.granted["expires_in"] == 60


def test_a_full_seed_is_made(wire: Wire) -> None:
    assert wire.ask("GET", f"{SPACES}/global/classes/message-routing")[0] == 200


def test_with_a_listener_of_their_own_metrics_are_nowhere_else(wire: Wire) -> None:
    assert wire.ask("GET", "/metrics")[0] == 404
    (port,) = [line["port"] for line in wire.lines() if "metrics are served" in line["message"]]
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    assert "tama_requests_total" in text
    assert "process_resident_memory_bytes" in text


def test_without_pages_only_programs_find_anything(wire: Wire) -> None:
    html = {"Accept": "text/html"}
    assert [wire.ask("GET", path, headers=html)[0] for path in ("/", "/objects", "/sign-in")] == [404, 404, 404]
    assert wire.ask("GET", f"{SPACES}/global", headers={**wire.token, **html})[0] == 200


def test_it_is_ready(wire: Wire) -> None:
    assert json.loads(wire.ask("GET", "/readyz", headers={"A": "b"})[1]) == {"status": "ready"}


def test_fifty_megabytes_are_refused_before_they_are_read(wire: Wire) -> None:
    status, body, _ = wire.ask("POST", SPACES, b"{", {**wire.token, "Content-Length": str(50 * 1024 * 1024)})
    assert (status, json.loads(body)) == (413, {"errors": {"detail": "The body is too large."}})


def test_a_body_in_chunks_is_refused(wire: Wire) -> None:
    chunked = {**wire.token, "Transfer-Encoding": "chunked"}
    status, body, _ = wire.ask("POST", SPACES, b"2\r\n{}\r\n0\r\n\r\n", chunked)
    assert (status, json.loads(body)) == (411, {"errors": {"detail": "The body has no Content-Length."}})


@pytest.mark.parametrize(
    "path",
    [
        "/provision/neural/spaces/../spaces/global",
        "/provision/neural/%2e%2e/neural/spaces/global",
        "/provision/neural/spaces/..%2Fspaces%2Fglobal",
        "//provision/neural/spaces/global",
        "/provision//neural/spaces/global",
        "/healthz/..%2Fprovision/neural/spaces/global",
        "/provision/neural/spaces/global%00",
        "/provision/neural/spaces/global%2F",
    ],
)
def test_a_path_is_what_it_says(wire: Wire, path: str) -> None:
    assert wire.ask("GET", path)[0] == 404


def test_a_slash_that_is_escaped_is_one(wire: Wire) -> None:
    # The server hands paths on decoded, so an escaped slash ends a segment as any other does: no route is passed by.
    assert wire.ask("GET", f"{SPACES}%2Fglobal")[0] == 200
    assert wire.ask("GET", f"{SPACES}%2Fglobal", headers={"A": "b"})[0] == 401
