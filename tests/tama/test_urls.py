from __future__ import annotations

import pytest

from tama.catalog.urls import Address, is_base_url, is_endpoint


@pytest.mark.parametrize(
    ("url", "host", "port", "path", "origin"),
    [
        ("http://tama.example", "tama.example", 80, "", "http://tama.example"),
        ("HTTPS://tama.example/", "tama.example", 443, "", "https://tama.example"),
        ("https://tama.example:8443/a/b/", "tama.example", 8443, "/a/b", "https://tama.example:8443"),
        ("http://127.0.0.1:", "127.0.0.1", 80, "", "http://127.0.0.1"),
        ("http://[::1]", "::1", 80, "", "http://[::1]"),
        ("https://[fe80::1]:8443/a", "fe80::1", 8443, "/a", "https://[fe80::1]:8443"),
        ("http://bücher.example", "xn--bcher-kva.example", 80, "", "http://xn--bcher-kva.example"),
        ("http://u:p%40@a:81", "a", 81, "", "http://a:81"),
    ],
)
def test_a_url_has_these_parts(url: str, host: str, port: int, path: str, origin: str) -> None:
    address = Address(url)

    assert (address.host, address.port, address.path, address.origin) == (host, port, path, origin)


@pytest.mark.parametrize(
    "url",
    [
        *("http://", "http://:80", "http://a:b", "http://a:0", "http://a:65536", "http://a:-1", "http://a:1:2"),
        *("http://[", "http://[::1", "http://::1]", "http://::1", "http://[::1]x", "http://[]", "http://[::1]x:1"),
        *("http://a?b", "http://a/?b", "http://a#b", "http://a b", "http://a/\r\nb", "ftp://a", "a:80", "http://é..é"),
    ],
)
def test_what_is_no_url_of_a_server_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Address(url)


@pytest.mark.parametrize(
    ("text", "is_a_base_url", "is_an_endpoint"),
    [
        ("https://api.example.com/v1", True, True),
        ("https://user:canary@api.example.com/v1", False, False),
        ("https://api.example.com/v1?key=canary", False, False),
        ("api.example.com/v1", False, False),
        ("/v1", False, True),
        ("/v1?key=canary", False, False),
        ("/v 1", False, False),
    ],
)
def test_what_paths_can_be_put_behind(text: str, is_a_base_url: bool, is_an_endpoint: bool) -> None:
    assert (is_base_url(text), is_endpoint(text)) == (is_a_base_url, is_an_endpoint)
