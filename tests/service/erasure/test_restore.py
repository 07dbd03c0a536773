"""An older backup does not bring back who was erased, and nobody else is touched."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from hosting.sqlite_copies import CopyError
from service.items import CONSENT, Changes
from service.personalization.erasure import erasing, tenants
from service.personalization.standing import Standing, put_aliases
from service.storage import StoreUnavailableError
from service.storage.erasure_file import read_withdrawals
from service.storage.sqlite import SQLiteStore
from service.storage.sqlite_copies import back_up, restore
from tests.service.erasure.calls import Log, items

NAME = b'{"names":"canary"}'
WITHDRAWAL = b'{"since":"2026-01-01T00:00:00Z"}'


class Data:
    """A data file with its log, the backups of it, and what is done to it while it is served."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "data" / "store.db"
        self.now = 2_000_000_000

    @contextmanager
    def served(self) -> Iterator[SQLiteStore]:
        # The clock goes backward: nothing may be decided by it.
        self.now -= 86_400
        store = SQLiteStore(self.file, tasks=tenants.TASKS, clock=lambda: self.now, sweep_period=3_600)
        try:
            yield store
            store.sweep()
        finally:
            store.close()

    def tell(self, *actors: str, tenant: str = "t", document: bytes = NAME) -> None:
        with self.served() as store:
            for actor in actors:
                store.write(tenant, actor, lambda changes: changes.put("profile", document))

    def erase(self, *actors: str, tenant: str = "t") -> None:
        with self.served() as store:
            for actor in actors:
                store.write(tenant, actor, erasing.begin)
                erasing.prepare(store, tenant, actor)

    def erase_tenant(self, tenant: str = "t") -> None:
        with self.served() as store:
            store.write(tenant, tenants.NOBODY, tenants.begin)
            tenants.record(store, tenant)

    def sweep(self) -> None:
        with self.served():
            pass

    def back_up(self, name: str = "backup") -> Path:
        copy = self.folder / name
        back_up(self.file, copy)
        return copy

    def restore(self, copy: Path) -> int:
        return restore(copy, self.file, replace=True)

    def known(self, tenant: str = "t") -> list[str]:
        with self.served() as store:
            return store.actors(tenant, None, 100)

    def document(self, actor: str, tenant: str = "t") -> bytes | None:
        with self.served() as store:
            (item,) = store.get(tenant, actor, "profile")
        return item.document if item else None


@pytest.fixture
def data(tmp_path: Path) -> Data:
    return Data(tmp_path)


def test_who_was_erased_after_the_backup_is_erased_in_it_again(data: Data) -> None:
    data.tell("a", "b")
    copy = data.back_up()
    data.erase("a")
    assert data.restore(copy) == 1
    assert data.known() == ["b"]
    assert b"canary" in copy.read_bytes(), "the backup stays as it is"


def test_no_trace_of_them_is_in_the_restored_file(data: Data) -> None:
    data.tell("canary-actor", document=b"canary-text" * 2_000)
    data.tell("b", document=b"1")
    copy = data.back_up()
    data.erase("canary-actor")
    assert data.restore(copy) == 1
    for file in data.file.parent.iterdir():
        assert b"canary" not in file.read_bytes()


def test_a_second_restore_is_as_the_first(data: Data) -> None:
    data.tell("a", "b")
    copy = data.back_up()
    data.erase("a")
    for _ in range(2):
        assert data.restore(copy) == 1
        assert data.known() == ["b"]


def test_who_came_again_and_is_in_the_backup_stays(data: Data) -> None:
    data.tell("a")
    data.erase("a")
    data.tell("a", document=b'"again"')
    copy = data.back_up()
    assert data.restore(copy) == 0
    assert data.document("a") == b'"again"'


def test_who_came_again_and_was_erased_again_is_erased(data: Data) -> None:
    data.tell("a")
    first = data.back_up("first")
    data.erase("a")
    data.tell("a")
    second = data.back_up("second")
    data.erase("a")
    data.tell("a", document=b'"third"')
    third = data.back_up("third")
    assert (data.restore(first), data.document("a")) == (1, None)
    assert (data.restore(second), data.document("a")) == (1, None)
    assert (data.restore(third), data.document("a")) == (0, b'"third"')


def test_who_is_told_of_after_a_restore_is_not_erased_by_an_old_line(data: Data) -> None:
    data.tell("a", "b")
    copy = data.back_up()
    data.erase("a")
    data.restore(copy)
    data.tell("a", document=b'"again"')
    assert data.restore(data.back_up("later")) == 0
    assert data.document("a") == b'"again"'


def test_an_erasure_that_was_under_way_in_the_backup_goes_on(data: Data) -> None:
    data.tell("a")
    store = SQLiteStore(data.file)
    store.write("t", "a", erasing.begin)
    erasing.prepare(store, "t", "a")
    copy = data.back_up()
    store.close()
    assert data.restore(copy) == 0
    data.sweep()
    assert data.known() == []
    data.tell("a", document=b'"again"')
    assert data.restore(data.back_up("later")) == 0


def test_every_id_of_a_person_is_erased_again(data: Data) -> None:
    data.tell("named", "visitor", "other")
    before_the_merge = data.back_up()
    with data.served() as store:
        store.write("t", "visitor", lambda changes: changes.delete("profile"))
        store.write("t", "visitor", Standing(alias_of="named").store)
        store.write("t", "named", lambda changes: put_aliases(changes, ["visitor"]))
    after_the_merge = data.back_up("after")
    data.erase("named")
    for copy in (before_the_merge, after_the_merge):
        assert data.restore(copy) == 2
        assert data.known() == ["other"]


def test_the_same_id_of_another_tenant_stays(data: Data) -> None:
    data.tell("a")
    data.tell("a", tenant="other")
    copy = data.back_up()
    data.erase("a")
    assert data.restore(copy) == 1
    assert data.known("other") == ["a"]


def test_work_on_them_goes_too(data: Data) -> None:
    with data.served() as store:
        store.write("t", "canary", lambda changes: changes.schedule("of a later version", 3_000_000_000))
    copy = data.back_up()
    data.erase("canary")
    assert data.restore(copy) == 1
    assert b"canary" not in data.file.read_bytes()


class TestConsent:
    """Who has withdrawn consent has done so in an older backup too; in doubt it counts as withdrawn."""

    def withdraw(self, data: Data, actor: str = "a", mark: bytes = WITHDRAWAL) -> None:
        with data.served() as store:
            store.write("t", actor, lambda changes: changes.put(CONSENT, mark))

    def give(self, data: Data, actor: str = "a") -> None:
        with data.served() as store:
            store.write("t", actor, lambda changes: changes.delete(CONSENT))

    def mark(self, data: Data, actor: str = "a", tenant: str = "t") -> bytes | None:
        with data.served() as store:
            (item,) = store.get(tenant, actor, CONSENT)
        return item.document if item else None

    def test_a_withdrawal_after_the_backup_is_brought_back(self, data: Data) -> None:
        data.tell("a", "b")
        data.tell("a", tenant="other")
        copy = data.back_up()
        self.withdraw(data)
        data.restore(copy)
        assert (self.mark(data), self.mark(data, "b"), self.mark(data, tenant="other")) == (WITHDRAWAL, None, None)
        assert data.document("a") == NAME, "what is stored stays"

    def test_so_is_that_of_somebody_who_came_after_the_backup(self, data: Data) -> None:
        data.tell("b")
        copy = data.back_up()
        self.withdraw(data)
        data.restore(copy)
        assert self.mark(data) == WITHDRAWAL

    def test_it_outlives_an_erasure_after_the_backup_under_every_id(self, data: Data) -> None:
        data.tell("a", "visitor")
        copy = data.back_up()
        with data.served() as store:
            store.write("t", "visitor", Standing(alias_of="a").store)
            store.write("t", "a", lambda changes: put_aliases(changes, ["visitor"]))
        self.withdraw(data)
        data.erase("a")
        assert data.restore(copy) == 2
        assert (self.mark(data), self.mark(data, "visitor")) == (WITHDRAWAL, WITHDRAWAL)

    def test_who_gave_consent_again_before_the_restore_has_given_it(self, data: Data) -> None:
        data.tell("a")
        copy = data.back_up()
        self.withdraw(data)
        self.give(data)
        data.restore(copy)
        assert self.mark(data) is None

    def test_a_withdrawal_in_the_backup_stays_as_it_was(self, data: Data) -> None:
        self.withdraw(data)
        copy = data.back_up()
        self.give(data)
        self.withdraw(data, mark=b'{"since":"later"}')
        data.restore(copy)
        assert self.mark(data) == WITHDRAWAL
        self.give(data)
        data.erase("a")
        data.restore(copy)
        assert self.mark(data) == WITHDRAWAL, "consent that was given since has to be told again"

    def test_nothing_is_withdrawn_while_the_log_cannot_be_written(self, data: Data) -> None:
        data.tell("a")
        log = Path(f"{data.file}.erasures")
        log.mkdir()
        with pytest.raises(StoreUnavailableError):
            self.withdraw(data)
        log.rmdir()
        assert self.mark(data) is None

    def test_the_last_line_is_what_stands_however_many_calls_meet(self, data: Data) -> None:
        def change(store: SQLiteStore, number: int) -> None:
            if number % 2:
                store.write("t", "a", lambda changes: changes.delete(CONSENT))
            else:
                store.write("t", "a", lambda changes: changes.put(CONSENT, WITHDRAWAL))

        for _ in range(3):
            with data.served() as store, ThreadPoolExecutor(8) as pool:
                list(pool.map(partial(change, store), range(40)))
            assert (read_withdrawals(data.file) == {}) == (self.mark(data) is None)


class TestTenant:
    def test_everyone_of_an_erased_tenant_is_erased_again(self, data: Data) -> None:
        data.tell("a", "b")
        data.tell("a", tenant="other")
        copy = data.back_up()
        with data.served() as store:
            store.write("t", "b", lambda changes: changes.delete("profile"))
        data.erase_tenant()
        assert data.restore(copy) == 2
        assert (data.known(), data.known("other")) == ([], ["a"])

    def test_who_came_after_it_stays(self, data: Data) -> None:
        data.tell("a", "b")
        data.erase("a")
        data.tell("a")
        first = data.back_up()
        data.erase_tenant()
        data.tell("a", document=b'"again"')
        second = data.back_up("second")
        assert data.restore(second) == 0
        assert data.document("a") == b'"again"'
        assert data.restore(first) == 2
        assert data.known() == []

    def test_one_that_was_under_way_in_the_backup_goes_on(self, data: Data) -> None:
        data.tell("a", "b")
        store = SQLiteStore(data.file)
        store.write("t", tenants.NOBODY, tenants.begin)
        tenants.record(store, "t")
        copy = data.back_up()
        store.close()
        assert data.restore(copy) == 0
        data.sweep()
        assert data.known() == []

    def test_one_that_was_under_way_in_the_backup_of_an_erased_tenant_does_not_come_back(self, data: Data) -> None:
        data.tell("a")
        store = SQLiteStore(data.file)
        store.write("t", tenants.NOBODY, tenants.begin)
        tenants.record(store, "t")
        copy = data.back_up()
        store.close()
        data.tell("b")
        data.erase_tenant()
        data.restore(copy)
        data.tell("c")
        assert data.restore(data.back_up("later")) == 0
        assert data.known() == ["c"]


class TestLog:
    def test_without_a_log_nobody_is_erased(self, data: Data) -> None:
        data.tell("a")
        copy = data.back_up()
        assert data.restore(copy) == 0
        assert data.known() == ["a"]

    def test_a_log_goes_with_its_backups_to_another_machine(self, data: Data, tmp_path: Path) -> None:
        data.tell("a", "b")
        copy = data.back_up()
        data.erase("a")
        other = Data(tmp_path / "other")
        other.file.parent.mkdir(parents=True)
        shutil.copy(f"{data.file}.erasures", f"{other.file}.erasures")
        assert other.restore(copy) == 1
        assert other.known() == ["b"]

    def test_the_log_of_another_data_file_names_nobody(self, data: Data, tmp_path: Path) -> None:
        other = Data(tmp_path / "other")
        other.tell("a")
        copy = other.back_up()
        data.tell("a")
        data.erase("a")
        assert data.restore(copy) == 0
        assert data.known() == ["a"]

    @pytest.mark.parametrize("damage", [b"not a line\n", b'{"erased": 1}\n'])
    def test_a_log_that_cannot_be_read_stops_a_restore(self, data: Data, damage: bytes) -> None:
        data.tell("a")
        copy = data.back_up()
        data.erase("a")
        before = data.file.read_bytes()
        log = Path(f"{data.file}.erasures")
        log.write_bytes(log.read_bytes() + damage + log.read_bytes())
        with pytest.raises(CopyError, match="line 2"):
            data.restore(copy)
        assert data.file.read_bytes() == before


def test_the_command_says_how_many_were_erased_and_what_else_came_back(data: Data) -> None:
    data.tell("a", "b", "c")
    copy = data.back_up()
    data.erase("a", "b")
    command = [sys.executable, "-m", "service", "restore", str(copy), "--force", "--store", f"sqlite:{data.file}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "erased again: 2 actors" in done.stdout
    assert "keys list" in done.stdout
    assert data.known() == ["c"]


def test_a_line_that_a_crash_kept_from_the_log_is_written_before_anything_is_deleted(
    data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    data.tell("a")
    copy = data.back_up()
    store = SQLiteStore(data.file)
    store.write("t", "a", erasing.begin)
    store.close()
    log = Log(Path(f"{data.file}.erasures"))
    assert log.entries == []
    deleted_with: list[int] = []
    delete: Callable[[Changes], None] = erasing.delete_some

    def counted(changes: Changes) -> None:
        deleted_with.append(len(log.entries))
        delete(changes)

    monkeypatch.setattr(erasing, "delete_some", counted)
    with data.served() as store:
        store.sweep()
        assert items(store, "a", "t") == []
    assert deleted_with == [1]
    assert data.restore(copy) == 1
