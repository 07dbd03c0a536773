"""The token endpoint: OAuth 2.0 client credentials (RFC 6749, section 4.4).

Besides what the RFC asks for, it takes what Tama's client sends: the body as JSON, and the client as
`Authorization: Bearer base64(id:secret)`.
"""

import base64
from collections.abc import Mapping
from urllib.parse import unquote_plus

import orjson
from flask import Blueprint, Response, request

from service.contract import Contract
from service.credentials.tokens import LIFETIME_S
from service.refusal import Refused
from service.strict_json import parse
from service.web.answers import JSON, Answer, unstored
from service.web.body import FORM, parse_form, read_json_body
from service.web.credentials import Authenticator, Credential

TOKEN_PATH = "/oauth/token"  # noqa: S105 - where tokens are, not one
MAX_BYTES = 8_192


class OAuthError(Exception):
    """A request for a token that is refused (RFC 6749, section 5.2).

    Attributes:
        error: one of the codes of the RFC.
        description: what is wrong, in ASCII.

    """

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.error = error
        self.description = description


def oauth_routes(contract: Contract, authenticator: Authenticator) -> Blueprint:
    """Return the token endpoint."""
    routes = Blueprint("oauth", __name__)

    @routes.post(contract.base_path + TOKEN_PATH)
    def token() -> Response:
        told = _read_body()
        client = _client(authenticator, told)
        if told.get("grant_type") != "client_credentials":
            error = "unsupported_grant_type" if told.get("grant_type") else "invalid_request"
            raise OAuthError(error, "The grant_type must be client_credentials.")
        scopes = _scopes(client, told.get("scope", ""))
        return _answer(
            200,
            {
                "access_token": authenticator.token(client, scopes),
                "token_type": "Bearer",
                "expires_in": LIFETIME_S,
                "scope": " ".join(scopes),
            },
        )

    @routes.errorhandler(OAuthError)
    def refused(error: OAuthError) -> Response:
        answer = _answer(400, {"error": error.error, "error_description": error.description})
        if error.error == "invalid_client":
            answer.status_code = 401
            scheme = request.headers.get("Authorization", "").partition(" ")[0].lower()
            answer.headers["WWW-Authenticate"] = (
                f'{"Bearer" if scheme == "bearer" else "Basic"} realm="personalization"'
            )
        return answer

    return routes


def _answer(status: int, document: Mapping[str, object]) -> Response:
    return Answer(orjson.dumps(document), status, unstored() | {"Pragma": "no-cache"})


def _read_body() -> dict[str, str]:
    try:
        body = read_json_body(request, (FORM, JSON), MAX_BYTES)
        return _read_json(body) if request.mimetype == JSON else parse_form(body)
    except (Refused, ValueError):
        described = f"The body must be a form or a JSON object of texts, of at most {MAX_BYTES} bytes, each field once."
        raise OAuthError("invalid_request", described) from None


def _read_json(body: bytes) -> dict[str, str]:
    document = parse(body)
    if not isinstance(document, dict):
        raise ValueError("it is no object")  # noqa: TRY004 - of what a caller sent, not of what a function was given
    told = {name: value for name, value in document.items() if value is not None}
    if not all(isinstance(value, str) for value in told.values()):
        raise ValueError("a field is no text")
    return told


def _client(authenticator: Authenticator, told: Mapping[str, str]) -> Credential:
    header = request.headers.get("Authorization")
    in_body = "client_secret" in told
    if header and in_body:
        raise OAuthError("invalid_request", "The client must authenticate in one way, not in two.")
    try:
        client_id, secret = _of_header(header) if header else (told.get("client_id", ""), told.get("client_secret", ""))
    except ValueError:
        raise OAuthError("invalid_client", "The Authorization header cannot be read.") from None
    client = authenticator.client(client_id, secret)
    if client is None:
        raise OAuthError("invalid_client", "The client is not known, or its secret is wrong.")
    if told.get("client_id", client_id) != client_id:
        raise OAuthError("invalid_request", "The client_id of the body is another one than that of the header.")
    return client


def _of_header(header: str) -> tuple[str, str]:
    """Return the client's id and secret; with Basic they are form-encoded (RFC 6749, section 2.3.1)."""
    scheme, _, encoded = header.partition(" ")
    # Tama's clients use either alphabet, with padding or without.
    text = encoded.strip().rstrip("=").translate(str.maketrans("-_", "+/"))
    pair = base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode("ascii")
    client_id, colon, secret = pair.partition(":")
    match scheme.lower(), colon:
        case "basic", ":":
            return unquote_plus(client_id), unquote_plus(secret)
        case "bearer", ":":
            return client_id, secret
    raise ValueError("the scheme is not known")


def _scopes(client: Credential, asked: str) -> list[str]:
    scopes = set(asked.split(" ")) - {""}
    if scopes - client.scopes:
        raise OAuthError("invalid_scope", "The client does not have all of these scopes.")
    return sorted(scopes or client.scopes)
