"""The probe of an identity: a stored job that the next reader of the identity runs, in its own process.

No lock is held while the request runs. A claim on the job ends by itself, so that a reader that was killed loses
nothing; of two readers one probes, and the other sees `pending`.
"""

from __future__ import annotations

from urllib.parse import urlencode

from tama.catalog.openapi import security_schemes
from tama.control_plane import security
from tama.control_plane.names import new_id
from tama.control_plane.objects import Objects
from tama.control_plane.outgoing import OutgoingError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tama.control_plane.kinds import Kinds
    from tama.control_plane.outgoing import Outgoing
    from tama.control_plane.store import Document, Store, Transaction

CLAIM_SECONDS = 60.0
"""Longer than a probe can take: a token, then the request, each at most connecting, waiting and reading."""


def settled(store: Store, kinds: Kinds, outgoing: Outgoing, identity: Document) -> Document:
    """The identity after its probe, when it waits for one that nobody else is running.

    Args:
        store: where it is kept.
        kinds: what objects there are.
        outgoing: sends the probe.
        identity: as it was read.
    """
    id_, claim = identity["id"], new_id()
    if identity["current_state"] != "pending":
        return identity

    def claimed(transaction: Transaction) -> tuple[Document, Document | None]:
        has_claim = transaction.claim_job(id_, claim, CLAIM_SECONDS)
        # What is probed is what the claim is for: the identity may have changed since it was read.
        now = transaction.get("source_identity", id_) or identity
        return now, transaction.get("specification", now["specification_id"]) if has_claim else None

    def finished(transaction: Transaction) -> Document:
        if not transaction.finish_job(id_, claim):
            return transaction.get("source_identity", id_) or identity
        after = {**probed, "current_state": "failed" if reason else "active", **({"reason": reason} if reason else {})}
        Objects(kinds, transaction).replace("source_identity", [after])
        return after

    probed, specification = store.write(claimed)
    if specification is None:
        return probed
    reason = probe(outgoing, specification, probed)
    return store.write(finished)


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
