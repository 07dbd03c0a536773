"""Sessions of people, and the tokens of their forms."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Response
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from hosting.sessions import IDLE_S, LONGEST_S, Sessions

KEY, OLD_KEY, OTHER_KEY = b"k" * 32, b"o" * 32, b"x" * 32
NOW = 1_000_000.0


def sessions(*keys: bytes) -> Sessions:
    return Sessions("tama", lambda: keys or (KEY,))


def request(**of_environ: Any) -> Any:
    environ = {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "127.0.0.1:8090", "SERVER_PORT": "8090", **of_environ}
    return Request({**EnvironBuilder().get_environ(), **environ})


def test_a_session_is_read_by_any_process_with_the_same_keys() -> None:
    begun = sessions().begin("ana", NOW)
    assert (begun.subject, begun.began) == ("ana", int(NOW))
    assert sessions(KEY).verified(sessions(KEY).signed(begun, NOW), NOW + 1) == begun


def test_two_sessions_of_one_person_differ() -> None:
    assert sessions().begin("ana", NOW).id != sessions().begin("ana", NOW).id


def test_a_key_that_was_rotated_away_still_reads_what_it_signed() -> None:
    begun = sessions().begin("ana", NOW)
    cookie, token = sessions(OLD_KEY).signed(begun, NOW), sessions(OLD_KEY).form_token(begun)
    assert sessions(KEY, OLD_KEY).verified(cookie, NOW) == begun
    assert sessions(KEY, OLD_KEY).is_from_own_page(request(), begun, token)
    assert sessions(KEY, OTHER_KEY).verified(cookie, NOW) is None


def test_what_is_no_cookie_of_ours_is_a_session_of_nobody() -> None:
    all_ = sessions()
    cookie = all_.signed(all_.begin("ana", NOW), NOW)
    said, _, signature = cookie.partition(".")
    forged = sessions(OTHER_KEY).signed(all_.begin("ana", NOW), NOW)
    other = all_.begin("ana", NOW)
    token = all_.form_token(other)
    for value in (
        "",
        ".",
        said,
        f"{said}.",
        f"{said}x.{signature}",
        forged,
        f"{said}.{token}",
        f"{other.id}.{token}",
        "\xff.\xff",
        cookie * 99,
    ):
        assert all_.verified(value, NOW) is None, value
        read = all_.read(request(HTTP_COOKIE=f"tama-8090={value}"), NOW)
        assert (read.subject, read.began) == ("", int(NOW))


def test_a_session_ends_when_nobody_uses_it() -> None:
    all_ = sessions()
    begun = all_.begin("ana", NOW)
    cookie = all_.signed(begun, NOW)
    assert all_.verified(cookie, NOW + IDLE_S - 1) == begun
    assert all_.verified(cookie, NOW + IDLE_S) is None
    again = all_.signed(begun, NOW + IDLE_S - 1)
    assert all_.verified(again, NOW + IDLE_S + 1) == begun


def test_a_session_ends_however_much_it_is_used() -> None:
    all_ = sessions()
    begun = all_.begin("ana", NOW)
    assert begun.over == NOW + LONGEST_S
    assert all_.verified(all_.signed(begun, NOW + LONGEST_S - 2), NOW + LONGEST_S - 1) == begun
    assert all_.verified(all_.signed(begun, NOW + LONGEST_S - 1), NOW + LONGEST_S) is None


@pytest.mark.parametrize(
    ("of_environ", "name"),
    [
        ({}, "tama-8090"),
        ({"HTTP_HOST": "localhost"}, "tama-8090"),
        ({"HTTP_HOST": "[::1]:8091", "SERVER_PORT": "8091", "REMOTE_ADDR": "::1"}, "tama-8091"),
        ({"HTTP_HOST": "tama.example"}, "__Host-tama"),
        ({"HTTP_X_FORWARDED_PROTO": "https"}, "__Host-tama"),
        ({"REMOTE_ADDR": "192.0.2.1"}, "__Host-tama"),
        ({"HTTP_HOST": "localhost.example"}, "__Host-tama"),
    ],
)
def test_a_cookie_has_every_flag_but_for_secure_where_only_this_machine_hears_it(
    of_environ: dict[str, str], name: str
) -> None:
    all_, asked, answer = sessions(), request(**of_environ), Response()
    begun = all_.begin("ana", NOW)
    all_.write(begun, asked, answer, NOW)
    (cookie,) = answer.headers.getlist("Set-Cookie")
    value, *flags = cookie.split("; ")
    assert value == f"{name}={all_.signed(begun, NOW)}"
    assert set(flags) == {"HttpOnly", "SameSite=Strict", "Path=/"} | (
        {"Secure"} if name.startswith("__Host-") else set()
    )
    assert all_.read(request(**of_environ, HTTP_COOKIE=value), NOW) == begun


def test_a_form_counts_in_its_own_session_alone() -> None:
    all_ = sessions()
    mine, other = all_.begin("ana", NOW), all_.begin("ana", NOW)
    assert all_.is_from_own_page(request(), mine, all_.form_token(mine))
    for token in ("", "\ud800", "é", all_.form_token(other), all_.signed(mine, NOW)):
        assert not all_.is_from_own_page(request(), mine, token)


@pytest.mark.parametrize(
    ("of_environ", "own"),
    [
        ({"HTTP_SEC_FETCH_SITE": "same-origin"}, True),
        ({"HTTP_SEC_FETCH_SITE": "same-origin", "HTTP_ORIGIN": "https://outside.example"}, True),
        ({"HTTP_SEC_FETCH_SITE": "same-site"}, False),
        ({"HTTP_SEC_FETCH_SITE": "cross-site"}, False),
        ({"HTTP_SEC_FETCH_SITE": "none"}, False),
        ({"HTTP_ORIGIN": "http://127.0.0.1:8090"}, True),
        ({"HTTP_ORIGIN": "http://127.0.0.1:8091"}, False),
        ({"HTTP_ORIGIN": "null"}, False),
        ({"HTTP_ORIGIN": "http://["}, False),
    ],
)
def test_a_form_of_another_site_does_not_count(of_environ: dict[str, str], own: bool) -> None:
    all_ = sessions()
    begun = all_.begin("ana", NOW)
    assert all_.is_from_own_page(request(**of_environ), begun, all_.form_token(begun)) is own


def test_attempts_to_sign_in_are_slowed_down_for_each_name_and_address() -> None:
    all_ = sessions()
    waits = [all_.wait_to_sign_in(request(), "ana") for _ in range(11)]
    assert waits[:10] == [0] * 10
    assert 0 < waits[10] <= 6
    assert all_.wait_to_sign_in(request(), "\ud800") == 0
    assert all_.wait_to_sign_in(request(REMOTE_ADDR="192.0.2.1"), "ana") == 0
