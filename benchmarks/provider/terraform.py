"""Terraform's commands, and how long they take."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.processes import usage
from tools import environment, install_provider

COMMANDS: Final = {
    "validate": (),
    "plan": ("-input=false",),
    "apply": ("-input=false", "-auto-approve"),
    "destroy": ("-input=false", "-auto-approve"),
}
"""What is measured, in this order: `destroy` finds what `apply` has made, and the next `plan` finds nothing."""

# What the control plane of the benchmarks does not look at.
_CREDENTIALS: Final = {"TAMA_CLIENT_ID": "benchmarks", "TAMA_CLIENT_SECRET": "secret-of-the-benchmarks"}


class CommandError(Exception):
    """A command of Terraform's failed; the message holds what it said."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long something took.

    Attributes:
        seconds: from its start to its end.
        core_seconds: what it and all that it started spent on cores.

    """

    seconds: float
    core_seconds: float


def timed(run: Callable[[], object]) -> Timing:
    """Run something, and tell how long it took."""
    before = usage()
    run()
    after = usage()
    return Timing(after.at - before.at, after.own - before.own)


class Workspace:
    """A folder with a configuration, initialised with the providers of a mirror.

    Args:
        folder: the folder; it is made.
        mirror: where the provider lies; None for a configuration that needs none.
        configure: writes the configuration into the folder.

    Raises:
        CommandError: it cannot be initialised.

    """

    def __init__(self, folder: Path, mirror: Path | None, configure: Callable[[Path], None]) -> None:
        self._folder = folder
        self._variables = environment.variables() | _CREDENTIALS
        folder.mkdir(parents=True)
        configure(folder)
        if mirror:
            configuration = mirror / "terraformrc"
            install_provider.write_cli_configuration(configuration, mirror)
            self._variables["TF_CLI_CONFIG_FILE"] = str(configuration)
        self._run("init", "-input=false")

    def run(self, command: str) -> Timing:
        """Run one of the commands.

        Raises:
            CommandError: it failed.

        """
        return timed(lambda: self._run(command, *COMMANDS[command]))

    def _run(self, *arguments: str) -> None:
        done = subprocess.run(
            ["terraform", *arguments, "-no-color"],
            cwd=self._folder,
            env=self._variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise CommandError(f"terraform {' '.join(arguments)}: {done.stderr or done.stdout}")


def lay(mirror: Path, executable: Path) -> None:
    """Make a mirror whose provider is an executable."""
    version = environment.version()
    package = (
        mirror / install_provider.REGISTRIES[0] / install_provider.NAME / version / install_provider.this_platform()
    )
    package.mkdir(parents=True)
    (package / f"terraform-provider-tama_v{version}").symlink_to(executable)
