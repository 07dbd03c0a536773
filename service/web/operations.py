"""The operations of the contract: what each does between its authenticated caller and the store."""

from urllib.parse import quote

import orjson
from flask import Response, request

from service.contract import Contract
from service.items import Changes, Item
from service.personalization.preferences.rules import Preferences
from service.personalization.profile import Profiles
from service.refusal import Refused
from service.storage import Store
from service.strict_json import parse
from service.web.answers import JSON, View, preconditions, versioned
from service.web.body import read_json_body
from service.web.context import ContextViews
from service.web.credentials import Credential
from service.web.preferences import PreferenceViews


def make_operations(contract: Contract, profiles: Profiles, preferences: Preferences, store: Store) -> dict[str, View]:
    """Return the view of each operation by its `operationId`; each takes the caller and the parameters of the path."""
    profile_path = f"{contract.base_path}/profile/"

    def get_profile(caller: Credential, actor_id: str) -> Response:
        profiles.check_actor(actor_id)
        conditions = preconditions()
        (stored,) = store.get(caller.tenant, actor_id, "profile")
        if stored is None:
            raise Refused("profile_not_found")
        if conditions.is_unmodified(stored):
            return versioned(Response(status=304), stored)
        return versioned(Response(profiles.shown(stored.document), content_type=JSON), stored)

    def create_or_update_profile(caller: Credential, actor_id: str) -> Response:
        profiles.check_actor(actor_id)
        conditions = preconditions()
        told = profiles.told(parse(read_json_body(request)), actor_id)

        def merge(changes: Changes) -> tuple[Item, bool]:
            current = changes.get("profile")
            conditions.check(current)
            document = profiles.merged(current.document if current else None, told)
            return changes.put("profile", document), current is None

        stored, created = store.write(caller.tenant, actor_id, merge)
        answer = Response(profiles.shown(stored.document), 201 if created else 200, content_type=JSON)
        answer.headers["Content-Location"] = profile_path + quote(actor_id, safe="")
        return versioned(answer, stored)

    def get_credential(caller: Credential) -> Response:
        shown = {"tenant": caller.tenant, "scopes": sorted(caller.scopes)}
        answer = Response(orjson.dumps(shown), content_type=JSON)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return {
        "get-profile": get_profile,
        "create-or-update-profile": create_or_update_profile,
        "get-credential": get_credential,
        **PreferenceViews(contract, profiles, preferences, store).by_operation(),
        **ContextViews(contract, profiles, preferences, store).by_operation(),
    }
