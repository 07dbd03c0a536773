"""The real Terraform, with a mirror, a CLI configuration, a home and a working folder of a test's own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

from tools import environment, install_provider, toolchain

Completed = subprocess.CompletedProcess[str]

_INHERITED = ("PATH", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE")
_COLOURFUL = ("init", "validate", "plan", "apply", "destroy", "import", "refresh")


def installation(certificates: Path) -> install_provider.Installation:
    """Return where the provider runs from in tests: this checkout, in the environment that runs the tests."""
    return install_provider.Installation(
        environment.base_interpreter(), environment.ROOT, Path(sysconfig.get_path("purelib")), certificates
    )


class Home:
    """A home folder whose Terraform takes `memovee/tama` from a mirror beside it, and nothing from anywhere else.

    Making one costs milliseconds, but the first launch of a provider makes its certificate: share one where you can.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mirror = folder / "mirror"
        self.configuration = folder / "terraformrc"
        install_provider.install(self.mirror, installation(folder / "certificates"))
        install_provider.write_cli_configuration(self.configuration, self.mirror)

    def variables(self) -> dict[str, str]:
        """Return an environment that holds nothing of the machine's but what a program needs to run."""
        kept = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        own = {"HOME": str(self.folder), "TF_CLI_CONFIG_FILE": str(self.configuration)}
        plain = {f"TF_CLI_ARGS_{command}": "-no-color" for command in _COLOURFUL}
        return kept | environment.QUIET | plain | own


class Terraform:
    """One working folder, and the `terraform` that works in it.

    Args:
        folder: The working folder; made when missing.
        home: Where the provider is found.
        binary: Which Terraform to run; the one that `make` chose when it is not given.
        variables: What to add to the environment, or with None to take from it.
    """

    def __init__(
        self, folder: Path, home: Home, *, binary: Path | None = None, variables: dict[str, str | None] | None = None
    ) -> None:
        self.folder = folder
        self.binary = binary or toolchain.terraform()
        merged = home.variables() | (variables or {})
        self.variables = {name: value for name, value in merged.items() if value is not None}
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, text: str, name: str = "main.tf") -> None:
        """Write a file of configuration."""
        (self.folder / name).write_text(text, "utf-8")

    def run(self, *arguments: str, check: bool = True, input: str = "", timeout: float = 120) -> Completed:  # noqa: A002 - as in subprocess
        """Run a command and return it with its output.

        Raises:
            AssertionError: It failed and `check` is set; the message holds its whole output.
        """
        result = subprocess.run(
            [self.binary, *arguments],
            cwd=self.folder,
            env=self.variables,
            input=input,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if check and result.returncode:
            raise AssertionError(
                f"terraform {' '.join(arguments)}: {result.returncode}\n{result.stdout}{result.stderr}"
            )
        return result

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command as the leader of a process group of its own, with its output in one pipe."""
        return subprocess.Popen(
            [self.binary, *arguments],
            cwd=self.folder,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def init(self) -> Completed:
        """Run `terraform init`."""
        return self.run("init", "-input=false")

    def apply(self, *arguments: str, check: bool = True) -> Completed:
        """Run `terraform apply` without questions."""
        return self.run("apply", "-auto-approve", "-input=false", *arguments, check=check)

    def destroy(self, *arguments: str, check: bool = True) -> Completed:
        """Run `terraform destroy` without questions."""
        return self.run("destroy", "-auto-approve", "-input=false", *arguments, check=check)

    def plan(self, *arguments: str) -> dict[str, Any]:
        """Return a plan as `terraform show -json` tells it."""
        self.run("plan", "-input=false", "-out=plan.bin", *arguments)
        return self.json("show", "-json", "plan.bin")

    def changes(self, *arguments: str) -> dict[str, list[str]]:
        """Return what a plan would do: the actions by the address of the resource; an empty plan is an empty dict."""
        changes = self.plan(*arguments).get("resource_changes", [])
        return {
            change["address"]: change["change"]["actions"]
            for change in changes
            if change["change"]["actions"] not in (["no-op"], ["read"])
        }

    def state(self) -> dict[str, dict[str, Any]]:
        """Return the values of every resource in the state of the root module and its children, by address."""
        root = self.json("show", "-json").get("values", {}).get("root_module", {})
        return {resource["address"]: resource["values"] for resource in _resources(root)}

    def outputs(self) -> dict[str, Any]:
        """Return the values of the outputs."""
        return {name: output["value"] for name, output in self.json("output", "-json").items()}

    def validate(self) -> dict[str, Any]:
        """Return what `terraform validate -json` finds, valid or not."""
        result: dict[str, Any] = json.loads(self.run("validate", "-json", check=False).stdout)
        return result

    def json(self, *arguments: str) -> dict[str, Any]:
        """Run a command that answers with one JSON object and return it."""
        result: dict[str, Any] = json.loads(self.run(*arguments).stdout)
        return result


def _resources(module: dict[str, Any]) -> list[dict[str, Any]]:
    resources = list(module.get("resources", []))
    for child in module.get("child_modules", []):
        resources += _resources(child)
    return resources


def interrupt(process: subprocess.Popen[str]) -> None:
    """Do what Ctrl-C in a terminal does: signal the whole process group."""
    os.killpg(process.pid, signal.SIGINT)
