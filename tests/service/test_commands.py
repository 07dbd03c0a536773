"""The commands on the data file, as an operator runs them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from service.__main__ import main
from service.storage.sqlite_file import SCHEMA_VERSION
from tests.service.server import RunningService

NAMES = {"names": [{"index": 0, "value": "Canarina"}]}


def test_a_backup_of_a_running_service_is_restored_and_etags_of_before_match_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = str(tmp_path / "backup.db")
    with RunningService(tmp_path) as service:
        store = f"sqlite:{service.store}"
        service.put("canary", NAMES)
        tag = service.get("canary").headers["etag"]
        assert main(["backup", copy, "--store", store]) == 0
        assert main(["check", "--store", store]) == 0
        assert main(["restore", copy, "--store", store, "--force"]) == 1
        assert "Stop it first" in capsys.readouterr().err
        service.put("canary", {"gender": "female"})
        later = service.get("canary").headers["etag"]
    assert main(["restore", copy, "--store", store]) == 1
    assert main(["restore", copy, "--store", store, "--force"]) == 0
    with RunningService(tmp_path) as service:
        answer = service.get("canary")
        assert answer.json["names"][0]["value"] == "Canarina"
        assert answer.json["gender"] == "other"
        assert service.get("canary", headers={"If-None-Match": f"{tag}, {later}"}).status == 200
        for old in (tag, later):
            assert service.put("canary", {"gender": "male"}, headers={"If-Match": old}).status == 412


def test_what_was_done_is_told_as_json_where_that_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, copy, other = (f"{tmp_path}/{name}.db" for name in ("store", "copy", "other"))
    assert main(["keys", "add", "--scope", "admin", "--store", f"sqlite:{store}"]) == 0
    assert main(["backup", copy, "--store", f"sqlite:{store}"]) == 0
    capsys.readouterr()
    assert main(["restore", copy, "--force", "--json", "--store", f"sqlite:{store}"]) == 0
    assert json.loads(capsys.readouterr().out) == {"erased_again": 0}
    assert main(["migrate", "--from", f"sqlite:{store}", "--to", f"sqlite:{other}", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["counts"]["item"], len(told["sha256"])) == (1, 64)


def test_a_check_prints_json_that_names_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with RunningService(tmp_path) as service:
        service.put("canary", NAMES)
        assert main(["check", "--store", f"sqlite:{service.store}"]) == 0
    printed = capsys.readouterr().out
    report = json.loads(printed)
    assert (report["integrity"], report["schema_version"], report["items"]["profile"]) == ("ok", SCHEMA_VERSION, 1)
    assert all(name.isidentifier() for name in report)
    assert "anar" not in printed


def test_the_command_alone_prints_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    printed = capsys.readouterr().out
    assert all(command in printed for command in ("serve", "keys", "backup", "restore", "check"))


@pytest.mark.parametrize("command", [["backup", "x"], ["restore", "x"], ["check"]])
def test_a_command_without_its_store_is_a_configuration_error(
    command: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PERSONALIZATION_STORE", raising=False)
    assert main(command) == 2
    assert "PERSONALIZATION_STORE" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["backup", "x"], ["restore", "x"], ["check"]])
def test_a_command_on_a_file_says_so_of_a_database(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--store", "postgresql://u@127.0.0.1/d"]) == 2
    assert "is for SQLite files" in capsys.readouterr().err


def test_a_file_that_is_there_is_not_overwritten_by_a_backup(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with RunningService(tmp_path) as service:
        copy = tmp_path / "backup.db"
        copy.write_text("precious")
        assert main(["backup", str(copy), "--store", f"sqlite:{service.store}"]) == 1
    assert copy.read_text() == "precious"
    assert "--force" in capsys.readouterr().err


def test_an_output_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    store, copy = f"sqlite:{tmp_path}/data.db", f"{tmp_path}/copy.db"
    assert main(["keys", "add", "--scope", "admin", "--store", store]) == 0
    for command in (["backup", copy], ["check"], ["restore", copy, "--force"]):
        with Path("/dev/full").open("wb") as full:
            ran = subprocess.run(
                [sys.executable, "-m", "service", *command, "--store", store],
                stdout=full,
                stderr=subprocess.PIPE,
                check=False,
                timeout=60,
            )
        said = b"personalization: The output cannot be written: No space left on device.\n"
        assert (ran.returncode, ran.stderr) == (1, said), command
