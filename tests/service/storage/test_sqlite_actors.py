"""How much of the file is looked at to list actors."""

from pathlib import Path

from service.items import MAX_CHANGES, Changes
from service.storage.sqlite import SQLiteStore
from service.storage.sqlite_actors import actors_of
from service.storage.sqlite_file import connect


def _steps(path: Path, after: str | None, limit: int) -> tuple[list[str], int]:
    """Return the actors that are listed, and how many steps SQLite's machine takes for it."""
    connection = connect(path)
    steps = 0

    def count() -> bool:
        nonlocal steps
        steps += 1
        return False

    connection.set_progress_handler(count, 1)
    try:
        return actors_of(connection, "t", after, limit), steps
    finally:
        connection.close()


def _fill(store: SQLiteStore, actor: str, items: int) -> None:
    def change(changes: Changes) -> None:
        for number in range(items):
            changes.put(f"event/{number}", b"1")

    store.write("t", actor, change)


def test_a_page_costs_as_much_however_many_items_and_marks_there_are(store: SQLiteStore, path: Path) -> None:
    for actor in ("a", "b", "z"):
        _fill(store, actor, 1)
    store.write("t", "a", lambda changes: changes.put("mark/consent", b"1"))
    few, steps_for_few = _steps(path, None, 10)
    for actor in ("a", "b", "z"):
        _fill(store, actor, MAX_CHANGES)
    for number in range(200):
        store.write("t", f"m{number}", lambda changes: changes.put("mark/consent", b"1"))
    many, steps_for_many = _steps(path, None, 10)
    assert (few, many) == (["a", "b", "z"], ["a", "b", "z"])
    assert steps_for_many == steps_for_few


def test_a_page_costs_as_much_wherever_it_begins(store: SQLiteStore, path: Path) -> None:
    for number in range(100):
        _fill(store, f"a{number:02}", 1)
    _, steps_at_first = _steps(path, None, 2)
    page, steps_at_last = _steps(path, "a97", 2)
    assert page == ["a98", "a99"]
    assert steps_at_last <= steps_at_first + 2
