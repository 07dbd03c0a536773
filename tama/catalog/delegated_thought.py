from __future__ import annotations

from tama.catalog.common import found, reference
from tama.catalog.declaration import Block, Problem, Resource, Text, Unfit
from tama.catalog.thought_ import CHAIN, COLLECTION, INDEX, MEMBER, OUTPUT_CLASS, STATE, UNIQUE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from tama.catalog.declaration import Values


def _target_is_modular(planned: Values, get: Callable[[str, Values], Any]) -> Iterator[Problem]:
    target = planned["delegation"]["target_thought_id"]
    if get(MEMBER, {"id": target}).get("module") is None:
        yield Problem(
            "Invalid Target Thought",
            f"The target_thought_id must reference a tama_modular_thought resource, and {target} is a delegated one.",
            ("delegation", "target_thought_id"),
        )


def _no_faculty(planned: Values, body: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001 - one signature
    return {**body, "faculty": None}


def _is_delegated(response: Values, prior: Values, values: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001 - one signature
    if response.get("delegation") is None:
        raise Unfit(
            Problem(
                "Not A Delegated Thought",
                f"The thought {response.get('id')} delegates to none: it is a modular thought. "
                "Declare or import it as tama_modular_thought.",
            )
        )
    return values


RESOURCE = Resource(
    "delegated_thought",
    thing="delegated thought",
    kind="thought",
    summary="A step of a chain that is carried out as a thought of another chain is.",
    collection=COLLECTION,
    member=MEMBER,
    wrapper="thought",
    attributes=(
        CHAIN,
        OUTPUT_CLASS,
        Text("relation", "The relation of the thought that it delegates to.", computed=True, follows=("delegation",)),
        INDEX,
        STATE,
    ),
    blocks=(
        Block(
            "delegation",
            "What it delegates to.",
            (reference("target_thought_id", "thought", "A modular thought."),),
            required=True,
        ),
    ),
    unique=UNIQUE,
    check=_target_is_modular,
    to_body=_no_faculty,
    from_response=_is_delegated,
)

DATA_SOURCE = found(RESOURCE, "A delegated thought that someone else declared.")
