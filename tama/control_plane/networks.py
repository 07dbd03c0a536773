"""Which addresses a hosted control plane may send requests to.

Those who declare a specification choose where its requests go. On a server that must be no way to what only the server
itself can reach: its own services, its network, the metadata of its cloud.

Source: IANA's registries of special-purpose IPv4 and IPv6 addresses; RFC 6890; RFC 6052 and RFC 8215 for NAT64.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_SPECIAL = tuple(
    ip_network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
        *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
)
_PUBLIC_6 = ip_network("2000::/3")
_NAT64 = ip_network("64:ff9b::/96")
_IPV4_BITS = 0xFFFF_FFFF


class Networks:
    """The public addresses, and those of networks that the operator allows.

    Args:
        allowed: networks such as `10.1.0.0/16` or `fd00::/8`, or single addresses.

    Raises:
        ValueError: one of them is no network.
    """

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        self._allowed = tuple(ip_network(network) for network in allowed)

    def permit(self, address: str) -> bool:
        """Whether requests may be sent to an address; one that stands for an IPv4 address is judged as that."""
        found = _meant(ip_address(address))
        if any(found in network for network in self._allowed):
            return True
        is_public = isinstance(found, IPv4Address) or found in _PUBLIC_6
        return is_public and not any(found in network for network in _SPECIAL)


def _meant(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & _IPV4_BITS)
    return address.ipv4_mapped or address
