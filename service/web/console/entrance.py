"""The way in and out: signing in, finding an actor, signing out."""

import time

import orjson
from flask import Flask, Response, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from hosting.pages import secured
from service.credentials.keys import Key
from service.web.console import PATH
from service.web.console.calls import Calls
from service.web.console.screen import show, visit
from service.web.console.sessions import ADMIN, ConsoleSessions
from service.web.credentials import Authenticator

HOME, SIGN_IN = "console-home", "console-sign-in"
ENDED = "The session has ended. Sign in to go on."
_LISTED = "100"
_UNKNOWN = "This is no key of the service, or it is revoked."
_NO_ADMIN = "The key is right, but its credential does not have the scope `admin`, which the console needs."


def entrance(app: Flask, calls: Calls, authenticator: Authenticator, sessions: ConsoleSessions) -> None:
    """Add the views to the console."""

    def home() -> Response:
        if visit().signed_in is not None:
            return actors()
        return show("sign_in.html", refused=ENDED if visit().session.subject else "")

    def actors() -> Response:
        query = {"limit": _LISTED, "cursor": visit().form.get("cursor", "")}
        page = orjson.loads(calls.answer(visit().caller, "list-actors", query=query).get_data())
        return show("actors.html", page=page, is_first=not query["cursor"])

    def sign_in() -> AnyResponse:
        presented = visit().form.get("key", "").strip()
        key = Key.of(presented)
        if wait := sessions.wait_to_sign_in(request, key.id if key else ""):
            answer = show("sign_in.html", 429, refused=f"Too many attempts. Try again in {wait} s.")
            answer.headers["Retry-After"] = str(wait)
            return answer
        caller = authenticator.key(presented)
        if caller is None:
            return show("sign_in.html", 401, refused=_UNKNOWN)
        if ADMIN not in caller.scopes:
            return show("sign_in.html", 403, refused=_NO_ADMIN)
        g.visit = visit()._replace(session=sessions.begin(sessions.subject(caller), time.time()))
        return secured(redirect(PATH, 303))

    def sign_out() -> AnyResponse:
        sessions.end(visit().session)
        g.visit = visit()._replace(session=sessions.begin("", time.time()))
        return secured(redirect(PATH, 303))

    app.add_url_rule(PATH, HOME, home)
    for page, view in (("sign-in", sign_in), ("actors", actors), ("sign-out", sign_out)):
        app.add_url_rule(f"{PATH}/{page}", f"console-{page}", view, methods=["POST"])
