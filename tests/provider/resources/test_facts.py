"""Our schema is that of `upmaru/tama` but for what differs on purpose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pytest

from provider.framework.schema import Attribute, Block
from provider.resources.provider import TamaProvider
from tests.provider.driver import Driver
from tests.provider.resources import facts
from tests.provider.resources.facts import Body

TOLD = Driver(TamaProvider("")).call("GetProviderSchema")

_TYPES = {
    b'"string"': "str",
    b'"number"': "num",
    b'"bool"': "bool",
    b'["list","string"]': "list(str)",
    b'["list","number"]': "list(num)",
}
_NESTED = {1: "attributes", 2: "attributes list"}
_BLOCKS = {1: "block", 2: "block list"}

IS_TOLD = "The API returns it, and upstream leaves it out."
IS_FILLED = "An answer holds it, whether it was given or not."
IS_NEEDED = "Upstream crashes, or fails at apply, without it."
IS_OF_ONE = "The attribute that names the block; another block is another object at another URL."
HAS_TWIN = "Its write-only twin may stand in for it: one of both is demanded."
HAS_SLUG = "A space is found by its id or by its slug."
IS_TWIN = "A secret that Terraform does not keep, and the number that sends it again."
IS_SECRET = "The value of a header may be a credential."
IS_OFTEN_EMPTY = "Without it, empty ones are sent, which upstream wants to have written."
IS_OF_THE_NETWORK = "How a hosted Tama is reached where the network asks for more."
IS_WAIT = "How long a wait may take; upstream's take ten minutes at most."


def _twin(name: str) -> dict[str, tuple[str, str]]:
    return {f"{name}_wo": ("str O S W", IS_TWIN), f"{name}_wo_version": ("num O", IS_TWIN)}


TIMEOUTS = {
    "timeouts": ("block", IS_WAIT),
    "timeouts.create": ("str O", IS_WAIT),
    "timeouts.update": ("str O", IS_WAIT),
}
RESOURCES: dict[str, dict[str, tuple[str, str]]] = {
    "class_operation": TIMEOUTS,
    "delegated_thought": {"delegation": ("block R", IS_NEEDED)},
    "listener": {"secret": ("str O S", HAS_TWIN), **_twin("secret")},
    "model": {"provision_state": ("str C", IS_TOLD)},
    "modular_thought": {
        "module": ("block R", IS_NEEDED),
        "faculty.queue_id": ("str R", IS_NEEDED),
        "faculty.priority": ("num R", IS_NEEDED),
    },
    "source": {
        "api_key": ("str O S", HAS_TWIN),
        "request.headers.value": ("str R S", IS_SECRET),
        **_twin("api_key"),
    },
    "source_identity": {
        "validation": ("block R", IS_NEEDED),
        **_twin("api_key"),
        **_twin("client_secret"),
        **TIMEOUTS,
    },
    "source_limit": {"provision_state": ("str C", IS_TOLD)},
    "space_processor": {"type": ("str C FN", IS_OF_ONE)},
    "specification": TIMEOUTS,
    "thought_initializer": {"parameters": ("str OC", IS_OFTEN_EMPTY)},
    "thought_processor": {"type": ("str C FN", IS_OF_ONE)},
}
PROVIDER: dict[str, tuple[str, str]] = {
    "ca_file": ("str O", IS_OF_THE_NETWORK),
    "cert_file": ("str O", IS_OF_THE_NETWORK),
    "key_file": ("str O", IS_OF_THE_NETWORK),
    "max_connections": ("num O", IS_OF_THE_NETWORK),
}
OURS_ALONE = {
    "actions",
    "delegated_thought",
    "listener",
    "queue",
    "source_limit",
    "space_processor",
    "thought_processor",
}
DATA_SOURCES: dict[str, dict[str, tuple[str, str]]] = {
    "action": {"identifier": ("str OC", IS_FILLED)},
    "class_corpus": {"class_id": ("str OC", IS_FILLED)},
    "source": {
        "request": ("attributes C", IS_TOLD),
        "request.headers": ("attributes list C", IS_TOLD),
        "request.headers.name": ("str C", IS_TOLD),
        "request.headers.value": ("str C S", IS_SECRET),
        "request.session_affinity": ("attributes C", IS_TOLD),
        "request.session_affinity.location": ("str C", IS_TOLD),
        "request.session_affinity.key": ("str C", IS_TOLD),
        "request.session_affinity.value": ("str C", IS_TOLD),
    },
    "space": {"id": ("str OC", HAS_SLUG), "slug": ("str OC", HAS_SLUG)},
    "model": {"source_id": ("str C", IS_TOLD), "provision_state": ("str C", IS_TOLD)},
    "modular_thought": {
        "faculty": ("block", IS_TOLD),
        "faculty.queue_id": ("str C", IS_TOLD),
        "faculty.priority": ("num C", IS_TOLD),
    },
}


def test_the_provider_is_configured_as_upstreams() -> None:
    ours = dict(_told(TOLD["provider"]["block"]))
    assert _differences(ours, facts.PROVIDER) == _expected(PROVIDER)


def test_there_is_every_type_and_what_is_ours_alone() -> None:
    assert _names(TOLD["resource_schemas"]) - set(facts.RESOURCES) == {"local_service"}
    assert _names(TOLD["data_source_schemas"]) - set(facts.DATA_SOURCES) == OURS_ALONE
    assert (len(facts.RESOURCES), len(facts.DATA_SOURCES)) == (35, 15)


@pytest.mark.parametrize("type_", facts.RESOURCES)
def test_a_resource_is_as_upstreams(type_: str) -> None:
    replacing = set(_replacing(TamaProvider("").resources[f"tama_{type_}"]().schema.fields))
    told = _told(TOLD["resource_schemas"][f"tama_{type_}"]["block"])
    ours = {path: kind + " FN" * (path in replacing) for path, kind in told}
    assert _differences(ours, facts.RESOURCES[type_]) == _expected(RESOURCES.get(type_, {}))


@pytest.mark.parametrize("type_", facts.DATA_SOURCES)
def test_a_data_source_is_as_upstreams(type_: str) -> None:
    ours = dict(_told(TOLD["data_source_schemas"][f"tama_{type_}"]["block"]))
    assert _differences(ours, facts.DATA_SOURCES[type_]) == _expected(DATA_SOURCES.get(type_, {}))


def _names(schemas: Mapping[str, Any]) -> set[str]:
    return {name.removeprefix("tama_") for name in schemas}


def _differences(ours: Mapping[str, str], theirs: Body) -> dict[str, str | None]:
    """What is ours where it is not as theirs, by dotted path; None where they have what we have not."""
    written = dict(_written(theirs))
    return {path: ours.get(path) for path in ours.keys() | written.keys() if ours.get(path) != written.get(path)}


def _expected(deliberate: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    return {path: kind for path, (kind, _) in deliberate.items()}


def _told(body: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Every attribute and block of a schema of the protocol by its dotted path, with its type and flags."""
    for each in body["attributes"]:
        nested = each["nested_type"]
        kind = _NESTED[nested["nesting"]] if nested else _TYPES[each["type"]]
        given = "R" if each["required"] else "O" * each["optional"] + "C" * each["computed"]
        yield above + each["name"], f"{kind} {given}" + " S" * each["sensitive"] + " W" * each["write_only"]
        if nested:
            yield from _told({**nested, "block_types": []}, f"{above}{each['name']}.")
    for each in body["block_types"]:
        yield above + each["type_name"], _BLOCKS[each["nesting"]] + " R" * bool(each["min_items"])
        yield from _told(each["block"], f"{above}{each['type_name']}.")


def _written(body: Body, above: str = "") -> Iterator[tuple[str, str]]:
    """The same of a schema that is written down."""
    for name, what in body.items():
        kind, inner = what if isinstance(what, tuple) else (what, {})
        yield above + name, kind
        yield from _written(inner, f"{above}{name}.")


def _replacing(fields: Iterable[Attribute | Block], above: str = "") -> Iterator[str]:
    """The paths of the attributes whose change makes a new object, which Terraform hears of only in a plan."""
    for field in fields:
        if field.requires_replace:
            yield above + field.name
        yield from _replacing(field.fields, f"{above}{field.name}.")
