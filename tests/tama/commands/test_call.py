"""`tama call`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tama.control_plane import ControlPlane
from tama.control_plane.store.sqlite import SQLiteStore
from tests.tama.commands.conftest import Place
from tests.tama.commands.support import tama
from tests.tama.control_plane.support import Caller, document, operation
from tests.tama.endpoint import Answer, Endpoint, json_answer


def test_a_call_by_id_prints_status_and_body(place: Place, declared: dict[str, Any], endpoint: Endpoint) -> None:
    endpoint.answer = lambda _: json_answer({"name": "Ána \ud800", "n": 2**70})

    ran = tama("call", declared["action"]["id"], '{"path": {"actor_id": "a/b"}}', variables=place.variables)

    assert (ran.returncode, ran.stderr) == (0, b"")
    assert json.loads(ran.stdout) == {"status": 200, "body": {"name": "Ána \ud800", "n": 2**70}}
    assert "Ána" in ran.stdout.decode()
    probe, call = endpoint.requests
    assert (probe.target, call.target) == ("/whoami", "/p/a%2Fb")
    assert call.headers["authorization"] == "Bearer the-key"


def test_a_call_by_name_reads_the_tool_call_from_the_input(
    place: Place, declared: dict[str, Any], endpoint: Endpoint
) -> None:
    endpoint.answer = lambda request: Answer(200) if request.target == "/whoami" else Answer(404, b"no such profile")
    name = f"{declared['specification']['id']}:get-profile"

    ran = tama("call", name, "-", given='{"path": {"actor_id": "é"}}'.encode(), variables=place.variables)

    assert (ran.returncode, ran.stderr) == (1, b"")
    assert json.loads(ran.stdout) == {"status": 404, "body": "no such profile"}
    assert endpoint.requests[1].target == "/p/%C3%A9"


@pytest.mark.parametrize(
    ("tool_call", "said"),
    [
        ("{", "The tool call is not JSON (line 1, column 2: "),
        ("[" * 100_000, "nested too deep"),
        ('{"path": {"actor_id": "a", "actor_id": "b"}}', "holds the key 'actor_id' twice in one object; give it once."),
        ('{"path": {"actor_id": NaN}}', "holds NaN, which is not JSON"),
    ],
)
def test_what_is_no_json_is_bad_usage(folder: Path, tool_call: str, said: str) -> None:
    ran = tama("call", "--base-url", f"embedded:{folder}", "any", tool_call)

    assert (ran.returncode, ran.stdout) == (2, b"")
    assert ran.stderr.decode().startswith("tama: The tool call ")
    assert said in ran.stderr.decode()
    assert ran.stderr.count(b"\n") == 1


@pytest.mark.parametrize(
    ("tool_call", "said"),
    [
        ('{"path": {"actor_id": {"a": 1}}}', "'actor_id' holds an object where a text, a number or a boolean is asked"),
        ('{"path": {"id": "a"}}', "no path parameter 'id' (it has 'actor_id')"),
        ("[]", "A tool call is a JSON object such as"),
    ],
)
def test_a_call_that_cannot_be_made_ends_with_a_sentence(
    folder: Path, declared: dict[str, Any], tool_call: str, said: str
) -> None:
    ran = tama("call", "--base-url", f"embedded:{folder}", declared["action"]["id"], tool_call)

    assert (ran.returncode, ran.stdout) == (1, b"")
    assert ran.stderr.decode().startswith("tama: ")
    assert said in ran.stderr.decode()
    assert ran.stderr.count(b"\n") == 1


def test_over_http_a_call_that_cannot_be_made_ends_with_the_same_sentence(
    place: Place, declared: dict[str, Any], endpoint: Endpoint
) -> None:
    ran = tama("call", declared["action"]["id"], "{}", variables=place.variables)

    assert (ran.returncode, ran.stdout) == (1, b"")
    assert ran.stderr == b"tama: The call does not fit 'get-profile': the path parameter 'actor_id' is missing.\n"
    assert all(request.target == "/whoami" for request in endpoint.requests)


def test_an_input_that_is_no_text_is_bad_usage(folder: Path) -> None:
    ran = tama("call", "--base-url", f"embedded:{folder}", "any", "-", given=b'{"a": "\xff"}')

    assert (ran.returncode, ran.stderr) == (
        2,
        b"tama: The tool call is not UTF-8, nested too deep, or holds too long a number.\n",
    )


def test_an_endpoint_that_is_down_ends_with_a_sentence(folder: Path) -> None:
    api = Caller(ControlPlane(SQLiteStore(str(folder))))
    specification = api.specification(
        api.space("a")["id"], document({"/a": {"get": operation("a")}}), "http://127.0.0.1:1"
    )

    ran = tama("call", "--base-url", f"embedded:{folder}", f"{specification['id']}:a", "{}")

    assert ran.returncode == 1
    assert b"no answer came: http://127.0.0.1:1 cannot be reached: Connection refused." in ran.stderr
