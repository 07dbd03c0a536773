"""The benchmark of the provider in its shortest form, beside another that is our own again."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from benchmarks import servers
from benchmarks.__main__ import main
from benchmarks.provider import configurations, handshake, results
from benchmarks.provider import main as provider
from benchmarks.provider.results import ONE
from benchmarks.provider.terraform import CommandError
from tama.client import connect, errors
from tests.support.terraform import installation
from tools import install_provider


@pytest.fixture
def executable(tmp_path: Path) -> Path:
    """The provider, as another that is given to be measured."""
    install_provider.install(tmp_path / "mirror", installation(tmp_path / "certificates"))
    launcher = next((tmp_path / "mirror" / install_provider.REGISTRIES[0]).rglob("terraform-provider-tama_v*"))
    other = tmp_path / "another"
    other.write_text(f'#!/bin/sh\nexec "{launcher}"\n')
    other.chmod(0o755)
    return other


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(provider, "FOLDER", tmp_path / "benchmarks")
    return provider.FOLDER


def test_the_provider_is_measured_beside_another(
    executable: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(provider, "SHORT", {ONE: configurations.spaces(1)})
    monkeypatch.setattr(provider, "GRAPHS", {})
    monkeypatch.setattr(provider, "SIZES", (2,))
    assert main(["provider", "--rounds", "1", "--short", "--beside", str(executable)]) == 0
    printed, said = capfd.readouterr()
    assert said == ""
    lines = [line for line in printed.splitlines() if line.startswith("|")]
    for command in ("validate", "plan", "apply", "destroy"):
        assert any(re.fullmatch(rf"\| no provider \| {command} \| 1 \| [\d,]+ \|  \|  \|  \|", line) for line in lines)
        cell = r"[\d,]+ \(\d+\.\d\)"
        row = rf"\| 1 space \| {command} \| 1 \|  \| {cell} \| {cell} \| {cell} \|"
        assert any(re.fullmatch(row, line) for line in lines)
        assert any(re.match(rf"\| {command}, 1 space: memovee/tama / another \|", line) for line in lines)
    assert any(re.fullmatch(r"\| launch \| to handshake \| 1 \|  \| \d+ \|  \| \d+ \|", line) for line in lines)
    assert any(re.fullmatch(r"\| 2 \| \d+\.\d \| \d+\.\d \| \d+\.\d \| \d+\.\d\d \| \d\d \|", line) for line in lines)
    assert sum(line.endswith(("| met |", "| missed |")) for line in lines) == 4
    assert list(folder.iterdir()) == []


def test_what_another_provider_cannot_do_is_left_out_and_ours_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    contenders = [provider.Contender("broken", tmp_path / "mirror", None, "http://127.0.0.1:9")]
    install_provider.install(tmp_path / "mirror", installation(tmp_path / "certificates"))
    next((tmp_path / "mirror" / install_provider.REGISTRIES[0]).rglob("terraform-provider-tama_v*")).write_bytes(
        broken.read_bytes()
    )
    assert provider._commands(tmp_path, {ONE: configurations.spaces(1)}, contenders, "") == {}
    assert capsys.readouterr().err.startswith("broken is left out of 1 space: terraform validate: ")
    with pytest.raises(CommandError, match="did not shake hands"):
        handshake.shake_hands(broken, handshake.client_certificate())


def test_the_graph_without_waits_is_the_same_graph(tmp_path: Path) -> None:
    for name, write in (("a", configurations.graph), ("b", configurations.graph_without_waits)):
        (tmp_path / name).mkdir()
        write(tmp_path / name, base_url="http://127.0.0.1:9", service="http://127.0.0.1:9")
    with_waits, without = ((tmp_path / name / "personalization.tf").read_text() for name in ("a", "b"))
    assert with_waits.count("wait_for {") == 2
    assert "wait_for" not in without
    assert len(with_waits.splitlines()) == len(without.splitlines()) + 2 * 7


def test_the_graph_is_applied_to_the_control_plane_of_the_benchmarks(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with servers.running([sys.executable, "-m", "benchmarks.provider.control_plane"], log) as process:
        url = servers.address(process, log)
        contenders = provider._contenders(tmp_path, (), url)
        cases = provider._commands(tmp_path, {results.GRAPH: configurations.graph}, contenders[:1], url)
        for case in cases.values():
            case()
        client = connect(url, client_id="a", client_secret="b")
        made = client.request("POST", "/provision/neural/spaces", {"space": {"name": "x", "type": "root"}})
        path = f"/provision/neural/spaces/{made['id']}"
        assert (
            client.request("PATCH", path, {"space": {"name": "y"}})
            == made | {"name": "y"}
            == client.request("GET", path)
        )
        client.request("DELETE", path)
        with pytest.raises(errors.NotFound):
            client.request("GET", path)
        client.close()
