"""How a store is opened, wherever it is."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from time import time

from service.items import ItemStore, Work
from service.storage import Place, Store, StoreUnavailableError, Task
from service.storage.dynamodb_address import SCHEME
from service.storage.files import FileLock, HeldError, make_private_folder
from service.storage.sqlite import SQLiteStore
from service.storage.sqlite_beside import SQLiteBeside
from service.storage.sqlite_file import NotOurFileError, refuse_other_files


class CannotOpenError(Exception):
    """A store cannot be opened; the text is a sentence that says why and holds no secret."""


def open_store(
    place: Place,
    work: Mapping[str, Work],
    tasks: Mapping[str, Task],
    *,
    on_batch: Callable[[int, float], None] | None = None,
    max_actors: int | None = None,
    prepares: bool = True,
) -> Store:
    """Open a store to serve from it; see `SQLiteStore`, `PostgreSQLStore` and `DynamoDBStore`.

    Raises:
        CannotOpenError: see there.

    """
    with saying_why(place):
        if isinstance(place, Path):
            return SQLiteStore(place, work, tasks=tasks, on_batch=on_batch, max_actors=max_actors)
        # Loading a client takes longer than all else of a start, for those who have no use for it.
        if place.startswith(SCHEME):
            from service.storage.dynamodb import DynamoDBStore  # noqa: PLC0415 - the reason stands above

            return DynamoDBStore(place, work, tasks=tasks, on_batch=on_batch, max_actors=max_actors)
        from service.storage.postgresql import PostgreSQLStore  # noqa: PLC0415 - as above

        return PostgreSQLStore(place, work, tasks=tasks, on_batch=on_batch, max_actors=max_actors, prepares=prepares)


@contextmanager
def open_beside(place: Place, *, makes: bool = True) -> Iterator[ItemStore]:
    """Open a store that others may be serving, for a command that changes little and ends.

    Args:
        place: where it is.
        makes: whether a file is made where there is none, or a store in an empty database.

    Raises:
        CannotOpenError: see there.

    """
    if not makes and isinstance(place, Path) and not place.exists():
        raise CannotOpenError(f"There is no file {place}. Look at --store; `personalization keys add` makes a file.")
    with saying_why(place):
        if isinstance(place, Path):
            with SQLiteBeside(place, time) as beside:
                yield beside
        else:
            if not makes and not place.startswith(SCHEME):
                from service.storage.postgresql import refuse_missing  # noqa: PLC0415 - as above

                refuse_missing(place)
            with closing(open_store(place, {}, {}, prepares=False)) as store:
                yield store


def refuse_unusable(place: Place) -> None:
    """Say of a file at once what is wrong with it, or who serves it.

    The worker takes the lock itself, since it is the one that must hold it.

    Raises:
        CannotOpenError: see there.

    """
    if isinstance(place, Path):
        with saying_why(place):
            refuse_other_files(place)
            make_private_folder(place.parent)
            FileLock(place).close()


@contextmanager
def saying_why(place: Place) -> Iterator[None]:
    """Turn what goes wrong with a store into a sentence that names it.

    Raises:
        CannotOpenError: it went wrong.

    """
    what = f"data file {place}" if isinstance(place, Path) else f"database {place}"
    try:
        yield
    except HeldError as error:
        holder = f"process {error.holder}" if error.holder else "another process"
        raise CannotOpenError(
            f"The {what} is served by {holder}. Stop it first, or give this one another file."
        ) from None
    except (NotOurFileError, StoreUnavailableError) as error:
        raise CannotOpenError(f"The {what} cannot be used: {error}.") from None
    except OSError as error:
        raise CannotOpenError(f"The {what} cannot be opened: {error.strerror}.") from None
