"""Credentials of a service that is to be fuzzed, and services in this process, which a test can break."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from service.contract import Contract, load_contract
from service.credentials import records
from service.metrics import Metrics
from service.storage import Place
from service.storage.opening import open_beside
from service.storage.sqlite import SQLiteStore
from service.web.app import create_app
from service.web.observing import Observer
from tests.service.contract_fuzz.exchanges import Target
from tests.service.contract_fuzz.population import EMPTY_TENANT

TENANTS = ("fuzzed", "twins", EMPTY_TENANT)


def add_credentials(store: Place) -> tuple[str, str, str]:
    """Add a credential with all scopes for each of TENANTS to a store that is being served."""
    scopes = frozenset(load_contract().schema("Scope")["enum"])
    with open_beside(store) as beside:
        fuzzed, twins, empty = (records.add(beside, tenant, scopes, "", 0).text for tenant in TENANTS)
    return fuzzed, twins, empty


class _Quiet(WSGIRequestHandler):
    def log(self, *_arguments: object) -> None: ...


@contextmanager
def served(
    contract: Contract, store: SQLiteStore, path: Path, make: Callable[[Callable[[], Flask]], Flask]
) -> Iterator[Target]:
    """Serve an application in this process; `make` is given what makes the one that is as it should be."""
    # Its log would stand between the lines of pytest.
    silent = Observer(Metrics(), write=len)
    app = make(lambda: create_app(contract, store, [], instance="served", main_pid=1, observer=silent))
    keys = add_credentials(path)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Target(f"http://127.0.0.1:{server.port}", *keys)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
