"""A second process changes the data file that a store is serving."""

import threading
import time
from pathlib import Path

import pytest

from service.storage.sqlite import SQLiteStore
from service.storage.sqlite_beside import SQLiteBeside


def test_its_writes_get_through_while_the_store_writes_without_pause(tmp_path: Path) -> None:
    path = tmp_path / "p.db"
    store = SQLiteStore(path)
    stop = threading.Event()
    failures: list[BaseException] = []

    def write_on(actor: str) -> None:
        count = 0
        try:
            while not stop.is_set():
                document = str(count).encode()
                store.write("one", actor, lambda changes: changes.put("profile", document))  # noqa: B023 - called at once
                count += 1
        except BaseException as error:  # noqa: BLE001 - the test reports it
            failures.append(error)

    writers = [threading.Thread(target=write_on, args=(f"actor-{number}",)) for number in range(4)]
    for writer in writers:
        writer.start()
    try:
        for number in range(10):
            with SQLiteBeside(path, time.time) as beside:
                beside.write("", "/credentials", lambda changes: changes.put(f"n/{number}", b"1"))  # noqa: B023 - as above
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert failures == []
    assert len(store.read("", "/credentials", lambda items: items.scan("n/", "n0", 100))) == 10
    store.close()


def test_what_a_change_raises_is_raised_and_nothing_is_changed(tmp_path: Path) -> None:
    with SQLiteBeside(tmp_path / "p.db", time.time) as beside:
        with pytest.raises(ZeroDivisionError):
            beside.write("one", "canary", lambda changes: (changes.put("profile", b"1"), 1 // 0))
        assert beside.get("one", "canary", "profile") == [None]
        beside.write("one", "canary", lambda changes: changes.put("profile", b"2"))
        (stored,) = beside.get("one", "canary", "profile")
    assert stored
    assert (stored.version, stored.document) == (1, b"2")
