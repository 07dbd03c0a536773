"""A hosted control plane for tests: the real rules behind HTTP, with states, failures and delays by a script."""

from __future__ import annotations

import base64
import json
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

from tama.control_plane import ControlPlane
from tama.control_plane.store.sqlite import SQLiteStore

CLIENT_ID, CLIENT_SECRET = "scripted-client", "scripted-secret"
TOKEN = "scripted-token"


class ScriptedControlPlane:
    """Listens on a free port of the loopback interface while it is entered.

    Attributes:
        scripts: by collection, e.g. `specifications`: what each answer about an object of it says in turn, the last one
            for ever. A text is the object's `current_state`; a number is an HTTP status that is answered instead.
        delays: by collection: the seconds that a create takes.
        requests: how often each method was sent to each collection.
        reason: what a failed object says.
        folder: where it keeps its objects; others may read them there.
    """

    def __init__(self, folder: Path) -> None:
        self.scripts: dict[str, list[str | int]] = {}
        self.delays: dict[str, float] = {}
        self.requests: Counter[tuple[str, str]] = Counter()
        self.reason = "the script says so"
        self.folder = folder
        self.plane = ControlPlane(SQLiteStore(str(folder)))
        self._lock = threading.Lock()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> ScriptedControlPlane:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self.plane.close()

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """Carry out a request by the real rules, and then say what the script says."""
        parts = path.partition("?")[0].split("/")
        collection = parts[-1] if method == "POST" else parts[-2]
        with self._lock:
            self.requests[method, collection] += 1
        if method == "POST":
            time.sleep(self.delays.get(collection, 0))
        step = None if method == "DELETE" else self._next(collection)
        if isinstance(step, int):
            return step, {"errors": {"detail": "scripted"}}
        status, answer = self.plane.handle(method, path, body)
        if step is not None and answer is not None and "data" in answer:
            reason = self.reason if step == "failed" else None
            answer = {"data": answer["data"] | {"current_state": step, "reason": reason}}
        return status, answer

    def _next(self, collection: str) -> str | int | None:
        with self._lock:
            script = self.scripts.get(collection)
            if not script:
                return None
            return script.pop(0) if len(script) > 1 else script[0]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, plane: ScriptedControlPlane) -> None:
        self.plane = plane
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report what went wrong, but for clients that left without their answer."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Say nothing."""

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers.get("content-length") or 0))
        bearer = self.headers.get("authorization", "").removeprefix("Bearer ")
        if self.path == "/auth/tokens":
            self._send(*_token(bearer))
        elif bearer != TOKEN:
            self._send(401, {"errors": {"detail": "Unauthorized"}})
        else:
            self._send(*self.server.plane.answer(self.command, self.path, json.loads(data) if data else None))

    do_GET = do_PATCH = do_DELETE = do_POST  # noqa: N815 - the library's names

    def _send(self, status: int, answer: Any) -> None:
        data = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _token(bearer: str) -> tuple[int, Any]:
    credential = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
    if bearer.rstrip("=") != credential.rstrip("="):
        return 401, {"error": "invalid_client", "error_description": "unknown client"}
    return 200, {"access_token": TOKEN, "token_type": "Bearer", "scope": "provision.all", "expires_in": 3600}
