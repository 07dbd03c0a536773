"""What is generated from: the declarations of `tama.catalog`, that of the local service, and what the provider adds."""

from __future__ import annotations

from collections.abc import Iterable

from provider.framework import schema as framework
from provider.framework.schema import LIST, NUMBER, STRING, STRINGS
from provider.resources import local_service
from provider.resources.provider import TamaProvider
from tama import catalog
from tama.catalog.declaration import Attribute, Block, DataSource, Integer, Resource, Text, Texts

_TYPES = {STRING: Text, NUMBER: Integer, STRINGS: Texts}


def resources() -> list[Resource]:
    """Return the declaration of every resource of the provider."""
    return [*map(catalog.resource, catalog.RESOURCES), local_service.RESOURCE]


def data_sources() -> list[DataSource]:
    """Return the declaration of every data source of the provider."""
    return [*map(catalog.data_source, catalog.DATA_SOURCES)]


def configuration() -> tuple[Attribute, ...]:
    """Return what the provider itself is configured with."""
    return _attributes(TamaProvider.schema.fields)


def attributes(declaration: Resource | DataSource) -> tuple[Attribute, ...]:
    """Return the attributes of a resource, with its id, or of a data source."""
    if isinstance(declaration, DataSource):
        return declaration.attributes
    return (Text("id", f"The id of the {declaration.thing}.", computed=True), *declaration.attributes)


def blocks(declaration: Resource | DataSource) -> tuple[Block, ...]:
    """Return the blocks of a resource, with the waits and timeouts that the provider adds, or of a data source."""
    if isinstance(declaration, DataSource):
        return declaration.blocks
    names = {block.name for block in declaration.blocks}
    fields = TamaProvider("").resources[f"tama_{declaration.type}"]().schema.fields
    added = [field for field in fields if isinstance(field, framework.Block) and field.name not in names]
    return (*declaration.blocks, *map(_block, added))


def configurable(attribute: Attribute) -> bool:
    """Whether a configuration may give the attribute."""
    return attribute.required or attribute.optional


def configured(block: Block) -> bool:
    """Whether a configuration may give the block, or anything in it."""
    return any(map(configurable, block.attributes)) or any(map(configured, block.blocks))


def _block(block: framework.Block) -> Block:
    inner = tuple(_block(field) for field in block.fields if isinstance(field, framework.Block))
    return Block(
        block.name,
        block.description,
        _attributes(block.fields),
        blocks=inner,
        many=block.nesting == LIST,
        required=block.required,
    )


def _attributes(fields: Iterable[framework.Attribute | framework.Block]) -> tuple[Attribute, ...]:
    return tuple(
        _TYPES[field.type](
            field.name, field.description, required=field.required, optional=field.optional, sensitive=field.sensitive
        )
        for field in fields
        if isinstance(field, framework.Attribute)
    )


def facts(attribute: Attribute) -> list[str]:
    """Return what a declaration says of an attribute besides its description, a sentence each."""
    meanings = {"integer": "A whole number.", "integers": "Whole numbers."}
    sentences = [meanings[attribute.kind]] if attribute.kind in meanings else []
    if attribute.one_of:
        sentences.append(f"One of {', '.join(f'`{value}`' for value in attribute.one_of)}.")
    if attribute.minimum is not None:
        sentences.append(f"At least {attribute.minimum}.")
    if attribute.default is not None:
        default = attribute.default
        sentences.append(f"`{str(default).lower() if isinstance(default, bool) else default}` when not given.")
    if attribute.replaces:
        sentences.append("A change makes a new object.")
    return sentences
