"""`make generate`: draw the pictures in README and docs, of the stack as Terraform deploys it in a temporary folder.

Those of the console and of `tama serve` are of what runs there. They depend on the machine's fonts, so no test compares
them.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tama.client import connect
from tama.graph.objects import from_objects
from tama.graph.plan import from_plan
from tama.graph.svg import svg
from tools import console, environment, install_provider, progress, served_picture
from tools.environment import ROOT

FOLDER = "docs/pictures"
PLANNED = (
    "-var=space_name=profiles",
    "-var=specification_version=2.0.0",
    "-var=memovee_space_id=global",
    "-replace=tama_space_bridge.prompt_assembly",
)
"""Options of the plan that is drawn: it adds, changes, replaces and removes."""

_PARTS = ("modules", "personalization.tf", "schemas")
_SHOWN_URL = "http://127.0.0.1:8080"
_ADVICE = "Mend what the output names and run `make generate` again."


def drawn(control_plane: Path, plan: object, service_url: str) -> dict[str, str]:
    """Return the pictures by their paths below the project's folder.

    Args:
        control_plane: The folder of the embedded one that holds the deployed stack.
        plan: A plan of the stack with the options `PLANNED`, as `terraform show -json` prints it.
        service_url: Where the deployed service answers; the pictures show another port, which is always the same.
    """
    with closing(connect(f"embedded:{control_plane}")) as client:
        objects = client.request("GET", "/provision/control-plane/objects")
    objects, plan = json.loads(json.dumps([objects, plan]).replace(service_url, _SHOWN_URL))
    return {f"{FOLDER}/stack.svg": svg(from_objects(objects)), f"{FOLDER}/plan.svg": svg(from_plan(plan))}


def main() -> None:
    """Draw them.

    Raises:
        StepError: The stack could not be deployed.
    """
    with progress.step("Drawing the stack"), _deployed() as terraform:
        terraform.run("plan", "-input=false", "-out=plan.bin", *PLANNED)
        service_url = terraform.read("output", "-json")["service_url"]["value"]
        state = terraform.folder / ".state" / "terraform"
        files = drawn(state / "tama", terraform.read("show", "-json", "plan.bin"), service_url)
        key = (state / "service" / "api-key").read_text("utf-8").strip()
        console.take(service_url, key, ROOT / FOLDER / "console.png")
        served_picture.take(state / "tama", ROOT / FOLDER / "served.png")
    for name, text in files.items():
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).write_text(text, "utf-8")


class _Terraform:
    """Terraform in a folder with a copy of the stack and of the provider."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in _PARTS:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, folder / name)
            else:
                shutil.copy(ROOT / name, folder)
        install_provider.install(folder / "mirror", install_provider.of_checkout())
        install_provider.write_cli_configuration(folder / "terraformrc", folder / "mirror")
        own = {name: value for name, value in os.environ.items() if not name.startswith(("TF_", "TAMA_"))}
        self._environment = environment.variables(own) | {"TF_CLI_CONFIG_FILE": str(folder / "terraformrc")}
        self._command: list[str | Path] = [environment.TOOLCHAIN / "terraform", f"-chdir={folder}"]

    def run(self, *arguments: str) -> None:
        """Run a command.

        Raises:
            StepError: It failed.
        """
        progress.run(
            [*self._command, *arguments], log=f"pictures-{arguments[0]}", advice=_ADVICE, environment=self._environment
        )

    def read(self, *arguments: str) -> Any:
        """Return the JSON that a command prints."""
        return json.loads(progress.output([*self._command, *arguments], self._environment))


@contextmanager
def _deployed() -> Iterator[_Terraform]:
    with tempfile.TemporaryDirectory(prefix="tama-") as folder:
        terraform = _Terraform(Path(folder))
        terraform.run("init", "-input=false")
        try:
            terraform.run("apply", "-auto-approve", "-input=false")
            yield terraform
        finally:
            terraform.run("destroy", "-auto-approve", "-input=false")


if __name__ == "__main__":
    sys.exit(progress.main(main))
