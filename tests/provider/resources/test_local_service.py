from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from provider.framework.resource import Provider, Resource
from provider.framework.schema import Schema
from provider.protocol.values import UNKNOWN, unpack
from provider.resources import companion, processes
from provider.resources.local_service_resource import LocalService
from tests.provider.driver import Driver, Values
from tests.support.postgresql import PostgreSQL, free_port
from tests.support.proxy import Fault, proxy_to

TYPE = "tama_local_service"
FAKE = str(Path(__file__).with_name("fake_service.py"))
GIVEN_KEY = "k" * 32


class OneResource(Provider):
    schema = Schema(())

    def __init__(self, resource: Resource) -> None:
        self.data_sources = {}
        self.resources = {TYPE: lambda: resource}


class Drive(Driver):
    """A local service in a folder, in the place of which a fake is started."""

    def __init__(self, folder: Path, mode: str = "ready", code_version: str | None = "1.0") -> None:
        super().__init__(OneResource(LocalService((sys.executable, FAKE, mode), lambda: code_version)))
        self.folder = folder

    def config(self, **values: Any) -> Values:
        names = ("id", "data_folder", "port", "api_key", "store", "store_password_file", "url", "pid", "version")
        return dict.fromkeys((*names, "log_file", "timeouts")) | {"data_folder": str(self.folder)} | values


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A data folder whose service is stopped at the end, whatever the test did."""
    path = tmp_path / "data"
    yield path
    found = companion.Companion((), path)
    found.stop(found.record())


def is_running(pid: int) -> bool:
    return processes.started(pid) is not None


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    while is_running(pid):
        time.sleep(0.01)


def test_a_start_answers_where_it_serves_and_a_second_plan_is_empty(folder: Path) -> None:
    drive = Drive(folder)
    made = drive.apply(TYPE, drive.config())
    assert made.errors == []
    assert made.state["url"] == f"http://127.0.0.1:{made.state['port']}"
    assert made.state["version"] == "1.0"
    assert len(made.state["api_key"]) == 64
    assert is_running(made.state["pid"])
    read = drive.read(TYPE, made.state, made.private)
    assert read.state == made.state
    assert drive.plan(TYPE, drive.config(), read.state, read.private).state == read.state


def test_what_is_written_is_for_its_owner_alone(folder: Path) -> None:
    before = os.umask(0)
    try:
        drive = Drive(folder)
        drive.apply(TYPE, drive.config())
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for name in ("api-key", "service.log", "process.json"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600


def test_the_process_inherits_nothing_secret(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TAMA_CLIENT_SECRET", "TF_VAR_key", "PLUGIN_CLIENT_CERT", "HTTP_AUTHORIZATION"):
        monkeypatch.setenv(name, "secret")
    drive = Drive(folder)
    made = drive.apply(TYPE, drive.config())
    environment = json.loads((folder / "environment.json").read_text())
    assert "secret" not in environment.values()
    assert os.getsid(made.state["pid"]) == made.state["pid"]
    assert {name for name in environment if name.startswith("PERSONALIZATION_")} == {
        "PERSONALIZATION_LISTEN",
        "PERSONALIZATION_STORE",
        "PERSONALIZATION_API_KEY_FILE",
        "PERSONALIZATION_INSTANCE",
    }
    assert made.state["api_key"] not in json.dumps(environment)


def test_a_killed_service_is_one_change_and_heals_on_the_same_port(folder: Path) -> None:
    drive = Drive(folder)
    made = drive.apply(TYPE, drive.config())
    kill(made.state["pid"])
    read = drive.read(TYPE, made.state, made.private)
    assert read.state == made.state | {"pid": None}
    plan = drive.plan(TYPE, drive.config(), read.state, read.private)
    assert plan.state == made.state | {"pid": UNKNOWN}
    assert plan.message["requires_replace"] == []
    healed = drive.apply(TYPE, drive.config(), read.state, read.private)
    assert healed.state == made.state | {"pid": healed.state["pid"]}
    assert drive.read(TYPE, healed.state, healed.private).state == healed.state


def test_another_process_with_its_pid_is_not_the_service(folder: Path) -> None:
    drive = Drive(folder)
    made = drive.apply(TYPE, drive.config())
    record = json.loads(made.private)["process"]
    for change in ({"started": "1"}, {"boot": "another"}, {"instance": "another"}):
        (folder / "process.json").write_text(json.dumps(record | change))
        private = json.dumps({"process": record | change}).encode()
        assert drive.read(TYPE, made.state, private).state["pid"] is None
    companion.Companion((), folder).stop(record)


def test_a_newer_version_of_the_code_plans_a_restart(folder: Path) -> None:
    drive = Drive(folder)
    made = drive.apply(TYPE, drive.config())
    newer = Drive(folder, code_version="2.0")
    plan = newer.plan(TYPE, newer.config(), made.state, made.private)
    assert plan.state == made.state | {"pid": UNKNOWN, "version": UNKNOWN}
    unknown = Drive(folder, code_version=None)
    assert unknown.plan(TYPE, unknown.config(), made.state, made.private).state == made.state


def test_a_new_key_or_port_restarts_in_place(folder: Path) -> None:
    drive = Drive(folder)
    made = drive.apply(TYPE, drive.config())
    changed = drive.apply(TYPE, drive.config(api_key=GIVEN_KEY), made.state, made.private)
    assert changed.errors == []
    assert (folder / "api-key").read_text().strip() == GIVEN_KEY
    assert changed.state["port"] == made.state["port"]
    assert not is_running(made.state["pid"])
    plan = drive.plan(TYPE, drive.config(port=1), changed.state, changed.private)
    assert [name for name, value in plan.state.items() if value is UNKNOWN] == ["url", "pid"]


def test_changing_only_timeouts_does_not_restart(folder: Path) -> None:
    drive = Drive(folder)
    made = drive.apply(TYPE, drive.config())
    config = drive.config(timeouts={"create": "30s", "update": None})
    changed = drive.apply(TYPE, config, made.state, made.private)
    assert changed.state == made.state | {"timeouts": config["timeouts"]}
    assert is_running(made.state["pid"])


def test_another_folder_is_another_service(folder: Path) -> None:
    drive = Drive(folder)
    made = drive.apply(TYPE, drive.config())
    plan = drive.plan(TYPE, drive.config(data_folder="elsewhere"), made.state, made.private)
    assert plan.message["requires_replace"][0]["steps"][0]["attribute_name"] == "data_folder"


def test_a_delete_stops_it_and_keeps_its_data_and_one_of_what_is_gone_succeeds(folder: Path) -> None:
    drive = Drive(folder)
    made = drive.apply(TYPE, drive.config())
    (folder / "personalization.db").write_text("data")
    for _ in range(2):
        assert drive.destroy(TYPE, made.state, made.private).errors == []
        assert not is_running(made.state["pid"])
    assert sorted(path.name for path in folder.iterdir()) == ["environment.json", "personalization.db", "service.log"]


def test_one_that_does_not_end_is_killed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(companion, "_END_SECONDS", 0.2)
    drive = Drive(folder, "stubborn")
    made = drive.apply(TYPE, drive.config())
    assert drive.destroy(TYPE, made.state, made.private).errors == []
    assert not is_running(made.state["pid"])


@pytest.mark.parametrize(
    ("mode", "text"),
    [
        ("dies", "it ended at once"),
        ("silent", "it was not ready after 1 s"),
        ("stranger", "it was not ready after 1 s"),
    ],
)
def test_a_start_that_fails_shows_the_log_without_the_key_and_leaves_nothing_running(
    folder: Path, mode: str, text: str
) -> None:
    drive = Drive(folder, mode)
    config = drive.config(api_key=GIVEN_KEY, timeouts={"create": "1s", "update": None})
    made = drive.apply(TYPE, config)
    assert made.state is None
    assert text in made.errors[0]
    assert "starting with ***" in made.errors[0]
    assert ("no such table" in made.errors[0]) == (mode == "dies")
    record = companion.Companion((), folder).record()
    assert record is not None
    assert not is_running(record["pid"])


def test_a_restart_that_fails_leaves_a_plan_that_tries_again(folder: Path) -> None:
    drive = Drive(folder)
    made = drive.apply(TYPE, drive.config())
    kill(made.state["pid"])
    read = drive.read(TYPE, made.state, made.private)
    broken = Drive(folder, "dies")
    failed = broken.apply(TYPE, broken.config(), read.state, read.private)
    assert failed.errors
    assert failed.state == read.state
    assert drive.plan(TYPE, drive.config(), failed.state, failed.private).state["pid"] is UNKNOWN


def test_a_port_taken_by_another_at_healing_is_an_error_that_says_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(companion, "_FREE_SECONDS", 0.2)
    drive = Drive(folder)
    made = drive.apply(TYPE, drive.config())
    kill(made.state["pid"])
    read = drive.read(TYPE, made.state, made.private)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", made.state["port"]))
        other.listen()
        failed = drive.apply(TYPE, drive.config(), read.state, read.private)
    assert f"port {made.state['port']} of 127.0.0.1 is taken by another process" in failed.errors[0]


def test_nothing_is_stopped_for_a_new_port_that_is_taken(folder: Path) -> None:
    drive = Drive(folder)
    made = drive.apply(TYPE, drive.config())
    with socket.create_server(("127.0.0.1", 0)) as other:
        config = drive.config(port=other.getsockname()[1])
        failed = drive.apply(TYPE, config, made.state, made.private)
    assert "is taken by another process" in failed.errors[0]
    assert failed.paths == [["port"]]
    assert failed.state == made.state
    assert is_running(made.state["pid"])


def test_a_create_replaces_what_an_interrupted_one_left_running(folder: Path) -> None:
    drive = Drive(folder)
    left = drive.apply(TYPE, drive.config())
    made = drive.apply(TYPE, drive.config())
    assert made.errors == []
    assert not is_running(left.state["pid"])
    assert is_running(made.state["pid"])


def test_a_restart_that_was_never_recorded_in_state_is_found_again(folder: Path) -> None:
    drive = Drive(folder)
    made = drive.apply(TYPE, drive.config())
    kill(made.state["pid"])
    read = drive.read(TYPE, made.state, made.private)
    healed = drive.apply(TYPE, drive.config(), read.state, read.private)
    # Terraform was killed before it wrote the state: it has the old one.
    assert drive.read(TYPE, made.state, made.private).state == healed.state


def test_a_stop_ends_the_wait_for_it_and_leaves_nothing_running(folder: Path) -> None:
    drive = Drive(folder, "silent")
    drive.call("StopProvider")
    made = drive.apply(TYPE, drive.config())
    assert made.state is None
    assert "interrupted" in made.errors[0]


def test_it_is_imported_by_its_folder(folder: Path) -> None:
    drive = Drive(folder)
    made = drive.apply(TYPE, drive.config())
    message = drive.call("ImportResourceState", type_name=TYPE, id=str(folder))
    imported: Any = unpack(message["imported_resources"][0]["state"]["msgpack"])
    read = drive.read(TYPE, imported)
    assert read.state == made.state
    assert drive.plan(TYPE, drive.config(), read.state, read.private).state == read.state


def test_importing_a_folder_without_a_service_finds_nothing(folder: Path) -> None:
    drive = Drive(folder)
    state = drive.config() | {"id": str(folder)}
    assert drive.read(TYPE, state).state is None


@pytest.mark.parametrize("proc", ["/proc", "/nonexistent"])
def test_a_zombie_is_dead(monkeypatch: pytest.MonkeyPatch, proc: str) -> None:
    monkeypatch.setattr(processes, "_PROC", Path(proc))
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        # It has ended, and stays a zombie until it is waited for.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert processes.started(process.pid) is None


def test_the_start_time_of_a_process_is_read_by_ps_where_there_is_no_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_PROC", Path("/nonexistent"))
    assert processes.started(os.getpid())
    assert processes.started(os.getpid()) == processes.started(os.getpid())
    assert processes.started(2**22 + 1) is None
    assert processes.boot() == ""


def with_the_real_service() -> Driver:
    return Driver(OneResource(LocalService((sys.executable, "-m", "service", "serve"), lambda: None)))


def test_a_service_whose_database_is_away_is_left_alone(folder: Path, postgresql: PostgreSQL) -> None:
    drive = with_the_real_service()
    with postgresql.database() as name, proxy_to(postgresql.port) as proxy:
        store, _, password_file = postgresql.address(name, proxy.port).partition("?passfile=")
        config = Drive(folder).config(store=store, store_password_file=password_file)
        made = drive.apply(TYPE, config)
        assert made.errors == []
        proxy.fault = Fault.SILENCE
        with pytest.raises(urllib.error.HTTPError, match="503"):
            urllib.request.urlopen(f"{made.state['url']}/readyz", timeout=20)
        read = drive.read(TYPE, made.state, made.private)
        assert read.state == made.state
        assert drive.plan(TYPE, config, read.state, read.private).state == made.state
        kill(made.state["pid"])
        assert drive.read(TYPE, made.state, made.private).state == made.state | {"pid": None}


def test_a_service_on_a_database_keeps_nothing_in_its_folder(folder: Path, postgresql: PostgreSQL) -> None:
    drive = with_the_real_service()
    with postgresql.database() as name:
        store, _, password_file = postgresql.address(name).partition("?passfile=")
        config = Drive(folder).config(store=store, store_password_file=password_file)
        made = drive.apply(TYPE, config)
        assert made.errors == []
        request = urllib.request.Request(
            f"{made.state['url']}/internal/personalization/profile/ana",
            json.dumps({"names": [{"index": 0, "value": "Ana"}]}).encode(),
            {"Authorization": f"Bearer {made.state['api_key']}", "Content-Type": "application/json"},
            method="PUT",
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            assert answer.status == 201
        with psycopg.connect(postgresql.address(name)) as connection:
            assert connection.execute("SELECT actor FROM personalization.actor").fetchall() == [("ana",)]
        assert not list(folder.glob("*.db*"))
        elsewhere = drive.plan(TYPE, config | {"store": f"{store}_2"}, made.state, made.private)
        assert (elsewhere.state["pid"], elsewhere.state["url"]) == (UNKNOWN, made.state["url"])
        companion.Companion((), folder).stop(companion.Companion((), folder).record())


@pytest.mark.parametrize(
    ("store", "said"),
    [
        ("postgres.example/memovee", "must begin with postgresql://"),
        ("postgresql://ana:canary@postgres.example/memovee", "without a password"),
        ("postgresql://ana@postgres.example/memovee?password=canary", "without a password"),
        ("postgresql://ana@postgres.example/memovee?sslmode=verify-full", ""),
        (UNKNOWN, ""),
    ],
)
def test_an_address_that_cannot_be_meant_is_refused_before_anything_is_done(
    folder: Path, store: object, said: str
) -> None:
    drive = Drive(folder)
    answer = drive.validate(TYPE, drive.config(store=store))
    assert answer.paths == ([["store"]] if said else [])
    assert all(said in error and "canary" not in error for error in answer.errors)


def test_a_password_file_that_would_be_passed_over_is_told_of_and_nothing_is_stopped_for_it(folder: Path) -> None:
    drive, password_file = Drive(folder), folder.parent / "pgpass"
    config = drive.config(store="postgresql://ana@127.0.0.1/memovee")
    made = drive.apply(TYPE, config)
    for mode, said in ((None, "No such file or directory"), (0o640, f"chmod 600 {password_file}")):
        if mode:
            password_file.write_text("*:*:*:*:canary\n")
            password_file.chmod(mode)
        told = config | {"store_password_file": str(password_file)}
        answer = drive.apply(TYPE, told, made.state, made.private)
        assert answer.paths == [["store_password_file"]]
        assert said in answer.errors[0]
        assert "canary" not in answer.errors[0]
        assert answer.state == made.state
        assert is_running(made.state["pid"])


def test_a_database_that_cannot_be_used_is_named_with_the_reason(folder: Path, postgresql: PostgreSQL) -> None:
    store, _, password_file = postgresql.address("postgres").partition("?passfile=")
    wrong = folder.parent / "wrong"
    wrong.touch(0o600)
    wrong.write_text("*:*:*:*:canary\n")
    away = f"postgresql://tests@127.0.0.1:{free_port()}/postgres"
    drive = with_the_real_service()
    for place, password, said in (
        (store, str(wrong), "password authentication failed"),
        (store, None, "the password file needs mode 0600 and a line for this host"),
        (away, password_file, "Connection refused"),
    ):
        config = Drive(folder).config(store=place, store_password_file=password)
        answer = drive.apply(TYPE, config)
        assert f"The database {place} cannot be used" in answer.errors[0]
        assert said in answer.errors[0]
        assert "canary" not in answer.errors[0]
        assert "{" not in answer.errors[0], "the reason is told, and not the log around it"
