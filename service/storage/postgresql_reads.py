"""How items are read from PostgreSQL without a transaction: by one statement for all who ask at the same time."""

import time
from collections.abc import Callable, Sequence
from itertools import islice
from typing import NamedTuple

import psycopg

from hosting.postgresql import WORK_S, Database, DatabaseError
from service.items import Item
from service.storage.batching import Batches
from service.storage.owner import Owner
from service.storage.postgresql_items import PostgreSQLItems, find


class _Asked(NamedTuple):
    """Whose items are asked for, which, and by when, by `time.monotonic()`."""

    owner: Owner
    keys: Sequence[str]
    deadline: float


class Reads:
    """Reads of the items of any actors.

    Args:
        database: where they are.
        now: returns the time, in seconds since the epoch.

    """

    def __init__(self, database: Database, now: Callable[[], int]) -> None:
        self._database = database
        self._now = now
        self._batches = Batches(self._get_all)

    def get(self, owner: Owner, keys: Sequence[str]) -> list[Item | None]:
        """See `ItemStore.get`.

        Raises:
            DatabaseError, psycopg.Error: it was not read.

        """
        asked = _Asked(owner, keys, time.monotonic() + WORK_S)
        found = self._batches.answer(asked)
        return self._get(asked) if found is None else found

    def _get_all(self, asked: Sequence[_Asked]) -> Sequence[list[Item | None] | None]:
        if len(asked) == 1:
            return [self._get(*asked)]
        wanted = [(each.owner, key) for each in asked for key in each.keys]
        now, seconds = self._now(), asked[0].deadline - time.monotonic()
        try:
            found = iter(self._database.read(lambda connection: find(connection, wanted, now), seconds=seconds))
        except (DatabaseError, psycopg.Error):
            # It may be the fault of one of them.
            return [None] * len(asked)
        return [[stored and stored[0] for stored in islice(found, len(each.keys))] for each in asked]

    def _get(self, asked: _Asked) -> list[Item | None]:
        now, seconds = self._now(), asked.deadline - time.monotonic()
        return self._database.read(
            lambda connection: PostgreSQLItems(connection, asked.owner, now).get_all(*asked.keys), seconds=seconds
        )
