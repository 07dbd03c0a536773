"""`make up`: deploy the module with cdktf, then hold a small conversation through the actions that it declared."""

from __future__ import annotations

import json
import sys
from typing import Any

from tools import bootstrap, conversation, deployment, environment, install_provider, progress
from tools.deployment import CDKTF
from tools.environment import ROOT
from tools.progress import StepError


def install_the_provider() -> None:
    """Lay the provider into the user's mirror, and point the deployment's Terraform there.

    What cdktf has locked is forgotten: a launcher that has changed since, while its version has not, is no attack here.

    Raises:
        StepError: It could not be laid there.
    """
    try:
        mirror = install_provider.default_mirror()
        notes = install_provider.install(mirror, install_provider.of_checkout())
        install_provider.write_cli_configuration(environment.CLI_CONFIGURATION, mirror)
    except (OSError, RuntimeError, ValueError) as error:
        raise StepError(
            f"The provider could not be installed: {error}.",
            "Set HOME to a folder that can be written to: the provider lies in ~/.terraform.d/plugins.",
        ) from error
    for lock in ROOT.glob("cdktf.out/stacks/*/.terraform.lock.hcl"):
        lock.unlink()
    install_provider.say(mirror, notes)


def deploy() -> dict[str, Any]:
    """Deploy the module and return its outputs.

    Raises:
        StepError: cdktf could not deploy it.
    """
    progress.private_folder(CDKTF.outputs.parent)
    with progress.step("Deploying with cdktf"):
        deployment.run_cdktf(
            *("deploy", "--auto-approve", "--outputs-file", CDKTF.outputs),
            log="deploy",
            advice="Mend what the output names and run `make up` again; `make down` takes down what there is.",
        )
    stacks: dict[str, dict[str, Any]] = json.loads(CDKTF.outputs.read_text("utf-8"))
    return next(outputs for outputs in stacks.values() if "specification_id" in outputs)


def main() -> None:
    """Deploy and demonstrate.

    Raises:
        StepError: A step could not be done.
    """
    with deployment.exclusive():
        bootstrap.prepare("run", "terraform", "node", "cdktf")
        install_the_provider()
        try:
            demonstrate(deploy())
        except KeyboardInterrupt:
            raise KeyboardInterrupt("A service may be running: `make up` goes on, `make down` takes it down.") from None


def demonstrate(outputs: dict[str, Any]) -> None:
    """Hold a conversation through the declared actions.

    Raises:
        StepError: An action did not answer as it should.
    """
    print(f"The service is at {outputs['service_url']}. A conversation with someone new, through the declared actions:")
    conversation.hold(outputs["specification_id"])


if __name__ == "__main__":
    sys.exit(progress.main(main))
