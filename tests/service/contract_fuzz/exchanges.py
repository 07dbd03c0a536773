"""A call and its answer as they were on the wire, and what the contract says of the operation that was called."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import jsonschema_rs

from service.contract import Contract, Operation


@dataclass(frozen=True)
class Call:
    """What was sent; names of headers are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes | None

    @cached_property
    def path(self) -> str:
        # What is not UTF-8 fits no parameter's schema, and no operation's call is valid with it.
        return unquote(urlsplit(self.target).path, errors="surrogateescape")

    @cached_property
    def query(self) -> Mapping[str, Sequence[str]]:
        return parse_qs(urlsplit(self.target).query, keep_blank_values=True)


@dataclass(frozen=True)
class Answer:
    """What came back; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def shown(self) -> Any:
        """Return the body as what it is: JSON parsed, anything else as text."""
        return json.loads(self.body) if self.media_type.endswith("json") else self.body.decode()


@dataclass(frozen=True)
class Target:
    """A service to call.

    Attributes:
        url: where it listens.
        key: a credential with all scopes.
        twins_key: one of another tenant, for what checks try by themselves.
        empty_key: one of the tenant `empty`.

    """

    url: str
    key: str
    twins_key: str
    empty_key: str

    def send(self, call: Call, key: str | None = None) -> Answer:
        with closing(http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)) as connection:
            headers = {**call.headers, "authorization": f"Bearer {key or self.twins_key}"}
            connection.request(call.method, call.target, call.body, headers)
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): it for name, it in answer.getheaders()}, answer.read())


@dataclass(frozen=True)
class Parameter:
    name: str
    location: str
    required: bool
    schema: Mapping[str, Any]


class Described:
    """What a contract says of one operation."""

    def __init__(self, contract: Contract, operation: Operation) -> None:
        self.contract = contract
        self.operation = operation
        self.id = operation.id
        self.method = operation.method
        names = re.findall(r"\{(\w+)\}", operation.path)
        self._pattern = re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]*)", re.escape(operation.path)), re.DOTALL)
        item: Any = contract.at(["paths", operation.path.removeprefix(contract.base_path)])
        self._responses: Any = item[operation.method.lower()]["responses"]
        whole = item[operation.method.lower()]
        self.parameters = [self._parameter(it) for it in (*item.get("parameters", ()), *whole.get("parameters", ()))]
        assert sorted(names) == sorted(it.name for it in self.parameters if it.location == "path")
        body: Any = contract.resolved(whole["requestBody"]) if "requestBody" in whole else {"content": {}}
        self.bodies: Mapping[str, Any] = {name: it.get("schema", True) for name, it in body["content"].items()}

    def _parameter(self, described: Any) -> Parameter:
        it: Any = self.contract.resolved(described)
        return Parameter(it["name"], it["in"], it.get("required", False), self.contract.resolved(it["schema"]))

    def path_of(self, call: Call) -> Mapping[str, str] | None:
        """Return the parameters in the path of a call of this operation, None for any other call."""
        found = self._pattern.fullmatch(call.path) if call.method == self.method else None
        return found.groupdict() if found else None

    def response(self, status: int) -> Any:
        """Return what the contract says of an answer with this status, None when it knows no such answer."""
        return self.contract.resolved(self._responses[str(status)]) if str(status) in self._responses else None

    def codes(self, status: int) -> set[str]:
        """Return the error codes that the operation can answer with this status."""
        content = (self.response(status) or {}).get("content", {})
        return set(content.get("application/problem+json", {}).get("examples", ()))

    def has(self, status: int) -> bool:
        return str(status) in self._responses


class Operations:
    """All operations of a contract."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.all = [Described(contract, operation) for operation in contract.operations]
        self._document = json.loads(contract.json)
        self._validators: dict[str, jsonschema_rs.Draft202012Validator] = {}

    def called(self, call: Call) -> Described | None:
        """Return the operation that a call is of, None when it is of none."""
        # A literal segment is meant before a parameter that would take the same text.
        fitting = [it for it in self.all if it.path_of(call) is not None]
        return min(fitting, key=lambda it: it.operation.path.count("{"), default=None)

    def reads(self) -> Iterator[Described]:
        """Yield the operations that show something of an actor and need nothing else to be known."""
        for it in self.all:
            if it.method == "GET" and [p.name for p in it.parameters if p.required] == ["actor_id"]:
                yield it

    def is_valid(self, schema: Any, value: object) -> bool:
        """Return whether a value fits a schema of this contract, formats included."""
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            whole = {"allOf": [schema], "components": self._document["components"]}
            self._validators[key] = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
        return self._validators[key].is_valid(value)
