"""Schemas as data: attributes and blocks, and the form in which the protocol tells them to Terraform."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from provider.framework.diagnostics import Diagnostics, Path

    Validator = Callable[["Attribute", Path, Any, Diagnostics], None]

# The types of attributes. JSON is a string that is compared by meaning, STRINGS and NUMBERS are lists.
STRING, NUMBER, BOOL, JSON, STRINGS, NUMBERS = "string", "number", "bool", "json", "strings", "numbers"
_CTY = {
    STRING: b'"string"',
    NUMBER: b'"number"',
    BOOL: b'"bool"',
    JSON: b'"string"',
    STRINGS: b'["list","string"]',
    NUMBERS: b'["list","number"]',
}
# How often what is nested stands there; the numbers are the protocol's, for blocks and nested attributes alike.
SINGLE, LIST = 1, 2

_MARKDOWN = 1


class Attribute:
    """One attribute.

    Args:
        name, description, required, optional, computed, sensitive: as Terraform understands them.
        type: one of the types above; empty for a nested attribute.
        attributes, nesting: of a nested attribute, what stands in it, and SINGLE or LIST.
        requires_replace: a change makes a new object.
        default: the planned value of an optional, computed attribute that is not configured.
        clears: of an optional, computed attribute, that no longer to configure it removes its value.
        follows: of a computed attribute, the attributes and blocks beside it whose change may change it; without any
            it keeps its state on every update.
        validators: what checks a known value.
        write_only: Terraform hands it over with a configuration and keeps it nowhere.
    """

    __slots__ = (
        "clears",
        "computed",
        "default",
        "description",
        "fields",
        "follows",
        "name",
        "nesting",
        "optional",
        "required",
        "requires_replace",
        "sensitive",
        "type",
        "validators",
        "write_only",
    )

    def __init__(  # noqa: PLR0913 - a schema states all there is to state, by name
        self,
        name: str,
        type: str = "",  # noqa: A002 - Terraform's word
        description: str = "",
        *,
        required: bool = False,
        optional: bool = False,
        computed: bool = False,
        sensitive: bool = False,
        requires_replace: bool = False,
        default: object = None,
        clears: bool = False,
        follows: tuple[str, ...] = (),
        validators: tuple[Validator, ...] = (),
        attributes: tuple[Attribute, ...] = (),
        nesting: int = 0,
        write_only: bool = False,
    ) -> None:
        self.name = name
        self.type = type
        self.description = description
        self.required = required
        self.optional = optional
        self.computed = computed
        self.sensitive = sensitive
        self.requires_replace = requires_replace
        self.default = default
        self.clears = clears
        self.follows = follows
        self.validators = validators
        self.fields: tuple[Field, ...] = attributes
        self.nesting = nesting
        self.write_only = write_only

    def empty(self) -> None:
        """Return the value of an attribute that is not there."""
        return

    def message(self) -> dict[str, Any]:
        """Return the protocol's form of it."""
        nested = {"attributes": [field.message() for field in self.fields], "nesting": self.nesting}
        return {
            "name": self.name,
            "type": _CTY.get(self.type),
            "nested_type": nested if self.nesting else None,
            "description": self.description,
            "description_kind": _MARKDOWN,
            "required": self.required,
            "optional": self.optional,
            "computed": self.computed,
            "sensitive": self.sensitive,
            "write_only": self.write_only,
        }


class Block:
    """A nested block, single or a list. It cannot be computed, and a list of blocks is never null.

    Args:
        name, description: as Terraform understands them.
        fields: the attributes and blocks that stand in it.
        nesting: SINGLE or LIST.
        required: it must be configured.
    """

    __slots__ = ("description", "fields", "name", "nesting", "required")

    computed = False
    requires_replace = False
    type = ""
    follows: tuple[str, ...] = ()
    validators: tuple[Validator, ...] = ()
    default: object = None
    clears = False
    write_only = False

    def __init__(
        self, name: str, fields: tuple[Field, ...], description: str = "", *, nesting: int, required: bool = False
    ) -> None:
        self.name = name
        self.fields = fields
        self.description = description
        self.nesting = nesting
        self.required = required

    def empty(self) -> list[Any] | None:
        """Return the value of a block that is not there."""
        return [] if self.nesting == LIST else None

    def message(self) -> dict[str, Any]:
        """Return the protocol's form of it."""
        return {
            "type_name": self.name,
            "block": _body(self.fields, self.description),
            "nesting": self.nesting,
            "min_items": int(self.required),
            "max_items": int(self.required and self.nesting == SINGLE),
        }


if TYPE_CHECKING:
    Field = Attribute | Block


class Schema:
    """What a resource, a data source or the provider itself is configured with.

    Args:
        fields: its attributes and blocks.
        description: one sentence, Markdown.
        version: of the state; a state of an older one is upgraded.
    """

    __slots__ = ("description", "fields", "version")

    def __init__(self, fields: tuple[Field, ...], description: str = "", *, version: int = 0) -> None:
        self.fields = fields
        self.description = description
        self.version = version

    def message(self) -> dict[str, Any]:
        """Return the protocol's form of it."""
        return {"version": self.version, "block": _body(self.fields, self.description)}


def _body(fields: tuple[Field, ...], description: str) -> dict[str, Any]:
    return {
        "attributes": [field.message() for field in fields if isinstance(field, Attribute)],
        "block_types": [field.message() for field in fields if isinstance(field, Block)],
        "description": description,
        "description_kind": _MARKDOWN,
    }
