"""The two twins as they stand in a checkout: where each keeps its state, its control plane and its data."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools import environment, progress
from tools.environment import CLI_CONFIGURATION, ROOT, STATE
from tools.progress import StepError

LOCK = STATE / "lock"
"""The file that a running `make up` or `make down` holds; in it is the process's id."""


@dataclass(frozen=True)
class Twin:
    """One of the two declarations of the module.

    Args:
        name: The tool that deploys it, also the name of its folder in `.state`.
        leftovers: What its tool leaves in the top folder.
    """

    name: str
    leftovers: tuple[str, ...]

    @property
    def control_plane(self) -> Path:
        """The folder of its embedded control plane."""
        return STATE / self.name / "tama"

    @property
    def data(self) -> Path:
        """The folder of its service's data: the user's."""
        return STATE / self.name / "service"

    @property
    def outputs(self) -> Path:
        """The file with the outputs of its last deployment."""
        return STATE / self.name / "outputs.json"

    @property
    def state(self) -> Path:
        """The file of its Terraform state."""
        return STATE / self.name / "terraform.tfstate"

    def is_up(self) -> bool:
        """Tell whether its Terraform state holds anything, or cannot be read."""
        return self.state.exists() and _holds_resources(self.state)


CDKTF = Twin("cdktf", ("cdktf.out", "cdktf.log"))
HCL = Twin("terraform", (".terraform", ".terraform.lock.hcl"))


def _holds_resources(state: Path) -> bool:
    try:
        return bool(json.loads(state.read_text("utf-8")).get("resources"))
    except (ValueError, AttributeError):
        return True


@contextmanager
def exclusive() -> Iterator[None]:
    """Be the only `make up` or `make down` of this checkout; the lock goes with the process, however it ends.

    Raises:
        StepError: Another one is running.
    """
    progress.private_folder(LOCK.parent)
    with os.fdopen(os.open(LOCK, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StepError(
                f"Another `make up` or `make down` of this checkout is running (process {file.read().strip()}).",
                "Wait until it has ended, or end it with Ctrl-C.",
                code=2,
            ) from None
        file.truncate()
        print(os.getpid(), file=file, flush=True)
        yield


def run_cdktf(*arguments: str | Path, log: str, advice: str) -> None:
    """Run cdktf, such that the errors of its Terraform are seen.

    Args:
        arguments: Its command and arguments.
        log: The log's name.
        advice: What to do when it fails.

    Raises:
        StepError: It failed.
    """
    progress.run(
        [environment.CDKTF, *arguments],
        log=log,
        advice=advice,
        environment=variables() | {"TERRAFORM_BINARY_NAME": str(ROOT / "tools" / "terraform_for_cdktf.sh")},
        errors="terraform-errors",
    )


def variables() -> dict[str, str]:
    """Return the environment for a deployment's tools: Terraform finds our provider, whatever the user has set."""
    return environment.variables() | {"TF_CLI_CONFIG_FILE": str(CLI_CONFIGURATION)}
