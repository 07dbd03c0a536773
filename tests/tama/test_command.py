from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from tama.commands import outcome
from tama.control_plane import ControlPlane
from tama.control_plane.rules import RULES
from tama.control_plane.store.sqlite import SQLiteStore
from tests.tama.control_plane.support import Caller, document, operation
from tests.tama.endpoint import Answer, Endpoint, json_answer

ROOT = Path(__file__).parents[2]
COMMANDS = ("list", "call", "serve", "clients", "clients add")
ACTOR = {"name": "actor_id", "in": "path", "required": True}


def tama(*arguments: str, given: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    clean = {key: value for key, value in os.environ.items() if key != "TAMA_BASE_URL"}
    return subprocess.run(
        [sys.executable, "-m", "tama", *arguments],
        cwd=ROOT,
        env={**clean, **environment},
        input=given,
        capture_output=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "tama"


@pytest.fixture
def declared(folder: Path, endpoint: Endpoint) -> dict[str, Any]:
    """A space, a bridge and a specification of one operation, all closed again."""
    plane = ControlPlane(SQLiteStore(str(folder)))
    api = Caller(plane)
    space = api.space("Movies")
    api("POST", f"/provision/neural/spaces/{space['id']}/bridges", {"bridge": {"target_space_id": space["id"]}})
    get = operation("get-profile", parameters=[ACTOR], security=[{"ApiKey": []}])
    given = document({"/p/{actor_id}": {"get": get}})
    given["components"] = {"securitySchemes": {"ApiKey": {"type": "http", "scheme": "bearer"}}}
    specification = api.specification(space["id"], given, endpoint.url)
    api.specification(space["id"], {"openapi": "2"}, endpoint.url)
    api.identity(specification["id"], api_key="the-key")
    action = api.action(specification["id"], "get-profile")
    plane.close()
    return {"space": space, "specification": specification, "action": action}


def test_alone_it_prints_help_that_a_newcomer_can_follow() -> None:
    ran = tama()

    assert (ran.returncode, ran.stderr) == (0, b"")
    text = ran.stdout.decode()
    assert all(
        word in text for word in ("tama list --base-url embedded:", "tama call --base-url embedded:", "TAMA_BASE_URL")
    )
    assert tama("--help").stdout == ran.stdout


def test_a_call_by_id_prints_status_and_body(folder: Path, declared: dict[str, Any], endpoint: Endpoint) -> None:
    endpoint.answer = lambda _: json_answer({"name": "Ána \ud800", "n": 2**70})

    ran = tama("call", "--base-url", f"embedded:{folder}", declared["action"]["id"], '{"path": {"actor_id": "a/b"}}')

    assert (ran.returncode, ran.stderr) == (0, b"")
    assert json.loads(ran.stdout) == {"status": 200, "body": {"name": "Ána \ud800", "n": 2**70}}
    assert "Ána" in ran.stdout.decode()
    probe, call = endpoint.requests
    assert (probe.target, call.target) == ("/whoami", "/p/a%2Fb")
    assert call.headers["authorization"] == "Bearer the-key"


def test_a_call_by_name_reads_the_tool_call_from_the_input(
    folder: Path, declared: dict[str, Any], endpoint: Endpoint
) -> None:
    endpoint.answer = lambda request: Answer(200) if request.target == "/whoami" else Answer(404, b"no such profile")
    name = f"{declared['specification']['id']}:get-profile"

    ran = tama("call", name, "-", given='{"path": {"actor_id": "é"}}'.encode(), TAMA_BASE_URL=f"embedded:{folder}")

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
        ('{"path": {"actor_id": {"a": 1}}}', "'actor_id' holds an object where a text, a number or a boolean is asked"),
        ('{"path": {"actor_id": [[1]]}}', "'actor_id' holds an array where"),
        ('{"path": {"actor_id": [null]}}', "'actor_id' holds null where"),
        ("{}", "the path parameter 'actor_id' is missing"),
        ('{"path": {"id": "a"}}', "no path parameter 'id' (it has 'actor_id')"),
        ("[]", "A tool call is a JSON object such as"),
    ],
)
def test_a_call_that_cannot_be_made_ends_with_a_sentence(
    folder: Path, declared: dict[str, Any], tool_call: str, said: str
) -> None:
    ran = tama("call", "--base-url", f"embedded:{folder}", declared["action"]["id"], tool_call)

    assert (ran.returncode, ran.stdout) == (2, b"")
    assert ran.stderr.decode().startswith("tama: ")
    assert said in ran.stderr.decode()
    assert ran.stderr.count(b"\n") == 1


def test_an_input_that_is_no_text_ends_with_a_sentence(folder: Path, declared: dict[str, Any]) -> None:
    ran = tama("call", "--base-url", f"embedded:{folder}", declared["action"]["id"], "-", given=b'{"a": "\xff"}')

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

    assert ran.returncode == 2
    assert b"no answer came: http://127.0.0.1:1 cannot be reached: Connection refused." in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["list"], "Say which control plane is meant"),
        (["list", "--base-url", "https://api.tama.io"], "Over HTTP this command is not available yet"),
        (["call", "--base-url", "http://localhost", "a", "{}"], "Over HTTP this command is not available yet"),
        (["list", "--base-url", "tama"], "'tama' is no base URL"),
        (["list", "--base-url", "embedded:"], "'embedded:' is no base URL"),
        (["list", "--base-url", "embedded:/no/such/folder"], "There is no control plane in '/no/such/folder'"),
        (["call", "--base-url", "embedded:/no/such/folder", "a", "{}"], "There is no control plane in"),
        (["call", "a"], "the following arguments are required: TOOL_CALL"),
        (["calls"], "invalid choice: 'calls'"),
    ],
)
def test_bad_usage_says_what_to_do(arguments: list[str], said: str) -> None:
    ran = tama(*arguments)

    assert (ran.returncode, ran.stdout) == (2, b"")
    assert said in ran.stderr.decode()
    assert b"Traceback" not in ran.stderr


def test_a_folder_that_is_only_looked_into_is_not_made(folder: Path) -> None:
    assert tama("list", "--base-url", f"embedded:{folder}").returncode == 2
    assert not folder.exists()


def test_the_list_shows_what_is_there(folder: Path, declared: dict[str, Any]) -> None:
    ran = tama("list", "--all", "--base-url", f"embedded:{folder}")

    assert (ran.returncode, ran.stderr) == (0, b"")
    lines = ran.stdout.decode().splitlines()
    assert [line for line in lines if line and not line.startswith(" ")] == [
        "Spaces",
        "Specifications",
        "Source identities",
        "Actions",
        "Bridges",
        "Others",
    ]
    space, specification, action = (declared[name]["id"] for name in ("space", "specification", "action"))
    assert f"  {space}  movies  component  Movies" in lines
    assert f"  {action}  {specification}  get     /p/{{actor_id}}  get-profile" in lines
    assert any(f"{specification}  {space}  completed" in line for line in lines)
    assert any("failed: At '/openapi': " in line for line in lines)
    assert any("  pending  ApiKey" in line for line in lines)
    assert b"the-key" not in ran.stdout


def test_an_empty_control_plane_lists_nothing(folder: Path) -> None:
    ControlPlane(SQLiteStore(str(folder))).close()

    ran = tama("list", "--base-url", f"embedded:{folder}")

    assert ran.stdout.decode().split("\n\n")[0] == "Spaces: none"


def test_the_list_as_json_holds_the_objects(folder: Path, declared: dict[str, Any]) -> None:
    ran = tama("list", "--json", "--base-url", f"embedded:{folder}")

    found = json.loads(ran.stdout)
    assert set(found) == {"spaces", "specifications", "source_identities", "actions", "bridges", "others"}
    assert found["spaces"] == [declared["space"]]
    assert found["actions"] == [declared["action"]]
    assert [one["current_state"] for one in found["specifications"]] == ["completed", "failed"]
    assert all("schema" not in one for one in found["specifications"])
    assert b"the-key" not in ran.stdout


def test_the_list_names_objects_of_every_other_kind(folder: Path) -> None:
    plane = ControlPlane(SQLiteStore(str(folder)))
    api = Caller(plane)
    space = api.space("Movies")
    made = api("POST", f"/provision/perception/spaces/{space['id']}/chains", {"chain": {"name": "Greet"}})
    plane.close()

    lines = tama("list", "--all", "--base-url", f"embedded:{folder}").stdout.decode().splitlines()
    short = tama("list", "--base-url", f"embedded:{folder}").stdout.decode().splitlines()
    found = json.loads(tama("list", "--json", "--base-url", f"embedded:{folder}").stdout)

    assert lines[lines.index("Others") + 2] == f"  {made['id']}  chain  Greet"
    assert short[-1] == "Others: 1, which --all shows"
    assert found["others"] == [{"id": made["id"], "kind": "chain", "name": "Greet"}]


def test_the_list_reads_the_store_of_a_served_control_plane(tmp_path: Path) -> None:
    plane = ControlPlane(SQLiteStore(str(tmp_path), file="served.db"))
    space = Caller(plane).space("Movies")

    ran = tama("list", "--json", "--store", f"sqlite:{tmp_path}/served.db")

    assert json.loads(ran.stdout)["spaces"] == [space]
    plane.close()


def test_a_store_that_is_only_looked_into_is_not_made(tmp_path: Path) -> None:
    assert tama("list", "--store", f"sqlite:{tmp_path}/none/served.db").returncode == 2
    assert not (tmp_path / "none").exists()


def test_an_output_that_nobody_reads_is_no_traceback(folder: Path, declared: dict[str, Any]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    arguments = [sys.executable, "-m", "tama", "list", "--base-url", f"embedded:{folder}"]
    ran = subprocess.run(arguments, cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, check=False, timeout=60)
    os.close(writing)

    assert (ran.returncode, ran.stderr) == (141, b""), "what a shell reports of a program that SIGPIPE ends"


def test_the_version_is_that_of_the_distribution() -> None:
    assert tama("--version").stdout.decode() == f"tama {version('memovee-personalization')}\n"


def test_the_command_and_the_kinds_with_rules_of_their_own_are_documented() -> None:
    page = (ROOT / "docs" / "control-plane.md").read_text()
    helps = [tama("--help").stdout.decode(), *(tama(*name.split(), "--help").stdout.decode() for name in COMMANDS)]

    options = {word.strip("[],.") for text in helps for word in text.split() if word.strip("[],.").startswith("--")}
    assert {option for option in options - {"--help"} if option not in page} == set()
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| ")]
    documented = {kind.strip() for row in rows for kind in row.split(",")}
    assert {kind.replace("_", " ") for kind in RULES} <= documented
    assert all(f"`tama {command}" in page for command in COMMANDS)
    assert all(f"| {status} |" in page for status in (outcome.SUCCESS, outcome.REFUSED, outcome.UNUSABLE))
