"""granian, which is a main process and one worker, with its traps closed.

- The main process takes the port by an ordinary bind and hands the socket on. Left alone, granian shares the port with
  whatever listens on it already.
- A worker lives on when its main process is killed. Here it dies with it, and the worker is what locks the data.
- The environment becomes part of each request: a variable `HTTP_AUTHORIZATION` would authenticate them all. Here only
  what a process needs is left of it.
- A signal that comes while the worker loads would be lost, and the stop would wait for its time limit.
- A worker that ended would be called one that refused to stop, when the thread that waits for it runs 1 ms late.
"""

import ctypes
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any, Protocol

from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.mp import MPServer

from hosting.logs import LOGGING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from hosting.metrics import Metrics

BACKLOG = 1024
BLOCKING_THREADS = 64
HEADER_TIMEOUT_MS = 5_000
STOP_TIMEOUT_S = 5
_LIBPQ_FILES = ("PGPASSFILE", "PGSERVICEFILE", "PGSSLCERT", "PGSSLKEY", "PGSSLMODE", "PGSSLROOTCERT")
_AWS_FILES = (
    "AWS_CA_BUNDLE",
    "AWS_CONFIG_FILE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
)
"""Where AWS's clients find credentials, but not the credentials that a variable holds itself."""

_KEPT_VARIABLES = frozenset({"HOME", "LANG", "LC_ALL", "LC_CTYPE", "PATH", "TMPDIR", "TZ", *_LIBPQ_FILES, *_AWS_FILES})
_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_PR_SET_PDEATHSIG = 1
_PARENT_POLL_S = 0.2


class CannotServeError(Exception):
    """A server cannot start, for a reason that is not in its settings."""


class Worker(Protocol):
    """What the worker process loads, and lets go of at its end."""

    def __call__(self) -> "WSGIApplication":
        """Return the application.

        Raises:
            CannotServeError: there is none.

        """

    def close(self) -> None:
        """Let go of everything."""


def serve(name: str, listener: socket.socket, worker: Worker) -> None:
    """Serve until SIGTERM, SIGINT or SIGHUP; requests in flight are finished first, within STOP_TIMEOUT_S.

    Args:
        name: of the processes and of the logger that says why one ended.
        listener: what `listen` returned.
        worker: makes the application, in the worker process.

    Raises:
        SystemExit: with 1, when the worker ended by itself.

    """
    Server(name, listener).serve(spawn_target=_Spawn(name, os.getpid()), target_loader=worker, wrap_loader=False)


def listen(host: str, port: int) -> socket.socket:
    """Take an address.

    Raises:
        CannotServeError: it cannot be had.

    """
    try:
        # SO_REUSEADDR, which this sets, passes over connections of a killed server that linger, and over no listener.
        listener = socket.create_server((host, port), family=_family(host, port), backlog=BACKLOG)
    except OSError as error:
        # Python adds the address to the system's words; those for a name that is not found are the resolver's own.
        reason = error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)
        raise CannotServeError(f"The address {host}:{port} cannot be listened on: {reason}.") from None
    # Its connections inherit it. Without it an answer waits up to 40 ms for the acknowledgement of the one before.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def listen_for_metrics(name: str, metrics: "Metrics", address: tuple[str, int]) -> None:
    """Serve metrics, to whoever asks, on a listener of their own.

    Args:
        name: of the logger that says so.
        metrics: the metrics.
        address: host and port; port 0 takes a free one, which the log names.

    Raises:
        CannotServeError: the address cannot be had.

    """
    host, port = address
    try:
        listener = metrics.listen(host, port)
    except OSError as error:
        reason = error.strerror or str(error)
        raise CannotServeError(f"The address {host}:{port} cannot be listened on: {reason}.") from None
    logging.getLogger(name).info("metrics are served on a listener of their own", extra={"port": listener.server_port})


def _family(host: str, port: int) -> socket.AddressFamily:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]


def url(host: str, listener: socket.socket) -> str:
    """Return where a listener is reached."""
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{listener.getsockname()[1]}"


class Server(MPServer):
    """granian with our settings, on a socket that is already there."""

    def __init__(self, name: str, listener: socket.socket) -> None:
        super().__init__(
            name,
            interface=Interfaces.WSGI,
            http=HTTPModes.http1,
            websockets=False,
            backlog=BACKLOG,
            blocking_threads=BLOCKING_THREADS,
            http1_settings=HTTP1Settings(header_read_timeout=HEADER_TIMEOUT_MS),
            log_dictconfig=LOGGING,
            log_access=False,
        )
        self._log = logging.getLogger(name)
        self._listener = listener
        self.bind_addr, self.bind_port = listener.getsockname()[:2]

    def _init_shared_socket(self) -> None:
        self._ssp = None
        self._shd = SocketHolder(self._listener.fileno(), False, BACKLOG)  # type: ignore[call-arg,assignment] # no stub
        self._sso = self._listener

    def _spawn_workers(self, spawn_target: Callable[..., None], target_loader: Callable[..., Any]) -> None:
        # A signal that reached the worker before it has handlers of its own would go to those that it was forked with.
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)
        try:
            super()._spawn_workers(spawn_target, target_loader)  # type: ignore[no-untyped-call] # granian has no types here
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP_SIGNALS)

    def _stop_workers(self) -> None:
        workers: list[Any] = self.wrks
        for worker in workers:
            worker.terminate()
            if not wait([worker.inner.sentinel], STOP_TIMEOUT_S):
                self._log.warning("the worker did not stop in time and is killed")
                worker.kill()
            worker.join()
            self._log.info("the worker has stopped")
        workers.clear()

    def signal_handler_reload(self, *args: object, **_kwargs: object) -> None:
        """Stop, as at any other signal."""
        # A reload would start a second worker, which the first one's lock on the data file refuses.
        self.signal_handler_interrupt(*args)  # type: ignore[no-untyped-call] # granian has no types here


class _Spawn:
    """Runs the worker process."""

    def __init__(self, name: str, main_pid: int) -> None:
        self._log = logging.getLogger(name)
        self._main_pid = main_pid

    def __call__(self, worker_id: int, process_name: str, worker: Worker, *args: Any) -> None:
        """Run the worker process; granian calls it with what it would give its own."""
        for number in _STOP_SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP_SIGNALS)
        _die_with(self._main_pid)
        for name in os.environ.keys() - _KEPT_VARIABLES:
            del os.environ[name]
        run: Callable[..., None] = MPServer._spawn_wsgi_worker  # noqa: SLF001 - granian has no public way to wrap its worker
        try:
            run(worker_id, process_name, worker, *args)
        except CannotServeError as error:
            self._log.critical("the server cannot start", extra={"reason": str(error)})
            sys.exit(1)
        except Exception as error:  # noqa: BLE001 - the process ends here, and the log says why
            self._log.critical("the worker failed", exc_info=error)
            sys.exit(1)
        finally:
            worker.close()


def _die_with(main_pid: int) -> None:
    """Make this process end when its parent does, even when that one is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        threading.Thread(target=_watch_parent, args=(main_pid,), daemon=True).start()
    if os.getppid() != main_pid:
        os.kill(os.getpid(), signal.SIGKILL)


def _watch_parent(main_pid: int) -> None:
    while os.getppid() == main_pid:
        time.sleep(_PARENT_POLL_S)
    os.kill(os.getpid(), signal.SIGKILL)
