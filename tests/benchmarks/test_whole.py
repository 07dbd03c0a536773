"""The benchmark of the service in its shortest form, with everything but Kinto, which would have to be installed."""

import re
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.servers import Server, ServerError
from benchmarks.service import kinto, population, servers
from benchmarks.service.load import Client
from benchmarks.service.main import our_requests


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(population, "FOLDER", tmp_path / "benchmarks")
    return population.FOLDER


def no_kinto(*_: object) -> AbstractContextManager[Server]:
    raise ServerError("it is not there")


def test_the_service_is_measured(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(kinto, "kinto", no_kinto)
    form = "service --rounds 1 --seconds 0.5 --warm-up 0 --actors 20 --requests 40 --connections 1"
    status = main(form.split())
    printed, errors = capfd.readouterr()
    assert errors == "Kinto is left out: it is not there\n"
    assert status == 1, "something was not measured"
    lines = [line for line in printed.splitlines() if line.startswith("|")]
    measured = [line for line in lines if re.search(r"\| ([1-9][\d,]*) \| \1-\1 \|", line)]
    assert len(measured) == 6
    assert [line for line in lines if "void" in line] == [
        "| Kinto, GET record | void | | |",
        "| Kinto, PUT record | void | | |",
    ]
    assert sum(line.endswith(("| met |", "| missed |")) for line in lines) == 6
    assert [path.name for path in folder.iterdir() if not path.name.startswith("actors-20-")] == []


def test_the_service_is_measured_on_postgresql(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(kinto, "kinto", no_kinto)
    form = "service --store postgresql --rounds 1 --seconds 0.5 --warm-up 0 --actors 20 --connections 1"
    status = main(form.split())
    printed, errors = capfd.readouterr()
    assert errors == "Kinto is left out: it is not there\n"
    assert status == 1, "something was not measured"
    assert len(re.findall(r"\| ([1-9][\d,]*) \| \1-\1 \|", printed)) == 4


def test_a_refusal_makes_a_run_void_and_a_change_is_one(tmp_path: Path) -> None:
    get, put, _ = our_requests(20)
    client = Client(None, 2, 0)
    with servers.our_service(tmp_path, population.prepared(20), None) as ours:
        refused = client.run(ours, [replace(get, headers={})], {"amount": 10})
        assert refused.failures == {"status 401": 10}
        assert refused.why_void() == "not everything was answered with 2xx: {'status 401': 10}"
        mixed = client.run(ours, [replace(get, share=3), put], {"amount": 100})
        assert (mixed.requests, mixed.failures) == (100, {})
        values = {
            ours.call("GET", get.path.format(actor=f"{number:07d}"), get.headers)["names"][0]["value"]
            for number in range(20)
        }
        changed = {value for value in values if value.startswith("Callable 0002")}
        assert changed
        with pytest.raises(ServerError, match="404"):
            ours.call("GET", get.path.format(actor="nobody"), get.headers)


def test_a_server_that_does_not_start_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(servers, "KEY", "too short")
    assert main(["service", "--rounds", "1", "--actors", "1"]) == 1
    printed, errors = capsys.readouterr()
    assert printed == ""
    assert errors.startswith("The service could not be measured: a server did not start")
    assert "shorter than 32 characters" in errors
    assert not list(folder.glob("run-*"))


@pytest.mark.parametrize(
    "arguments", [["nothing"], ["--rounds", "0"], ["--seconds", "0"], ["--seconds", "nan"], ["--seconds", "x"]]
)
def test_what_makes_no_sense_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert "usage:" in capsys.readouterr().err
