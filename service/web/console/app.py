"""The console as an application of its own, to which the service's hands its requests on."""

import logging
import time

from flask import Flask, Response, g, redirect, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.wrappers import Response as AnyResponse

from hosting.observing import described
from hosting.pages import secured
from hosting.sessions import FORM_TOKEN
from service.contract import Contract
from service.refusal import Refused
from service.storage import Store, StoreUnavailableError
from service.web.body import FORM, parse_form, read_json_body
from service.web.console import PATH
from service.web.console.actors import actor_pages
from service.web.console.calls import Calls, RefusedCallError
from service.web.console.entrance import ENDED, HOME, SIGN_IN, entrance
from service.web.console.screen import ASSETS, PAGES, Visit, show, visit
from service.web.console.sessions import ConsoleSessions
from service.web.credentials import Authenticator
from service.web.observing import take_down_code

_FOREIGN = "The form was not sent from a page of this session, so nothing was done. Open the console again."
_NO_COOKIE = (
    "The browser sent no cookie of the console, so nothing was done. Cookies have to be allowed, and the address has "
    "to begin with https unless the service is on this machine."
)
_UNREADABLE = "The form cannot be read, so nothing was done. Open the console again."

_log = logging.getLogger("personalization")


def make_console(api: Flask, contract: Contract, authenticator: Authenticator, store: Store) -> Flask:
    """Build the console.

    Args:
        api: the application whose operations it calls.
        contract: what that one serves.
        authenticator: knows who may sign in.
        store: keeps which sessions were ended.

    """
    app = Flask("console", static_folder=None, template_folder=None)
    app.url_map.strict_slashes = False
    sessions = ConsoleSessions(authenticator, store)
    calls = Calls(api, contract, authenticator)
    ASSETS.serve(app)
    entrance(app, calls, authenticator, sessions)
    actor_pages(app, calls, contract)
    _admit(app, sessions)
    _answer_errors(app, contract)
    return app


def _admit(app: Flask, sessions: ConsoleSessions) -> None:
    """Let only those to the pages who are signed in, and only the forms of their own pages."""

    @app.before_request
    def have_cookie_sent() -> Response | None:
        return PAGES.once_more() if request.endpoint == HOME and sessions.is_hidden(request) else None

    @app.before_request
    def admit() -> Response | None:
        if request.endpoint != HOME and request.method != "POST":
            # A file, or an address that no page has.
            return None
        session = sessions.read(request, time.time())
        caller = sessions.caller(session)
        g.visit = Visit(session, sessions.form_token(session), caller)
        if request.endpoint == HOME:
            return None
        if caller is None and request.endpoint != SIGN_IN:
            return show("sign_in.html", 401, refused=ENDED)
        try:
            form = parse_form(read_json_body(request, (FORM,)))
        except (Refused, ValueError):
            return show("refused.html", 400, message=_UNREADABLE)
        if not sessions.is_from_own_page(request, session, form.pop(FORM_TOKEN, "")):
            return show("refused.html", 403, message=_FOREIGN if request.cookies else _NO_COOKIE)
        g.visit = visit()._replace(form=form)
        return None

    @app.after_request
    def go_on(answer: Response) -> Response:
        if "visit" in g:
            sessions.write(visit().session, request, answer, time.time())
        return answer


def _answer_errors(app: Flask, contract: Contract) -> None:
    """Say in words what went wrong."""

    @app.errorhandler(RefusedCallError)
    def refused(error: RefusedCallError) -> Response:
        take_down_code(request, error.code)
        if error.status == 401:  # noqa: PLR2004 - the key was revoked while the page was made
            return show("sign_in.html", 401, refused=ENDED)
        return show("refused.html", error.status, message=error.message, details=error.details)

    @app.errorhandler(MethodNotAllowed)
    def opened_by_its_address(_error: MethodNotAllowed) -> AnyResponse:
        # What a form leads to has no address of its own.
        return secured(redirect(PATH, 303))

    @app.errorhandler(HTTPException)
    def not_found(_error: HTTPException) -> Response:
        return show("refused.html", 404, message="The console has no such page.")

    @app.errorhandler(StoreUnavailableError)
    def store_unavailable(error: StoreUnavailableError) -> Response:
        _log.error("the store is not available", extra=described(request) | {"error": str(error)})
        return show("refused.html", 503, message=contract.errors["store_unavailable"].message)

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        _log.error("a page failed", exc_info=error, extra=described(request))
        return show("refused.html", 500, message=contract.errors["internal_error"].message)
