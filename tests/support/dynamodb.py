"""DynamoDB as ministack makes it, which the tests start: one server a session, one table a test.

It takes all the four variables to listen on the loopback interface alone.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from service.storage import dynamodb
from service.storage.dynamodb_creating import DEFINITION
from service.storage.dynamodb_table import Table
from tests.support.postgresql import end_with_the_tests, free_port

REGION = "eu-west-1"
START_TIMEOUT_S = 60.0
PATIENCE_S = 30.0

_ROOT = Path(__file__).parents[2]
_CREDENTIALS = "[default]\naws_access_key_id = test\naws_secret_access_key = test\n"


class DynamoDB:
    """A server on a port of the loopback interface; one that is `lasting` finds its tables again after a kill."""

    def __init__(self, folder: Path, *, lasting: bool = False) -> None:
        self._folder = folder
        self._module = "tests.support.lasting_ministack" if lasting else "ministack"
        self._log = folder / "log"
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        config = Config(retries={"total_max_attempts": 1}, connect_timeout=1, read_timeout=5)
        self.client: Any = boto3.client(
            "dynamodb", region_name=REGION, endpoint_url=f"http://127.0.0.1:{self.port}", config=config
        )

    def start(self) -> None:
        """Start it, and wait until it answers; it ends with the thread that starts it."""
        environment = {
            "PATH": os.environ["PATH"],
            "BIND_HOST": "127.0.0.1",
            "IOT_MTLS_ENABLED": "0",
            "GATEWAY_PORT": str(self.port),
            "SERVICES": "dynamodb",
            "TMPDIR": str(self._folder),
            "PYTHONPATH": str(_ROOT),
            "MINISTACK_REGION": REGION,
            "JOURNAL": str(self._folder / "journal"),
        }
        with self._log.open("ab") as log:
            process = self._process = subprocess.Popen(
                [sys.executable, "-m", self._module],
                env=environment,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=end_with_the_tests,  # noqa: PLW1509 - it makes one system call
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                self.client.list_tables()
            except BotoCoreError:
                assert process.poll() is None, self._log.read_text()
                assert time.monotonic() < deadline, self._log.read_text()
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """Kill it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def address(self, table: str, port: int | None = None) -> str:
        """Return the address of a table, at another port where a proxy listens."""
        return f"dynamodb://{REGION}/{table}?endpoint=http://127.0.0.1:{port or self.port}"

    @contextmanager
    def database(self) -> Iterator[str]:
        """Make an empty table, yield its name, and remove it.

        It deletes nothing that has expired, which tests with a clock of their own would not bear.
        """
        name = f"test-{secrets.token_hex(8)}"
        self.client.create_table(TableName=name, **DEFINITION)
        try:
            yield name
        finally:
            self.client.delete_table(TableName=name)


@contextmanager
def running(*, lasting: bool = False) -> Iterator[DynamoDB]:
    """Run a server, with credentials for it in the environment, and leave nothing of it behind."""
    with tempfile.TemporaryDirectory(prefix="dynamodb-") as folder, pytest.MonkeyPatch.context() as patch:
        credentials = Path(folder, "credentials")
        credentials.write_text(_CREDENTIALS)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        server = DynamoDB(Path(folder), lasting=lasting)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@contextmanager
def patience() -> Iterator[None]:
    """Give the calls of stores that are opened meanwhile the time that a busy machine takes for them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Table.__init__, "__kwdefaults__", {"answer_s": PATIENCE_S})
        patch.setattr(dynamodb, "WORK_S", PATIENCE_S)
        yield


class Answer(NamedTuple):
    """What a request meets instead of the engine's answer.

    Attributes:
        status: of HTTP; 0 cuts the connection.
        body: as JSON.
        is_done: whether the request reaches the engine before.

    """

    status: int
    body: dict[str, Any]
    is_done: bool = False


def error(code: str, status: int = 400, *, is_done: bool = False) -> Answer:
    """Return an error of the engine."""
    return Answer(status, {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "canary"}, is_done)


LOST = Answer(0, {}, is_done=True)
"""The request is done, and the connection is lost before its answer."""

CUT = Answer(0, {})
"""The request does not reach the engine, and the connection is lost."""


class FaultyDynamoDB:
    """A proxy before a server, in which a request meets what `choose` says.

    Args:
        port: of the server.
        at: the port to listen on, 0 for a free one.

    Attributes:
        choose: given the name of the operation, such as `PutItem`, returns what it meets, None for nothing.
        requests: the name of the operation and the document of each request that came.

    """

    def __init__(self, port: int, at: int = 0) -> None:
        self.choose: Callable[[str], Answer | None] = lambda _operation: None
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self._engine = port
        self._server = ThreadingHTTPServer(("127.0.0.1", at), partial(_Handler, self))
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def meets(self, operation: str, *answers: Answer) -> None:
        """Have the next requests for an operation meet these answers, one each."""
        left = deque(answers)
        self.choose = lambda name: left.popleft() if name == operation and left else None

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, proxy: FaultyDynamoDB, *arguments: Any) -> None:
        self._proxy = proxy
        super().__init__(*arguments)

    def do_POST(self) -> None:
        # An engine that was killed answers nobody, and a client may have gone.
        with suppress(OSError, HTTPException):
            self._answer()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        operation = self.headers["X-Amz-Target"].rpartition(".")[2]
        self._proxy.requests.append((operation, json.loads(body)))
        answer = self._proxy.choose(operation)
        if answer is None or answer.is_done:
            done = self._pass_on(body)
        if answer is None:
            self._send(*done)
        elif answer.status:
            self._send(answer.status, json.dumps(answer.body).encode())

    def log_message(self, *_arguments: Any) -> None:
        pass

    def _pass_on(self, body: bytes) -> tuple[int, bytes]:
        with closing(HTTPConnection("127.0.0.1", self._proxy._engine)) as connection:
            connection.request("POST", self.path, body, dict(self.headers))
            answer = connection.getresponse()
            return answer.status, answer.read()

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
