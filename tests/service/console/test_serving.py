"""The console is there unless it is switched off, and costs nothing until somebody asks for it."""

import subprocess
import sys
from pathlib import Path

from tests.service.server import RunningService

LOADED = "import sys, service.server; print([name for name in sys.modules if name.startswith({!r})])"


def test_it_can_be_switched_off(tmp_path: Path) -> None:
    with RunningService(tmp_path, environment={"PERSONALIZATION_CONSOLE": "no"}) as service:
        for path in ("/console", "/console/", "/console/sign-in"):
            assert service.call("GET", path).json["code"] == "route_not_found"


def test_nothing_of_it_is_loaded_before_it_is_asked_for() -> None:
    script = LOADED.format(("service.web.console.", "hosting.sessions"))
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
