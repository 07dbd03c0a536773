"""The probe of an identity: the request that shows whether its credential works."""

from __future__ import annotations

from urllib.parse import urlencode

from tama.catalog.openapi import security_schemes
from tama.control_plane import security
from tama.control_plane.outgoing import OutgoingError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tama.control_plane.outgoing import Outgoing
    from tama.control_plane.store import Document


def probe(outgoing: Outgoing, specification: Document, identity: Document) -> str:
    """Why the credential does not work; empty when it does.

    The request is the one that the identity's `validation` declares, below the specification's endpoint.
    """
    validation, name = identity["validation"], identity["identifier"]
    scheme = security_schemes(specification["schema"]).get(name)
    endpoint = specification["endpoint"].rstrip("/")
    if scheme is None:
        return f"The specification has no security scheme '{name}'."
    if endpoint.startswith("/") or not endpoint:
        return f"The specification's endpoint '{specification['endpoint']}' is no absolute URL, so it cannot be called."
    applied = security.Applied()
    try:
        security.apply(outgoing, scheme, identity, endpoint, scopes(specification["schema"], name), applied)
        url = with_query(f"{endpoint}/{validation['path'].lstrip('/')}", urlencode(applied.query))
        answer = outgoing.send(validation["method"].upper(), url, with_cookies(applied), with_body=False)
    except (security.SecurityError, OutgoingError) as error:
        return f"The credential could not be validated: {error}"
    if answer.status in validation["codes"]:
        return ""
    expected = " or ".join(str(code) for code in validation["codes"])
    request = f"{validation['method'].upper()} {validation['path'].partition('?')[0]}"
    return f"{request} answered {answer.status}, not {expected}."


def scopes(document: Document, scheme: str) -> list[str]:
    """The scopes that the document as a whole asks of a security scheme."""
    security_ = document.get("security")
    for requirement in security_ if isinstance(security_, list) else ():
        names = requirement.get(scheme) if isinstance(requirement, dict) else None
        if isinstance(names, list):
            return [str(name) for name in names]
    return []


def with_query(url: str, query: str) -> str:
    """The URL with more in its query."""
    if not query:
        return url
    return f"{url}{'&' if '?' in url else '?'}{query}"


def with_cookies(applied: security.Applied) -> dict[str, str]:
    """The headers that a credential adds, its cookies among them."""
    if not applied.cookies:
        return applied.headers
    return {**applied.headers, "Cookie": "; ".join(applied.cookies)}
