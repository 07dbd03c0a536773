"""The project's `.venv`: made by the running Python, filled by uv from the locks in `requirements/`."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import shutil
import ssl
import sys
from collections.abc import Mapping
from pathlib import Path

from tools import environment, progress
from tools.environment import BIN, ROOT, VENV
from tools.progress import StepError

LOCKS = ROOT / "requirements"
STAMPS = VENV / "stamps"
_RETRY = "Check the connection to the package registry (pip's and uv's own settings apply), then run the command again."


def install(lock: str) -> None:
    """Bring `.venv` to what `requirements/<lock>.lock` asks for; with nothing to do this takes milliseconds.

    Args:
        lock: `run`, or `dev`, which holds all of `run` too.

    Raises:
        StepError: A step could not be done.
    """
    _make_environment()
    _install_uv()
    if not (_is_stamped("packages-dev", _digest("dev")) or _is_stamped(f"packages-{lock}", _digest(lock))):
        with progress.step(f"Installing the packages of requirements/{lock}.lock"):
            install_lock(lock)
    project = digest(ROOT / "pyproject.toml")
    if not _is_stamped("project", project):
        with progress.step("Installing the project"):
            uv("install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT), log="project")
            _stamp("project", project)


def install_lock(lock: str, folder: Path | None = None, *, advice: str = _RETRY) -> None:
    """Install what a lock asks for, and remember that.

    Args:
        lock: The lock's name, without folder and ending.
        folder: Where to, instead of `.venv` itself, below which it lies. What is installed there runs on any Python.
        advice: What to do when it fails.

    Raises:
        StepError: It could not be installed.
    """
    options = ("--python-version", "3.11", "--target", str(folder)) if folder else ()
    path = LOCKS / f"{lock}.lock"
    uv("install", "--require-hashes", "--requirement", str(path), *options, log=f"packages-{lock}", advice=advice)
    _stamp(_name(lock, folder), _digest(lock))


def is_installed(lock: str, folder: Path | None = None) -> bool:
    """Tell whether a lock is installed as it now is; see `install_lock`."""
    return _is_stamped(_name(lock, folder), _digest(lock))


def _name(lock: str, folder: Path | None) -> str:
    return "-".join(("packages", lock, *(folder.relative_to(VENV).parts if folder else ())))


def _make_environment() -> None:
    python = environment.base_interpreter()
    made_by = f"{python}\n{sys.version}\n{ROOT}\n"  # find_python.sh reads the first line
    if _is_stamped("environment", made_by) and (BIN / "python").exists():
        return
    if not all(importlib.util.find_spec(module) for module in ("venv", "ensurepip")):
        name = f"python{sys.version_info[0]}.{sys.version_info[1]}"
        raise StepError(
            f"{python} has no `ensurepip`, which makes virtual environments.",
            f"On Debian or Ubuntu: `apt-get install {name}-venv`. Or name another Python with `make PYTHON=...`.",
        )
    with progress.step(f"Making .venv with Python {sys.version.split()[0]} ({python})"):
        if VENV.is_symlink():
            VENV.unlink()
        elif VENV.exists():
            shutil.rmtree(VENV)
        progress.run(
            [python, "-m", "venv", VENV],
            log="venv",
            advice="Name another Python with `make PYTHON=...`.",
            environment=_variables(),
            expendable=True,
        )
        _stamp("environment", made_by)


def _install_uv() -> None:
    if is_installed("uv"):
        return
    with progress.step("Installing uv"):
        progress.run(
            [BIN / "python", "-m", "pip", "install", "--require-hashes", "--requirement", LOCKS / "uv.lock"],
            log="uv",
            advice=_RETRY,
            environment=_variables(),
            expendable=True,
        )
        _stamp("packages-uv", _digest("uv"))


def uv(*arguments: str, log: str, advice: str = _RETRY) -> None:
    """Run `uv pip` on `.venv`, with the settings of the user's pip.

    Args:
        arguments: The command and its arguments.
        log: The log's name.
        advice: What to do when it fails.

    Raises:
        StepError: It failed.
    """
    variables = _variables()
    progress.run(
        [BIN / "uv", "pip", *arguments],
        log=log,
        advice=advice,
        environment=variables | uv_settings(_pip_settings(), variables),
        expendable=True,
    )


def _variables() -> dict[str, str]:
    return environment.variables() | environment.for_downloads()


def _pip_settings() -> dict[str, str]:
    """Return pip's settings from its files and its environment, the ones that count for `pip install`."""
    command = [str(BIN / "python"), "-m", "pip", "config", "list"]
    settings: dict[str, str] = {}
    ranks = ("global", "install", ":env:")
    lines = [line.partition("=") for line in progress.output(command, _variables()).splitlines()]
    for rank in ranks:
        for name, _, value in lines:
            section, _, key = name.partition(".")
            if section == rank and value.startswith(("'", '"')):
                settings[key] = str(ast.literal_eval(value))
    return settings


def uv_settings(pip: Mapping[str, str], present: Mapping[str, str]) -> dict[str, str]:
    """Say pip's settings in uv's words, since uv does not read them: whoever has set pip up has set `make` up.

    Args:
        pip: pip's settings, by name.
        present: The environment; what it says to uv already is left alone.

    Returns:
        Variables to add. They may hold a registry's credentials, which is why they are not arguments.
    """
    links = [link for link in pip.get("find-links", "").split() if "://" in link or Path(link).exists()]
    settings = {
        "UV_DEFAULT_INDEX": pip.get("index-url", ""),
        "UV_INDEX": " ".join(pip.get("extra-index-url", "").split()),
        "UV_FIND_LINKS": ",".join(links),
        "UV_NO_INDEX": "1" if pip.get("no-index", "").lower() in ("1", "true", "yes", "on") else "",
        "UV_INSECURE_HOST": " ".join(pip.get("trusted-host", "").split()),
        "UV_HTTP_TIMEOUT": pip.get("timeout", pip.get("default-timeout", "")),
        "SSL_CERT_FILE": pip.get("cert", ""),
        "UV_SYSTEM_CERTS": "1" if _has_system_certificates() else "",
        "ALL_PROXY": pip.get("proxy", ""),
        # pip looks at all indexes for the best match. Hashes are required, so no index can slip anything in.
        "UV_INDEX_STRATEGY": "unsafe-best-match" if pip.get("extra-index-url") else "",
        "UV_PYTHON_DOWNLOADS": "never",
    }
    return {name: value for name, value in settings.items() if value and name not in present}


def _has_system_certificates() -> bool:
    """Tell whether the machine has a certificate store, which pip trusts and uv trusts only when told."""
    paths = ssl.get_default_verify_paths()
    return bool(paths.cafile) or bool(paths.capath and any(Path(paths.capath).iterdir()))


def digest(*paths: Path) -> str:
    """Return a hash of the contents of files."""
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()


def _digest(lock: str) -> str:
    return digest(LOCKS / f"{lock}.lock")


def _is_stamped(name: str, content: str) -> bool:
    try:
        return (STAMPS / name).read_text("utf-8") == content
    except OSError:
        return False


def _stamp(name: str, content: str) -> None:
    STAMPS.mkdir(exist_ok=True)
    (STAMPS / name).write_text(content, "utf-8")
