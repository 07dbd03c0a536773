from __future__ import annotations

from tama.client._answer import Answer
from tama.client.errors import Interrupted, Unreachable
from tama.control_plane import ControlPlane
from tama.control_plane.errors import StoreError
from tama.control_plane.store.sqlite import SQLiteStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Embedded:
    """The transport to a control plane in this process.

    Args:
        folder: where it keeps what it knows.
        create: whether it is made when it is not there.

    Raises:
        Unreachable: the folder or the file in it cannot be opened.
    """

    def __init__(self, folder: str, *, create: bool = True) -> None:
        self._is_interrupted = False
        try:
            self._store = SQLiteStore(folder, create=create)
            self._plane = ControlPlane(self._store)
        except StoreError as error:
            raise Unreachable(str(error)) from error

    def send(self, method: str, path: str, body: object, *, key: str = "", within: float | None = None) -> Any:  # noqa: ARG002 - for a network
        """Carry out one request; see `tama.client.Transport`."""
        try:
            status, answer = self._plane.handle(method, path, body)
        except StoreError as error:
            if self._is_interrupted:
                raise Interrupted("It was interrupted while others were writing to the control plane.") from error
            raise Unreachable(str(error)) from error
        return Answer(status, answer).data()

    def interrupt(self) -> None:
        """Have the requests that are under way end soon; see `tama.client.Transport`."""
        self._is_interrupted = True
        self._store.interrupt()
        self._plane.interrupt()

    def close(self) -> None:
        """Close the control plane's file."""
        self._plane.close()
