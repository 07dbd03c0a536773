"""What the views of the console have in common: the visit at hand, and the pages that answer it."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import orjson
from flask import Response, g

from hosting.pages import Assets, Pages, policy
from hosting.sessions import FORM_TOKEN, Session
from service.web.console import PATH
from service.web.credentials import Credential

_HERE = Path(__file__).parent
ASSETS = Assets(f"{PATH}/assets", _HERE / "static")
"""The style sheet and the script of the console alone."""


def moment(text: str) -> str:
    """Return a time (RFC 3339 in UTC) as people read it, to the second."""
    return f"{text[:10]} {text[11:19]} UTC"


def unseen(actor: str) -> list[str]:
    """Return the characters of an id, as `U+202E`, that are not seen and may have it look like another one."""
    found = {character for character in actor if not character.isprintable()}
    if actor != actor.strip(" "):
        found.add(" ")
    return [f"U+{ord(character):04X}" for character in sorted(found)]


_POLICY = policy({"script-src": "'self'"})
PAGES = Pages(
    "Personalization",
    _HERE / "templates",
    console=PATH,
    console_asset=ASSETS.path,
    form_token_field=FORM_TOKEN,
    json=lambda value: orjson.dumps(value).decode(),
    moment=moment,
    unseen=unseen,
)


class Visit(NamedTuple):
    """A request to the console.

    Attributes:
        session: its session, with which the next one goes on.
        form_token: the token of the forms in this session.
        signed_in: who is signed in, None for nobody.
        form: the fields of the form that was sent, but for its token.

    """

    session: Session
    form_token: str
    signed_in: Credential | None
    form: Mapping[str, str] = {}

    @property
    def caller(self) -> Credential:
        """Return who is signed in, for a page that nobody else reaches."""
        if self.signed_in is None:
            raise LookupError("nobody is signed in")
        return self.signed_in

    @property
    def actor(self) -> str:
        """Return the id of the actor whom the form is about, empty for none."""
        return self.form.get("actor_id", "")


def visit() -> Visit:
    """Return the visit at hand."""
    at_hand: Visit = g.visit
    return at_hand


def show(template: str, status: int = 200, **values: object) -> Response:
    """Return a page as the answer to the visit at hand, or to one that could not be admitted."""
    at_hand: Visit | None = g.get("visit")
    return PAGES.answer(
        template,
        status,
        content_security_policy=_POLICY,
        signed_in=at_hand.signed_in if at_hand else None,
        form_token=at_hand.form_token if at_hand else "",
        actor=at_hand.actor if at_hand else "",
        **values,
    )
