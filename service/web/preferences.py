"""The operations on preferences."""

from urllib.parse import quote

from flask import Response

from service.contract import Contract
from service.items import Changes, Item
from service.personalization.preferences.rules import Preferences, key
from service.personalization.profile import Profiles
from service.refusal import Refused
from service.storage import ItemStore
from service.web.answers import JSON, Answer, View, preconditions, versioned
from service.web.credentials import Credential
from service.web.preconditions import Preconditions, etag
from service.web.writes import Reply, Write, Writes


class PreferenceViews:
    """The views of the operations on preferences; each takes the caller and the parameters of the path."""

    def __init__(
        self, contract: Contract, profiles: Profiles, preferences: Preferences, store: ItemStore, writes: Writes
    ) -> None:
        self._base = f"{contract.base_path}/profile"
        self._profiles = profiles
        self._preferences = preferences
        self._store = store
        self._writes = writes

    def by_operation(self) -> dict[str, View]:
        """Return each view by the `operationId` of what it carries out."""
        return {
            "list-preferences": self._list,
            "get-preference": self._get,
            "create-or-update-preference": self._put,
            "delete-preference": self._delete,
        }

    def _list(self, caller: Credential, actor_id: str) -> Response:
        self._profiles.check_actor(actor_id)
        conditions = preconditions()
        listed = self._store.read(caller.tenant, actor_id, self._preferences.listed)
        return _shown(listed, conditions)

    def _get(self, caller: Credential, actor_id: str, type: str) -> Response:  # noqa: A002 - the contract's word
        self._profiles.check_actor(actor_id)
        name = self._preferences.check_type(type)
        conditions = preconditions()
        (stored,) = self._store.get(caller.tenant, actor_id, key(name))
        if stored is None:
            raise Refused("preference_not_found")
        return _shown(stored, conditions)

    def _put(self, caller: Credential, actor_id: str, type: str) -> Reply:  # noqa: A002 - as above
        def put(changes: Changes, document: bytes) -> Reply:
            is_new = changes.get(key(name)) is None
            stored = self._preferences.put(changes, name, document)
            headers = {
                "Content-Type": JSON,
                "Content-Location": f"{self._base}/{quote(actor_id, safe='')}/preferences/{quote(name, safe='')}",
                "ETag": etag(stored),
                "Cache-Control": "private, no-cache",
            }
            return Reply(201 if is_new else 200, stored.document, headers)

        self._profiles.check_actor(actor_id)
        name = self._preferences.check_type(type)
        write = Write(
            "create-or-update-preference",
            put,
            lambda body: self._preferences.told(body, actor_id, name),
            target=key(name),
        )
        return self._writes.carry_out(caller, actor_id, write)

    def _delete(self, caller: Credential, actor_id: str, type: str) -> Reply:  # noqa: A002 - as above
        def delete(changes: Changes, _told: None) -> Reply:
            if changes.get(key(name)) is None:
                raise Refused("preference_not_found")
            changes.delete(key(name))
            return Reply(204)

        self._profiles.check_actor(actor_id)
        name = self._preferences.check_type(type)
        return self._writes.carry_out(caller, actor_id, Write("delete-preference", delete, target=key(name)))


def _shown(item: Item, conditions: Preconditions) -> Response:
    if conditions.is_unmodified(item):
        return versioned(Answer(status=304), item)
    return versioned(Answer(item.document, content_type=JSON), item)
