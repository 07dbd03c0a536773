"""The log of erasures beside the data file."""

import os
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from service.storage.erasure_file import ErasureFile, ErasureFileError, erasure_file, read_erasures
from service.storage.sqlite import SQLiteStore
from tests.service.client import Client
from tests.service.erasure.calls import Log, erase, fill

ONE, TWO = "1" * 40, "2" * 40


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def test_it_says_who_by_a_hash_when_and_by_which_erasure(client: Client, store: SQLiteStore, log: Log) -> None:
    fill(client, "canary")
    answer = erase(client, "canary")
    (entry,) = log.entries
    assert entry.keys() == {"at", "erased", "erasure"}
    assert entry["erasure"] == answer.json["erasure_id"]
    assert [len(each) for each in entry["erased"]] == [40]
    assert "canary" not in log.path.read_text()
    assert store.trouble() is None


def test_only_its_owner_may_read_it(data: Path) -> None:
    before = os.umask(0)
    try:
        ErasureFile(data).append([ONE], "e")
    finally:
        os.umask(before)
    assert stat.S_IMODE(erasure_file(data).stat().st_mode) == 0o600


def test_it_is_on_the_disk_before_it_is_told(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synchronised: list[int] = []
    fsync = os.fsync

    def counted(descriptor: int) -> None:
        synchronised.append(os.fstat(descriptor).st_size)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", counted)
    ErasureFile(data).append([ONE, TWO], "e")
    assert erasure_file(data).stat().st_size in synchronised


def test_no_erasure_is_told_while_the_log_cannot_be_written(
    client: Client, idle: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    fill(client, "a")
    monkeypatch.setattr(idle._erasures, "_write", fails)
    assert erase(client, "a").json["code"] == "store_unavailable"


def test_what_was_recorded_is_not_recorded_again(data: Path) -> None:
    log = ErasureFile(data)
    for _ in range(2):
        log.append([ONE], "e")
        log.append([ONE, TWO], "e")
        log.append([], "e")
    assert len(erasure_file(data).read_bytes().splitlines()) == 2


def test_the_latest_erasure_counts(data: Path) -> None:
    for erasure in ("e", "f"):
        ErasureFile(data).append([ONE], erasure)
    ErasureFile(data).append([TWO], "e")
    assert read_erasures(data) == {ONE: "f", TWO: "e"}


def test_without_a_log_nobody_was_erased(data: Path) -> None:
    assert read_erasures(data) == {}


@pytest.mark.parametrize("torn", [b"{", b'{"at":"2026', b"x" * 10_000, b"\0\n", b"{}\n" * 5_000])
def test_what_a_crash_left_of_a_line_is_passed_over_and_written_over(data: Path, torn: bytes) -> None:
    ErasureFile(data).append([ONE], "e")
    with erasure_file(data).open("ab") as file:
        file.write(torn)
    assert read_erasures(data) == {ONE: "e"}
    ErasureFile(data).append([TWO], "f")
    assert read_erasures(data) == {ONE: "e", TWO: "f"}
    assert len(erasure_file(data).read_bytes().splitlines()) == 2


@pytest.mark.parametrize("line", [b"x\n", b"{}\n", b"[]\n", b"1\n", b"\n", b'{"erased":"x","erasure":"e"}\n'])
def test_what_the_service_did_not_write_is_named_by_its_line(data: Path, line: bytes) -> None:
    ErasureFile(data).append([ONE], "e")
    with erasure_file(data).open("ab") as file:
        file.write(line + erasure_file(data).read_bytes())
    with pytest.raises(ErasureFileError, match="line 2"):
        read_erasures(data)


def test_it_grows_in_whole_lines_when_many_are_erased_at_once(data: Path) -> None:
    log = ErasureFile(data)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: log.append([f"{number:040}"], "e"), range(100)))
    assert len(read_erasures(data)) == 100


def test_no_answer_overtakes_the_line_that_another_call_writes(
    client: Client, idle: SQLiteStore, monkeypatch: pytest.MonkeyPatch, log: Log
) -> None:
    entered, go = threading.Event(), threading.Event()
    write = idle._erasures._write

    def held(lines: bytes) -> Any:
        entered.set()
        assert go.wait(10)
        return write(lines)

    monkeypatch.setattr(idle._erasures, "_write", held)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(erase, client, "a")
        assert entered.wait(10)
        second = pool.submit(erase, client, "a")
        assert log.entries == []
        assert not second.done()
        go.set()
        assert first.result().json == second.result().json
    assert len(log.entries) == 1
