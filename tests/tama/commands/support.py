from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

ROOT = Path(__file__).parents[3]


def environment(variables: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """The environment of the tests with nothing in it that the command reads, but these variables."""
    unset = {name for name in os.environ if name.startswith("TAMA_")} | {"NO_COLOR", "COLUMNS"}
    return {name: value for name, value in os.environ.items() if name not in unset} | {**variables}


def tama(
    *arguments: str, given: bytes = b"", variables: Mapping[str, str] = MappingProxyType({})
) -> subprocess.CompletedProcess[bytes]:
    """Run the command with an input and with variables of the environment."""
    return subprocess.run(
        [sys.executable, "-m", "tama", *arguments],
        cwd=ROOT,
        env=environment(variables),
        input=given,
        capture_output=True,
        check=False,
        timeout=60,
    )
