"""Background work holds up no request."""

import threading
import time
from pathlib import Path

from service.items import Items
from service.storage.background import TRUNCATE_RETRY_S
from service.storage.sqlite import SQLiteStore
from tests.service.storage.suite import puts


def test_a_truncation_that_a_reader_keeps_from_its_end_holds_up_no_write_and_is_made_up_for(
    store: SQLiteStore, path: Path
) -> None:
    log = path.with_name(path.name + "-wal")
    store.write("t", "a", puts("k", b"1"))
    reading, go = threading.Event(), threading.Event()

    def read_slowly() -> None:
        def view(items: Items) -> None:
            items.get("k")
            reading.set()
            assert go.wait(20)

        store.read("t", "a", view)

    reader = threading.Thread(target=read_slowly)
    reader.start()
    try:
        assert reading.wait(10)
        store.write("t", "a", puts("k", b"2"))
        slowest = 0.0
        end = time.monotonic() + 0.5
        while (begun := time.monotonic()) < end:
            store._checkpointer.wake(truncate=True)
            store.write("t", "a", puts("k", b"%f" % begun))
            slowest = max(slowest, time.monotonic() - begun)
        assert slowest < 1
        assert log.stat().st_size > 0
    finally:
        go.set()
        reader.join()
    deadline = time.monotonic() + 20 * TRUNCATE_RETRY_S
    while log.stat().st_size and time.monotonic() < deadline:
        pass
    assert log.stat().st_size == 0
