from __future__ import annotations

from tama.catalog.common import answered, reference
from tama.catalog.declaration import Block, DataSource, Integer, Json, Lookup, Problem, Resource, Text, Unfit
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


def _is_modular(response: Values, prior: Values, values: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001 - one signature
    if response.get("module") is None:
        raise Unfit(
            Problem(
                "Not A Modular Thought",
                f"The thought {response.get('id')} has no module: it is a delegated thought. "
                "Declare or import it as tama_delegated_thought.",
            )
        )
    return {**values, "faculty": values["faculty"] if response.get("faculty") else None}


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

DATA_SOURCE = DataSource(
    "modular_thought",
    thing="modular thought",
    kind="thought",
    summary="A modular thought that someone else declared.",
    lookups=(Lookup(("id",), MEMBER),),
    attributes=(Text("id", "The id of the thought.", required=True), *answered(RESOURCE.attributes)),
    blocks=(
        Block("module", "What the thought does.", answered(_MODULE.attributes)),
        Block("faculty", "The queue that it runs in.", answered(_FACULTY.attributes)),
    ),
    from_response=_is_modular,
)
