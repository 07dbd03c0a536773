"""What a kind does beyond what its declaration says: one function each.

Such a function gets the transaction, the object that is about to be stored, and the one that is stored (None at a
creation). It adds to the object what the server derives, and returns what is wrong with it, by field.
"""

from __future__ import annotations

from tama.catalog import openapi
from tama.catalog.source_identity import is_method, is_status
from tama.catalog.urls import is_endpoint
from tama.control_plane import thoughts
from tama.control_plane.errors import INVALID, REQUIRED
from tama.control_plane.keys import Key
from tama.control_plane.names import free_slug, slug

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tama.control_plane.store import Document, Transaction

    Errors = dict[str, Any]
    Rule = Callable[[Transaction, Document, Document | None], Errors]

GLOBAL = "global"
_CREDENTIAL = ("api_key", "client_id", "client_secret")


def none(transaction: Transaction, after: Document, before: Document | None) -> Errors:  # noqa: ARG001 - one signature
    """The rule of a kind that has none of its own."""
    return {}


def space(transaction: Transaction, after: Document, before: Document | None) -> Errors:
    """A space's slug follows its name, and stays while the name means the same slug.

    Names may repeat: a later space gets the first free of `name-2`, `name-3`, …. The slug `global` is kept for a space
    of type `global`, as that is how modules find what all share.
    """
    name = after.get("name")
    if not isinstance(name, str):
        return {}
    wanted = slug(name, "space")

    kept = {GLOBAL} if after.get("type") != GLOBAL else set()

    def taken(slugs: list[str]) -> set[str]:
        return kept.intersection(slugs) | _held(transaction, after, {Key("space", ("slug",), (s,)): s for s in slugs})

    if before is None or slug(before["name"], "space") != wanted:
        after["slug"] = free_slug(wanted, taken)
    return {}


def named(transaction: Transaction, after: Document, before: Document | None) -> Errors:  # noqa: ARG001 - one signature
    """A slug follows the name."""
    if isinstance(after.get("name"), str):
        after["slug"] = slug(after["name"], "unnamed")
    return {}


def source(transaction: Transaction, after: Document, before: Document | None) -> Errors:
    """A source has a credential, and a slug that follows its name."""
    key = after.get("credential", {}).get("api_key")
    errors = {} if key else {"credential": {"api_key": [REQUIRED]}}
    named(transaction, after, before)
    return errors


def listener(transaction: Transaction, after: Document, before: Document | None) -> Errors:  # noqa: ARG001 - one signature
    """A listener has a secret."""
    return {} if after.get("secret") else {"secret": [REQUIRED]}


def class_corpus(transaction: Transaction, after: Document, before: Document | None) -> Errors:
    """A corpus's slug follows its name, and is free among those of its class."""
    name, class_id = after.get("name"), after["class_id"]

    def taken(slugs: list[str]) -> set[str]:
        fields = ("class_id", "slug")
        return _held(transaction, after, {Key("class_corpus", fields, (class_id, s)): s for s in slugs})

    if isinstance(name, str) and (before is None or slug(before["name"], "corpus") != slug(name, "corpus")):
        after["slug"] = free_slug(slug(name, "corpus"), taken)
    return {}


def object_in(field: str) -> Rule:
    """The rule of a kind one of whose fields is a JSON object."""

    def rule(transaction: Transaction, after: Document, before: Document | None) -> Errors:  # noqa: ARG001 - one signature
        value = after.get(field)
        return {field: [INVALID]} if value is not None and not isinstance(value, dict) else {}

    return rule


def class_operation(transaction: Transaction, after: Document, before: Document | None) -> Errors:  # noqa: ARG001 - one signature
    """An operation's nodes are those that there are for its class and chains."""
    chains = after.get("chain_ids")
    nodes = transaction.all("node", after["class_id"])
    after["node_ids"] = [
        node["id"]
        for node in nodes
        if node["type"] == after.get("node_type") and isinstance(chains, list) and node["chain_id"] in chains
    ]
    return {}


def class_(transaction: Transaction, after: Document, before: Document | None) -> Errors:  # noqa: ARG001 - one signature
    """A class's name and description are its schema's title and description."""
    schema = after.get("schema")
    if not isinstance(schema, dict):
        return {"schema": [INVALID]}
    wrong = {
        key: [REQUIRED if schema.get(key, "") in (None, "") else INVALID]
        for key in ("title", "description")
        if not isinstance(schema.get(key), str) or not schema[key].strip()
    }
    after["name"], after["description"] = schema.get("title"), schema.get("description")
    return {"schema": wrong} if wrong else {}


def specification(transaction: Transaction, after: Document, before: Document | None) -> Errors:  # noqa: ARG001 - one signature
    """A specification holds an OpenAPI document, which may be a bad one, and says where it is served."""
    errors: dict[str, Any] = {}
    schema, endpoint = after.get("schema"), after.get("endpoint")
    if schema is not None and not isinstance(schema, dict):
        errors["schema"] = [INVALID]
    if isinstance(endpoint, str) and endpoint.strip() and not is_endpoint(endpoint):
        errors["endpoint"] = [INVALID]
    return errors


def source_identity(transaction: Transaction, after: Document, before: Document | None) -> Errors:
    """An identity is for a security scheme of its specification, and says how its credential is validated."""
    errors = _credential_errors(after)
    validation = after.get("validation")
    if isinstance(validation, dict):
        method, codes = validation.get("method"), validation.get("codes")
        wrong = {}
        if isinstance(method, str) and method.strip() and not is_method(method):
            wrong["method"] = [INVALID]
        if isinstance(codes, list) and not all(map(is_status, codes)):
            wrong["codes"] = [INVALID]
        if wrong:
            errors["validation"] = wrong
    if before is None:
        found = transaction.get("specification", after["specification_id"])
        schemes = openapi.security_schemes(found["schema"]) if found is not None else {}
        if after["identifier"] not in schemes:
            known = ", ".join(sorted(schemes)) or "it has none"
            errors["identifier"] = [f"is not a security scheme of the specification ({known})"]
    return errors


RULES: dict[str, Rule] = {
    "space": space,
    "class": class_,
    "class_corpus": class_corpus,
    "class_operation": class_operation,
    "specification": specification,
    "source_identity": source_identity,
    "source": source,
    "listener": listener,
    "prompt": named,
    "chain": named,
    "model": object_in("parameters"),
    "action_modifier": object_in("schema"),
    "thought": thoughts.thought,
    "space_processor": thoughts.processor,
    "thought_processor": thoughts.processor,
    "thought_path": object_in("parameters"),
    "thought_module_input": thoughts.module_input,
    "thought_initializer": thoughts.initializer,
    "thought_tool_initializer": thoughts.tool_initializer,
}


def _held(transaction: Transaction, after: Document, slugs: dict[Key, str]) -> set[str]:
    """The slugs whose keys other objects have."""
    held = transaction.holders([key.name for key in slugs])
    return {slug for key, slug in slugs.items() if held.get(key.name, after["id"]) != after["id"]}


def _credential_errors(after: Document) -> dict[str, Any]:
    """An API key, or a client id with its secret: never both, never neither, nothing empty."""
    given = {name: after.get(name) for name in _CREDENTIAL}
    errors: dict[str, Any] = {name: [REQUIRED] for name, value in given.items() if value == ""}
    key, client, secret = (given[name] is not None for name in _CREDENTIAL)
    if key and (client or secret):
        errors["api_key"] = ["cannot be combined with client_id and client_secret"]
    if client != secret:
        errors["client_secret" if client else "client_id"] = [REQUIRED]
    if not (key or client or secret):
        errors["api_key"] = [REQUIRED]
    return errors
