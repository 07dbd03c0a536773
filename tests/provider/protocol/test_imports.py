"""Two threads that import modules which import each other both get whole ones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FIRST = "import time\nbegun = True\ntime.sleep(0.3)\nimport second\nvalue = second.value\n"
SECOND = "import first\nvalue = 1\n"
SCRIPT = """
import _thread, sys, time
sys.path[:0] = sys.argv[1:3]
if sys.argv[3] == "serialized":
    from provider.protocol.imports import serialize_imports
    serialize_imports()
outcomes = []
def run(name):
    try:
        outcomes.append(__import__(name).value)
    except Exception as error:
        outcomes.append(type(error).__name__)
_thread.start_new_thread(run, ("first",))
while not hasattr(sys.modules.get("first"), "begun"):
    time.sleep(0.001)
_thread.start_new_thread(run, ("second",))
while len(outcomes) < 2:
    time.sleep(0.01)
print(sorted(outcomes, key=str))
"""


@pytest.mark.parametrize(("how", "outcomes"), [("serialized", "[1, 1]"), ("as Python does", "[1, 'AttributeError']")])
def test_threads_never_see_a_module_that_is_half_made(tmp_path: Path, how: str, outcomes: str) -> None:
    (tmp_path / "first.py").write_text(FIRST)
    (tmp_path / "second.py").write_text(SECOND)
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", SCRIPT, str(ROOT), str(tmp_path), how],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert ran.stdout.strip() == outcomes
