"""`tama list`."""

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


def test_the_list_shows_what_is_there(place: Place, declared: dict[str, Any]) -> None:
    ran = tama("list", "--all", variables=place.variables)

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
    assert any(line.split()[-2:] == ["active", "ApiKey"] for line in lines)
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


@pytest.fixture
def chain(folder: Path, declared: dict[str, Any]) -> dict[str, Any]:
    """A chain in a space of its own, beside what is declared."""
    plane = ControlPlane(SQLiteStore(str(folder)))
    api = Caller(plane)
    space = api.space("Talk")
    made = api("POST", f"/provision/perception/spaces/{space['id']}/chains", {"chain": {"name": "Greet"}})
    plane.close()
    assert declared["space"]["id"] != space["id"]
    return made


def test_the_list_names_objects_of_every_other_kind(folder: Path, chain: dict[str, Any]) -> None:
    base_url = f"--base-url=embedded:{folder}"
    lines = tama("list", "--all", base_url).stdout.decode().splitlines()
    short = tama("list", base_url).stdout.decode().splitlines()
    found = json.loads(tama("list", "--json", base_url).stdout)

    assert any(line.split() == [chain["id"], "chain", "Greet"] for line in lines[lines.index("Others") :])
    assert short[-1] == f"Others: {len(found['others'])}, which --all shows"
    assert {"id": chain["id"], "kind": "chain", "name": "Greet"} in found["others"]


def test_a_kind_is_listed_alone(folder: Path, declared: dict[str, Any], chain: dict[str, Any]) -> None:
    base_url = f"--base-url=embedded:{folder}"

    assert tama("list", "action", base_url).stdout.decode().splitlines()[0] == "Action"
    assert json.loads(tama("list", "action", "--json", base_url).stdout) == [declared["action"]]
    title, heading, row = tama("list", "chain", base_url).stdout.decode().splitlines()
    assert (title, heading.split(), row.split()) == (
        "Chain",
        ["ID", "SPACE", "NAME", "SLUG"],
        [chain["id"], chain["space_id"], "Greet", "greet"],
    )
    assert tama("list", "queue", base_url).stdout == b"Queue: none\n"


@pytest.mark.parametrize("by", ["id", "slug"])
def test_only_what_belongs_to_a_space_is_listed(
    folder: Path, declared: dict[str, Any], chain: dict[str, Any], by: str
) -> None:
    base_url = f"--base-url=embedded:{folder}"
    talk = chain["space_id"] if by == "id" else "talk"

    of_talk = json.loads(tama("list", "--json", "--space", talk, base_url).stdout)
    of_movies = json.loads(tama("list", "--json", f"--space={declared['space'][by]}", base_url).stdout)
    assert [one["slug"] for one in of_talk["spaces"]] == ["talk"]
    assert (of_talk["actions"], [one["kind"] for one in of_talk["others"]]) == ([], ["chain"])
    assert (of_movies["actions"], len(of_movies["bridges"])) == ([declared["action"]], 1)
    assert json.loads(tama("list", "action", "--json", "--space", talk, base_url).stdout) == []


def test_a_space_that_is_not_there_is_a_sentence(folder: Path, declared: dict[str, Any]) -> None:
    ran = tama("list", "--space", "mars", "--base-url", f"embedded:{folder}")

    assert (ran.returncode, ran.stdout) == (1, b"")
    assert ran.stderr == b"tama: There is no space 'mars'. `tama list space` shows those that there are.\n"
