"""The operations on preferences."""

from urllib.parse import quote

from flask import Response, request

from service.contract import Contract
from service.items import Changes, Item
from service.personalization.preferences.rules import Preferences, key
from service.personalization.profile import Profiles
from service.refusal import Refused
from service.storage import Store
from service.strict_json import parse
from service.web.answers import JSON, View, preconditions, versioned
from service.web.body import read_json_body
from service.web.credentials import Credential
from service.web.preconditions import Preconditions


class PreferenceViews:
    """The views of the operations on preferences; each takes the caller and the parameters of the path."""

    def __init__(self, contract: Contract, profiles: Profiles, preferences: Preferences, store: Store) -> None:
        self._base = f"{contract.base_path}/profile"
        self._profiles = profiles
        self._preferences = preferences
        self._store = store

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

    def _put(self, caller: Credential, actor_id: str, type: str) -> Response:  # noqa: A002 - as above
        self._profiles.check_actor(actor_id)
        name = self._preferences.check_type(type)
        conditions = preconditions()
        document = self._preferences.told(parse(read_json_body(request)), actor_id, name)

        def put(changes: Changes) -> tuple[Item, bool]:
            current = changes.get(key(name))
            conditions.check(current)
            return self._preferences.put(changes, name, document), current is None

        stored, created = self._store.write(caller.tenant, actor_id, put)
        answer = Response(stored.document, 201 if created else 200, content_type=JSON)
        place = f"{self._base}/{quote(actor_id, safe='')}/preferences/{quote(name, safe='')}"
        answer.headers["Content-Location"] = place
        return versioned(answer, stored)

    def _delete(self, caller: Credential, actor_id: str, type: str) -> Response:  # noqa: A002 - as above
        self._profiles.check_actor(actor_id)
        name = self._preferences.check_type(type)
        conditions = preconditions()

        def delete(changes: Changes) -> None:
            current = changes.get(key(name))
            conditions.check(current)
            if current is None:
                raise Refused("preference_not_found")
            changes.delete(key(name))

        self._store.write(caller.tenant, actor_id, delete)
        return Response(status=204)


def _shown(item: Item, conditions: Preconditions) -> Response:
    if conditions.is_unmodified(item):
        return versioned(Response(status=304), item)
    return versioned(Response(item.document, content_type=JSON), item)
