"""What the generated constructs in `stack.tama` have in common."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypedDict, Unpack

from stack.cdktf_ import (
    Construct,
    Fn,
    IResolvable,
    ITerraformDependable,
    ITerraformIterator,
    Op,
    TerraformCount,
    TerraformDataSource,
    TerraformProvider,
    TerraformProviderGeneratorMetadata,
    TerraformResource,
    TerraformResourceLifecycle,
    Token,
)

SOURCE = "memovee/tama"
VERSION = "~> 0.1.0"

_EXPRESSION = re.compile(r"(?<![$%])[$%]\{")


class Meta(TypedDict, total=False):
    """Terraform's meta-arguments, which every resource and data source takes."""

    count: int | TerraformCount
    depends_on: Sequence[ITerraformDependable]
    for_each: ITerraformIterator
    lifecycle: TerraformResourceLifecycle
    provider: TerraformProvider


@dataclass(frozen=True, kw_only=True)
class Struct:
    """A nested block or a nested attribute; the fields of the subclasses are what stands in it."""

    blocks: ClassVar[frozenset[str]] = frozenset()


class Resource(TerraformResource):
    """A resource of the provider; subclasses name its type, and those of its arguments that are blocks."""

    terraform_type: ClassVar[str]
    blocks: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, scope: Construct, id_: str, /, arguments: Mapping[str, object], **meta: Unpack[Meta]) -> None:
        self._arguments = arguments
        super().__init__(
            scope,
            id_,
            terraform_resource_type=self.terraform_type,
            terraform_generator_metadata=_metadata(),
            **_transferable(meta),
        )

    def _synthesize_attributes(self) -> Mapping[str, Any]:
        return to_terraform(self._arguments)

    def _synthesize_hcl_attributes(self) -> Mapping[str, Any]:
        return to_hcl(self._arguments, self.blocks)

    def every(self, attribute: str) -> IResolvable:
        """Return the list of an attribute's values in all instances, of what has a `count`."""
        return self.interpolation_for_attribute(f"*.{attribute}")


class DataSource(TerraformDataSource):
    """A data source of the provider; subclasses name its type, and those of its arguments that are blocks."""

    terraform_type: ClassVar[str]
    blocks: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, scope: Construct, id_: str, /, arguments: Mapping[str, object], **meta: Unpack[Meta]) -> None:
        self._arguments = arguments
        super().__init__(
            scope,
            id_,
            terraform_resource_type=self.terraform_type,
            terraform_generator_metadata=_metadata(),
            **_transferable(meta),
        )

    def _synthesize_attributes(self) -> Mapping[str, Any]:
        return to_terraform(self._arguments)

    def _synthesize_hcl_attributes(self) -> Mapping[str, Any]:
        return to_hcl(self._arguments, self.blocks)

    def every(self, attribute: str) -> IResolvable:
        """Return the list of an attribute's values in all instances, of what has a `count`."""
        return self.interpolation_for_attribute(f"*.{attribute}")


class Provider(TerraformProvider):
    """The provider; the subclass names its arguments."""

    def __init__(self, scope: Construct, id_: str, /, arguments: Mapping[str, object], alias: str | None) -> None:
        self._arguments = arguments
        self._alias = alias
        super().__init__(
            scope,
            id_,
            terraform_resource_type="tama",
            terraform_generator_metadata=_metadata(),
            terraform_provider_source=SOURCE,
        )

    @property
    def alias(self) -> str | None:
        """The name by which resources choose this instance; None for the default one."""
        return self._alias

    @alias.setter
    def alias(self, value: str | None) -> None:
        self._alias = value

    def _synthesize_attributes(self) -> Mapping[str, Any]:
        return to_terraform(self._arguments)

    def _synthesize_hcl_attributes(self) -> Mapping[str, Any]:
        return to_hcl(self._arguments, frozenset())


def _transferable(meta: Meta) -> Meta:
    """Return the meta-arguments as they cross over to Node, which takes no sequences but lists."""
    return {**meta, "depends_on": list(meta["depends_on"])} if "depends_on" in meta else meta


def _metadata() -> TerraformProviderGeneratorMetadata:
    return TerraformProviderGeneratorMetadata(provider_name="tama", provider_version_constraint=VERSION)


def is_empty(text: str) -> IResolvable:
    """Return the condition that a text is empty; CDKTF would render a bare empty string as `undefined`."""
    return Op.eq(text, Fn.raw_string(""))


def is_given(text: str) -> IResolvable:
    """Return the condition that a text is not empty."""
    return Op.neq(text, Fn.raw_string(""))


def when(condition: IResolvable) -> TerraformCount:
    """Return the `count` of what is there only under a condition, which must be known at plan time."""
    return TerraformCount.of(Token.as_number(Fn.conditional(condition, 1, 0)))


def given_or_null(text: str) -> str:
    """Return a text, or Terraform's null, which is an argument that is not given, when the text is empty."""
    return Token.as_string(Fn.conditional(is_empty(text), Token.null_value(), text))


def literal(text: str) -> str:
    """Return a text as Terraform reads it: with no template in it, whatever it holds."""
    return text.replace("${", "$${").replace("%{", "%%{")


def to_terraform(arguments: Mapping[str, object]) -> dict[str, Any]:
    """Return arguments as Terraform's JSON configuration has them; what is None is left out."""
    return {name: _plain(value) for name, value in arguments.items() if value is not None}


def _plain(value: object) -> object:
    if isinstance(value, Struct):
        return to_terraform(_fields(value))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value


def _fields(struct: Struct) -> dict[str, object]:
    """Return what stands in a struct by Terraform's names, which lack the underscore that a Python keyword needs."""
    return {field.name.rstrip("_"): getattr(struct, field.name) for field in fields(struct)}


def to_hcl(arguments: Mapping[str, object], blocks: frozenset[str]) -> dict[str, Any]:
    """Return arguments with the notes that CDKTF's HCL renderer wants; what is None is left out.

    Args:
        arguments: The values by name.
        blocks: The names that are blocks in HCL; everything else is an attribute.
    """
    return {name: _annotated(value, name in blocks) for name, value in arguments.items() if value is not None}


def _annotated(value: object, block: bool) -> dict[str, Any]:
    if block:
        return _block(value)
    if isinstance(value, str):
        return _note(_quotable(value), "simple", "string")
    if isinstance(value, int | float):
        return _note(value, "simple", "boolean" if isinstance(value, bool) else "number")
    if isinstance(value, Sequence) and all(isinstance(item, str) for item in value):
        return _note([_quotable(item) for item in value], "list", "stringList")
    if isinstance(value, Sequence) and all(isinstance(item, int | float) for item in value):
        return _note(list(value), "list", "numberList")
    return _note(_plain(value), "any", "any")


def _block(value: object) -> dict[str, Any]:
    if isinstance(value, Struct):
        return _note(to_hcl(_fields(value), value.blocks), "struct", "struct", block=True)
    structs = [item for item in value if isinstance(item, Struct)] if isinstance(value, Sequence) else []
    return _note([to_hcl(_fields(item), item.blocks) for item in structs], "list", "structList", block=True)


def _note(value: object, kind: str, storage: str, *, block: bool = False) -> dict[str, Any]:
    return {"value": value, "isBlock": block, "type": kind, "storageClassType": storage}


def _quotable(text: str) -> str:
    """Return a literal with its escapes, as the renderer adds quotes around it and escapes no backslash."""
    return text if _EXPRESSION.search(text) else json.dumps(text, ensure_ascii=False)[1:-1]
