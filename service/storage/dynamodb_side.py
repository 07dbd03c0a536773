"""A table of DynamoDB as one side of a migration."""

import json
import secrets
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import groupby, islice
from typing import Final

from service.items import KEPT, MARKS, Item
from service.storage.dynamodb import COPIED, MARKS_KEY, marks_key, position
from service.storage.dynamodb_queue import queue_row, read_work
from service.storage.dynamodb_rows import (
    Head,
    counters,
    head_key,
    head_row,
    is_listed,
    item_row,
    listing_row,
    read_head,
    read_item,
    whose,
)
from service.storage.dynamodb_table import Key, Table, key_row
from service.storage.dynamodb_table import Row as TableRow
from service.storage.migrating import BATCH, COMPLETE, START, Batch, Row, Side
from service.storage.owner import Owner

PATIENCE_S: Final = 60.0
"""How long it may take to store or to read one batch."""

_ATTEMPT: Final = "copied"
"""What stands in a head for the id of the write that came last."""


@contextmanager
def dynamodb_side(address: str) -> Iterator[Side]:
    """See `open_side`; the table is there."""
    with closing(Table(address, answer_s=PATIENCE_S / 4)) as table:
        yield _DynamoDBSide(table)


class _DynamoDBSide(Side):
    """A side of which the position is the key of a row."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.marks_key = marks_key(table)

    def position(self) -> str | None:
        """See `Side.position`."""
        return position(self._table, _deadline())

    def is_empty(self) -> bool:
        """See `Side.is_empty`."""
        return all(row["pk"]["S"] == MARKS_KEY[0] for rows in self._pages(None) for row in rows)

    def begin(self, marks_key: bytes) -> None:
        """See `Side.begin`."""
        rows = [key_row(MARKS_KEY) | {"value": {"B": marks_key}}, _at(START)]
        self._table.transact([{"Put": {"Item": row}} for row in rows], secrets.token_urlsafe(18), _deadline())
        self.marks_key = marks_key

    def batches(self, position: str) -> Iterator[Batch]:
        """See `Side.batches`."""
        for rows in self._pages(json.loads(position) if position else None):
            # What else there is follows from these.
            items = [
                (*whose(row), *item, expires) for row in rows if "life" in row for item, expires in [read_item(row)]
            ]
            work = [read_work(row) for row in rows if "work" in row]
            yield Batch(items, work, json.dumps([rows[-1][name]["S"] for name in ("pk", "sk")]))

    def put(self, batch: Batch) -> None:
        """See `Side.put`."""
        rows = [item_row(tenant, name, Item(*item), expires) for tenant, name, *item, expires in batch.items]
        rows += [queue_row(self._owner(tenant, actor), name, at) for tenant, actor, name, at in batch.work]
        self._table.put(rows, _deadline())
        self._table.put([_at(batch.position)], _deadline())

    def complete(self) -> None:
        """See `Side.complete`; done again after a crash, it begins anew."""
        now = int(time.time())
        rows = self._of_actors(now)
        while some := list(islice(rows, BATCH)):
            self._table.put(some, _deadline())
        for batch in self.batches(START):
            self._table.put(self._with_schedules(batch.work, now), _deadline())
        self._table.put([_at(COMPLETE)], _deadline())

    def _of_actors(self, now: int) -> Iterator[TableRow]:
        """Return the heads of actors who have items, but for what is scheduled, what lists them, and their numbers."""
        kept: Counter[str] = Counter()
        # A table gives all of a partition before it gives anything of the next.
        items = (item for batch in self.batches(START) for item in batch.items)
        for (tenant, name), own in groupby(items, key=lambda item: item[:2]):
            if name.startswith(MARKS):
                continue
            owner, head = self._owner(tenant, name), _head(own)
            yield head_row(owner, head, now)
            if is_listed(owner) and (presence := head.presence(now)):
                yield listing_row(owner, presence)
            kept[tenant] += head.kept > 0
        for tenant, actors in kept.items():
            yield key_row((counters(tenant), "0")) | {"kept": {"N": str(actors)}}

    def _with_schedules(self, work: Sequence[Row], now: int) -> list[TableRow]:
        """Return the heads of actors with the work that is to be done for them."""
        schedules: dict[Owner, dict[str, int]] = {}
        for tenant, actor, name, at in work:
            schedules.setdefault(self._owner(tenant, actor), {})[name] = at
        rows = self._table.get(list(map(head_key, schedules)), _deadline())
        heads = {(row["pk"]["S"], row["sk"]["S"]): read_head(row) for row in rows}
        made = []
        for owner, schedule in schedules.items():
            head = heads.get(head_key(owner), Head(_ATTEMPT, 0, 0, 0, {}))
            made.append(head_row(owner, head._replace(schedule=head.schedule | schedule), now))
        return made

    def _pages(self, after: Key | None) -> Iterator[Sequence[TableRow]]:
        return self._table.scan(after, BATCH, PATIENCE_S)

    def _owner(self, tenant: str, actor: str) -> Owner:
        return Owner(tenant, actor, self.marks_key)


def _head(items: Iterator[Row]) -> Head:
    """Return the head of an actor who has these items."""
    kept = lasting = until = 0
    for _, _, key, *_, expires in items:
        lasting += expires is None
        kept += expires is None and key.startswith(KEPT)
        until = max(until, expires or 0)
    return Head(_ATTEMPT, kept, lasting, until, {})


def _at(position: str) -> TableRow:
    return key_row(COPIED) | {"position": {"S": position}}


def _deadline() -> float:
    return time.monotonic() + PATIENCE_S
