"""What many declarations have in common."""

from __future__ import annotations

from tama.catalog.declaration import DataSource, Integer, Lookup, Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tama.catalog.declaration import Attribute, Block, Resource

OF_SPECIFICATION = (
    "What comes of a specification is there when its current_state is completed: give the specification a wait_for, "
    "and refer to it here by its resource. If its current_state is failed, the document yields nothing."
)
"""What helps when something that a specification yields is not found."""


def parent(name: str, refers_to: str, description: str) -> Text:
    """What an object belongs to, for as long as it lives."""
    return Text(name, description, required=True, replaces=True, non_empty=True, refers_to=refers_to)


def reference(name: str, refers_to: str, description: str) -> Text:
    """Another object, which may be exchanged for a third."""
    return Text(name, description, required=True, non_empty=True, refers_to=refers_to)


def provision_state(thing: str) -> Text:
    """Where Tama is with an object."""
    return Text("provision_state", f"Where Tama is with the {thing}, e.g. `active`.", computed=True)


def secret(name: str, description: str, *, required: bool = False, key: str = "") -> tuple[Attribute, ...]:
    """A secret, its twin that Terraform does not keep, and the number whose change sends the twin again."""
    return (
        Text(name, description, optional=True, sensitive=True, non_empty=True, returned=False, key=key),
        Text(
            f"{name}_wo",
            f"As `{name}`, and not kept by Terraform, which must be 1.11 or newer.",
            optional=True,
            sensitive=True,
            non_empty=True,
            sent=False,
            returned=False,
            write_only=True,
            twin_of=name,
            demanded=required,
        ),
        Integer(
            f"{name}_wo_version",
            f"A number whose change sends `{name}_wo` again.",
            optional=True,
            sent=False,
            returned=False,
        ),
    )


def slug() -> Text:
    """A name as it stands in URLs."""
    return Text("slug", "The name as it stands in URLs; it follows the name.", computed=True, follows=("name",))


def found(resource: Resource, summary: str, by: tuple[str, ...] = ("id",)) -> DataSource:
    """The data source that finds what a resource declares, by its id or by what else stands in its path."""
    given = {one.name: {"required": True, "one_of": one.one_of} for one in resource.attributes if one.name in by}
    id_ = Text("id", f"The id of the {resource.thing}.", required="id" in by, computed="id" not in by)
    return DataSource(
        resource.type,
        thing=resource.thing,
        kind=resource.kind,
        summary=summary,
        lookups=(Lookup(by, resource.member),),
        attributes=(id_, *answered(resource.attributes, **given)),
        blocks=tuple(_answered_block(block) for block in resource.blocks),
        from_response=resource.from_response,
    )


def answered(attributes: tuple[Attribute, ...], **given: dict[str, Any]) -> tuple[Attribute, ...]:
    """The attributes that an answer holds, as computed ones.

    Args:
        attributes: those of a resource.
        given: by name, what an attribute is that may be given as an argument.
    """
    return tuple(
        type(one)(
            one.name,
            one.description,
            key=one.key,
            sensitive=one.sensitive,
            attributes=answered(one.attributes),
            **given.get(one.name, {"computed": True}),
        )
        for one in attributes
        if one.returned
    )


def _answered_block(block: Block) -> Block:
    inner = tuple(_answered_block(each) for each in block.blocks)
    return type(block)(
        block.name, block.description, answered(block.attributes), blocks=inner, many=block.many, key=block.key
    )
