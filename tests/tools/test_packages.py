"""The locks, and how pip's settings reach uv."""

import importlib.util
import json
import re
import tomllib
from pathlib import Path

import pytest

from tools import environment, lock, packages
from tools.progress import StepError

LOCKS = sorted(packages.LOCKS.glob("*.lock"))


def pins(name: str) -> dict[str, str]:
    """Return the versions that a lock pins, by name."""
    text = (packages.LOCKS / f"{name}.lock").read_text("utf-8")
    return dict(re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE))


def asked(requirement: str) -> tuple[str, str]:
    """Return the name and the version of a requirement, without its extras."""
    name, version = requirement.lower().split("==")
    return name.partition("[")[0], version


def test_every_lock_has_a_recipe() -> None:
    assert {path.stem if path.suffix == ".lock" else path.name for path in LOCKS} == {*lock.PROJECT, *lock.TOOLS}


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_a_lock_has_a_hash_for_everything_and_names_no_registry(path: Path) -> None:
    text = path.read_text("utf-8")
    requirements = [
        line for line in text.replace("\\\n", "").splitlines() if line and not line.lstrip().startswith("#")
    ]
    assert requirements
    assert all("--hash=sha256:" in line for line in requirements)
    assert "://" not in text
    assert "--index" not in text


def test_the_locks_pin_what_the_project_pins() -> None:
    configuration = tomllib.loads((environment.ROOT / "pyproject.toml").read_text("utf-8"))
    run = configuration["project"]["dependencies"] + configuration["dependency-groups"]["build"]
    for name, requirements in {"run": run, "dev": run + configuration["dependency-groups"]["dev"]}.items():
        assert dict(map(asked, requirements)).items() <= pins(name).items()
    assert pins("run").items() <= pins("dev").items()


@pytest.mark.parametrize("name", lock.TOOLS)
def test_the_locks_pin_the_tools(name: str) -> None:
    requirement, version = asked(lock.TOOLS[name])
    assert pins(name)[requirement] == version


def test_npms_lock_names_no_registry_and_knows_what_package_json_asks_for() -> None:
    wanted = json.loads((environment.ROOT / "package.json").read_text("utf-8"))
    locked = json.loads((environment.ROOT / "package-lock.json").read_text("utf-8"))["packages"]
    for kind in ("dependencies", "devDependencies"):
        assert locked[""][kind] == wanted[kind]
    assert not [name for name, package in locked.items() if "resolved" in package]
    assert not [
        name for name, package in locked.items() if name and not package.get("inBundle", "integrity" in package)
    ]


def test_pips_settings_are_said_in_uvs_words(tmp_path: Path) -> None:
    pip = {
        "index-url": "https://user:secret@mirror.invalid/simple",
        "extra-index-url": "\nhttps://one.invalid\nhttps://two.invalid",
        "find-links": f"{tmp_path} {tmp_path}/missing https://links.invalid",
        "trusted-host": "mirror.invalid",
        "cert": "/certificates.pem",
        "default-timeout": "180",
        "no-index": "true",
        "proxy": "http://proxy.invalid",
    }
    settings = packages.uv_settings(pip, {})
    settings.pop("UV_SYSTEM_CERTS", None)
    assert settings == {
        "UV_DEFAULT_INDEX": "https://user:secret@mirror.invalid/simple",
        "UV_INDEX": "https://one.invalid https://two.invalid",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_FIND_LINKS": f"{tmp_path},https://links.invalid",
        "UV_INSECURE_HOST": "mirror.invalid",
        "SSL_CERT_FILE": "/certificates.pem",
        "UV_HTTP_TIMEOUT": "180",
        "UV_NO_INDEX": "1",
        "ALL_PROXY": "http://proxy.invalid",
        "UV_PYTHON_DOWNLOADS": "never",
    }


def test_what_the_user_says_to_uv_wins() -> None:
    settings = packages.uv_settings({"index-url": "https://pip.invalid"}, {"UV_DEFAULT_INDEX": "https://uv.invalid"})
    assert "UV_DEFAULT_INDEX" not in settings


def test_without_settings_of_pips_uv_keeps_its_own() -> None:
    assert set(packages.uv_settings({}, {})) <= {"UV_PYTHON_DOWNLOADS", "UV_SYSTEM_CERTS"}


def test_a_python_that_cannot_make_environments_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "STAMPS", tmp_path)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ensurepip" else object())
    with pytest.raises(StepError) as caught:
        packages.install("run")
    assert "ensurepip" in caught.value.what
    assert "-venv`" in caught.value.advice
    assert "PYTHON=" in caught.value.advice
