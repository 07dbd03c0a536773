"""`tama graph`."""

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

EMPTY_PLAN = json.dumps({"format_version": "1.2", "planned_values": {}}).encode()


def test_the_picture_shows_what_is_there(place: Place, declared: dict[str, Any]) -> None:
    ran = tama("graph", variables=place.variables)
    flowchart = tama("graph", "--format", "mermaid", variables=place.variables)

    assert (ran.returncode, ran.stderr, flowchart.returncode) == (0, b"", 0)
    svg = ran.stdout.decode()
    assert svg.startswith("<svg ")
    assert svg.endswith("</svg>\n")
    endpoint = declared["specification"]["endpoint"]
    assert all(f">{text}</text>" in svg for text in ("Movies", "✓ completed", "✗ failed", endpoint, "get-profile"))
    assert "<title>Movies → Movies</title>" in svg
    assert flowchart.stdout.decode().startswith("flowchart LR\n")
    assert "  s0 --> s0\n" in flowchart.stdout.decode()
    assert b"the-key" not in ran.stdout + flowchart.stdout


def test_the_same_control_plane_yields_the_same_bytes(folder: Path, declared: dict[str, Any]) -> None:
    base_url = f"--base-url=embedded:{folder}"
    assert declared["space"]["name"] == "Movies"
    first, again = (tama("graph", base_url, variables={"PYTHONHASHSEED": seed}).stdout for seed in "12")
    assert first == again


def test_the_picture_is_written_into_a_file(folder: Path, declared: dict[str, Any], tmp_path: Path) -> None:
    base_url = f"--base-url=embedded:{folder}"
    assert declared["space"]["name"] == "Movies"
    output = tmp_path / "spaces.svg"

    ran = tama("graph", base_url, "--output", str(output))
    nowhere = tama("graph", base_url, "--output", str(tmp_path / "no" / "spaces.svg"))

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"")
    assert output.read_bytes() == tama("graph", base_url).stdout
    assert (nowhere.returncode, nowhere.stderr.count(b"\n")) == (1, 1)
    assert b"cannot be written: No such file or directory." in nowhere.stderr


def test_names_from_a_control_plane_are_text(folder: Path) -> None:
    plane = ControlPlane(SQLiteStore(str(folder)))
    Caller(plane).space("</text><script>alert(1)</script>\u202e")
    plane.close()

    svg = tama("graph", "--base-url", f"embedded:{folder}").stdout.decode()

    assert "&lt;/text&gt;&lt;script&gt;" in svg
    assert "<script" not in svg
    assert "\u202e" not in svg


def test_a_plan_needs_no_control_plane(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_bytes(EMPTY_PLAN)

    ran = tama("graph", "--from-plan", str(plan))
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert '<title id="tama-title">Plan for Tama: no changes</title>' in ran.stdout.decode()
    assert tama("graph", "--from-plan", "-", given=EMPTY_PLAN).stdout == ran.stdout


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (b"{", "The plan is not JSON (line 1, column 2: "),
        (
            b"{}",
            "The plan cannot be read: a plan has format_version and planned_values; `terraform show -json plan.bin`",
        ),
        (b'{"format_version": "1", "planned_values": 1, "resource_changes": 1}', "is not as Terraform writes it"),
    ],
)
def test_what_is_no_plan_is_a_sentence(given: bytes, said: str) -> None:
    ran = tama("graph", "--from-plan", "-", given=given)

    assert (ran.returncode, ran.stdout, ran.stderr.count(b"\n")) == (2, b"", 1)
    assert said in ran.stderr.decode()


def test_a_plan_is_not_drawn_of_a_control_plane(folder: Path) -> None:
    ran = tama("graph", "--from-plan", "-", "--base-url", f"embedded:{folder}", given=EMPTY_PLAN)

    assert (ran.returncode, ran.stdout) == (2, b"")
    assert ran.stderr.startswith(b"tama: Give --from-plan or --base-url, not both")
