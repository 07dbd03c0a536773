"""Drives a provider's RPCs as Terraform does, and holds its answers to Terraform's rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provider.framework.resource import Provider
from provider.framework.server import Server
from provider.protocol.messages import decode, encode
from provider.protocol.values import UNKNOWN, pack, unpack

Values = dict[str, Any]


class Answer:
    """What an RPC answers, with its values read."""

    def __init__(self, message: Mapping[str, Any], state: str) -> None:
        self.message = message
        value = message.get(state)
        self.state: Any = unpack(value["msgpack"]) if value else None
        self.private: bytes = message.get("private") or message.get("planned_private") or b""
        self.errors = [f"{each['summary']}: {each['detail']}" for each in message["diagnostics"]]
        self.paths = [
            [
                step["attribute_name"] or step["element_key_int"]
                for step in (each["attribute"] or {"steps": []})["steps"]
            ]
            for each in message["diagnostics"]
        ]


class Driver:
    """A provider behind its RPCs."""

    def __init__(self, provider: Provider) -> None:
        self.server = Server(provider)

    def call(self, method: str, /, **fields: object) -> dict[str, Any]:
        """Send one request."""
        return decode(f"{method}.Response", self.server.handle(method, encode(f"{method}.Request", fields)))

    def validate(self, type_name: str, config: Values) -> Answer:
        """ValidateResourceConfig."""
        message = self.call(
            "ValidateResourceConfig",
            type_name=type_name,
            config=wire(config),
            client_capabilities={"write_only_attributes_allowed": True},
        )
        return Answer(message, "")

    def plan(self, type_name: str, config: Values, prior: Values | None = None, private: bytes = b"") -> Answer:
        """PlanResourceChange."""
        message = self.call(
            "PlanResourceChange",
            type_name=type_name,
            config=wire(config),
            prior_state=wire(prior),
            proposed_new_state=wire(config),
            prior_private=private,
        )
        return Answer(message, "planned_state")

    def apply(self, type_name: str, config: Values, prior: Values | None = None, private: bytes = b"") -> Answer:
        """Plan, and ApplyResourceChange; the state is what Terraform accepts after the plan."""
        plan = self.plan(type_name, config, prior, private)
        assert plan.errors == []
        message = self.call(
            "ApplyResourceChange",
            type_name=type_name,
            config=wire(config),
            prior_state=wire(prior),
            planned_state=wire(plan.state),
            planned_private=plan.private,
        )
        answer = Answer(message, "new_state")
        assert holds_nothing_unknown(answer.state)
        if not answer.errors:
            assert_compatible(plan.state, answer.state)
        return answer

    def destroy(self, type_name: str, prior: Values, private: bytes = b"") -> Answer:
        """Apply the plan of a deletion."""
        message = self.call(
            "ApplyResourceChange",
            type_name=type_name,
            config=wire(None),
            prior_state=wire(prior),
            planned_state=wire(None),
            planned_private=private,
        )
        return Answer(message, "new_state")

    def read(self, type_name: str, state: Values, private: bytes = b"") -> Answer:
        """ReadResource."""
        message = self.call("ReadResource", type_name=type_name, current_state=wire(state), private=private)
        return Answer(message, "new_state")


def wire(value: Values | None) -> dict[str, bytes]:
    """Write a DynamicValue."""
    return {"msgpack": pack(value)}


def assert_compatible(planned: Any, actual: Any) -> None:
    """Hold a new state to Terraform's rule: every known planned value is there, unchanged."""
    if planned is UNKNOWN:
        return
    if isinstance(planned, dict):
        assert planned.keys() == actual.keys()
        for name, value in planned.items():
            assert_compatible(value, actual[name])
    elif isinstance(planned, list):
        assert len(planned) == len(actual)
        for item, new in zip(planned, actual, strict=True):
            assert_compatible(item, new)
    else:
        assert planned == actual


def holds_nothing_unknown(value: Any) -> bool:
    """Tell whether a value is known at every depth."""
    if isinstance(value, dict):
        return all(map(holds_nothing_unknown, value.values()))
    if isinstance(value, list):
        return all(map(holds_nothing_unknown, value))
    return value is not UNKNOWN
