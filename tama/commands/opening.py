"""Which store a command is about."""

from __future__ import annotations

import os

from hosting.outcome import UnusableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from tama.control_plane import ControlPlane
    from tama.control_plane.networks import Networks

_SQLITE = "sqlite:"


def add_store_option(parser: argparse.ArgumentParser) -> None:
    """Declare the option that names the store of a served control plane."""
    parser.add_argument("--store", metavar="sqlite:PATH", help="the store's file; by default the value of TAMA_STORE")


def opened_store(store: str | None, *, create: bool = True, networks: Networks | None = None) -> ControlPlane:
    """The control plane of a store that is served, or of the one that the environment names.

    Args:
        store: as the option says it.
        create: whether it is made when it is not there.
        networks: which addresses its requests to endpoints may go to; None for all.

    Raises:
        UnusableError: there is none, or it is no store of a kind that is known.
        StoreError: it cannot be opened.
    """
    from tama.control_plane import ControlPlane  # noqa: PLC0415 - help needs none
    from tama.control_plane.store.sqlite import SQLiteStore  # noqa: PLC0415 - as above

    store = store or os.environ.get("TAMA_STORE")
    if not store:
        raise UnusableError("Say which store is meant: --store sqlite:<path>, or set TAMA_STORE.")
    folder, file = os.path.split(store.removeprefix(_SQLITE))
    if not store.startswith(_SQLITE) or not file:
        raise UnusableError(f"'{store}' is no store; write sqlite:<path of a file>.")
    return ControlPlane(SQLiteStore(folder or ".", create=create, file=file), networks=networks)
