"""The routes of the pages, and their views."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from flask import Response, request
from markupsafe import Markup
from werkzeug.exceptions import NotFound

from hosting.pages import SHARED, Pages, policy
from hosting.sessions import FORM_TOKEN, Sessions
from tama.control_plane.errors import StoreError
from tama.control_plane.web.answers import RETRY_AFTER_S, log_outage
from tama.control_plane.web.pages import telling
from tama.control_plane.web.pages.signing_in import SigningIn
from tama.graph.objects import from_objects
from tama.graph.svg import LINKED_STYLE, svg

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from hosting.sessions import Session
    from tama.control_plane import ControlPlane

REFRESHED_S = (10, 60)
"""How often, in seconds, the picture can be drawn anew by itself."""

_OBJECTS = "/objects"
_API = "/provision/control-plane/objects"
_NAMED = ("space", "space_bridge")
_DRAWN = ("space", "specification", "action", "space_bridge")
_STYLE = base64.b64encode(hashlib.sha256(LINKED_STYLE.encode()).digest()).decode()
_WITH_PICTURE = policy({"style-src": f"'self' 'sha256-{_STYLE}'"})


def add_pages(app: Flask, plane: ControlPlane) -> None:
    """Add the pages of a control plane to its application."""
    pages = Pages("Tama", Path(__file__).parent / "templates", field=FORM_TOKEN)
    signing_in = SigningIn(plane.clients, pages)
    views = _Views(plane, pages, signing_in)
    for path, operation, view in (
        ("/", "picture", views.picture),
        (_OBJECTS, "objects-page", views.objects),
        (f"{_OBJECTS}/<id_>", "object-page", views.object),
    ):
        shown = _available(pages, views.for_browsers(view))
        app.add_url_rule(path, operation, shown, methods=["GET"], provide_automatic_options=False)
    for operation, act in (("sign-in", signing_in.sign_in), ("sign-out", signing_in.sign_out)):
        app.add_url_rule(
            f"/{operation}", operation, _available(pages, act), methods=["POST"], provide_automatic_options=False
        )
    SHARED.serve(app)


def _available(pages: Pages, view: Callable[..., Response]) -> Callable[..., Response]:
    """The view, or a page that says that there is nothing to be seen while the store cannot be read."""

    def shown(**values: str) -> Response:
        try:
            return view(**values)
        except StoreError as error:
            log_outage(error)
            answer = pages.answer("unavailable.html", 503)
            answer.headers["Retry-After"] = str(RETRY_AFTER_S)
            return answer

    return shown


class _Views:
    def __init__(self, plane: ControlPlane, pages: Pages, signing_in: SigningIn) -> None:
        self._plane = plane
        self._pages = pages
        self._signing_in = signing_in

    def for_browsers(self, view: Callable[..., Response]) -> Callable[..., Response]:
        """The view for who has signed in; there is nothing for a program, which does not ask for HTML."""

        def shown(**values: str) -> Response:
            if not any(type_ == "text/html" and quality for type_, quality in request.accept_mimetypes):
                raise NotFound
            if Sessions.is_hidden(request):
                return self._pages.once_more()
            session = self._signing_in.session()
            if not session.subject:
                return self._signing_in.form(session)
            answer = view(session, **values)
            # A picture that is drawn anew by itself, and that nobody looks at, would keep its session for ever.
            return answer if "Refresh" in answer.headers else self._signing_in.go_on(session, answer)

        return shown

    def picture(self, session: Session) -> Response:
        graph = from_objects(self._read(_API)[1])
        every = next((one for one in REFRESHED_S if str(one) == request.args.get("refresh")), None)
        answer = self._page(
            "picture.html",
            session,
            content_security_policy=_WITH_PICTURE,
            drawn=Markup(svg(graph, f"{_OBJECTS}/")),  # noqa: S704 - the picture escapes what it shows
            empty=not graph.spaces,
            every=every,
            periods=REFRESHED_S,
        )
        if every is not None:
            answer.headers["Refresh"] = str(every)
        return answer

    def objects(self, session: Session) -> Response:
        kind, searched = request.args.get("kind", ""), request.args.get("q", "")
        entries = self._read(_API)[1]
        counts = Counter(entry["kind"] for entry in entries)
        known = telling.names(*([one["object"] for one in entries if one["kind"] == those] for those in _NAMED))
        rows = telling.rows([entry for entry in entries if kind in ("", entry["kind"])], searched, known)
        return self._page(
            "objects.html",
            session,
            kinds=[(one, telling.words(one), counts[one]) for one in sorted(counts, key=telling.rank)],
            kind=kind,
            searched=searched,
            rows=rows[: telling.MOST_ROWS],
            found=len(rows),
            names=known,
        )

    def object(self, session: Session, id_: str) -> Response:
        status, found = self._read(f"{_API}/{quote(id_, safe='')}")
        if found is None:
            return self._page("missing.html", session, status, id=telling.short(id_))
        known = telling.names(*([one["object"] for one in self._read(f"{_API}?kind={those}")[1]] for those in _NAMED))
        return self._page("object.html", session, **_told(found, known))

    def _read(self, path: str) -> tuple[int, Any]:
        """The status and the data that the API answers; None for no data."""
        status, answer = self._plane.handle("GET", path)
        return status, (answer or {}).get("data")

    def _page(self, template: str, session: Session, status: int = 200, **values: Any) -> Response:
        form_token = self._signing_in.form_token(session)
        return self._pages.answer(template, status, form_token=form_token, client=session.subject, **values)


def _told(found: dict[str, Any], known: dict[str, str]) -> dict[str, Any]:
    """What the page of an object shows."""
    kind, object_ = found["kind"], found["object"]
    targets = {one["id"]: telling.called(one["kind"], one, known) for one in found["refers_to"]}
    state, tone = telling.state(object_)
    return {
        "id": object_["id"],
        "kind": kind,
        "of_kind": telling.words(kind),
        "name": telling.called(kind, object_, known),
        "state": state,
        "tone": tone,
        "drawn": kind in _DRAWN or (kind == "class" and object_.get("specification_id") is None),
        "facts": [
            (key, telling.value(value), targets.get(value) if isinstance(value, str) else None)
            for key, value in object_.items()
            if value is not None
        ],
        "secrets": [pointer.removeprefix("/") for pointer in found["secrets"]],
        "references": [
            (title, [_reference(one, known) for one in sorted(found[those], key=lambda one: telling.rank(one["kind"]))])
            for title, those in (("Refers to", "refers_to"), ("Referred to by", "referred_to_by"))
        ],
        "document": telling.document(object_),
    }


def _reference(one: dict[str, Any], known: dict[str, str]) -> tuple[str, str, str, str]:
    return one["id"], telling.called(one["kind"], one, known), telling.words(one["kind"]), one["field"]
