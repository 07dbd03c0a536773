"""Which control plane a command is about."""

from __future__ import annotations

import os

from tama.commands.outcome import UnusableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from tama.control_plane import ControlPlane
    from tama.control_plane.networks import Networks

_SQLITE = "sqlite:"


def opened(base_url: str | None) -> ControlPlane:
    """The embedded control plane at a base URL, or at the one that the environment names.

    Raises:
        UnusableError: there is none, or it is no base URL of an embedded one.
        StoreError: it cannot be opened.
    """
    from tama.control_plane import ControlPlane  # noqa: PLC0415 - help needs none
    from tama.control_plane.store.sqlite import SQLiteStore  # noqa: PLC0415 - as above

    base_url = base_url or os.environ.get("TAMA_BASE_URL")
    if not base_url:
        raise UnusableError("Say which control plane is meant: --base-url embedded:<folder>, or set TAMA_BASE_URL.")
    scheme, colon, folder = base_url.partition(":")
    if scheme.lower() in ("http", "https"):
        raise UnusableError(
            "Over HTTP this command is not available yet; it works on a control plane in a folder:"
            " --base-url embedded:<folder>."
        )
    if scheme != "embedded" or not colon or not folder:
        raise UnusableError(f"'{base_url}' is no base URL of a control plane; write embedded:<folder>.")
    return ControlPlane(SQLiteStore(folder, create=False))


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
