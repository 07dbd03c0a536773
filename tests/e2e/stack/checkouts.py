"""Copies of what a checkout's stack is made of, and the tools that deploy from them."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from tests.support.terraform import Completed, Home, Terraform
from tools import environment

ROOT = environment.ROOT
_PARTS = ("cdktf.json", "main.py", "modules", "personalization.tf", "schemas", "stack")


def copy(folder: Path) -> Path:
    """Copy the parts of the stack into `folder`, so that nothing of the checkout's own deployment is touched."""
    folder.mkdir(parents=True)
    for name in _PARTS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(environment.VENV)
    return folder


def operations() -> list[str]:
    """Return the operationIds of the service's contract."""
    document = yaml.safe_load((ROOT / "schemas" / "personalization.yaml").read_text("utf-8"))
    items = [item for path in document["paths"].values() for item in path.values()]
    return [item["operationId"] for item in items if isinstance(item, dict) and "operationId" in item]


def call(control_plane: Path, action: str, tool_call: Mapping[str, Any]) -> dict[str, Any]:
    """Call an action through the embedded control plane in a folder, and return status and body."""
    command = [
        str(environment.BIN / "tama"),
        "call",
        "--base-url",
        f"embedded:{control_plane}",
        action,
        json.dumps(tool_call),
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode in (0, 1), result.stderr
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def ready(url: str) -> dict[str, Any]:
    """Return what the service at `url` says of itself."""
    with urllib.request.urlopen(f"{url}/readyz", timeout=5) as response:
        answer: dict[str, Any] = json.load(response)
        return answer


def answers(url: str) -> bool:
    """Tell whether anything listens at `url`."""
    place = urlsplit(url)
    with socket.socket() as client:
        return client.connect_ex((place.hostname, place.port)) == 0


def change(path: Path, old: str, new: str) -> None:
    """Change a file of a copy.

    Raises:
        AssertionError: What is to be changed does not stand in it once.
    """
    text = path.read_text("utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path.name}"
    path.write_text(text.replace(old, new), "utf-8")


def terraform(folder: Path, home: Home, variables: Mapping[str, str] | None = None) -> Terraform:
    """Return Terraform in the top folder of a copy, initialised."""
    values: dict[str, str | None] = {f"TF_VAR_{name}": value for name, value in (variables or {}).items()}
    result = Terraform(folder, home, variables=values)
    result.init()
    return result


class Cdktf:
    """The CDKTF CLI in the top folder of a copy."""

    def __init__(self, folder: Path, home: Home) -> None:
        self.folder = folder
        self.home = home
        self.variables = environment.variables(home.variables())

    def run(self, *arguments: str, check: bool = True, variables: Mapping[str, str] | None = None) -> Completed:
        """Run a command and return it with its output.

        Raises:
            AssertionError: It failed and `check` is set; the message holds its whole output.
        """
        result = subprocess.run(
            [environment.CDKTF, *arguments],
            cwd=self.folder,
            env={**self.variables, **(variables or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        if check and result.returncode:
            raise AssertionError(f"cdktf {' '.join(arguments)}: {result.returncode}\n{result.stdout}{result.stderr}")
        return result

    def deploy(self, *arguments: str) -> dict[str, Any]:
        """Deploy and return the outputs."""
        self.run("deploy", "--auto-approve", "--outputs-file", "outputs.json", *arguments)
        outputs: dict[str, Any] = json.loads((self.folder / "outputs.json").read_text("utf-8"))["personalization"]
        return outputs

    def synthesize(self) -> None:
        """Run the app as the CLI does; without the CLI that takes a second and not four."""
        subprocess.run(
            [".venv/bin/python", "main.py"],
            cwd=self.folder,
            env=self.variables | {"CDKTF_OUTDIR": "cdktf.out"},
            capture_output=True,
            check=True,
        )

    def stack(self) -> Terraform:
        """Return Terraform in the folder of the synthesised stack, initialised."""
        return terraform(self.folder / "cdktf.out" / "stacks" / "personalization", self.home)
