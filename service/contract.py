"""The contract, `schemas/personalization.yaml`: the one description of what the service takes and answers."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import yaml

CONTRACT_FILE = Path(__file__).parent.parent / "schemas" / "personalization.yaml"
_WIDTH = 120
METHODS = ("get", "put", "post", "patch", "delete")

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the contract.

    Attributes:
        id: its `operationId`.
        method: the HTTP method, upper case.
        path: the path template with the base path before it.
        scopes: the scopes that a credential needs for it.

    """

    id: str
    method: str
    path: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """What an error code stands for: its HTTP status, the status's title, and the words for it."""

    status: int
    title: str
    message: str


class Contract:
    """A parsed contract.

    Attributes:
        yaml: the file's bytes.
        json: the same document as JSON.
        base_path: the path of the contract's server.
        operations: every operation of the contract.
        errors: what each error code stands for. The examples of the contract are what the service says.

    """

    def __init__(self, source: bytes) -> None:
        self.yaml = source
        self._document: dict[str, Any] = yaml.load(source, Loader=_LOADER)  # noqa: S506 - both are safe loaders
        self.json = orjson.dumps(self._document)
        self.base_path: str = self._document["servers"][0]["url"]
        self.operations = tuple(self._read_operations())
        self.errors = {code: self._read_error(code) for code in self.schema("ErrorCode")["enum"]}

    def _read_operations(self) -> Iterable[Operation]:
        for path, item in self._document["paths"].items():
            for method in METHODS:
                if method in item:
                    requirements = item[method].get("security", self._document["security"])
                    scopes = frozenset(scope for requirement in requirements for scope in requirement.get("ApiKey", ()))
                    yield Operation(item[method]["operationId"], method.upper(), self.base_path + path, scopes)

    def _read_error(self, code: str) -> ErrorKind:
        example = self._document["components"]["examples"][code]["value"]
        return ErrorKind(example["status"], example["title"], example["message"])

    def changed(self, change: Callable[[dict[str, Any]], None]) -> "Contract":
        """Return another contract: this one's document as `change` leaves it."""
        document = yaml.load(self.yaml, Loader=_LOADER)  # noqa: S506 - both are safe loaders
        change(document)
        text = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)
        return Contract(text.encode())

    def schema(self, name: str) -> Schema:
        """Return the component schema of this name."""
        return self.resolved(self._document["components"]["schemas"][name])

    def resolved(self, schema: Schema) -> Schema:
        """Return a schema with its `$ref`, if it has one, replaced by what it refers to."""
        if "$ref" not in schema:
            return schema
        target = self.at(schema["$ref"].removeprefix("#/").split("/"))
        return {**target, **{key: value for key, value in schema.items() if key != "$ref"}}

    def at(self, path: Iterable[str | int]) -> Schema:
        """Return what stands at this path of the document."""
        node: Any = self._document
        for step in path:
            node = node[step]
        return self.resolved(node)

    def validator(self, name: str) -> jsonschema_rs.Draft202012Validator:
        """Compile the component schema of this name, formats included."""
        return jsonschema_rs.Draft202012Validator(
            {"$ref": f"#/components/schemas/{name}", "components": self._document["components"]},
            validate_formats=True,
        )


class _Dumper(yaml.SafeDumper):
    """A dumper that writes each thing where it stands; an alias would be read as one, but not by every reader."""

    def ignore_aliases(self, _data: object) -> bool:
        return True


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def load_contract() -> Contract:
    """Read the contract of this installation, once."""
    return Contract(CONTRACT_FILE.read_bytes())
