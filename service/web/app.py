"""The application factory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request
from werkzeug.routing import BaseConverter

from hosting.metrics import CONTENT_TYPE
from hosting.pages import SHARED
from hosting.paths import refusing_misread_paths
from hosting.rate import RateLimit
from service.contract import Contract, Operation
from service.metrics import Metrics
from service.personalization.actors import MAX_IMPORT
from service.personalization.history.retention import Limits, Retention
from service.personalization.preferences import MAX_PREFERENCES
from service.personalization.preferences.rules import Preferences
from service.personalization.profile import Profiles
from service.refusal import Refused
from service.storage import Store
from service.web.answers import Answer, View, unstored
from service.web.api import Api
from service.web.credentials import Authenticator, Credential
from service.web.docs_page import add_docs_page
from service.web.oauth import oauth_routes
from service.web.observing import Observer
from service.web.open_routes import contract_routes, health_routes
from service.web.operations import make_operations
from service.web.problems import answer_errors_with_problems, problem

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_ADMIN = frozenset({"admin"})


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much callers may do.

    Attributes:
        max_preferences: how many preferences an actor can have.
        max_import: how many bytes the document of an import may have.
        rate_limit: how many operations a tenant can call for, None for any number.

    """

    max_preferences: int = MAX_PREFERENCES
    max_import: int = MAX_IMPORT
    rate_limit: RateLimit | None = None


class _Segment(BaseConverter):
    """One segment of a path, empty too: an empty id gets the answer of an id, not of a path that is not known."""

    regex = "[^/]*"
    part_isolating = True


def create_app(
    contract: Contract,
    store: Store,
    credentials: Sequence[Credential],
    *,
    instance: str,
    main_pid: int,
    bounds: Bounds | None = None,
    retention: Retention | None = None,
    observer: Observer | None = None,
) -> Flask:
    """Build the application.

    Args:
        contract: what is served; each of its operations becomes a route that needs a credential.
        store: where profiles are kept.
        credentials: who may call, besides those whose credentials lie in the store.
        instance: the id of this start, which `/readyz` answers.
        main_pid: the process id of the server's main process, which `/readyz` answers.
        bounds: how much callers may do; what is the default when it is None.
        retention: what keeps histories within their limits; with the limits that are the default when it is None.
        observer: records the requests; one of its own by default.

    """
    app = Api("personalization", static_folder=None)
    app.url_map.merge_slashes = False
    app.url_map.converters["segment"] = _Segment
    authenticator = Authenticator(credentials, store)
    bounds = bounds or Bounds()
    preferences = Preferences(contract, bounds.max_preferences)
    views = make_operations(
        contract,
        Profiles(contract),
        preferences,
        retention or Retention(Limits()),
        store,
        max_import=bounds.max_import,
    )
    for operation in contract.operations:
        rule = operation.path.replace("{", "<segment:").replace("}", ">")
        view = _authenticated(views[operation.id], operation, authenticator, bounds.rate_limit)
        app.add_url_rule(rule, operation.id, view, methods=[operation.method])
    app.register_blueprint(contract_routes(contract))
    SHARED.serve(app)
    add_docs_page(app, contract)
    app.register_blueprint(oauth_routes(contract, authenticator))
    app.register_blueprint(health_routes(store, instance, main_pid))
    observer = observer or Observer(Metrics())
    if observer.metrics_route:
        app.add_url_rule("/metrics", "metrics", _metrics_view(observer.metrics, authenticator))
    answer_errors_with_problems(app, contract)
    malformed, unknown = (problem(contract, Refused(code)) for code in ("invalid_path", "route_not_found"))
    app.wsgi_app = refusing_misread_paths(app.wsgi_app, malformed, unknown)  # type: ignore[method-assign,assignment] # Flask's own way
    observer.observe(app)
    return app


def _authenticated(
    view: View, operation: Operation, authenticator: Authenticator, rate_limit: RateLimit | None
) -> Callable[..., "WSGIApplication"]:
    def authenticated(**parameters: Any) -> "WSGIApplication":
        caller = authenticator.authenticate(request.environ.get("HTTP_AUTHORIZATION"), operation.scopes)
        if rate_limit is not None and (seconds := rate_limit.take(caller.tenant)):
            raise Refused(
                "rate_limited",
                f"Nothing was done: the tenant makes more than {rate_limit.per_second} calls a second. "
                f"Make the same call again in {seconds} s.",
                retry_after=seconds,
            )
        return view(caller, **parameters)

    return authenticated


def _metrics_view(metrics: Metrics, authenticator: Authenticator) -> Callable[[], Response]:
    def show() -> Response:
        authenticator.authenticate(request.headers.get("Authorization"), _ADMIN)
        return Answer(metrics.exposition(), headers=unstored(CONTENT_TYPE))

    return show
