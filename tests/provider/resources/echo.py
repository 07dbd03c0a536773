"""A control plane of one object, which answers what it was sent, and the least configuration of each resource."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from provider.framework.resource import Provider
from provider.framework.schema import BOOL, JSON, LIST, NUMBER, NUMBERS, STRING, STRINGS, Attribute, Block, Schema
from provider.resources.lookup import CatalogDataSource
from provider.resources.managed import CatalogResource
from provider.resources.paths import placeholders
from provider.resources.schemas import resource_schema
from tama import catalog
from tama.client.errors import response_error
from tests.provider.driver import Driver, Values

DOCUMENT = '{ "title": "t",  "description": "d" }'
SAMPLE = "x"
_SAMPLES: dict[str, Any] = {
    STRING: SAMPLE,
    NUMBER: 1,
    BOOL: True,
    JSON: DOCUMENT,
    STRINGS: [SAMPLE],
    NUMBERS: [200],
}
_OF_TAMA: dict[str, Any] = {"string": "c", "strings": ["c"], "integer": 0, "boolean": False}
_OF_COMPLETION = {"temperature": 0.8, "tool_choice": "required"}
_OF_EMBEDDING = {"max_tokens": 512}


class Echo:
    """Keeps one object of a type.

    Attributes:
        object: what it keeps; a test may edit it.
        hides: the keys that no answer carries.
        others: the answers to requests of certain paths; an exception is raised.
        requests: what it was asked.
    """

    def __init__(self, type_: str) -> None:
        self.declared = catalog.resource(type_)
        self.driver = Driver(_Provider(self))
        self.type_name = f"tama_{type_}"
        self.object: Values = {}
        self.parents: Values = {}
        self.hides: set[str] = set()
        self.others: dict[str, Any] = {}
        self.requests: list[tuple[str, str, Any]] = []

    def create(self, path: str, body: object) -> Any:
        return self.request("POST", path, body)

    def request(self, method: str, path: str, body: Any = None, *, within: float = 0) -> Any:  # noqa: ARG002
        self.requests.append((method, path, deepcopy(body)))
        if path in self.others:
            answer = self.others[path]
            if isinstance(answer, Exception):
                raise answer
            return answer
        if method == "POST":
            self.object = {"id": "1", **self.parents}
        if not self.object:
            raise response_error(404)
        if body is not None:
            sent = body[self.declared.wrapper]
            self.object.update(deepcopy(sent))
            self.object = {key: value for key, value in self.object.items() if value is not None}
            self._decide(path)
        return {key: value for key, value in deepcopy(self.object).items() if key not in self.hides}

    @property
    def bodies(self) -> list[Any]:
        """What the last requests that change something sent."""
        return [body[self.declared.wrapper] for _, _, body in self.requests if body is not None]

    def apply(self, config: Values, prior: Values | None = None) -> Values:
        """Apply without an error, and return the state."""
        inside = placeholders(self.declared.collection)
        self.parents = {one.key: config[one.name] for one in self.declared.attributes if one.name in inside}
        answer = self.driver.apply(self.type_name, config, prior)
        assert answer.errors == []
        state: Values = answer.state
        return state

    def read(self, state: Values) -> Values:
        """Read without an error, and return the state."""
        answer = self.driver.read(self.type_name, state)
        assert answer.errors == []
        read: Values = answer.state
        return read

    def plan(self, config: Values, prior: Values) -> Values:
        """Plan without an error, and return what is planned."""
        answer = self.driver.plan(self.type_name, config, prior)
        assert answer.errors == []
        planned: Values = answer.state
        return planned

    def imported(self) -> Values:
        """The state after an import by the id alone."""
        nothing = {field.name: field.empty() for field in resource_schema(self.declared).fields}
        parts = dict.fromkeys(placeholders(self.declared.import_id), "x")
        return self.read(nothing | parts)

    def _decide(self, path: str) -> None:
        """Give what Tama gives where nothing was sent."""
        for one in self.declared.attributes:
            if one.computed and not one.clears and one.kind in _OF_TAMA:
                self.object.setdefault(one.key, _OF_TAMA[one.kind])
        if path.endswith("/processor"):
            self.object["type"] = path.split("/")[-2]
            defaults = {"completion": _OF_COMPLETION, "embedding": _OF_EMBEDDING}.get(self.object["type"], {})
            self.object["configuration"] = defaults | self.object["configuration"]


class _Provider(Provider):
    schema = Schema(())

    def __init__(self, echo: Echo) -> None:
        type_ = echo.declared.type
        self.resources = {f"tama_{type_}": lambda: CatalogResource(echo.declared, lambda: echo)}  # type: ignore[arg-type, return-value]
        self.data_sources = {}
        if type_ in catalog.DATA_SOURCES:
            source = catalog.data_source(type_)
            self.data_sources = {f"tama_{type_}": lambda: CatalogDataSource(source, lambda: echo)}  # type: ignore[arg-type, return-value]


def least(type_: str, **given: Any) -> Values:
    """The configuration with what is required and what is given; of a block, what is given stands beside the rest."""
    fields = resource_schema(catalog.resource(type_)).fields
    return {field.name: _value(field, given.get(field.name)) for field in fields}


def _value(field: Attribute | Block, given: Any) -> Any:
    if field.fields:
        if given is None and not field.required:
            return field.empty()
        if field.nesting == LIST:
            return [_object(field.fields, item) for item in given]
        return _object(field.fields, given or {})
    if given is not None:
        return given
    return _SAMPLES[field.type] if field.required else None


def _object(fields: tuple[Attribute | Block, ...], given: Values) -> Values:
    return {field.name: _value(field, given.get(field.name)) for field in fields}
