"""`make install-provider`: lay the provider where Terraform looks for it.

A mirror holds, per version, one folder a platform with the launcher, which Terraform hashes, and beside these folders
the file `installation`, which tells the launcher where Python and this checkout are.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tools import cli_configuration, environment, progress
from tools.progress import StepError

NAME = "memovee/tama"
REGISTRIES = ("registry.terraform.io", "registry.opentofu.org")
LAUNCHER = Path(__file__).with_name("terraform-provider-tama.sh")
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64", "i686": "386", "armv7l": "arm"}


@dataclass(frozen=True)
class Installation:
    """Where the provider's code runs from; each becomes a line of the file `installation`, in this order."""

    python: Path
    root: Path
    site_packages: Path
    certificates: Path

    def text(self) -> str:
        """Return the file's content.

        Raises:
            ValueError: A path holds a line break.
        """
        lines = [str(path) for path in (self.python, self.root, self.site_packages, self.certificates)]
        if any("\n" in line for line in lines):
            raise ValueError("a path with a line break in its name cannot be installed from")
        return "".join(f"{line}\n" for line in lines)


def of_checkout() -> Installation:
    """Return the installation of this checkout with its `.venv`, for the running interpreter."""
    return Installation(
        environment.base_interpreter(), environment.ROOT, environment.site_packages(), environment.CERTIFICATES
    )


def default_mirror() -> Path:
    """Return the mirror of the user's that Terraform looks into without being told.

    Raises:
        RuntimeError: The user has no home folder.
    """
    return Path.home() / ".terraform.d" / "plugins"


def this_platform() -> str:
    """Return this machine's platform in Terraform's words, e.g. `linux_amd64`."""
    machine = platform.machine().lower()
    return f"{platform.system().lower()}_{_MACHINES.get(machine, machine)}"


def install(mirror: Path, installation: Installation, version: str | None = None) -> list[str]:
    """Lay the provider into `mirror`; doing it again changes nothing. Return what else the user may want to know.

    Args:
        mirror: The folder to lay it in; made when missing.
        installation: Where the provider's code runs from.
        version: The provider's version; the project's when it is not given.

    Raises:
        OSError: A folder or file cannot be written.
        ValueError: A path cannot be written down.
    """
    version = version or environment.version()
    notes: set[str] = set()
    installation.certificates.mkdir(mode=0o700, parents=True, exist_ok=True)
    installation.certificates.chmod(0o700)
    for registry in REGISTRIES:
        folder = mirror / registry / NAME / version
        package = folder / this_platform()
        package.mkdir(parents=True, exist_ok=True)
        launcher = package / f"terraform-provider-tama_v{version}"
        for stray in package.iterdir():
            if stray != launcher:
                _remove(stray)
        _write(launcher, LAUNCHER.read_bytes(), 0o755, folder)
        before = _root_of(folder / "installation")
        if before not in ("", str(installation.root)):
            notes.add(f"It ran from {before} before; `make install-provider` there takes it back.")
        _write(folder / "installation", installation.text().encode(), 0o644, folder)
    return sorted(notes)


def remove(mirror: Path, root: Path, version: str | None = None) -> bool:
    """Remove the provider from `mirror` when it runs from the checkout `root`; tell whether it did."""
    removed = False
    for registry in REGISTRIES:
        folder = mirror / registry / NAME / (version or environment.version())
        if _root_of(folder / "installation") == str(root):
            shutil.rmtree(folder)
            removed = True
            for parent in (folder.parent, folder.parent.parent, folder.parent.parent.parent):
                if not any(parent.iterdir()):
                    parent.rmdir()
    return removed


def hidden_by(mirror: Path) -> Path | None:
    """Return the file of Terraform's CLI configuration that keeps Terraform from looking into `mirror`, if one does."""
    for path in cli_configuration.files(os.environ, Path.home()):
        try:
            found = cli_configuration.finds(path.read_text("utf-8"), mirror, f"{REGISTRIES[0]}/{NAME}")
        except (OSError, UnicodeDecodeError, cli_configuration.UnreadableError):
            continue  # Terraform itself says what is wrong with the file, and where
        if not found:
            return path
    return None


def lines_to_add(mirror: Path) -> str:
    """Return the lines that a `provider_installation` block needs for Terraform to look into `mirror`."""
    path = str(mirror).replace("\\", "\\\\").replace('"', '\\"')
    return (
        "  filesystem_mirror {\n"
        f'    path    = "{path}"\n'
        f'    include = ["{NAME}"]\n'
        "  }\n"
        "  direct {\n"
        f'    exclude = ["{NAME}"]\n'
        "  }\n"
    )


def write_cli_configuration(path: Path, mirror: Path) -> None:
    """Write a CLI configuration with which Terraform takes this provider from `mirror`, and asks no registry for it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = f"provider_installation {{\n{lines_to_add(mirror)}}}\n"
    _write(path, text.encode(), 0o644, path.parent)


def _write(path: Path, content: bytes, mode: int, beside: Path) -> None:
    """Write a file in one step, by way of a temporary one in `beside`: a Terraform at work sees the old or the new."""
    if path.is_file() and path.read_bytes() == content and path.stat().st_mode & 0o700 == mode & 0o700:
        return
    descriptor, name = tempfile.mkstemp(dir=beside, prefix=".new-")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        temporary.chmod(mode & ~_umask())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _root_of(installation: Path) -> str:
    """Return the checkout that an `installation` file names, or nothing."""
    try:
        return installation.read_text("utf-8").split("\n")[1]
    except (OSError, UnicodeDecodeError, IndexError):
        return ""


def say(mirror: Path, notes: list[str]) -> None:
    """Print where the provider lies, and what hides it from Terraform."""
    print(f"Provider {NAME} {environment.version()} is in {mirror}")
    for note in notes:
        print(f"  {note}")
    hiding = hidden_by(mirror)
    if hiding:
        print(f"  But {hiding} keeps Terraform from looking there. Add to its provider_installation block:\n")
        print(lines_to_add(mirror))
        print(f'  and "{NAME}" to `exclude` of the other methods there, or Terraform asks them for it too.')


def main(arguments: list[str] | None = None) -> None:
    """Install the provider, and say where it lies.

    Raises:
        StepError: It could not be laid there.
    """
    parser = argparse.ArgumentParser(prog="install_provider", description="Lay the provider where Terraform finds it.")
    parser.add_argument("--mirror", type=Path, help="folder to lay it in (default: ~/.terraform.d/plugins)")
    options = parser.parse_args(arguments)
    try:
        mirror = (options.mirror or default_mirror()).absolute()
        notes = install(mirror, of_checkout())
    except (OSError, RuntimeError, ValueError) as error:
        raise StepError(
            f"The provider could not be installed: {error}.",
            "Choose another folder with `make install-provider MIRROR=...`.",
        ) from error
    say(mirror, notes)


if __name__ == "__main__":
    sys.exit(progress.main(main))
