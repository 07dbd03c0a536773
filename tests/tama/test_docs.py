"""What hosting a control plane offers is documented."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

from tama.control_plane import ControlPlane
from tama.control_plane.clients import SCOPES
from tama.control_plane.store.sqlite import SQLiteStore
from tama.control_plane.web import Observer, create_app
from tests.support.served_control_plane import tama
from tools.environment import ROOT

HOSTING = (ROOT / "docs" / "hosting.md").read_text()


def test_every_option_of_the_server_is_documented() -> None:
    options = set(re.findall(r"--[a-z-]+", tama("serve", "--help"))) - {"--help"}
    assert len(options) >= 6
    assert {option for option in options if not re.search(f"[|] `{option}[ `]", HOSTING)} == set()


def test_every_command_on_clients_and_every_scope_is_documented() -> None:
    commands = re.findall(r"^    (\w+) ", tama("clients", "--help"), re.MULTILINE)
    assert {command for command in commands if f"| `tama clients {command}" not in HOSTING} == set()
    assert len(commands) == 3
    assert {scope for scope in SCOPES if f"| `{scope}` |" not in HOSTING} == set()


def test_every_metric_is_documented(tmp_path: Path) -> None:
    observer = Observer()
    with closing(ControlPlane(SQLiteStore(str(tmp_path)))) as plane:
        create_app(plane, observer)
        names = [name for name in observer.metrics.names() if name.startswith("tama_")]
    assert {name for name in names if f"| `{name}` |" not in HOSTING} == set()
    assert len(names) == 4
