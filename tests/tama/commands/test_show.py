"""`tama show`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tama.control_plane import ControlPlane
from tama.control_plane.store.sqlite import SQLiteStore
from tests.tama.commands.conftest import Place
from tests.tama.commands.support import tama
from tests.tama.control_plane.support import Caller


def test_an_object_is_shown_with_what_it_has_to_do_with_others(place: Place, declared: dict[str, Any]) -> None:
    specification, space = declared["specification"], declared["space"]

    ran = tama("show", specification["id"], variables=place.variables)

    assert (ran.returncode, ran.stderr) == (0, b"")
    fields, to, by = ran.stdout.decode().split("\n\n")
    assert fields.splitlines()[0] == f"Specification {specification['id']}"
    assert ["version", "1.0.0"] in [line.split() for line in fields.splitlines()]
    assert any(line.split()[0] == "schema" and '"openapi": "3.1.0"' in line for line in fields.splitlines()[2:])
    assert to.splitlines()[0] == "Refers to"
    assert to.splitlines()[2].split() == [space["id"], "space", "Movies", "space_id"]
    assert by.splitlines()[0] == "Referred to by"
    assert {line.split()[1] for line in by.splitlines()[2:]} == {"action", "class", "source", "source_identity"}


def test_a_secret_is_named_and_not_shown(folder: Path, declared: dict[str, Any]) -> None:
    base_url = f"--base-url=embedded:{folder}"
    ran = tama("show", declared["identity"]["id"], base_url)
    found = json.loads(tama("show", declared["identity"]["id"], "--json", base_url).stdout)

    assert ["api_key", "(a", "secret)"] in [line.split() for line in ran.stdout.decode().splitlines()]
    assert found["secrets"] == ["/api_key"]
    assert found["object"]["identifier"] == "ApiKey"
    assert b"the-key" not in ran.stdout
    assert "the-key" not in json.dumps(found)


@pytest.mark.parametrize("words", [["movies"], ["Movies"], ["space", "movies"]])
def test_an_object_is_found_by_slug_and_name(folder: Path, declared: dict[str, Any], words: list[str]) -> None:
    ran = tama("show", *words, "--json", "--base-url", f"embedded:{folder}")

    assert json.loads(ran.stdout)["object"] == declared["space"]


def test_a_name_that_several_objects_have_is_refused_with_their_ids(folder: Path, declared: dict[str, Any]) -> None:
    base_url = f"--base-url=embedded:{folder}"

    ran = tama("show", "get-profile", base_url)

    assert (ran.returncode, ran.stdout) == (1, b"")
    assert b"tama: 'get-profile' names 2 objects: action " in ran.stderr
    assert declared["action"]["id"].encode() in ran.stderr
    assert json.loads(tama("show", "action", "get-profile", "--json", base_url).stdout)["object"] == declared["action"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nobody"], "There is no object with the id, slug or name 'nobody'. `tama list --all` shows"),
        (["chain", "movies"], "There is no chain with the id, slug or name 'movies'. `tama list chain` shows"),
        (["chain", "ID"], "is of the kind space, not chain."),
        (["\udcff/?"], "There is no object with"),
    ],
)
def test_what_there_is_not_is_a_sentence(folder: Path, declared: dict[str, Any], words: list[str], said: str) -> None:
    given = [declared["space"]["id"] if word == "ID" else word for word in words]

    ran = tama("show", *given, "--base-url", f"embedded:{folder}")

    assert (ran.returncode, ran.stdout) == (1, b"")
    assert said in ran.stderr.decode()
    assert ran.stderr.count(b"\n") == 1


def test_a_long_document_is_left_to_json(folder: Path) -> None:
    plane = ControlPlane(SQLiteStore(str(folder)))
    api = Caller(plane)
    prompt = {"name": "Long", "content": "word " * 200, "role": "user"}
    made = api("POST", f"/provision/memory/spaces/{api.space('a')['id']}/prompts", {"prompt": prompt})
    plane.close()

    ran = tama("show", made["id"], "--base-url", f"embedded:{folder}")

    assert b"content          (1000 characters, which --json shows)" in ran.stdout
