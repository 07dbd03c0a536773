"""The section "Schema" of a page of the reference, in the form of the Terraform Registry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tama import catalog
from tama.catalog.declaration import Attribute, Block
from tools import declared
from tools.declared import configurable, configured

_TYPES = {
    "string": "String",
    "json": "String of JSON",
    "integer": "Number",
    "number": "Number",
    "boolean": "Boolean",
    "strings": "List of String",
    "integers": "List of Number",
    "object": "Attributes",
    "objects": "Attributes List",
}
_MANY = {True: "Block List", False: "Block"}

Fields = Sequence[Attribute | Block]


def schema_section(fields: Fields) -> list[str]:
    """Return the lines: what is required, optional and read-only, and what is nested, with anchors."""
    lines = ["## Schema", ""]
    for title, group in _groups(fields):
        lines += [f"### {title}", "", *(_line(field, fields, ()) for field in group), ""]
    return [*lines, *_nested(fields, ())]


def _groups(fields: Fields) -> Iterator[tuple[str, list[Attribute | Block]]]:
    """The fields by whether they are given, those that must be given first; groups without any are left out."""
    given = [field for field in fields if _is_given(field)]
    groups = {
        "Required": [field for field in given if field.required],
        "Optional": [field for field in given if not field.required],
        "Read-Only": [field for field in fields if not _is_given(field)],
    }
    return ((title, group) for title, group in groups.items() if group)


def _is_given(field: Attribute | Block) -> bool:
    return configured(field) if isinstance(field, Block) else configurable(field)


def _nested(fields: Fields, above: tuple[str, ...]) -> Iterator[str]:
    for field in fields:
        inside = _inside(field)
        if not inside:
            continue
        path = (*above, field.name)
        yield from (f'<a id="{_anchor(field, above)}"></a>', f"### Nested Schema for `{'.'.join(path)}`", "")
        for title, group in _groups(inside):
            yield from (f"{title}:", "", *(_line(each, inside, path) for each in group), "")
        yield from _nested(inside, path)


def _inside(field: Attribute | Block) -> Fields:
    return (*field.attributes, *field.blocks) if isinstance(field, Block) else field.attributes


def _anchor(field: Attribute | Block, above: Sequence[str]) -> str:
    kind = "nestedblock" if isinstance(field, Block) else "nestedatt"
    return "--".join((kind, *above, field.name))


def _line(field: Attribute | Block, beside: Fields, above: Sequence[str]) -> str:
    words = [field.description]
    if isinstance(field, Attribute):
        words += [*declared.facts(field), *_references(field), *_twin(field, beside)]
    if _inside(field):
        words.append(f"(See [below for nested schema](#{_anchor(field, above)}).)")
    return f"- `{field.name}` ({_type(field)}) {' '.join(words)}"


def _type(field: Attribute | Block) -> str:
    if isinstance(field, Block):
        return _MANY[field.many]
    flags = {"Sensitive": field.sensitive, "Write-only": field.write_only}
    return ", ".join([_TYPES[field.kind], *(flag for flag, is_set in flags.items() if is_set)])


def _references(attribute: Attribute) -> list[str]:
    """What resource or data source has the id that the attribute takes."""
    kind = attribute.refers_to
    types = [type_ for type_ in catalog.RESOURCES if kind and catalog.resource(type_).kind == kind]
    types = types or [kind] * bool(kind)
    if not types:
        return []
    ids = "Ids" if attribute.kind == "strings" else "The id"
    return [f"{ids} of a {' or a '.join(f'`tama_{type_}`' for type_ in types)}."]


def _twin(attribute: Attribute, beside: Fields) -> list[str]:
    """That of an attribute and its write-only twin one is given."""
    pairs = [
        (other.twin_of, other.name, other.demanded)
        for other in beside
        if isinstance(other, Attribute) and other.twin_of and attribute.name in {other.twin_of, other.name}
    ]
    return [f"{'Exactly' if demanded else 'At most'} one of `{a}` and `{b}` is given." for a, b, demanded in pairs]
