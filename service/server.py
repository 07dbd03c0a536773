"""The service on granian, which is a main process and one worker, with its traps closed.

- The main process takes the port by an ordinary bind and hands the socket on. Left alone, granian shares the port with
  whatever listens on it already.
- A worker lives on when its main process is killed. Here it dies with it, and the worker is what locks the data file.
- The environment becomes part of each request: a variable `HTTP_AUTHORIZATION` would authenticate them all. Here only
  what a process needs is left of it.
- A signal that comes while the worker loads would be lost, and the stop would wait for its time limit.
"""

import ctypes
import logging
import logging.config
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.mp import MPServer

from service.contract import load_contract
from service.logs import LOGGING
from service.metrics import Metrics
from service.personalization.actors import importing, merging
from service.personalization.erasure.tenants import TASKS
from service.personalization.history import retention as histories
from service.personalization.history.retention import Limits, Retention
from service.personalization.preferences.schemas import with_declared
from service.personalization.profile import with_bounds
from service.personalization.tenants.rate import RateLimit
from service.settings import Settings
from service.storage import StoreUnavailableError, Task
from service.storage.files import FileLock, HeldError, make_private_folder
from service.storage.sqlite import SQLiteStore
from service.storage.sqlite_file import NotOurFileError, refuse_other_files
from service.web.app import Bounds, create_app
from service.web.credentials import Credential
from service.web.observing import Observer

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

BACKLOG = 1024
BLOCKING_THREADS = 64
HEADER_TIMEOUT_MS = 5_000
STOP_TIMEOUT_S = 5
_KEPT_VARIABLES = frozenset({"HOME", "LANG", "LC_ALL", "LC_CTYPE", "PATH", "TMPDIR", "TZ"})
_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_PR_SET_PDEATHSIG = 1
_PARENT_POLL_S = 0.2

_log = logging.getLogger("personalization")


class CannotServeError(Exception):
    """The service cannot start, for a reason that is not in its settings."""


def serve(settings: Settings) -> None:
    """Serve until SIGTERM, SIGINT or SIGHUP; requests in flight are finished first, within STOP_TIMEOUT_S.

    Raises:
        CannotServeError: the data file is served by another process or cannot be used, or the address cannot be had.
        SystemExit: with 1, when the worker ended by itself.

    """
    logging.config.dictConfig(LOGGING)
    os.umask(0o077)
    # What fails makes nothing: no folder and no lock is left behind by a start that was refused.
    listener = listen(settings.host, settings.port)
    _refuse_file(settings)
    if settings.key_digest is None:
        _log.warning("no API key file is configured: only credentials in the store are accepted")
    worker = _Worker(settings, _url(settings.host, listener), os.getpid())
    server = Server(listener)
    server.serve(spawn_target=_run_worker, target_loader=worker, wrap_loader=False)


def _refuse_file(settings: Settings) -> None:
    """Say at once what is wrong with the data file, or who serves it.

    The worker takes the lock itself, since it is the one that must hold it.
    """
    try:
        refuse_other_files(settings.store)
        make_private_folder(settings.store.parent)
        FileLock(settings.store).close()
    except HeldError as error:
        raise CannotServeError(_held(settings, error)) from None
    except NotOurFileError as error:
        raise CannotServeError(f"The data file {settings.store} cannot be used: {error}.") from None
    except OSError as error:
        raise CannotServeError(f"The data file {settings.store} cannot be opened: {error.strerror}.") from None


def _held(settings: Settings, error: HeldError) -> str:
    holder = f"process {error.holder}" if error.holder else "another process"
    return f"The data file {settings.store} is served by {holder}. Stop it first, or give this one another file."


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


def _family(host: str, port: int) -> socket.AddressFamily:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]


def _url(host: str, listener: socket.socket) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{listener.getsockname()[1]}"


class Server(MPServer):
    """granian with the settings of the service, on a socket that is already there."""

    def __init__(self, listener: socket.socket) -> None:
        super().__init__(
            "personalization",
            interface=Interfaces.WSGI,
            http=HTTPModes.http1,
            websockets=False,
            backlog=BACKLOG,
            blocking_threads=BLOCKING_THREADS,
            http1_settings=HTTP1Settings(header_read_timeout=HEADER_TIMEOUT_MS),
            log_dictconfig=LOGGING,
            log_access=False,
            workers_kill_timeout=STOP_TIMEOUT_S,
        )
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

    def signal_handler_reload(self, *args: object, **_kwargs: object) -> None:
        """Stop, as at any other signal."""
        # A reload would start a second worker, which the first one's lock on the data file refuses.
        self.signal_handler_interrupt(*args)  # type: ignore[no-untyped-call] # granian has no types here


class _Worker:
    """What the worker process loads, and lets go of at its end."""

    def __init__(self, settings: Settings, url: str, main_pid: int) -> None:
        self.main_pid = main_pid
        self._settings = settings
        self._url = url
        self._store: SQLiteStore | None = None

    def __call__(self) -> "WSGIApplication":
        """Open the store, build the application, and say that it is served."""
        settings = self._settings
        contract = with_declared(load_contract(), settings.preferences)
        contract = with_bounds(contract, settings.max_names, settings.max_dates)
        metrics = Metrics()
        retention = Retention(Limits(settings.max_history, settings.history_age))
        try:
            work = {histories.WORK: retention.step, importing.WORK: importing.take_away}
            merges = merging.Merges(contract, retention, settings.max_preferences)
            tasks: dict[str, Task] = {**TASKS, merging.WORK: merges.complete}
            self._store = SQLiteStore(
                settings.store, work, tasks=tasks, on_batch=metrics.observe_batch, max_actors=settings.max_actors
            )
        except HeldError as error:
            raise CannotServeError(_held(settings, error)) from None
        except (NotOurFileError, StoreUnavailableError, OSError) as error:
            raise CannotServeError(f"The data file {settings.store} cannot be used: {error}.") from None
        metrics.watch(self._store)
        if settings.metrics_address is not None:
            _listen_for_metrics(metrics, *settings.metrics_address)
        scopes = frozenset(contract.schema("Scope")["enum"])
        keys = [Credential(settings.key_digest, "default", scopes)] if settings.key_digest else []
        app = create_app(
            contract,
            self._store,
            keys,
            instance=settings.instance,
            main_pid=self.main_pid,
            bounds=Bounds(
                settings.max_preferences,
                settings.max_import,
                RateLimit(*settings.rate_limit) if settings.rate_limit is not None else None,
            ),
            retention=retention,
            observer=Observer(metrics, metrics_route=settings.metrics_address is None),
        )
        sys.stdout.write(f"listening on {self._url}\n")
        sys.stdout.flush()
        return app

    def close(self) -> None:
        """Close the store."""
        if self._store is not None:
            self._store.close()


def _listen_for_metrics(metrics: Metrics, host: str, port: int) -> None:
    try:
        server = metrics.listen(host, port)
    except OSError as error:
        reason = error.strerror or str(error)
        raise CannotServeError(f"The address {host}:{port} cannot be listened on: {reason}.") from None
    _log.info("metrics are served on a listener of their own", extra={"port": server.server_port})


def _run_worker(worker_id: int, process_name: str, worker: _Worker, *args: Any) -> None:
    """Run the worker process; granian calls it with what it would give its own."""
    for number in _STOP_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP_SIGNALS)
    _die_with(worker.main_pid)
    for name in os.environ.keys() - _KEPT_VARIABLES:
        del os.environ[name]
    run: Callable[..., None] = MPServer._spawn_wsgi_worker  # noqa: SLF001 - granian has no public way to wrap its worker
    try:
        run(worker_id, process_name, worker, *args)
    except CannotServeError as error:
        _log.critical("the service cannot start", extra={"reason": str(error)})
        sys.exit(1)
    except Exception as error:  # noqa: BLE001 - the process ends here, and the log says why
        _log.critical("the worker failed", exc_info=error)
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
