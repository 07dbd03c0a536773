"""Which store a command is about."""

from __future__ import annotations

import os

from hosting.outcome import UnusableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from tama.control_plane import ControlPlane
    from tama.control_plane.networks import Networks


def add_store_option(parser: argparse.ArgumentParser) -> None:
    """Declare the option that names the store of a served control plane."""
    parser.add_argument(
        "--store",
        metavar="ADDRESS",
        help="sqlite:PATH for a file, or postgresql://… for a database; by default the value of TAMA_STORE",
    )


def store_address(given: str | None) -> str:
    """The address of a store that is served, with what the environment says of it.

    Args:
        given: as the option says it, if it does.

    Raises:
        UnusableError: there is none, or one that shows a password to whoever lists processes.
    """
    from hosting.postgresql_address import refuse_password  # noqa: PLC0415 - help needs none
    from tama.control_plane.store.addresses import POSTGRESQL  # noqa: PLC0415 - as above

    address = given or os.environ.get("TAMA_STORE")
    if not address:
        raise UnusableError("Say which store is meant: --store sqlite:<path>, or set TAMA_STORE.")
    if not address.startswith(POSTGRESQL):
        return address
    from hosting.postgresql import with_environment  # noqa: PLC0415 - psycopg comes with it

    try:
        if given:
            refuse_password(given)
    except ValueError as error:
        raise UnusableError(f"The address of the store cannot be an option: {error}, or set TAMA_STORE.") from None
    try:
        return with_environment(address)
    except ValueError as error:
        raise UnusableError(f"The address of the store cannot be used: {error}.") from None


def opened_store(address: str, *, create: bool = True, networks: Networks | None = None) -> ControlPlane:
    """The control plane of a store.

    Args:
        address: what `store_address` answered.
        create: whether it is made when it is not there.
        networks: which addresses its requests to endpoints may go to; None for all.

    Raises:
        UnusableError: it is no store of a kind that is known.
        StoreError: it cannot be opened.
    """
    from tama.control_plane import ControlPlane  # noqa: PLC0415 - help needs none
    from tama.control_plane.store.addresses import opened  # noqa: PLC0415 - as above

    try:
        store = opened(address, create=create)
    except ValueError:
        # What stands behind a scheme may hold a password.
        said = address.partition("://")[0]
        raise UnusableError(f"'{said}' is no store; write sqlite:<path of a file>, or postgresql://….") from None
    return ControlPlane(store, networks=networks)
