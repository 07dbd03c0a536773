"""A control plane for measuring who calls it: it keeps objects in memory, knows no rules, and waits for no disk.

It serves what the personalization graph declares, under any path: an object's collection is the last segment of the
path that is POSTed to, and whatever a specification or an identity is waited for is so from the start.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from typing import Any, Final

_HEAD_END: Final = b"\r\n\r\n"
_STATES: Final = {"specification": {"current_state": "completed"}, "identity": {"current_state": "active"}}
_TOKEN: Final = {"access_token": "token-of-the-benchmarks", "token_type": "Bearer", "expires_in": 3600}


class ControlPlane:
    """The objects, by their ids."""

    def __init__(self) -> None:
        self._objects: dict[str, dict[str, Any]] = {}
        self._numbers = itertools.count(1)

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """Carry out one request; return the status and the answer."""
        *_, collection, last = path.partition("?")[0].split("/")
        if last in ("tokens", "whoami"):
            return 200, _TOKEN
        if method == "POST":
            return 201, {"data": self._create(body)}
        if collection == "actions":
            return 200, {"data": {"id": f"action-{last}", "identifier": last, "path": f"/{last}", "method": "get"}}
        if last not in self._objects:
            return 404, {"errors": {"detail": "Not Found"}}
        if method == "DELETE":
            del self._objects[last]
            return 204, None
        for sent in (body or {}).values():
            self._objects[last] |= sent
        return 200, {"data": self._objects[last]}

    def _create(self, body: dict[str, dict[str, Any]]) -> dict[str, Any]:
        ((wrapper, sent),) = body.items()
        id_ = f"{wrapper}-{next(self._numbers)}"
        own = {"id": id_, "provision_state": "active", **_STATES.get(wrapper, {})}
        if wrapper == "space":
            own["slug"] = sent["name"]
        elif wrapper == "class":
            own |= {"name": sent["schema"]["title"], "description": sent["schema"]["description"]}
        self._objects[id_] = sent | own
        return self._objects[id_]


class _Connection(asyncio.Protocol):
    """HTTP/1.1 with a Content-Length, as providers speak it, and kept connections."""

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(_HEAD_END)) >= 0:
            first, *fields = self._received[:end].decode("latin-1").lower().split("\r\n")
            lengths = [int(field.partition(":")[2]) for field in fields if field.startswith("content-length:")]
            body_end = end + len(_HEAD_END) + sum(lengths)
            if len(self._received) < body_end:
                return
            method, path, _ = self._received[: len(first)].decode("latin-1").split(" ")
            body = self._received[end + len(_HEAD_END) : body_end]
            self._received = self._received[body_end:]
            self._send(*self._plane.answer(method, path, json.loads(body) if body and body[:1] == b"{" else None))

    def _send(self, status: int, answer: Any) -> None:
        body = b"" if answer is None else json.dumps(answer).encode()
        head = f"HTTP/1.1 {status} Answer\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode() + body)


async def serve() -> None:
    """Serve on a free port, say on which, and end with the process."""
    plane = ControlPlane()
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(plane), "127.0.0.1", 0)
    sys.stdout.write(f"listening on http://127.0.0.1:{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
