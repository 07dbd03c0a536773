"""What is recorded of each request besides what is recorded of all: which client it came from."""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import TYPE_CHECKING

import hosting.observing
from hosting.metrics import Metrics
from hosting.observing import to_stderr

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from _typeshed.wsgi import WSGIEnvironment
    from flask import Request

    from hosting.observing import Answered

_CLIENT = "tama.client"
_WELL_FORMED = re.compile("[A-Za-z0-9._-]{8,128}")


def take_down_client(request: Request, client: str) -> None:
    """Have the record of a request say which client it came from."""
    request.environ[_CLIENT] = client


class Observer(hosting.observing.Observer):
    """Records each request of a served control plane.

    Args:
        write: takes lines of the log.
    """

    def __init__(self, write: Callable[[bytes], object] = to_stderr) -> None:
        super().__init__("tama", Metrics("tama", version("memovee-personalization")), write)

    def request_id(self, environ: WSGIEnvironment) -> str:
        """The caller's own id where it is well-formed, so that both logs tell of one request."""
        given = environ.get("HTTP_X_REQUEST_ID", "")
        return given if _WELL_FORMED.fullmatch(given) else super().request_id(environ)

    def kept(self, environ: WSGIEnvironment, values: dict[str, Any]) -> tuple[str, ...]:  # noqa: ARG002 - its signature
        """See `hosting.observing.Observer.kept`."""
        return (environ.get(_CLIENT, ""),)

    def describe(self, answered: Answered, said: dict[str, object]) -> None:
        """Say the client's id, which is not a secret."""
        if client := answered.more[0]:
            said["client"] = client
