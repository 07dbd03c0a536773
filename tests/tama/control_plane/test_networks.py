"""Which addresses a hosted control plane may reach."""

from __future__ import annotations

import pytest

from tama.control_plane.networks import Networks

SPECIAL = [
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254"),
    *("169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1"),
    *("198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1"),
    *("255.255.255.255", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.1.1.1", "::ffff:169.254.169.254"),
    *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1", "100::1", "2001::1", "2001:db8::1"),
    *("2002:7f00:1::", "3fff::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%lo", "fec0::1", "ff02::1"),
]
PUBLIC = [
    *("1.1.1.1", "9.255.255.255", "100.63.255.255", "100.128.0.1", "172.32.0.1", "192.0.1.1", "223.255.255.255"),
    *("2606:4700::1111", "2a00:1450::1", "::ffff:1.1.1.1", "64:ff9b::101:101"),
]


@pytest.mark.parametrize("address", SPECIAL)
def test_what_is_not_public_is_out_of_reach(address: str) -> None:
    assert not Networks().permit(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_is_within_reach(address: str) -> None:
    assert Networks().permit(address)


@pytest.mark.parametrize(
    ("allowed", "within", "without"),
    [
        ("10.1.0.0/16", ["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::a01:203"], ["10.2.0.1", "127.0.0.1"]),
        ("127.0.0.1", ["127.0.0.1"], ["127.0.0.2", "::1"]),
        ("::1", ["::1"], ["127.0.0.1", "fe80::1"]),
        ("fd00::/8", ["fd12::1"], ["fc00::1"]),
    ],
)
def test_an_operator_allows_networks_one_by_one(allowed: str, within: list[str], without: list[str]) -> None:
    networks = Networks([allowed])
    assert [address for address in within if not networks.permit(address)] == []
    assert [address for address in without if networks.permit(address)] == []


@pytest.mark.parametrize("network", ["", "localhost", "10.0.0.1/8", "10.0.0.0/33", "http://10.0.0.1"])
def test_what_is_no_network_is_not_allowed(network: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Networks([network])
