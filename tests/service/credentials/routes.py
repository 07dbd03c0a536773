"""Every route that needs a credential, as the contract and the application have them, with a call that it takes."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from service.contract import Contract, Operation
from tests.service.client import Client, ServiceAnswer
from tests.service.server import BASE

# What makes two answers differ that say the same: versions and times of what each call made.
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")
_OWN_HEADERS = frozenset({"ETag", "Date", "X-Request-Id", "Content-Length"})


@dataclass(frozen=True)
class Route:
    """An operation with valid values for all that its call needs but the actor."""

    operation: Operation
    parameters: Mapping[str, str]
    body: object

    def call(self, client: Client, actor: str, key: str | None, **headers: str) -> ServiceAnswer:
        path = self.operation.path
        for name, value in {**self.parameters, "actor_id": actor}.items():
            path = path.replace(f"{{{name}}}", value)
        return client.call(self.operation.method, path, _about(self.body, actor), key=key, headers=headers)


def _about(body: Any, actor: str) -> Any:
    """Return a body that names an actor, or who is merged into one, so that it is about this one."""
    match body:
        case {"actor_id": _}:
            return {**body, "actor_id": actor, "aliases": []}
        case {"from": _}:
            return {"from": f"visitor of {actor}"}
    return body


def routes(contract: Contract) -> Iterator[Route]:
    for operation in contract.operations:
        template = operation.path.removeprefix(BASE)
        item: Any = contract.at(["paths", template])
        described = item[operation.method.lower()]
        parameters = {}
        for reference in [*item.get("parameters", []), *described.get("parameters", [])]:
            parameter: Any = contract.resolved(reference)
            if parameter["in"] == "path" and parameter["name"] != "actor_id":
                parameters[parameter["name"]] = _example(contract, parameter)
        content: Any = described.get("requestBody", {}).get("content", {}).get("application/json")
        body = _first_value(contract, content["examples"]) if content else None
        yield Route(operation, parameters, body)


def _example(contract: Contract, parameter: Any) -> str:
    if "examples" in parameter:
        return str(_first_value(contract, parameter["examples"]))
    if "example" in parameter:
        return str(parameter["example"])
    schema: Any = contract.resolved(parameter["schema"])
    for source in ("examples", "enum"):
        if source in schema:
            return str(schema[source][0])
    return str(schema.get("minimum", "0"))


def _first_value(contract: Contract, examples: Any) -> Any:
    return contract.resolved(next(iter(examples.values())))["value"]


def comparable(answer: ServiceAnswer, actor: str) -> Any:
    """Return what an answer says, without the actor's id and without what no two calls have in common."""
    headers = {name: value.replace(actor, "ACTOR") for name, value in answer.headers if name not in _OWN_HEADERS}
    text = _TIME.sub("TIME", answer.get_data(as_text=True).replace(actor, "ACTOR"))
    shown = json.loads(text) if answer.is_json and text else text
    if isinstance(shown, dict):
        for name in ("etag", "erasure_id"):
            shown.pop(name, None)
    return answer.status_code, headers, shown
