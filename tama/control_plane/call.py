"""Calling an action as Tama does for a model: from a tool call to the endpoint's answer.

A tool call is an object with the members `path`, `query`, `header` and `body`, those that the operation has; a member
that is null counts as absent, and `next`, which Tama's models send along, is none of the endpoint's business. Nothing
is dropped silently: what cannot be sent is an error that says what to change.

Source: OpenAPI Specification 3.1.1, Parameter Object and Request Body Object; RFC 3986; RFC 6570.
"""

from __future__ import annotations

import json
from urllib.parse import quote

from tama.catalog import openapi
from tama.control_plane import security
from tama.control_plane.errors import CallError
from tama.control_plane.identity import scopes, with_cookies, with_query
from tama.control_plane.outgoing import OutgoingError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from tama.catalog.openapi import Object, Operation
    from tama.control_plane.outgoing import Outgoing, Response
    from tama.control_plane.store import Document

_PLACES = ("path", "query", "header")
_RESERVED_HEADERS = frozenset(
    {"accept", "authorization", "connection", "content-length", "content-type", "cookie", "expect", "host"}
    | {"proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade"}
)
"""Headers that are the caller's own, so that no model can change whose call it is or where it ends."""

_SEPARATORS = {"form": ",", "spaceDelimited": "%20", "pipeDelimited": "%7C"}


def call(
    outgoing: Outgoing, specification: Document, action: Document, identities: Sequence[Document], tool_call: object
) -> Response:
    """Call an action.

    Args:
        outgoing: sends the request.
        specification: the action's specification.
        action: which operation of it.
        identities: those of the specification, settled.
        tool_call: the model's call.

    Raises:
        CallError: the call cannot be made, or no answer came.
    """
    document, endpoint = specification["schema"], specification["endpoint"].rstrip("/")
    if not endpoint or endpoint.startswith("/"):
        raise CallError(
            f"The specification's endpoint '{specification['endpoint']}' is no absolute URL, so nothing can be called."
        )
    operation = next(
        one for one in openapi.operations(document) if (one.path, one.method) == (action["path"], action["method"])
    )
    given = _members(operation, tool_call)
    path = _path(operation, given["path"])
    query = _query(operation, given["query"])
    headers = _headers(operation, given["header"])
    content = _content(operation, given, headers)
    applied = _applied(outgoing, document, operation, identities, endpoint)
    own = {name.lower() for name in applied.headers}
    if clash := sorted(name for name in headers if name.lower() in own):
        raise CallError(f"The header {_quoted(clash)} carries the credential and cannot be given.")
    query += [f"{_encoded(name)}={_encoded(value)}" for name, value in applied.query]
    try:
        return outgoing.send(
            operation.method.upper(),
            with_query(endpoint + path, "&".join(query)),
            {"Accept": "application/json, */*;q=0.5", **headers, **with_cookies(applied)},
            content,
        )
    except OutgoingError as error:
        raise CallError(f"The action was called, and no answer came: {error}") from None


def parsed_body(response: Response) -> object:
    """The body of an answer: parsed when it is JSON, text when it is not, None when there is none."""
    if not response.body:
        return None
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "application/json" or media_type.endswith("+json"):
        try:
            parsed: object = response.json()
        except ValueError:
            pass
        else:
            return parsed
    return response.body.decode(errors="replace")


def _members(operation: Operation, tool_call: object) -> dict[str, Any]:
    """The tool call's members, complete, and checked against the operation's parameters."""
    if not isinstance(tool_call, dict):
        raise CallError('A tool call is a JSON object such as {"path": {…}, "query": {…}, "header": {…}, "body": …}.')
    if unknown := sorted(set(tool_call) - {*_PLACES, "body", "next"}):
        raise CallError(f"A tool call has no member {_quoted(unknown)}; it has 'path', 'query', 'header' and 'body'.")
    given: dict[str, Any] = {}
    for place in _PLACES:
        values = tool_call.get(place)
        if values is not None and not isinstance(values, dict):
            raise CallError(f"'{place}' of a tool call is an object that holds parameters by name.")
        given[place] = {name: value for name, value in (values or {}).items() if value is not None}
    given["body"] = tool_call.get("body")
    if problems := [*_parameter_problems(operation, given), *_body_problems(operation, given["body"])]:
        raise CallError(f"The call does not fit '{operation.identifier}': {'; '.join(problems)}.")
    return given


def _parameter_problems(operation: Operation, given: dict[str, Any]) -> Iterable[str]:
    for place in _PLACES:
        declared = _declared(operation, place)
        names = {_folded(place, name): name for name in given[place]}
        if unknown := [name for folded, name in names.items() if folded not in declared]:
            known = f"it has {_quoted(p['name'] for p in declared.values())}" if declared else "it has none"
            yield f"no {place} parameter {_quoted(sorted(unknown))} ({known})"
        needed = [p for p in declared.values() if place == "path" or p.get("required") is True]
        if missing := [p["name"] for p in needed if _folded(place, p["name"]) not in names]:
            yield f"the {place} parameter {_quoted(missing)} is missing"
    cookies = [p["name"] for p in operation.parameters if p["in"] == "cookie" and p.get("required") is True]
    if cookies:
        yield f"the operation needs the cookie {_quoted(cookies)}, which a tool call cannot hold"


def _body_problems(operation: Operation, body: object) -> Iterable[str]:
    if operation.body is None and body is not None:
        yield "it takes no body"
    elif operation.body is not None and body is None and operation.body.get("required") is True:
        yield "the body is missing"


def _declared(operation: Operation, place: str) -> dict[str, Object]:
    """The operation's parameters in a place, by the name that they are compared by."""
    return {_folded(place, p["name"]): p for p in operation.parameters if p["in"] == place}


def _folded(place: str, name: str) -> str:
    return name.lower() if place == "header" else name


def _path(operation: Operation, values: dict[str, Any]) -> str:
    path = operation.path
    for name in openapi.path_names(path):
        parameter = _declared(operation, "path")[name]
        if parameter.get("style", "simple") != "simple":
            raise CallError(
                f"The path parameter '{name}' has the style '{parameter['style']}', which is not supported."
            )
        text = ",".join(_encoded(part) for part in _parts(parameter, values[name]))
        if not text:
            raise CallError(f"The path parameter '{name}' is empty, which would make it another path.")
        # A segment of dots is a step in the path, so dots that are a value are encoded.
        path = path.replace("{" + name + "}", text.replace(".", "%2E") if not text.strip(".") else text)
    return quote(path, safe="/%-._~!$&'()*+,;=:@")


def _query(operation: Operation, values: dict[str, Any]) -> list[str]:
    declared = _declared(operation, "query")
    return [pair for name, value in values.items() for pair in _pairs(declared[name], value)]


def _pairs(parameter: Object, value: Any) -> Iterable[str]:
    """A query parameter, serialised by its style."""
    name, style = parameter["name"], str(parameter.get("style", "form"))
    explode = parameter.get("explode", style == "form")
    if isinstance(value, dict) and not isinstance(parameter.get("content"), dict):
        fields = [(key, _text(parameter, one)) for key, one in value.items() if one is not None]
        if style == "deepObject":
            return [f"{_encoded(name)}%5B{_encoded(key)}%5D={_encoded(text)}" for key, text in fields]
        if style == "form" and explode:
            return [f"{_encoded(key)}={_encoded(text)}" for key, text in fields]
        if style == "form":
            return [f"{_encoded(name)}=" + ",".join(_encoded(part) for field in fields for part in field)]
    elif not isinstance(value, list) or style in _SEPARATORS:
        texts = [_encoded(part) for part in _parts(parameter, value)]
        if isinstance(value, list) and not explode:
            return [f"{_encoded(name)}={_SEPARATORS[style].join(texts)}"] if texts else []
        return [f"{_encoded(name)}={text}" for text in texts]
    raise CallError(f"The query parameter '{name}' has the style '{style}', in which this value cannot be written.")


def _headers(operation: Operation, values: dict[str, Any]) -> dict[str, str]:
    declared = _declared(operation, "header")
    headers = {}
    for name, value in values.items():
        if name.lower() in _RESERVED_HEADERS:
            raise CallError(f"The header '{name}' is set by the caller and cannot be given.")
        text = ",".join(_parts(declared[name.lower()], value))
        if not text.isprintable():
            raise CallError(f"The header '{name}' holds control characters.")
        headers[declared[name.lower()]["name"]] = text
    return headers


def _content(operation: Operation, given: dict[str, Any], headers: dict[str, str]) -> bytes | None:
    """The request's body; its media type is added to the headers."""
    if operation.body is None or given["body"] is None:
        return None
    media_type = openapi.json_media_type(operation.body.get("content"))
    if not media_type:
        raise CallError(f"The body of '{operation.identifier}' is not JSON, which is all that a tool call can hold.")
    headers["Content-Type"] = media_type
    return _json(given["body"]).encode()


def _applied(
    outgoing: Outgoing, document: Object, operation: Operation, identities: Sequence[Document], endpoint: str
) -> security.Applied:
    """What the active identities add to the request, by the first alternative of the operation that they satisfy."""
    applied = security.Applied()
    active = {one["identifier"]: one for one in identities if one["current_state"] == "active"}
    alternatives = operation.security
    if alternatives is None:
        # The document does not say what the operation needs, so whatever credential there is goes along.
        alternatives = [{name: []} for name in list(active)[:1]]
    met = [one for one in alternatives if isinstance(one, dict) and set(one) <= set(active)]
    if alternatives and not met:
        states = ", ".join(f"'{one['identifier']}' is {one['current_state']}" for one in identities)
        needed = " or ".join(" and ".join(one) for one in alternatives if isinstance(one, dict))
        raise CallError(
            f"The operation needs an active source identity for {needed}, and the specification has"
            f" {'none' if not states else f'none that is active: {states}'}."
        )
    schemes = openapi.security_schemes(document)
    # An empty alternative means that the operation can also be called by nobody in particular.
    for name, asked in next((one for one in met if one), {}).items():
        wanted = [str(scope) for scope in asked] if isinstance(asked, list) and asked else scopes(document, name)
        try:
            security.apply(outgoing, schemes.get(name, {}), active[name], endpoint, wanted, applied)
        except security.SecurityError as error:
            raise CallError(f"The credential of '{name}' could not be applied: {error}") from None
    return applied


def _parts(parameter: Object, value: Any) -> list[str]:
    """A value as texts: one, or one per element of an array; one JSON text where the parameter says so."""
    if isinstance(parameter.get("content"), dict):
        return [_json(value)]
    return [_text(parameter, one) for one in (value if isinstance(value, list) else [value])]


def _text(parameter: Object, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (dict, list)) or value is None:
        what = "null" if value is None else "an object" if isinstance(value, dict) else "an array"
        place = f"The {parameter['in']} parameter '{parameter['name']}'"
        raise CallError(f"{place} holds {what} where a text, a number or a boolean is asked for.")
    return _json(value)


def _json(value: object) -> str:
    try:
        return json.dumps(value, allow_nan=False)
    except ValueError:
        raise CallError("The call holds a number that JSON cannot hold, such as NaN.") from None


def _encoded(text: str) -> str:
    """Percent-encoded, everything but what a URL never has to encode."""
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        raise CallError(f"The value {text!a} is no text: it holds half of a surrogate pair.") from None


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
