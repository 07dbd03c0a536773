"""The operator's console: pages on one actor at a time, for whoever has a key with the scope `admin`."""

from collections.abc import Sequence
from functools import cache

from flask import Flask

from service.contract import Contract
from service.storage import Store
from service.web.credentials import Authenticator, Credential

PATH = "/console"


def add_console(app: Flask, contract: Contract, store: Store, credentials: Sequence[Credential]) -> None:
    """Serve the console beside the operations of an application.

    What only the console needs is imported when somebody first asks for it.

    Args:
        app: the application, whose operations the console calls.
        contract: what the application serves.
        store: where credentials lie, and what is kept of sessions that have ended.
        credentials: who may sign in, besides those whose credentials lie in the store.

    """

    @cache
    def load() -> Flask:
        from service.web.console.app import make_console  # noqa: PLC0415 - the reason stands above

        return make_console(app, contract, Authenticator(credentials, store), store)

    def show(page: str = "") -> Flask:  # noqa: ARG001 - the console finds its pages itself
        return load()

    for rule in (PATH, f"{PATH}/", f"{PATH}/<path:page>"):
        app.add_url_rule(rule, "console", show, methods=["GET", "POST"])
