from __future__ import annotations

import binascii
from contextlib import suppress
from ipaddress import ip_address, ip_network
from urllib.parse import unquote
from urllib.request import getproxies_environment, proxy_bypass

from tama.catalog.urls import Address
from tama.client.errors import ConfigurationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


class Proxy:
    """A proxy of the environment's: `HTTP_PROXY`, `HTTPS_PROXY` or `ALL_PROXY`, as far as `NO_PROXY` lets it.

    Args:
        url: `http://[user:password@]host[:port]`; the scheme may be missing.

    Raises:
        ConfigurationError: it is none; the message holds no password.
    """

    def __init__(self, url: str) -> None:
        try:
            self.address = Address(url if "://" in url else f"http://{url}")
        except ValueError as error:
            raise ConfigurationError(f"The proxy that the environment names cannot be used. {error}") from None
        if self.address.scheme != "http":
            raise ConfigurationError("The proxy that the environment names cannot be used. Write it http://host:port.")
        login = binascii.b2a_base64(unquote(self.address.login).encode(), newline=False).decode()
        self.authorization = {"Proxy-Authorization": f"Basic {login}"} if self.address.login else {}

    def connect(self, server: Address) -> bytes:
        """The request that opens a tunnel to a server (RFC 9110, section 9.3.6)."""
        host = f"[{server.host}]" if ":" in server.host else server.host
        target = f"{host}:{server.port}"
        fields = {"Host": target, **self.authorization}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return f"CONNECT {target} HTTP/1.1\r\n{head}\r\n".encode()


def proxy_for(server: Address) -> Proxy | None:
    """The proxy that the environment wants for a server; None for one on this machine, as Terraform itself has it.

    Raises:
        ConfigurationError: what the environment says is no proxy.
    """
    proxies = getproxies_environment()
    url = proxies.get(server.scheme) or proxies.get("all")
    if not url or server.host in _LOOPBACK or _is_within(server.host, proxies.get("no", "")):
        return None
    return None if proxy_bypass(f"{server.host}:{server.port}") else Proxy(url)


def _is_within(host: str, no_proxy: str) -> bool:
    """Tell whether a host is an address of one of the networks, which Python's own functions do not look at."""
    try:
        address = ip_address(host)
    except ValueError:
        return False
    for entry in no_proxy.split(","):
        with suppress(ValueError):
            if address in ip_network(entry.strip(), strict=False):
                return True
    return False
