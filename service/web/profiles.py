"""The operations on profiles."""

import time
from urllib.parse import quote

from service.contract import Contract
from service.items import Changes, Item
from service.personalization.patch import Patches, Places, patched, without
from service.personalization.profile import PROFILE_KEY, Profiles, Told
from service.personalization.queries import Queries
from service.refusal import Refused
from service.storage import ItemStore
from service.web.answers import JSON, View, preconditions, query
from service.web.credentials import Credential
from service.web.preconditions import etag
from service.web.writes import Reply, Write, Writes

META = "meta"
MERGE_PATCH = "application/merge-patch+json"


class ProfileViews:
    """The views of the operations on profiles; each takes the caller and the parameters of the path."""

    def __init__(self, contract: Contract, profiles: Profiles, store: ItemStore, writes: Writes) -> None:
        self._base = f"{contract.base_path}/profile"
        self._profiles = profiles
        self._patches = Patches(contract, profiles)
        self._places = Places(contract)
        self._queries = Queries(contract, "ProfileQuery")
        self._store = store
        self._writes = writes

    def by_operation(self) -> dict[str, View]:
        """Return each view by the `operationId` of what it carries out."""
        return {
            "get-profile": self._get,
            "create-or-update-profile": self._put,
            "patch-profile": self._patch,
            "delete-profile": self._delete,
            "delete-name": self._delete_name,
            "delete-date": self._delete_date,
        }

    def _get(self, caller: Credential, actor_id: str) -> Reply:
        self._profiles.check_actor(actor_id)
        conditions = preconditions()
        representation = self._queries.told(query()).get("include", "")
        (stored,) = self._store.get(caller.tenant, actor_id, PROFILE_KEY)
        if stored is None:
            raise Refused("profile_not_found")
        headers = {"ETag": etag(stored, representation), "Cache-Control": "private, no-cache"}
        if conditions.is_unmodified(stored, representation):
            return Reply(304, headers=headers)
        show = self._profiles.shown_with_meta if representation == META else self._profiles.shown
        return Reply(200, show(stored.document), {"Content-Type": JSON, **headers})

    def _put(self, caller: Credential, actor_id: str) -> Reply:
        def merge(changes: Changes, told: Told) -> Reply:
            current = changes.get(PROFILE_KEY)
            document = self._profiles.merged(current.document if current else None, told, time.time())
            return self._shown(actor_id, changes.put(PROFILE_KEY, document), 201 if current is None else 200)

        self._profiles.check_actor(actor_id)
        write = Write(
            "create-or-update-profile", merge, lambda body: self._profiles.told(body, actor_id), target=PROFILE_KEY
        )
        return self._writes.carry_out(caller, actor_id, write)

    def _patch(self, caller: Credential, actor_id: str) -> Reply:
        def read(body: object) -> Told:
            patch = self._patches.read(body, actor_id)
            if patch.replaces_lists and not preconditions().names_version():
                raise Refused("precondition_required")
            return self._patches.told(patch)

        def apply(changes: Changes, told: Told) -> Reply:
            document = patched(_stored(changes).document, told, time.time())
            return self._shown(actor_id, changes.put(PROFILE_KEY, document))

        self._profiles.check_actor(actor_id)
        write = Write("patch-profile", apply, read, target=PROFILE_KEY, media_types=(MERGE_PATCH, JSON))
        return self._writes.carry_out(caller, actor_id, write)

    def _delete(self, caller: Credential, actor_id: str) -> Reply:
        def delete(changes: Changes, _told: None) -> Reply:
            changes.delete(_stored(changes).key)
            return Reply(204)

        self._profiles.check_actor(actor_id)
        return self._writes.carry_out(caller, actor_id, Write("delete-profile", delete, target=PROFILE_KEY))

    def _delete_name(self, caller: Credential, actor_id: str, group: str, index: str) -> Reply:
        return self._delete_entry(caller, actor_id, "delete-name", "names", {"group": group, "index": index})

    def _delete_date(self, caller: Credential, actor_id: str, significance: str, index: str) -> Reply:
        place = {"significance": significance, "index": index}
        return self._delete_entry(caller, actor_id, "delete-date", "dates", place)

    def _delete_entry(
        self, caller: Credential, actor_id: str, operation: str, name: str, place: dict[str, str]
    ) -> Reply:
        def delete(changes: Changes, _told: None) -> Reply:
            document = without(_stored(changes).document, name, key, time.time())
            return self._shown(actor_id, changes.put(PROFILE_KEY, document))

        self._profiles.check_actor(actor_id)
        key = self._places.told(name, place)
        return self._writes.carry_out(caller, actor_id, Write(operation, delete, target=PROFILE_KEY))

    def _shown(self, actor_id: str, stored: Item, status: int = 200) -> Reply:
        headers = {
            "Content-Type": JSON,
            "Content-Location": f"{self._base}/{quote(actor_id, safe='')}",
            "ETag": etag(stored),
            "Cache-Control": "private, no-cache",
        }
        return Reply(status, self._profiles.shown(stored.document), headers)


def _stored(changes: Changes) -> Item:
    stored = changes.get(PROFILE_KEY)
    if stored is None:
        raise Refused("profile_not_found")
    return stored
