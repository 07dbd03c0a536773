"""What the user is told when the control plane refuses or does not answer."""

from __future__ import annotations

from provider.framework.diagnostics import Diagnostic, Failure
from provider.resources.conversions import fields_of
from tama.catalog.declaration import Block
from tama.client.errors import Invalid, NotFound, ResponseError, ServerError, TamaError, Unauthorized, Unreachable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from provider.framework.diagnostics import Path
    from provider.framework.values import Values
    from tama.catalog.declaration import DataSource, Resource
    from tama.client import Client

_SUMMARY = "Client Error"
_ADVICE = (
    (Unreachable, "Check the provider's base_url, and that a control plane can be reached there."),
    (Unauthorized, "Check the provider's client_id, client_secret and scopes."),
    (NotFound, "Check the ids that the configuration gives: what they name may be gone, or lie in another place."),
    (Invalid, "Change what is named here in the configuration, and apply again."),
    (ServerError, "The control plane failed; apply again, and look at its log if that does not help."),
)


def client_failure(
    error: TamaError,
    doing: str,
    declared: Resource | DataSource,
    values: Values | None = None,
    *,
    request: str = "",
    parent: Path = (),
    advice: str = "",
) -> Failure:
    """Return the failure for an error of the client.

    Args:
        error: what the client raised.
        doing: verb and thing, e.g. `create space`.
        declared: whose attributes the error's fields may be.
        values: the configured values, to tell which of two attributes for one field is meant.
        request: method and path, which show the ids when one of them is not found.
        parent: the attribute that names what is not found, when nothing is.
        advice: what helps, beside the ids, when nothing is found.
    """
    if not isinstance(error, Invalid):
        if not isinstance(error, NotFound):
            return Failure(_diagnostic(error, doing))
        return Failure(_diagnostic(error, doing, parent, f" The request was {request}. {advice}".rstrip()))
    diagnostics = []
    elsewhere = {}
    for field, messages in error.errors.items():
        path = _path(declared, field, values or {})
        if path:
            diagnostics.append(_diagnostic(Invalid(error.status, {field: messages}), doing, path))
        else:
            elsewhere[field] = messages
    if elsewhere or not diagnostics:
        diagnostics.append(_diagnostic(Invalid(error.status, elsewhere), doing))
    return Failure(*diagnostics)


def fetch(client: Client, path: str, doing: str, declared: Resource | DataSource, advice: str = "") -> Any:
    """Return what a path names; a Failure when it cannot be had, not to be found included."""
    try:
        return client.request("GET", path)
    except TamaError as error:
        raise client_failure(error, doing, declared, request=f"GET {path}", advice=advice) from error


def unusable_answer(doing: str) -> Failure:
    """Return the failure for an answer without an object in it."""
    detail = f"Unable to {doing}, got error: the answer holds no object with an id. Is base_url a Tama API?"
    return Failure(Diagnostic(_SUMMARY, detail))


def _diagnostic(error: TamaError, doing: str, path: Path = (), more: str = "") -> Diagnostic:
    advice = next((text for kind, text in _ADVICE if isinstance(error, kind)), "") + more
    text = str(error) if isinstance(error, ResponseError) else str(error) or type(error).__name__
    return Diagnostic(_SUMMARY, f"Unable to {doing}, got error: {text}" + (advice and f"\n\n{advice}"), path)


def _path(declared: Resource | DataSource, field: str, values: Values) -> Path:
    """Return the path of the attribute that a field of an error is, or nothing when it is none."""
    first, *rest = field.split(".")
    found = [each for each in fields_of(declared) if first in {each.key, each.name, each.name.removesuffix("_json")}]
    if not found:
        return ()
    chosen = next((each for each in found if values.get(each.name)), found[0])
    if rest and isinstance(chosen, Block) and not chosen.many:
        inner = {each.key: each.name for each in fields_of(chosen)}
        if rest[0] in inner:
            return (chosen.name, inner[rest[0]])
    return (chosen.name,)
