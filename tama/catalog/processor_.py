"""What the processors of spaces and of thoughts have in common."""

from __future__ import annotations

from tama.catalog.common import parent, provision_state, reference
from tama.catalog.declaration import Block, Integer, Json, Number, Objects, Problem, Resource, Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from tama.catalog.declaration import Attribute, Values

TYPES = ("completion", "embedding", "reranking")
TOOL_CHOICES = ("required", "auto", "any")

_PARAMETERS = Json(
    "parameters", "What is sent with each call, as a JSON object.", optional=True, computed=True, clears=True
)


def processor(of: str, description: str, path: str) -> Resource:
    """The declaration of the processors of a kind of object.

    Args:
        of: what the processor belongs to.
        description: that in a sentence.
        path: where all of them are, with `{type}` in it.
    """
    return Resource(
        f"{of}_processor",
        thing="processor",
        summary=f"Which model a {of} uses for completion, embedding or reranking, and how.",
        collection=path,
        member=path,
        wrapper="processor",
        attributes=(
            parent(f"{of}_id", of, description),
            reference("model_id", "model", "The model."),
            Text("type", "The name of its block.", computed=True, replaces=True, one_of=TYPES),
            provision_state("processor"),
        ),
        blocks=(
            _block("completion", "How texts are completed.", _COMPLETION),
            _block("embedding", "How texts become vectors.", _EMBEDDING),
            _block("reranking", "How results are ordered anew.", (_PARAMETERS,)),
        ),
        unique=((f"{of}_id", "type"),),
        import_id=f"{{{of}_id}}/{{type}}",
        validate=_one_block,
        derive=_type,
        to_body=_configuration,
        from_response=_configured,
    )


_COMPLETION: tuple[Attribute, ...] = (
    Number("temperature", "How freely it is completed; 0.8 when not given.", optional=True, computed=True),
    Text(
        "tool_choice",
        "Whether tools are called: `required` when not given.",
        optional=True,
        computed=True,
        one_of=TOOL_CHOICES,
    ),
    Objects(
        "role_mappings",
        "Roles that the model knows by other names.",
        optional=True,
        attributes=(
            Text("from", "The role.", required=True, non_empty=True),
            Text("to", "Its name for the model.", required=True, non_empty=True),
        ),
    ),
    _PARAMETERS,
)
_EMBEDDING: tuple[Attribute, ...] = (
    Integer("max_tokens", "How long a text may be; 512 when not given.", optional=True, computed=True, minimum=1),
    Objects(
        "templates",
        "What is put around a text, by its type.",
        optional=True,
        attributes=(
            Text("type", "The type, e.g. `query`.", required=True, non_empty=True),
            Text("content", "The template.", required=True),
        ),
    ),
)


def _block(name: str, description: str, attributes: tuple[Attribute, ...]) -> Block:
    # Each stands in bodies as `configuration`; which it is, the type says.
    description = f"{description} Exactly one of `completion`, `embedding` and `reranking` is given."
    return Block(name, description, attributes, key="configuration", sent=False, returned=False)


def _one_block(config: Values, known: Callable[[object], bool]) -> Iterator[Problem]:
    given = [name for name in TYPES if config[name] is not None]
    if len(given) != 1 and all(known(config[name]) for name in TYPES):
        choices = ",".join(TYPES)
        yield Problem(
            "Invalid Attribute Combination", f"Exactly one of these attributes must be configured: [{choices}]"
        )


def _type(planned: Values, known: Callable[[object], bool]) -> dict[str, Any]:
    given = [name for name in TYPES if known(planned[name]) and planned[name] is not None]
    return {"type": given[0]} if given else {}


def _configuration(planned: Values, body: dict[str, Any]) -> dict[str, Any]:
    block = planned[planned["type"]] or {}
    return {**body, "configuration": {key: value for key, value in block.items() if value is not None}}


def _configured(response: Values, prior: Values, values: dict[str, Any]) -> dict[str, Any]:
    """The block that the type names, with what the configuration tells of it; the others are not there."""
    type_ = response["type"]
    attributes = {"completion": _COMPLETION, "embedding": _EMBEDDING, "reranking": (_PARAMETERS,)}[type_]
    told = response.get("configuration") or {}
    kept = prior.get(type_) or {}
    block = {one.name: _told(told.get(one.name), kept.get(one.name)) for one in attributes}
    return {**values, **dict.fromkeys(TYPES), "type": type_, type_: block}


def _told(value: Any, kept: Any) -> Any:
    """A value of an answer; what is empty is not there, unless it was configured so."""
    return kept if value in (None, {}, []) and kept in (None, "", {}, []) else value
