"""An object of any type on a control plane, with all that it refers to, as Terraform would have it made."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

from provider.resources.conversions import fields_of
from provider.resources.paths import fill
from tama.catalog.declaration import Block
from tama.client import Client
from tests.provider.driver import Values
from tests.provider.resources.echo import SAMPLE, Echo, least
from tests.support.served_control_plane import settled

OPENAPI = (
    '{ "openapi": "3.1.0", "info": { "title": "It", "version": "1" },'
    ' "paths": { "/": { "get": { "operationId": "get-it", "responses": { "200": { "description": "It." } } } } },'
    ' "components": { "securitySchemes": { "ApiKey": { "type": "http", "scheme": "bearer" } } } }'
)
_GIVEN: dict[str, Values] = {
    "class": {"schema_json": '{ "title": "t", "description": "d" }'},
    "listener": {"secret": "s"},
    "source": {"api_key": "k"},
    "source_identity": {"identifier": "ApiKey", "api_key": "k"},
    "specification": {"schema": OPENAPI, "endpoint": "https://x.example"},
}


class Planted(Echo):
    """An object that a real control plane keeps, in the place of the one that `Echo` keeps itself."""

    def __init__(self, type_: str, client: Client) -> None:
        super().__init__(type_)
        self._client = client
        self._member = ""

    def request(self, method: str, path: str, body: Any = None, *, within: float = 0) -> Any:  # noqa: ARG002
        self.requests.append((method, path, deepcopy(body)))
        return self._client.request(method, path, body)

    def apply(self, config: Values, prior: Values | None = None) -> Values:
        state = super().apply(config, prior)
        self._member = fill(self.declared.member, state)
        self.object = settled(self._client, self._member)
        # What was pending when it was answered may be settled by now.
        return self.read(state) if state.get("current_state") == "pending" else state

    def edit(self, **values: Any) -> None:
        """Change it as someone else does."""
        self._client.request("PATCH", self._member, {self.declared.wrapper: values})

    def least(self, **given: Any) -> Values:
        """The least configuration with what is given; what it refers to is made for it."""
        config = least(self.declared.type, **_GIVEN.get(self.declared.type, {}) | given)
        self._refer(fields_of(self.declared), config)
        return config

    def _refer(self, fields: Iterable[Any], values: Values) -> None:
        """Put what a control plane accepts where a value is a mere sample."""
        for field in fields:
            value = values[field.name]
            if isinstance(field, Block):
                for item in value if isinstance(value, list) else [value] if value else []:
                    self._refer(fields_of(field), item)
            elif value == SAMPLE:
                values[field.name] = self._fitting(field)
            elif value == [SAMPLE]:
                values[field.name] = [self._fitting(field)]

    def _fitting(self, attribute: Any) -> str:
        if attribute.refers_to:
            return plant(attribute.refers_to, self._client)
        first: str = attribute.one_of[0] if attribute.one_of else "https://x.example" if attribute.url else SAMPLE
        return first


def plant(type_: str, client: Client) -> str:
    """Make an object of a type, with all that it refers to, and return its id."""
    if type_ == "action":
        specification = plant("specification", client)
        action = client.request("GET", f"/provision/motor/specifications/{specification}/actions/get-it")
        return str(action["id"])
    planted = Planted({"thought": "modular_thought"}.get(type_, type_), client)
    return str(planted.apply(planted.least())["id"])
