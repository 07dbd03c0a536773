"""The commands on credentials, as an operator runs them beside a running service."""

import json
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

from service.__main__ import main
from service.credentials import tokens
from service.storage.files import FileLock
from service.storage.sqlite_beside import SQLiteBeside
from tests.service.server import BASE, RunningService
from tests.support.postgresql import PostgreSQL
from tools.environment import ROOT


def run(capsys: pytest.CaptureFixture[str], store: Path, *arguments: str) -> list[str]:
    """Run a command that succeeds and return the lines that it prints."""
    assert main(["keys", *arguments, "--store", f"sqlite:{store}"]) == 0
    return capsys.readouterr().out.splitlines()


def listed(capsys: pytest.CaptureFixture[str], store: Path) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = json.loads("".join(run(capsys, store, "list", "--json")))
    return shown


def test_keys_are_managed_while_the_service_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with RunningService(tmp_path) as service:
        (key,) = run(capsys, service.store, "add", "--tenant", "one", "--scope", "profile:read", "--label", "a label")
        answer = service.call("GET", f"{BASE}/whoami", key=key)
        assert answer.json == {"tenant": "one", "scopes": ["profile:read"]}
        assert service.put("canary", {}, key=key).status == 403
        (shown,) = listed(capsys, service.store)
        assert (shown["label"], shown["revoked"], shown["valid_keys"]) == ("a label", None, 1)
        (rotated,) = run(capsys, service.store, "rotate", shown["id"], "--overlap", "60")
        assert listed(capsys, service.store)[0]["valid_keys"] == 2
        assert run(capsys, service.store, "revoke", shown["id"]) == [f"revoked {shown['id']}"]
        assert listed(capsys, service.store)[0]["valid_keys"] == 0
        assert rotated not in service.errors.read_text()
        assert key not in service.errors.read_text()


def test_the_signing_key_is_rotated_by_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = tmp_path / "p.db"
    with SQLiteBeside(store, time.time) as opened:
        tokens.make_first_signing_key(opened)
        assert run(capsys, store, "rotate-signing-key") == ["tokens are signed with another key"]
        assert len(tokens.signing_keys(opened)) == 2


def test_the_first_key_can_be_added_before_the_first_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    service = RunningService(tmp_path, key=None)
    (key,) = run(capsys, service.store, "add", "--scope", "profile:read", "--scope", "profile:write")
    assert main(["check", "--store", f"sqlite:{service.store}"]) == 0
    counted = json.loads(capsys.readouterr().out)
    assert (counted["tenants"], counted["actors"], counted["items"]) == (0, 0, {"credential": 1})
    assert stat.S_IMODE(service.store.stat().st_mode) == 0o600
    assert stat.S_IMODE(service.store.parent.stat().st_mode) == 0o700
    with service:
        answer = service.call("GET", f"{BASE}/whoami", key=key)
    assert answer.json == {"tenant": "default", "scopes": ["profile:read", "profile:write"]}


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["revoke", "0000"], "There is no credential 0000."),
        (["rotate", "0000"], "There is no credential 0000."),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], problem: str
) -> None:
    store = tmp_path / "p.db"
    run(capsys, store, "add", "--scope", "admin")
    assert main(["keys", *arguments, "--store", f"sqlite:{store}"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert problem in printed.err


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["add", "--scope", "profile:delete"], "There is no scope profile:delete. There are: profile:read,"),
        (["add", "--scope", "admin", "--tenant", "a b"], "A tenant is 1 to 64 of the characters"),
        (["rotate", "0000", "--overlap", "1d"], "'1d' is no number of seconds from 0 to 2592000"),
        (["rotate", "0000", "--overlap", "2592001"], "'2592001' is no number of seconds from 0 to 2592000"),
    ],
)
def test_what_is_not_understood_is_said_in_a_sentence_too(tmp_path: Path, arguments: list[str], problem: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "service", "keys", *arguments, "--store", f"sqlite:{tmp_path}/p.db"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert problem in ran.stderr
    assert list(tmp_path.iterdir()) == []


def test_credentials_are_listed_as_a_table_and_a_key_is_added_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = tmp_path / "p.db"
    assert run(capsys, store, "add", "--scope", "admin", "--label", "operators")[0].startswith("mpk_")
    added = json.loads(run(capsys, store, "add", "--scope", "profile:read", "--json")[0])
    run(capsys, store, "revoke", added["id"])
    title, heading, *rows = run(capsys, store, "list")
    assert (title, heading.split()) == (
        "Credentials",
        ["ID", "TENANT", "LABEL", "SCOPES", "CREATED", "REVOKED", "VALID", "KEYS"],
    )
    (first,) = [row for row in rows if "operators" in row]
    (second,) = [row for row in rows if added["id"] in row]
    assert (first.split()[1:4], first.split()[-1], second.split()[-1]) == (["default", "operators", "admin"], "1", "0")
    assert added["key"] not in "".join(rows)


def test_a_file_that_must_be_made_is_left_to_who_serves_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = tmp_path / "p.db"
    with FileLock(store):
        assert main(["keys", "add", "--scope", "admin", "--store", f"sqlite:{store}"]) == 1
    assert "served by process" in capsys.readouterr().err
    assert not store.exists()


@pytest.mark.parametrize("command", [["list"], ["revoke", "0000"], ["rotate", "0000"], ["rotate-signing-key"]])
def test_only_the_first_key_makes_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    store = tmp_path / "mistyped.db"
    assert main(["keys", *command, "--store", f"sqlite:{store}"]) == 1
    assert capsys.readouterr().err.startswith(f"personalization: There is no file {store}. Look at --store;")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [["keys", "list", "--store"], ["migrate", "--to", "sqlite:{}", "--from"]])
def test_no_store_is_made_in_a_database_whose_name_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], postgresql: PostgreSQL, command: list[str]
) -> None:
    with postgresql.database() as name:
        assert main([*(part.format(tmp_path / "p.db") for part in command), postgresql.address(name)]) == 1
        assert "there is no store in it; look at its name" in capsys.readouterr().err
        with psycopg.connect(postgresql.address(name)) as connection:
            assert connection.execute("SELECT FROM pg_namespace WHERE nspname = 'personalization'").fetchall() == []


def test_a_file_of_another_kind_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = tmp_path / "p.db"
    store.write_text("no database\n" * 100)
    assert main(["keys", "list", "--store", f"sqlite:{store}"]) == 1
    assert "it is not an SQLite file" in capsys.readouterr().err


def test_a_file_that_is_not_to_be_opened_is_said_to_be_anothers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = tmp_path / "p.db"
    run(capsys, store, "add", "--scope", "admin")
    store.with_name("p.db-wal").mkdir()  # which SQLite tells as it does a file of another user
    for command in (["keys", "list"], ["check"]):
        assert main([*command, "--store", f"sqlite:{store}"]) == 1
        assert "cannot be opened; run this as the user whose they are" in capsys.readouterr().err
