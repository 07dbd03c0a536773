"""What the user is told when the control plane refuses or does not answer."""

from __future__ import annotations

from provider.framework.diagnostics import Diagnostic, Failure
from provider.resources.conversions import fields_of
from tama.catalog.declaration import Block
from tama.client.errors import Interrupted, Invalid, NotFound, ServerError, TamaError, Unauthorized, Unreachable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from provider.framework.diagnostics import Path
    from provider.framework.values import Values
    from tama.catalog.declaration import DataSource, Resource
    from tama.client import Client
    from tama.client.errors import OutcomeUnknown

_SUMMARY = "Client Error"
_ADVICE = (
    (Interrupted, "Run the command again: it goes on from what is there."),
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
    parent: Path = (),
    advice: str = "",
) -> Failure:
    """Return the failure for an error of the client.

    Args:
        error: what the client raised.
        doing: verb and thing, e.g. `create space`.
        declared: whose attributes the error's fields may be.
        values: the configured values, to tell which of two attributes for one field is meant.
        parent: the attribute that names what is not found, when nothing is.
        advice: what helps, beside the ids, when nothing is found.
    """
    if isinstance(error, NotFound):
        return Failure(_diagnostic(error, doing, parent, advice))
    if not isinstance(error, Invalid):
        return Failure(_diagnostic(error, doing))
    diagnostics = []
    elsewhere = {}
    for field, messages in error.errors.items():
        path = _path(declared, field, values or {})
        if path:
            diagnostics.append(_diagnostic(_part(error, {field: messages}), doing, path))
        else:
            elsewhere[field] = messages
    if elsewhere or not diagnostics:
        diagnostics.append(_diagnostic(_part(error, elsewhere), doing))
    return Failure(*diagnostics)


def unknown_outcome(error: OutcomeUnknown, declared: Resource, values: Values) -> Failure:
    """Return the failure for a create that may have made an object; `values` are the configured ones."""
    thing = declared.thing
    if error.key:
        advice = (
            f"It is not known whether the {thing} was made. It is recorded without an id: the next plan, apply or "
            "destroy asks the control plane what became of it, so that none is lost and none made twice. Apply again."
        )
    else:
        told = ", ".join(
            f"{each.name} = {values[each.name]}"
            for each in declared.attributes
            if each.sent and each.kind == "string" and not each.sensitive and isinstance(values.get(each.name), str)
        )
        found = declared.import_id.format_map({**values, "id": "<id>"})
        advice = (
            f"It is not known whether the {thing} was made, and this control plane knows no idempotency keys by which "
            "it could be asked. Nothing is recorded, so that the next apply makes one, perhaps a second one. Before "
            f"that, look for a {thing} with {told or 'what is configured'}. When there is one, delete it, or take it "
            "over:\n"
            f"  terraform import tama_{declared.type}.<name> '{found}'"
        )
    return Failure(_diagnostic(error, f"create {thing}", more=advice))


def forgotten_outcome(declared: Resource) -> Failure:
    """Return the failure for a create of unknown outcome that the control plane does not know, or no longer."""
    return Failure(
        Diagnostic(
            "Unknown Outcome",
            f"There was no answer to the create of this {declared.thing}, and the control plane cannot tell what "
            f"became of it. Look whether the {declared.thing} exists. Then `terraform state rm` its address, and when "
            "it does, `terraform import` it.",
        )
    )


def fetch(
    client: Client, path: str, doing: str, declared: Resource | DataSource, *, named: Path = (), advice: str = ""
) -> Any:
    """Return what a path names; a Failure when it cannot be had, not to be found included.

    `doing`, `declared` and `advice` are as in `client_failure`; `named` is the attribute that names it.
    """
    try:
        return client.request("GET", path)
    except TamaError as error:
        raise client_failure(error, doing, declared, parent=named, advice=advice) from error


def unusable_answer(doing: str) -> Failure:
    """Return the failure for an answer without an object in it."""
    detail = f"Unable to {doing}, got error: the answer holds no object with an id. Is base_url a Tama API?"
    return Failure(Diagnostic(_SUMMARY, detail))


def _diagnostic(error: TamaError, doing: str, path: Path = (), more: str = "") -> Diagnostic:
    advice = next((text for kind, text in _ADVICE if isinstance(error, kind)), "")
    request = f"The request was {error.request}." if error.request else ""
    if error.request_id:
        request = f"The request was {error.request}, with the id {error.request_id}."
    help_ = " ".join(filter(None, (advice, request, more)))
    text = str(error) or type(error).__name__
    return Diagnostic(_SUMMARY, f"Unable to {doing}, got error: {text}" + (help_ and f"\n\n{help_}"), path)


def _part(error: Invalid, fields: Values) -> Invalid:
    """Return what an error says of some of its fields."""
    part = Invalid(error.status, fields)
    part.request, part.request_id = error.request, error.request_id
    return part


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
