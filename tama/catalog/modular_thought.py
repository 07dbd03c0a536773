from __future__ import annotations

from tama.catalog.common import found, reference
from tama.catalog.declaration import Block, Integer, Json, Problem, Resource, Text, Unfit
from tama.catalog.thought_ import CHAIN, COLLECTION, INDEX, MEMBER, OUTPUT_CLASS, STATE, UNIQUE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tama.catalog.declaration import Values

_MODULE = Block(
    "module",
    "What the thought does.",
    (
        Text("reference", "The module's name, e.g. `tama/agentic/generate`.", required=True, non_empty=True),
        Json("parameters", "The module's parameters, as JSON.", optional=True, computed=True, clears=True),
    ),
    required=True,
)
_FACULTY = Block(
    "faculty",
    "The queue that it runs in.",
    (
        reference("queue_id", "queue", "The queue."),
        Integer("priority", "Its priority in the queue.", required=True),
    ),
)


def _no_faculty_is_null(planned: Values, body: dict[str, Any]) -> dict[str, Any]:
    return body if planned["faculty"] else {**body, "faculty": None}


def _as_configured(told: Any, kept: Any) -> Any:
    """Parameters of an answer, in which Tama may write a number as a text, with the numbers that were configured."""
    if isinstance(told, dict) and isinstance(kept, dict):
        return {key: _as_configured(value, kept.get(key)) for key, value in told.items()}
    if isinstance(told, list) and isinstance(kept, list) and len(told) == len(kept):
        return [_as_configured(value, kept[index]) for index, value in enumerate(told)]
    is_number = isinstance(kept, int | float) and not isinstance(kept, bool)
    return kept if is_number and isinstance(told, str) and told in (str(kept), f"{kept:g}") else told


def _is_modular(response: Values, prior: Values, values: dict[str, Any]) -> dict[str, Any]:
    if response.get("module") is None:
        raise Unfit(
            Problem(
                "Not A Modular Thought",
                f"The thought {response.get('id')} has no module: it is a delegated thought. "
                "Declare or import it as tama_delegated_thought.",
            )
        )
    kept = (prior.get("module") or {}).get("parameters")
    module = {**values["module"], "parameters": _as_configured(values["module"]["parameters"], kept)}
    return {**values, "module": module, "faculty": values["faculty"] if response.get("faculty") else None}


RESOURCE = Resource(
    "modular_thought",
    thing="modular thought",
    kind="thought",
    summary="A step of a chain that a module carries out.",
    collection=COLLECTION,
    member=MEMBER,
    wrapper="thought",
    attributes=(
        CHAIN,
        OUTPUT_CLASS,
        Text("relation", "What its outcome is to the conversation, e.g. `reply`.", required=True, non_empty=True),
        INDEX,
        STATE,
    ),
    blocks=(_MODULE, _FACULTY),
    unique=UNIQUE,
    to_body=_no_faculty_is_null,
    from_response=_is_modular,
)

DATA_SOURCE = found(RESOURCE, "A modular thought that someone else declared.")
