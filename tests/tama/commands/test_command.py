"""What all commands of `tama` have in common."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from tama.control_plane.rules import RULES
from tests.support.served_control_plane import served
from tests.support.served_control_plane import tama as output_of
from tests.tama.commands.support import ROOT, environment, tama
from tests.tama.endpoint import Answer, Endpoint, Request, json_answer

COMMANDS = ("list", "show", "graph", "call", "export", "import", "serve", "clients", "clients add", "backup")
CLIENT = {"TAMA_CLIENT_ID": "id", "TAMA_CLIENT_SECRET": "secret-of-the-tests"}


@pytest.fixture
def hosted(endpoint: Endpoint) -> Endpoint:
    """A control plane of others: it gives a token, and has none of our requests."""

    def answer(request: Request) -> Answer:
        if request.target == "/auth/tokens":
            return json_answer({"access_token": "t", "expires_in": 3600})
        return json_answer({"errors": {"detail": "Not Found"}}, 404)

    endpoint.answer = answer
    return endpoint


def test_alone_it_prints_help_that_a_newcomer_can_follow() -> None:
    ran = tama()

    assert (ran.returncode, ran.stderr) == (0, b"")
    text = ran.stdout.decode()
    assert all(f"  tama {command}" in text for command in ("list", "show", "call", "export", "clients add", "serve"))
    assert all(word in text for word in ("embedded:", "http://", "TAMA_BASE_URL", "exit status"))
    assert tama("--help").stdout == ran.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["list"], "Say which control plane is meant: --base-url embedded:<folder> or --base-url https://<host>"),
        (["list", "--base-url", "https://api.tama.io"], "set TAMA_CLIENT_ID and TAMA_CLIENT_SECRET."),
        (["call", "--base-url", "http://localhost", "a", "{}"], "set TAMA_CLIENT_ID and TAMA_CLIENT_SECRET."),
        (["list", "--base-url", "tama"], "For a folder, write 'embedded:tama'."),
        (["list", "--base-url", "embedded:"], "The base URL 'embedded:' lacks a folder"),
        (["list", "planet", "--base-url", "embedded:x"], "There is no kind 'planet'. The kinds are action, "),
        (["show", "planet", "x", "--base-url", "embedded:x"], "There is no kind 'planet'."),
        (["import", "/no/such/file", "--base-url", "embedded:x"], "'/no/such/file' cannot be read: No such file"),
        (["call", "a"], "the following arguments are required: TOOL_CALL"),
        (["calls"], "invalid choice: 'calls'"),
    ],
)
def test_bad_usage_says_what_to_do(arguments: list[str], said: str) -> None:
    ran = tama(*arguments)

    assert (ran.returncode, ran.stdout) == (2, b"")
    assert said in ran.stderr.decode()
    assert b"Traceback" not in ran.stderr


@pytest.mark.parametrize("timeout", ["soon", "0", "99999", "1.5", "٣"])
def test_a_timeout_that_is_none_is_bad_usage(timeout: str) -> None:
    ran = tama("list", variables={"TAMA_BASE_URL": "http://127.0.0.1:1", "TAMA_TIMEOUT": timeout, **CLIENT})

    assert ran.returncode == 2
    assert b"TAMA_TIMEOUT is a whole number of seconds from 1 to 3600, not " in ran.stderr


@pytest.mark.parametrize("command", [["list"], ["show", "x"], ["graph"], ["call", "a", "{}"], ["export"]])
def test_a_folder_that_is_only_looked_into_is_not_made(folder: Path, command: list[str]) -> None:
    ran = tama(*command, "--base-url", f"embedded:{folder}")

    assert (ran.returncode, ran.stdout) == (1, b"")
    assert f"tama: There is no control plane in '{folder}'".encode() in ran.stderr
    assert not folder.exists()


def test_a_control_plane_that_nobody_serves_is_a_sentence() -> None:
    ran = tama("list", variables={"TAMA_BASE_URL": "http://127.0.0.1:1", **CLIENT})

    assert (ran.returncode, ran.stdout) == (1, b"")
    assert ran.stderr.startswith(b"tama: http://127.0.0.1:1 cannot be reached: ")
    assert ran.stderr.count(b"\n") == 1


def test_a_wrong_secret_says_where_to_look_and_is_told_nowhere(endpoint: Endpoint) -> None:
    endpoint.answer = lambda _: json_answer({"error": "invalid_client"}, 401)

    ran = tama("list", variables={"TAMA_BASE_URL": endpoint.url, **CLIENT})

    assert (ran.returncode, ran.stdout) == (1, b"")
    assert b"answered 401: token invalid_client. Look at TAMA_CLIENT_ID and TAMA_CLIENT_SECRET" in ran.stderr
    assert CLIENT["TAMA_CLIENT_SECRET"].encode() not in ran.stderr


def test_scopes_and_credential_are_those_of_the_environment(hosted: Endpoint) -> None:
    tama("list", variables={"TAMA_BASE_URL": hosted.url, "TAMA_SCOPES": "a b", **CLIENT})

    token = hosted.requests[0]
    assert token.target == "/auth/tokens"
    assert b'"scope": "a b"' in token.body
    assert hosted.requests[1].headers["authorization"] == "Bearer t"


@pytest.mark.parametrize("command", [["list"], ["show", "x"], ["graph"], ["call", "a", "{}"], ["export"]])
def test_a_control_plane_of_others_that_has_no_such_requests_is_a_sentence(
    hosted: Endpoint, command: list[str]
) -> None:
    ran = tama(*command, variables={"TAMA_BASE_URL": hosted.url, **CLIENT})

    assert (ran.returncode, ran.stdout) == (1, b"")
    assert b"answers nothing about itself as a whole, as Tama's own API does not: `tama serve` does." in ran.stderr


def test_an_output_that_nobody_reads_is_no_traceback(folder: Path, declared: dict[str, Any]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    arguments = [sys.executable, "-m", "tama", "list", "--base-url", f"embedded:{folder}"]
    ran = subprocess.run(
        arguments, cwd=ROOT, env=environment(), stdout=writing, stderr=subprocess.PIPE, check=False, timeout=60
    )
    os.close(writing)

    assert (ran.returncode, ran.stderr) == (141, b""), "what a shell reports of a program that SIGPIPE ends"


def test_the_version_is_that_of_the_distribution() -> None:
    assert tama("--version").stdout.decode() == f"tama {version('memovee-personalization')}\n"


def test_the_command_and_the_kinds_with_rules_of_their_own_are_documented() -> None:
    page = "".join((ROOT / "docs" / name).read_text() for name in ("control-plane.md", "hosting.md"))
    helps = [tama("--help").stdout.decode(), *(tama(*name.split(), "--help").stdout.decode() for name in COMMANDS)]

    options = {word.strip("[],.`") for text in helps for word in text.split() if word.strip("[],.`").startswith("--")}
    assert {option for option in options - {"--help"} if option not in page} == set()
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| ")]
    documented = {kind.strip() for row in rows for kind in row.split(",")}
    assert {kind.replace("_", " ") for kind in RULES} <= documented
    assert all(f"`tama {command}" in page for command in COMMANDS)


@pytest.mark.usefixtures("declared")
def test_a_client_that_may_only_read_reaches_what_holds_no_secret(folder: Path, tmp_path: Path) -> None:
    store = folder / "tama.db"
    exported = tmp_path / "tama.json"
    with served(store) as plane:
        added = json.loads(
            output_of("clients", "add", "--scope", "provision.read", "--json", f"--store=sqlite:{store}")
        )
        reader = {f"TAMA_{name.upper()}": value for name, value in added.items()}
        variables = {"TAMA_BASE_URL": plane.url, "TAMA_SCOPES": "provision.read", **reader}
        for command in (["list"], ["show", "movies"], ["graph"], ["export"]):
            ran = tama(*command, variables=variables)
            assert ran.returncode == 0, ran.stderr
        exported.write_bytes(ran.stdout)
        for command in (["export", "--with-secrets"], ["import", str(exported), "--replace"], ["call", "a", "{}"]):
            ran = tama(*command, variables=variables)
            assert (ran.returncode, ran.stdout) == (1, b""), command
            assert b"answered 403: Forbidden. Look at TAMA_CLIENT_ID and TAMA_CLIENT_SECRET, and at " in ran.stderr
        beyond = tama("list", variables={**variables, "TAMA_SCOPES": "provision.all"})
        assert (beyond.returncode, b"The client may not have: provision.all" in beyond.stderr) == (1, True)


@pytest.mark.usefixtures("declared")
def test_an_output_that_cannot_be_written_is_a_sentence(folder: Path) -> None:
    with Path("/dev/full").open("wb") as output:
        ran = subprocess.run(
            [sys.executable, "-m", "tama", "export", "--base-url", f"embedded:{folder}"],
            cwd=ROOT,
            env=environment(),
            stdout=output,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
        )

    assert (ran.returncode, ran.stderr) == (1, b"tama: The output cannot be written: No space left on device.\n")
