"""The operations of the contract: what each does between its authenticated caller and the store."""

import orjson
from flask import Response

from service.contract import Contract
from service.personalization.actors import MAX_IMPORT
from service.personalization.actors.merges import Merges
from service.personalization.actors.told import Documents
from service.personalization.history.layout import HEAD
from service.personalization.history.retention import Retention
from service.personalization.preferences.rules import Preferences
from service.personalization.profile import PROFILE_KEY, Profiles
from service.storage import Store
from service.web.actor_store import ActorStore
from service.web.actors import ActorViews
from service.web.answers import Answer, View, unstored
from service.web.consent import ConsentViews
from service.web.context import ContextViews
from service.web.credentials import Credential
from service.web.erasure import ErasingWrites, ErasureViews
from service.web.history import HistoryViews
from service.web.preferences import PreferenceViews
from service.web.profiles import ProfileViews
from service.web.tenants import TenantViews
from service.web.writes import Writes


def make_operations(
    contract: Contract,
    profiles: Profiles,
    preferences: Preferences,
    retention: Retention,
    store: Store,
    *,
    max_import: int = MAX_IMPORT,
) -> dict[str, View]:
    """Return the view of each operation by its `operationId`; each takes the caller and the parameters of the path.

    Each is given a store that leads to the actor for whom an id stands, and shows of them what the operation may see.
    """
    consented = ActorStore(store)
    writes = Writes(contract, consented)
    profile_writes = Writes(contract, ActorStore(store, ahead=(PROFILE_KEY,)))
    history_writes = Writes(contract, ActorStore(store, ahead=(HEAD,)))
    consents = Writes(contract, ActorStore(store, needs_consent=False))
    erasing = ErasingWrites(contract, store)
    return {
        **ProfileViews(contract, profiles, consented, profile_writes).by_operation(),
        **PreferenceViews(contract, profiles, preferences, consented, writes).by_operation(),
        **HistoryViews(contract, profiles, retention, consented, history_writes).by_operation(),
        **ContextViews(contract, profiles, preferences, consented).by_operation(),
        **ConsentViews(contract, profiles, consents, erasing).by_operation(),
        **ErasureViews(contract, profiles, store, erasing).by_operation(),
        **TenantViews(contract, store).by_operation(),
        **ActorViews(
            contract,
            profiles,
            Documents(contract, preferences.limit),
            Merges(contract, retention, preferences.limit),
            retention,
            store,
            max_import=max_import,
        ).by_operation(),
        "get-credential": get_credential,
    }


def get_credential(caller: Credential) -> Response:
    """Show what the caller may do."""
    shown = {"tenant": caller.tenant, "scopes": sorted(caller.scopes)}
    return Answer(orjson.dumps(shown), headers=unstored())
