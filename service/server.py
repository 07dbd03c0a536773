"""The service, served."""

import logging
import logging.config
import os
import sys
from typing import TYPE_CHECKING

from hosting import server
from hosting.logs import LOGGING
from hosting.rate import RateLimit
from hosting.server import CannotServeError
from service.contract import load_contract
from service.metrics import Metrics
from service.personalization.actors import importing, merging
from service.personalization.actors.merges import Merges
from service.personalization.erasure.tenants import TASKS
from service.personalization.history import retention as histories
from service.personalization.history.retention import Limits, Retention
from service.personalization.preferences.schemas import with_declared
from service.personalization.profile import with_bounds
from service.settings import Settings
from service.storage import Store, Task
from service.storage.opening import CannotOpenError, open_store, refuse_unusable
from service.web.app import Bounds, create_app
from service.web.console import add_console
from service.web.credentials import Credential
from service.web.observing import Observer

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_NAME = "personalization"
_log = logging.getLogger(_NAME)


def serve(settings: Settings) -> None:
    """Serve until SIGTERM, SIGINT or SIGHUP; requests in flight are finished first.

    Raises:
        CannotServeError: the data file is served by another process or cannot be used, or the address cannot be had.
        SystemExit: with 1, when the worker ended by itself.

    """
    logging.config.dictConfig(LOGGING)
    os.umask(0o077)
    # What fails makes nothing: no folder and no lock is left behind by a start that was refused.
    listener = server.listen(settings.host, settings.port)
    try:
        refuse_unusable(settings.store)
    except CannotOpenError as error:
        raise CannotServeError(str(error)) from None
    if settings.key_digest is None:
        _log.warning("no API key file is configured: only credentials in the store are accepted")
    worker = _Worker(settings, server.url(settings.host, listener), os.getpid())
    server.serve(_NAME, listener, worker)


class _Worker:
    """What the worker process loads, and lets go of at its end."""

    def __init__(self, settings: Settings, url: str, main_pid: int) -> None:
        self._main_pid = main_pid
        self._settings = settings
        self._url = url
        self._store: Store | None = None
        self._observer: Observer | None = None

    def __call__(self) -> "WSGIApplication":
        """Open the store, build the application, and say that it is served."""
        settings = self._settings
        contract = with_declared(load_contract(), settings.preferences)
        contract = with_bounds(contract, settings.max_names, settings.max_dates)
        metrics = Metrics()
        retention = Retention(Limits(settings.max_history, settings.history_age))
        try:
            work = {histories.WORK: retention.step, importing.WORK: importing.take_away}
            merges = Merges(contract, retention, settings.max_preferences)
            tasks: dict[str, Task] = {**TASKS, merging.WORK: merges.complete}
            self._store = open_store(
                settings.store,
                work,
                tasks,
                on_batch=metrics.observe_batch,
                max_actors=settings.max_actors,
                prepares=settings.prepares,
            )
        except CannotOpenError as error:
            raise CannotServeError(str(error)) from None
        metrics.watch(self._store)
        self._observer = Observer(metrics, metrics_route=settings.metrics_address is None)
        if settings.metrics_address is not None:
            server.listen_for_metrics(_NAME, metrics, settings.metrics_address)
        scopes = frozenset(contract.schema("Scope")["enum"])
        keys = [Credential(settings.key_digest, "default", scopes)] if settings.key_digest else []
        app = create_app(
            contract,
            self._store,
            keys,
            instance=settings.instance,
            main_pid=self._main_pid,
            bounds=Bounds(
                settings.max_preferences,
                settings.max_import,
                RateLimit(*settings.rate_limit) if settings.rate_limit is not None else None,
            ),
            retention=retention,
            observer=self._observer,
        )
        if settings.console:
            add_console(app, contract, self._store, keys)
        sys.stdout.write(f"listening on {self._url}\n")
        sys.stdout.flush()
        return app

    def close(self) -> None:
        """Record what was answered last, and close the store."""
        if self._observer is not None:
            self._observer.flush()
        if self._store is not None:
            self._store.close()
