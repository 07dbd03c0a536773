"""`tama backup`."""

from __future__ import annotations

from hosting.outcome import FailedError, UnusableError
from hosting.printing import print_text
from tama.commands.opening import add_store_option, opened_store, store_address

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

_DESCRIPTION = """\
Copy the file of a control plane as it is at one moment, also while it is in use. The copy is checked before
it has its name, and only its owner may read it: it holds all credentials. To restore it, stop what serves the
file, and put the copy in its place. A PostgreSQL database is copied by pg_dump."""


def add(commands: Any) -> None:
    """Declare the command."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "backup", help="copy the file of a control plane, also while it is served", description=_DESCRIPTION
    )
    parser.add_argument("file", metavar="FILE", help="where the copy goes")
    parser.add_argument("--force", action="store_true", help="replace FILE if it is there")
    add_store_option(parser)
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> None:
    """Back up a control plane."""
    from contextlib import closing  # noqa: PLC0415 - help needs none
    from pathlib import Path  # noqa: PLC0415 - as above

    import apsw  # noqa: PLC0415 - as above

    from hosting.progress import waiting  # noqa: PLC0415 - as above
    from hosting.sqlite_copies import CopyError, back_up, explained  # noqa: PLC0415 - as above
    from tama.control_plane.store.addresses import SQLITE  # noqa: PLC0415 - as above

    address = store_address(options.store)
    # What is no store of ours is said here.
    opened_store(address, create=False).close()
    if not address.startswith(SQLITE):
        raise UnusableError("Only a file can be copied by this command; a PostgreSQL database is copied by pg_dump.")
    file = Path(address.removeprefix(SQLITE))

    def connect(path: Path) -> apsw.Connection:
        return apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)

    try:
        with waiting(f"copying {file}"), explained(file), closing(connect(file)) as source:
            back_up(source, Path(options.file), connect, replace=options.force)
    except CopyError as error:
        raise FailedError(str(error)) from None
    print_text(f"backed up to {options.file}")
