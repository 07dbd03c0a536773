"""How a credential is applied to a request, by the security scheme that it is for.

Source: OpenAPI Specification 3.1.1, Security Scheme Object; RFC 6749, section 4.4; RFC 6750; RFC 7617.
"""

from __future__ import annotations

import base64
from urllib.parse import quote_plus, urlencode, urljoin

from tama.control_plane.outgoing import OutgoingError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from tama.control_plane.outgoing import Outgoing
    from tama.control_plane.store import Document


class SecurityError(Exception):
    """The credential cannot be applied; the message does not hold it."""


class Applied:
    """What a credential adds to a request: headers by name, query parameters, cookies."""

    __slots__ = ("cookies", "headers", "query")

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.query: list[tuple[str, str]] = []
        self.cookies: list[str] = []


def apply(
    outgoing: Outgoing,
    scheme: dict[str, Any],
    identity: Document,
    endpoint: str,
    scopes: Sequence[str],
    to: Applied,
) -> None:
    """Add what an identity's credential adds to a request.

    Args:
        outgoing: fetches an access token.
        scheme: the security scheme that the identity is for.
        identity: with its `api_key`, or its `client_id` and `client_secret`.
        endpoint: the specification's, which a relative `tokenUrl` is below.
        scopes: what an access token is asked for.
        to: what is added to.

    Raises:
        SecurityError: the scheme is not supported, the identity holds another kind of credential, or no token came.
    """
    kind = str(scheme.get("type"))
    if kind == "http":
        _apply_http(str(scheme.get("scheme")).lower(), identity, to)
    elif kind == "apiKey":
        _apply_api_key(scheme, _api_key(identity), to)
    elif kind == "oauth2":
        token = identity.get("api_key") or _token(outgoing, scheme, identity, endpoint, scopes)
        to.headers["Authorization"] = f"Bearer {token}"
    else:
        raise SecurityError(f"security schemes of type '{kind}' are not supported.")


def _apply_http(scheme: str, identity: Document, to: Applied) -> None:
    if scheme == "bearer":
        to.headers["Authorization"] = f"Bearer {_api_key(identity)}"
    elif scheme == "basic":
        pair = ":".join(_client(identity))
        to.headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    else:
        raise SecurityError(f"the HTTP authentication scheme '{scheme}' is not supported.")


def _apply_api_key(scheme: dict[str, Any], key: str, to: Applied) -> None:
    name, place = str(scheme.get("name")), scheme.get("in")
    if place == "header":
        to.headers[name] = key
    elif place == "query":
        to.query.append((name, key))
    elif place == "cookie":
        to.cookies.append(f"{name}={key}")
    else:
        raise SecurityError(f"an API key cannot stand in '{place}'.")


def _token(outgoing: Outgoing, scheme: dict[str, Any], identity: Document, endpoint: str, scopes: Sequence[str]) -> str:
    """An access token for the client, from the scheme's `tokenUrl`."""
    flows = scheme.get("flows")
    flow = flows.get("clientCredentials") if isinstance(flows, dict) else None
    url = flow.get("tokenUrl") if isinstance(flow, dict) else None
    if not isinstance(url, str):
        raise SecurityError("the security scheme has no clientCredentials flow with a tokenUrl.")
    # The client's name and secret are form-encoded before they are joined: RFC 6749, section 2.3.1.
    pair = ":".join(quote_plus(part) for part in _client(identity))
    headers = {
        "Authorization": "Basic " + base64.b64encode(pair.encode()).decode(),
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
    }
    form = {"grant_type": "client_credentials", **({"scope": " ".join(scopes)} if scopes else {})}
    try:
        answer = outgoing.send("POST", urljoin(f"{endpoint}/", url), headers, urlencode(form).encode())
    except OutgoingError as error:
        raise SecurityError(f"no access token came: {error}") from None
    try:
        token = answer.json()["access_token"]
    except (ValueError, TypeError, KeyError):
        token = None
    if answer.status != 200 or not isinstance(token, str):  # noqa: PLR2004 - the one status of a token: RFC 6749, section 5.1
        raise SecurityError(f"the token endpoint answered {answer.status} without an access token.")
    return token


def _api_key(identity: Document) -> str:
    key = identity.get("api_key")
    if not isinstance(key, str):
        raise SecurityError("the security scheme needs an api_key, and the identity has a client_id.")
    return key


def _client(identity: Document) -> tuple[str, str]:
    client, secret = identity.get("client_id"), identity.get("client_secret")
    if not isinstance(client, str) or not isinstance(secret, str):
        raise SecurityError("the security scheme needs client_id and client_secret, and the identity has an api_key.")
    return client, secret
