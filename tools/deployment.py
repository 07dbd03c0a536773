"""The two twins as they stand in a checkout: where each keeps its state, its control plane and its data."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from tools import environment
from tools.environment import CLI_CONFIGURATION, STATE


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


def variables() -> dict[str, str]:
    """Return the environment for a deployment's tools: Terraform finds our provider, whatever the user has set."""
    return environment.variables() | {"TF_CLI_CONFIG_FILE": str(CLI_CONFIGURATION)}
