"""The work that is scheduled in a table of DynamoDB, in the order of its times.

It lies in several partitions, each of which one query reads up to the present.
"""

import heapq
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from service.items import MAX_CHANGES
from service.storage.dynamodb_table import Key, Row, Table, key_row
from service.storage.owner import Owner
from service.storage.rounds import Due

QUEUES: Final = 8
_FIRST = "0"


def queue_key(owner: Owner, name: str, at: int) -> Key:
    """Return where one kind of work on an actor lies that is due at a time, in seconds since the epoch."""
    return _partition(int(owner.pseudonym[:8], 16) % QUEUES), f"{_time(at)}.{owner.pseudonym}.{name}"


def queue_row(owner: Owner, name: str, at: int) -> Row:
    """Return one kind of work on an actor that is due at a time, as it lies."""
    whose = {"tenant": {"S": owner.tenant}, "actor": {"S": owner.actor}}
    return key_row(queue_key(owner, name, at)) | whose | {"work": {"S": name}}


def read_work(row: Row) -> tuple[str, str, str, int]:
    """Return the tenant, the actor, the kind, and the time of the work that a row is."""
    return row["tenant"]["S"], row["actor"]["S"], row["work"]["S"], int(row["sk"]["S"].partition(".")[0])


def due(table: Table, names: Sequence[str], now: int, deadline: float) -> list[Due]:
    """See `SweptStore.due`."""

    def wanted(queue: int) -> Iterator[Row]:
        rows = table.query(_partition(queue), _FIRST, _time(now + 1), deadline, limit=MAX_CHANGES)
        return (row for row in rows if row["work"]["S"] in names)

    found = heapq.merge(*map(wanted, range(QUEUES)), key=lambda row: row["sk"]["S"])
    return [Due(row["tenant"]["S"], row["actor"]["S"], row["work"]["S"]) for row in islice(found, MAX_CHANGES)]


def backlog(table: Table, now: int, deadline: float) -> int:
    """See `Store.backlog`."""
    return sum(table.count(_partition(queue), _FIRST, _time(now + 1), deadline) for queue in range(QUEUES))


def _partition(queue: int) -> str:
    return f"work.{queue}"


def _time(at: int) -> str:
    return f"{at:012}"
