from __future__ import annotations

from tama.client.errors import Unreachable
from tama.control_plane import ControlPlane
from tama.control_plane.errors import StoreError
from tama.control_plane.store.sqlite import SQLiteStore


class Embedded:
    """The transport to a control plane in this process.

    Args:
        folder: where it keeps what it knows; made when it is not there.

    Raises:
        Unreachable: the folder or the file in it cannot be opened.
    """

    def __init__(self, folder: str) -> None:
        try:
            self._plane = ControlPlane(SQLiteStore(folder))
        except StoreError as error:
            raise Unreachable(str(error)) from error

    def send(self, method: str, path: str, body: object) -> tuple[int, object, str]:
        """Carry out one request; see `tama.client.Transport`."""
        try:
            status, answer = self._plane.handle(method, path, body)
        except StoreError as error:
            raise Unreachable(str(error)) from error
        return status, answer, ""

    def close(self) -> None:
        """Close the control plane's file."""
        self._plane.close()
