"""Proxies that the environment names, in front of a server that only they can find."""

from __future__ import annotations

import base64
import posix
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from tama.catalog.urls import Address
from tama.client import Tls, connect, errors
from tama.client._proxy import proxy_for
from tests.support.certificates import self_signed
from tests.tama import endpoint as endpoints
from tests.tama.client.hosted import Hosted
from tests.tama.endpoint import Endpoint

HOST = "tama.invalid"
LOGIN = "user:p%40ss-of-the-tests"
BASIC = "Basic " + base64.b64encode(b"user:p@ss-of-the-tests").decode()

Environment = Callable[[str, str], None]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Environment:
    """Return a function that sets a variable, where there is none of a proxy."""
    for name in [name for name in posix.environ if name.lower().endswith(b"_proxy")]:
        monkeypatch.delitem(posix.environ, name)
        monkeypatch.delenv(name.decode())

    def set_(name: str, value: str) -> None:
        monkeypatch.setenv(name, value)
        monkeypatch.setitem(posix.environ, name.encode(), value.encode())

    return set_


class Tunnels:
    """A proxy that leads every tunnel to one server, or refuses it."""

    def __init__(self, port: int, answer: bytes = b"200 Connection established") -> None:
        self.heads: list[str] = []
        self._port = port
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://{LOGIN}@127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                with client:
                    self.heads.append(client.recv(1 << 16).decode())
                    client.sendall(b"HTTP/1.1 " + self._answer + b"\r\n\r\n")
                    if self._answer.startswith(b"200"):
                        self._lead(client)

    def _lead(self, client: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", self._port)) as server, ThreadPoolExecutor(2) as pool:
            pool.submit(_pass_on, client, server)
            pool.submit(_pass_on, server, client)


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(1 << 16):
            other.sendall(data)
    with suppress(OSError):
        other.shutdown(socket.SHUT_WR)


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[tuple[Endpoint, str]]:
    """A server with TLS and the file that vouches for it."""
    file = self_signed(tmp_path, HOST)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(file)
    with endpoints.running(tls) as endpoint:
        Hosted(endpoint)
        yield endpoint, str(file)


def test_plain_http_tells_the_proxy_the_whole_url(hosted: Hosted, environment: Environment) -> None:
    environment("http_proxy", hosted.endpoint.url.replace("http://", f"http://{LOGIN}@"))
    client = connect(f"http://{HOST}:81/base", client_id="a", client_secret="b")

    assert client.request("GET", "/a?b=c") == {"id": "1"}

    client.close()
    request = hosted.requests[0]
    assert request.target == f"http://{HOST}:81/base/a?b=c"
    assert (request.headers["host"], request.headers["proxy-authorization"]) == (f"{HOST}:81", BASIC)


def test_https_goes_through_a_tunnel(secured: tuple[Endpoint, str], environment: Environment) -> None:
    endpoint, file = secured
    proxy = Tunnels(int(endpoint.url.rpartition(":")[2]))
    environment("HTTPS_PROXY", proxy.url)
    client = connect(f"https://{HOST}", client_id="a", client_secret="b", tls=Tls(file))

    assert client.request("GET", "/a") == {"id": "1"}

    client.close()
    proxy.close()
    assert proxy.heads[0].split("\r\n")[:2] == [f"CONNECT {HOST}:443 HTTP/1.1", f"Host: {HOST}:443"]
    assert f"Proxy-Authorization: {BASIC}" in proxy.heads[0]
    assert "proxy-authorization" not in endpoint.requests[0].headers


def test_a_tunnel_that_is_refused_names_the_proxy_and_no_password(environment: Environment) -> None:
    proxy = Tunnels(0, b"407 Proxy Authentication Required")
    environment("HTTPS_PROXY", proxy.url)
    client = connect(f"https://{HOST}", client_id="a", client_secret="b")

    with pytest.raises(errors.Unreachable) as caught:
        client.request("GET", "/a")

    proxy.close()
    where = proxy.url.replace(f"{LOGIN}@", "")
    assert str(caught.value) == (
        f"https://{HOST} cannot be reached: the proxy {where} answered 407 Proxy Authentication Required."
    )


@pytest.mark.parametrize(
    ("name", "value", "no_proxy", "base_url"),
    [
        ("HTTPS_PROXY", "http://127.0.0.1:1", "", "http://127.0.0.1"),
        ("HTTP_PROXY", "http://127.0.0.1:1", "", "http://127.0.0.1"),
        ("ALL_PROXY", "http://127.0.0.1:1", "", "http://localhost"),
        ("HTTP_PROXY", "http://127.0.0.1:1", "example,.internal", "http://LOCALHOST"),
    ],
)
def test_a_server_on_this_machine_is_reached_directly(
    hosted: Hosted, environment: Environment, name: str, value: str, no_proxy: str, base_url: str
) -> None:
    environment(name, value)
    environment("NO_PROXY", no_proxy)
    port = hosted.endpoint.url.rpartition(":")[2]
    client = connect(f"{base_url}:{port}", client_id="a", client_secret="b")

    assert client.request("GET", "/a") == {"id": "1"}

    client.close()


@pytest.mark.parametrize(
    ("no_proxy", "is_used"),
    [("", True), ("invalid", False), (".invalid", False), (f"other,{HOST}", False), ("*", False), ("tama", True)],
)
def test_no_proxy_says_which_servers_are_reached_directly(
    hosted: Hosted, environment: Environment, no_proxy: str, *, is_used: bool
) -> None:
    environment("http_proxy", hosted.endpoint.url)
    environment("no_proxy", no_proxy)
    client = connect(f"http://{HOST}", client_id="a", client_secret="b", pause=lambda *_: True)

    if is_used:
        client.request("GET", "/a")
    else:
        with pytest.raises(errors.Unreachable):
            client.request("GET", "/a")

    client.close()


@pytest.mark.parametrize(
    ("no_proxy", "host", "is_direct"),
    [
        ("192.0.2.0/24", "192.0.2.7", True),
        ("192.0.2.1/24", "192.0.2.7", True),
        ("example, 2001:db8::/32", "2001:db8::7", True),
        ("192.0.2.7", "192.0.2.7", True),
        ("192.0.2.0/30", "192.0.2.7", False),
        ("192.0.2.0/24", "tama.invalid", False),
        ("no/24", "192.0.2.7", False),
    ],
)
def test_no_proxy_may_name_networks(environment: Environment, no_proxy: str, host: str, *, is_direct: bool) -> None:
    environment("http_proxy", "http://proxy.invalid")
    environment("no_proxy", no_proxy)
    address = Address(f"http://[{host}]" if ":" in host else f"http://{host}")

    assert (proxy_for(address) is None) == is_direct


@pytest.mark.parametrize(
    "proxy", [f"https://{LOGIN}@proxy", f"socks5://{LOGIN}@proxy", f"http://{LOGIN}@proxy:a", "http://"]
)
def test_what_is_no_proxy_is_refused_without_its_password(environment: Environment, proxy: str) -> None:
    environment("HTTP_PROXY", proxy)
    client = connect(f"http://{HOST}", client_id="a", client_secret="b")

    with pytest.raises(errors.ConfigurationError, match="The proxy that the environment names") as caught:
        client.request("GET", "/a")

    assert "p%40ss" not in str(caught.value)
    assert "p@ss" not in str(caught.value)
