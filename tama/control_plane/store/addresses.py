from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tama.control_plane.store import Store

SQLITE, POSTGRESQL = "sqlite:", ("postgresql://", "postgres://")


def opened(address: str, *, create: bool = True) -> Store:
    """Open the store at an address.

    Args:
        address: `sqlite:<path of a file>`, or a URI of PostgreSQL as libpq takes it.
        create: whether it is made when it is not there.

    Raises:
        ValueError: it is no address of a store.
        StoreError: it cannot be opened.
    """
    if address.startswith(POSTGRESQL):
        from tama.control_plane.store.postgresql import PostgreSQLStore  # noqa: PLC0415 - psycopg comes with it

        return PostgreSQLStore(address, create=create)
    from tama.control_plane.store.sqlite import SQLiteStore  # noqa: PLC0415 - SQLite comes with it

    folder, file = os.path.split(address.removeprefix(SQLITE))
    if not address.startswith(SQLITE) or not file:
        raise ValueError(address)
    return SQLiteStore(folder or ".", create=create, file=file)
