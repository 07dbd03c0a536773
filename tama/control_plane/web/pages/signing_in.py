"""Who looks at the pages: a client of the control plane that may read, signed in with its id and its secret."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from flask import Response, request

from hosting.pages import secured
from hosting.sessions import FORM_TOKEN, Sessions
from tama.control_plane.clients import READ
from tama.control_plane.web import reading
from tama.control_plane.web.observing import take_down_client

if TYPE_CHECKING:
    from hosting.pages import Pages
    from hosting.sessions import Session
    from tama.control_plane.clients import Clients

_PAGE = re.compile(r"/(objects(/[A-Za-z0-9-]+)?)?(\?[A-Za-z0-9_=&%+.-]*)?")


class SigningIn:
    """The form for signing in, and what it and the one for signing out do.

    Args:
        clients: those that there are.
        pages: what makes pages.
    """

    def __init__(self, clients: Clients, pages: Pages) -> None:
        self._clients = clients
        self._pages = pages
        self._sessions = Sessions("tama", lambda: [clients.signing_key()])

    def session(self) -> Session:
        """The session of the request: of a client that may read, or of nobody."""
        now = time.time()
        session = self._sessions.read(request, now)
        if session.subject and self._is_over(session):
            session = self._sessions.begin("", now)
        if session.subject:
            take_down_client(request, session.subject)
        return session

    def form_token(self, session: Session) -> str:
        """What the forms in a session's pages carry."""
        return self._sessions.form_token(session)

    def go_on(self, session: Session, answer: Response) -> Response:
        """The answer, with which the session goes on."""
        self._sessions.write(session, request, answer, time.time())
        return answer

    def form(
        self, session: Session, status: int = 200, *, wrong: str = "", client_id: str = "", to: str = ""
    ) -> Response:
        """The form for signing in.

        Args:
            session: of nobody.
            status: of the answer.
            wrong: why the last attempt failed.
            client_id: what was given in it.
            to: where it leads; the page that was asked for by default.
        """
        answer = self._pages.answer(
            "sign-in.html",
            status,
            form_token=self.form_token(session),
            wrong=wrong,
            client_id=client_id,
            to=to or reading.target(),
        )
        return self.go_on(session, answer)

    def sign_in(self) -> Response:
        """Begin a session for the client whose id and secret the form holds."""
        session, form = self.session(), reading.form()
        client_id, to = form.get("client_id", "").strip(), form.get("to", "/")
        if _PAGE.fullmatch(to) is None:
            to = "/"
        if not self._is_ours(session, form):
            wrong = "The form was no longer valid. Sign in again."
            return self.form(session, 403, wrong=wrong, client_id=client_id, to=to)
        if seconds := self._sessions.wait_to_sign_in(request, client_id):
            wrong = f"There were too many attempts. Try again in {seconds} s."
            answer = self.form(session, 429, wrong=wrong, client_id=client_id, to=to)
            answer.headers["Retry-After"] = str(seconds)
            return answer
        if not self._clients.is_known(client_id, form.get("client_secret", "").strip()):
            wrong = "The client is not known, or its secret is wrong."
            return self.form(session, 403, wrong=wrong, client_id=client_id, to=to)
        if not self._clients.may(client_id, READ):
            wrong = f"This client may not look at objects: it does not have the scope {READ}."
            return self.form(session, 403, wrong=wrong, client_id=client_id, to=to)
        take_down_client(request, client_id)
        return self._led(to, self._sessions.begin(client_id, time.time()))

    def sign_out(self) -> Response:
        """End the session."""
        session = self.session()
        # Whoever has not signed in could have the store keep any number of them.
        if session.subject and self._is_ours(session, reading.form()):
            self._clients.end_session(session.id, session.over)
            session = self._sessions.begin("", time.time())
        return self._led("/", session)

    def _is_over(self, session: Session) -> bool:
        return not self._clients.may(session.subject, READ) or self._clients.has_ended_session(session.id)

    def _is_ours(self, session: Session, form: dict[str, str]) -> bool:
        return self._sessions.is_from_own_page(request, session, form.get(FORM_TOKEN, ""))

    def _led(self, to: str, session: Session) -> Response:
        """An answer that leads to another page, in a session."""
        return self.go_on(session, secured(Response(status=303, headers={"Location": to})))
