"""Where things are in a checkout, and the environment in which Terraform and cdktf run."""

from __future__ import annotations

import os
import sys
import sysconfig
import tomllib
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / "bin"
STATE = ROOT / ".state"
LOGS = STATE / "log"
CDKTF = ROOT / "node_modules" / ".bin" / "cdktf"

TOOLCHAIN = VENV / "toolchain"
"""Links to the `terraform`, `node`, `npm` and `npx` that were chosen; first on the PATH of `variables`."""

CERTIFICATES = STATE / "provider" / "certificates"
CLI_CONFIGURATION = STATE / "provider" / "terraformrc"

QUIET = {
    "CDKTF_DISABLE_PLUGIN_CACHE_ENV": "1",
    "CDKTF_SKIP_PROVIDER_LOCK": "true",
    "CHECKPOINT_DISABLE": "1",
    "CI": "1",
    "DISABLE_VERSION_CHECK": "1",
    "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "TF_IN_AUTOMATION": "1",
}
"""No prompts, no upgrade notices, no telemetry, no look-ups at registries that we do not need."""


def version() -> str:
    """Return the project's version, which is the provider's too."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return str(project["version"])


def base_interpreter() -> Path:
    """Return the real path of the running interpreter: no version manager's shim, no virtual environment's link."""
    return Path(getattr(sys, "_base_executable", "") or sys.executable).resolve()


def site_packages() -> Path:
    """Return the folder of `.venv`'s packages, for the minor version of the running interpreter."""
    return Path(sysconfig.get_path("purelib", "venv", {"base": str(VENV), "platbase": str(VENV)}))


def search_path(path: str) -> str:
    """Return `path` without the folders of this project's own environment, whose `terraform` is not the machine's."""
    own = {str(BIN), str(TOOLCHAIN)}
    return os.pathsep.join(folder for folder in path.split(os.pathsep) if folder and folder.rstrip("/") not in own)


def variables(base: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment for Terraform, cdktf, npm and everything that they start.

    Args:
        base: What to build on; the environment of this process when it is not given.
    """
    result = dict(os.environ if base is None else base)
    for name in ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV_PROMPT"):
        result.pop(name, None)
    path = os.pathsep.join((str(TOOLCHAIN), str(BIN), search_path(result.get("PATH", os.defpath))))
    return (
        result
        | QUIET
        | {
            "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(STATE / "cache" / "jsii"),
            "PATH": path,
            "TERRAFORM_BINARY_NAME": str(TOOLCHAIN / "terraform"),
            "VIRTUAL_ENV": str(VENV),
        }
    )


def for_downloads() -> dict[str, str]:
    """Return what pip, uv and npm need beyond `variables`.

    Node trusts the machine's certificate store only when told. Without a home folder that can be written to, the caches
    lie below the checkout.
    """
    own = {"NODE_USE_SYSTEM_CA": "1"}
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - Path.home() raises when there is none
    if not os.access(home, os.W_OK):
        folder = STATE / "cache"
        own |= {
            "PIP_CACHE_DIR": str(folder / "pip"),
            "UV_CACHE_DIR": str(folder / "uv"),
            "npm_config_cache": str(folder / "npm"),
        }
    return {name: value for name, value in own.items() if name not in os.environ}
