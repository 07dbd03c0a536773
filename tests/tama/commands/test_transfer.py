"""`tama export` and `tama import`."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.served_control_plane import served
from tests.tama.commands.conftest import Place
from tests.tama.commands.support import ROOT, environment, tama


@pytest.fixture
def second(tmp_path: Path) -> str:
    """The base URL of a control plane that is not there yet."""
    return f"embedded:{tmp_path}/second"


@pytest.mark.usefixtures("declared")
def test_a_control_plane_moves_from_a_folder_to_a_server_and_back(folder: Path, tmp_path: Path, second: str) -> None:
    base_url = f"--base-url=embedded:{folder}"
    exported = tama("export", "--with-secrets", base_url)
    assert (exported.returncode, exported.stderr) == (0, b"")
    with served(tmp_path / "served.db") as plane:
        there = {
            "TAMA_BASE_URL": plane.url,
            "TAMA_CLIENT_ID": plane.client_id,
            "TAMA_CLIENT_SECRET": plane.client_secret,
        }
        imported = tama("import", "-", given=exported.stdout, variables=there)
        count = len(json.loads(exported.stdout)["objects"])
        assert (imported.returncode, imported.stdout, imported.stderr) == (
            0,
            f"imported {count} objects\n".encode(),
            b"",
        )
        back = tama("export", "--with-secrets", variables=there)
    assert back.stdout == exported.stdout
    tama("import", "-", "--base-url", second, given=back.stdout)
    assert tama("export", "--with-secrets", "--base-url", second).stdout == exported.stdout


def test_an_export_without_secrets_says_so_and_so_does_its_import(
    place: Place, declared: dict[str, Any], tmp_path: Path, second: str
) -> None:
    exported = tama("export", variables=place.variables)
    file = tmp_path / "tama.json"
    file.write_bytes(exported.stdout)

    assert exported.stderr == b"tama: 1 secrets are left out, which --with-secrets includes.\n"
    assert b"the-key" not in exported.stdout
    imported = tama("import", str(file), "--base-url", second)
    assert imported.returncode == 0
    first, at = imported.stderr.decode().splitlines()
    assert first.startswith("tama: 1 secrets were left out of the document. Set them with Terraform, or ")
    assert at == f"  source_identity {declared['identity']['id']} /api_key"
    shown = json.loads(tama("show", declared["identity"]["id"], "--json", "--base-url", second).stdout)
    assert shown["object"]["current_state"] == "failed"


@pytest.mark.usefixtures("declared")
def test_an_import_as_json_tells_what_is_missing(folder: Path, second: str) -> None:
    exported = tama("export", "--base-url", f"embedded:{folder}").stdout

    imported = tama("import", "-", "--json", "--base-url", second, given=exported)

    assert imported.stderr == b""
    made = json.loads(imported.stdout)
    assert (made["objects"], made["missing"]) == (
        len(json.loads(exported)["objects"]),
        json.loads(exported)["secrets"],
    )


def test_what_is_there_stays_unless_it_is_to_be_replaced(place: Place, declared: dict[str, Any], second: str) -> None:
    tama("import", "-", "--base-url", second, given=tama("export", "--with-secrets", variables=place.variables).stdout)
    other = json.loads(tama("export", "--base-url", second).stdout)
    space = declared["space"]["id"]
    other |= {
        "objects": [],
        "secrets": [],
        "digest": "sha256:4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945",
    }
    empty = json.dumps(other).encode()

    refused = tama("import", "-", given=empty, variables=place.variables)

    assert (refused.returncode, refused.stdout) == (1, b"")
    assert b"With --replace the document takes the place of everything in it." in refused.stderr
    assert space.encode() in tama("list", "space", variables=place.variables).stdout
    assert tama("import", "-", "--replace", given=empty, variables=place.variables).stdout == b"imported 0 objects\n"
    assert tama("list", "space", variables=place.variables).stdout == b"Space: none\n"


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        ("{", 2, "The document is not JSON (line 1, column 2"),
        ('{"format": "tama-control-plane", "format": 1}', 2, "holds the key 'format' twice"),
        ("{}", 1, 'it has no "format": "tama-control-plane"; `tama export` writes such a document.'),
        (
            '{"format": "tama-control-plane", "version": 1, "objects": [], "secrets": [], "digest": "sha256:0"}',
            1,
            "its digest is not that of its objects: it was cut off or changed.",
        ),
    ],
)
@pytest.mark.usefixtures("declared")
def test_a_document_that_is_none_is_a_sentence(folder: Path, content: str, status: int, said: str) -> None:
    ran = tama("import", "-", "--replace", "--base-url", f"embedded:{folder}", given=content.encode())

    assert (ran.returncode, ran.stdout) == (status, b"")
    assert said in ran.stderr.decode()
    assert ran.stderr.count(b"\n") == 1


@pytest.mark.usefixtures("declared")
def test_a_file_that_secrets_go_to_is_its_owners_alone(folder: Path, tmp_path: Path) -> None:
    modes = {}
    for options in ([], ["--with-secrets"]):
        file = tmp_path / "tama.json"
        file.write_text("")
        file.chmod(0o644)
        with file.open("wb") as output:
            command = [sys.executable, "-m", "tama", "export", f"--base-url=embedded:{folder}", *options]
            subprocess.run(command, cwd=ROOT, env=environment(), stdout=output, stderr=subprocess.PIPE, check=True)
        modes[bool(options)] = stat.S_IMODE(file.stat().st_mode)
        assert (b"the-key" in file.read_bytes()) == bool(options)

    assert modes == {False: 0o644, True: 0o600}


@pytest.mark.usefixtures("declared")
def test_secrets_are_not_shown_on_a_terminal(folder: Path) -> None:
    reader, terminal = os.openpty()
    command = [sys.executable, "-m", "tama", "export", "--with-secrets", f"--base-url=embedded:{folder}"]
    ran = subprocess.run(
        command, cwd=ROOT, env=environment(), stdout=terminal, stderr=subprocess.PIPE, check=False, timeout=60
    )
    os.close(terminal)
    os.close(reader)

    assert (ran.returncode, ran.stderr) == (
        2,
        b"tama: Secrets are not shown on a terminal: let the output go to a file.\n",
    )
