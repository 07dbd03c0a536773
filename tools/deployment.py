"""The two twins as they stand in a checkout: where each keeps its state, its control plane and its data."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from tools import environment
from tools.environment import CLI_CONFIGURATION, ROOT, STATE


@dataclass(frozen=True)
class Twin:
    """One of the two declarations of the module.

    Args:
        name: The tool that deploys it, also the name of its folder in `.state`.
        states: The pattern of its Terraform state's file, in the top folder.
        leftovers: What its tool leaves in the top folder, besides the state.
    """

    name: str
    states: str
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

    def state_files(self) -> list[Path]:
        """Return the files of its Terraform state."""
        return sorted(ROOT.glob(self.states))

    def is_up(self) -> bool:
        """Tell whether its Terraform state holds anything, or cannot be read."""
        return any(_holds_resources(path) for path in self.state_files())


CDKTF = Twin("cdktf", "terraform.*.tfstate", ("cdktf.out", "cdktf.log"))
HCL = Twin("terraform", "terraform.tfstate", (".terraform", ".terraform.lock.hcl"))


def _holds_resources(state: Path) -> bool:
    try:
        return bool(json.loads(state.read_text("utf-8")).get("resources"))
    except (ValueError, AttributeError):
        return True


def variables() -> dict[str, str]:
    """Return the environment for a deployment's tools: Terraform finds our provider, whatever the user has set."""
    return environment.variables() | {"TF_CLI_CONFIG_FILE": str(CLI_CONFIGURATION)}
