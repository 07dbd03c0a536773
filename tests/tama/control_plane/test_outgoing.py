"""Requests of a hosted control plane: where they go, and how they end."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tama.control_plane import ControlPlane, outgoing
from tama.control_plane.errors import CallError
from tama.control_plane.networks import Networks
from tama.control_plane.outgoing import Outgoing, OutgoingError
from tama.control_plane.store.sqlite import SQLiteStore
from tests.support.certificates import self_signed
from tests.tama import endpoint as endpoints
from tests.tama.control_plane.support import Caller, document, operation
from tests.tama.endpoint import Answer, Endpoint

LOOPBACK = ["127.0.0.0/8"]
REFUSED = "is an address that this control plane may not reach"


class Names:
    """A resolver in which a name leads to one address after the other."""

    def __init__(self, **addresses: list[str]) -> None:
        self.addresses = addresses
        self.asked: list[str] = []

    def __call__(self, host: str, port: int, *_: Any, **__: Any) -> list[tuple[Any, ...]]:
        self.asked.append(host)
        answers = self.addresses[host.partition(".")[0]]
        address = answers.pop(0) if len(answers) > 1 else answers[0]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port))]


@pytest.fixture
def hosted(tmp_path: Path) -> Iterator[Caller]:
    plane = ControlPlane(SQLiteStore(str(tmp_path / "hosted")), networks=Networks())
    yield Caller(plane)
    plane.close()


def port_of(endpoint: Endpoint) -> str:
    return endpoint.url.rpartition(":")[2]


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "127.1", "[::ffff:127.0.0.1]", "0.0.0.0", "0"],
)
def test_however_loopback_is_written_it_is_out_of_reach(endpoint: Endpoint, host: str) -> None:
    with pytest.raises(OutgoingError, match=REFUSED):
        Outgoing(Networks()).send("GET", f"http://{host}:{port_of(endpoint)}/", {})
    assert endpoint.connections == 0


def test_what_the_operator_allows_is_reached(endpoint: Endpoint) -> None:
    assert Outgoing(Networks(LOOPBACK)).send("GET", f"{endpoint.url}/a?b=c", {}).status == 200
    assert endpoint.requests[0].target == "/a?b=c"


def test_a_probe_and_a_call_reach_nothing_that_is_not_public(hosted: Caller, endpoint: Endpoint) -> None:
    schemes = {"ApiKey": {"type": "http", "scheme": "bearer"}}
    described = document({"/p": {"get": operation("op", security=[])}}, components={"securitySchemes": schemes})
    specification = hosted.specification(hosted.space("A")["id"], described, endpoint.url)
    identity = hosted.identity(specification["id"])
    read = hosted("GET", f"/provision/sensory/identities/{identity['id']}")
    assert read["current_state"] == "failed"
    assert REFUSED in read["reason"]
    with pytest.raises(CallError, match=REFUSED):
        hosted.plane.call(f"{specification['id']}:op", {})
    assert endpoint.connections == 0


def test_an_access_token_is_fetched_from_nothing_that_is_not_public(hosted: Caller, endpoint: Endpoint) -> None:
    flow = {"clientCredentials": {"tokenUrl": f"{endpoint.url}/token", "scopes": {}}}
    described = document({"/p": {}}, components={"securitySchemes": {"ApiKey": {"type": "oauth2", "flows": flow}}})
    specification = hosted.specification(hosted.space("A")["id"], described)
    identity = hosted.identity(specification["id"], api_key=None, client_id="c", client_secret="s")
    read = hosted("GET", f"/provision/sensory/identities/{identity['id']}")
    assert REFUSED in read["reason"]
    assert endpoint.connections == 0


def test_a_name_is_resolved_once_and_what_was_judged_is_connected_to(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = Names(rebound=["127.0.0.1", "127.0.0.2"])
    monkeypatch.setattr(socket, "getaddrinfo", names)
    url = f"http://rebound.example:{port_of(endpoint)}"
    reach = Outgoing(Networks(["127.0.0.1"]))
    assert reach.send("GET", url, {}).status == 200
    assert names.asked == ["rebound.example"]
    assert endpoint.requests[0].headers["host"] == url.removeprefix("http://")
    with pytest.raises(OutgoingError, match=REFUSED):
        reach.send("GET", url, {})
    assert endpoint.connections == 1


def test_of_several_addresses_only_the_permitted_are_tried(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = Names(a=["127.0.0.2"]), Names(a=["127.0.0.1"])
    monkeypatch.setattr(socket, "getaddrinfo", lambda *given, **_: [*first(*given), *second(*given)])
    assert Outgoing(Networks(["127.0.0.1"])).send("GET", f"http://a.example:{port_of(endpoint)}/", {}).status == 200


def test_the_certificate_is_checked_against_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = self_signed(tmp_path, "api.example")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(file)
    asked_for: list[str | None] = []
    tls.sni_callback = lambda _, name, __: asked_for.append(name)
    monkeypatch.setattr(socket, "getaddrinfo", Names(api=["127.0.0.1"], other=["127.0.0.1"]))
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(file))
    with endpoints.running(tls) as endpoint:
        reach, port = Outgoing(Networks(LOOPBACK)), port_of(endpoint)
        assert reach.send("GET", f"https://api.example:{port}/", {}).status == 200
        with pytest.raises(OutgoingError, match="has a certificate that is not trusted"):
            reach.send("GET", f"https://other.example:{port}/", {})
    assert asked_for == ["api.example", "other.example"]


def test_a_redirect_is_an_answer(endpoint: Endpoint) -> None:
    endpoint.answer = lambda _: Answer(307, headers={"Location": "http://169.254.169.254/"})
    answer = Outgoing(Networks(LOOPBACK)).send("GET", endpoint.url, {})
    assert (answer.status, len(endpoint.requests)) == (307, 1)


def test_no_proxy_of_the_environment_takes_part(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", Names(a=["127.0.0.1"]))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    assert Outgoing(Networks(LOOPBACK)).send("GET", f"http://a.example:{port_of(endpoint)}/", {}).status == 200


@contextmanager
def trickling(*first: bytes) -> Iterator[str]:
    """A server that sends a byte every 20 ms, for much longer than anybody wants to wait."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                try:
                    connection.sendall(b"".join(first))
                    for _ in range(500):
                        if ended.wait(0.02):
                            break
                        connection.sendall(b"x")
                except OSError:
                    return

        ended = threading.Event()
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            ended.set()
            thread.join()


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX: ",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n",
    ],
)
@pytest.mark.parametrize("networks", [None, Networks(LOOPBACK)])
def test_an_answer_that_trickles_ends(monkeypatch: pytest.MonkeyPatch, first: bytes, networks: Networks | None) -> None:
    monkeypatch.setattr(outgoing, "DEADLINE", 0.3)
    with trickling(first) as url, pytest.raises(OutgoingError, match=r"did not end within 0\.3 s"):
        Outgoing(networks).send("GET", url, {})


def test_a_small_answer_that_unpacks_to_a_large_one_is_an_error(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, "LARGEST_BODY", 1_000_000)
    packed = gzip.compress(bytes(50_000_000))
    endpoint.answer = lambda _: Answer(200, packed, {"Content-Encoding": "gzip"})
    with pytest.raises(OutgoingError, match="larger than 1000000 bytes"):
        Outgoing().send("GET", endpoint.url, {})
