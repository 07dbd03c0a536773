"""The messages of Terraform plugin protocol 6 in protobuf's wire format, driven by one table.

Sources: https://protobuf.dev/programming-guides/encoding/ and Terraform's tfplugin6.proto, version 6.11. Only the
messages of the RPCs that a provider of resources, data sources and functions serves are here; what else a newer
Terraform sends is an unknown field, and skipped.
"""

from __future__ import annotations

from provider.protocol.errors import WireError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Final

_DIAGNOSTICS = "repeated Diagnostic"

# One line a message, in the notation `number name type`; a oneof field excludes the message's other oneof fields.
_TABLE: Final = {
    "DynamicValue": "1 msgpack bytes; 2 json bytes",
    "Diagnostic": "1 severity enum; 2 summary string; 3 detail string; 4 attribute AttributePath",
    "FunctionError": "1 text string; 2 function_argument optional int64",
    "AttributePath.Step": "1 attribute_name oneof string; 2 element_key_string oneof string;"
    "3 element_key_int oneof int64",
    "AttributePath": "1 steps repeated AttributePath.Step",
    "StopProvider.Request": "",
    "StopProvider.Response": "1 Error string",
    "RawState": "1 json bytes; 2 flatmap map string",
    "Schema.Block": "1 version int64; 2 attributes repeated Schema.Attribute;"
    "3 block_types repeated Schema.NestedBlock;"
    "4 description string; 5 description_kind enum; 6 deprecated bool; 7 deprecation_message string",
    "Schema.Attribute": "1 name string; 2 type bytes; 10 nested_type Schema.Object; 3 description string;"
    "4 required bool; 5 optional bool; 6 computed bool; 7 sensitive bool; 8 description_kind enum; 9 deprecated bool; "
    "11 write_only bool; 12 deprecation_message string",
    "Schema.NestedBlock": "1 type_name string; 2 block Schema.Block; 3 nesting enum; 4 min_items int64;"
    "5 max_items int64",
    "Schema.Object": "1 attributes repeated Schema.Attribute; 3 nesting enum; 4 min_items int64; 5 max_items int64",
    "Schema": "1 version int64; 2 block Schema.Block",
    "ResourceIdentitySchema.IdentityAttribute": "1 name string; 2 type bytes; 3 required_for_import bool;"
    "4 optional_for_import bool; 5 description string",
    "ResourceIdentitySchema": "1 version int64;2 identity_attributes repeated ResourceIdentitySchema.IdentityAttribute",
    "ResourceIdentityData": "1 identity_data DynamicValue",
    "Function.Parameter": "1 name string; 2 type bytes; 3 allow_null_value bool; 4 allow_unknown_values bool;"
    "5 description string; 6 description_kind enum",
    "Function.Return": "1 type bytes",
    "Function": "1 parameters repeated Function.Parameter; 2 variadic_parameter Function.Parameter;"
    "3 return Function.Return; 4 summary string; 5 description string; 6 description_kind enum;"
    "7 deprecation_message string",
    "ServerCapabilities": "1 plan_destroy bool; 2 get_provider_schema_optional bool; 3 move_resource_state bool;"
    "4 generate_resource_config bool",
    "ClientCapabilities": "1 deferral_allowed bool; 2 write_only_attributes_allowed bool",
    "Deferred": "1 reason enum",
    "GetMetadata.Request": "",
    "GetMetadata.Response": f"1 server_capabilities ServerCapabilities; 2 diagnostics {_DIAGNOSTICS};"
    "3 data_sources repeated GetMetadata.DataSourceMetadata; 4 resources repeated GetMetadata.ResourceMetadata;"
    "5 functions repeated GetMetadata.FunctionMetadata",
    "GetMetadata.FunctionMetadata": "1 name string",
    "GetMetadata.DataSourceMetadata": "1 type_name string",
    "GetMetadata.ResourceMetadata": "1 type_name string",
    "GetProviderSchema.Request": "",
    "GetProviderSchema.Response": "1 provider Schema; 2 resource_schemas map Schema; 3 data_source_schemas map Schema;"
    f"4 diagnostics {_DIAGNOSTICS}; 5 provider_meta Schema; 6 server_capabilities ServerCapabilities;"
    "7 functions map Function",
    "ValidateProviderConfig.Request": "1 config DynamicValue",
    "ValidateProviderConfig.Response": f"2 diagnostics {_DIAGNOSTICS}",
    "UpgradeResourceState.Request": "1 type_name string; 2 version int64; 3 raw_state RawState",
    "UpgradeResourceState.Response": f"1 upgraded_state DynamicValue; 2 diagnostics {_DIAGNOSTICS}",
    "ValidateResourceConfig.Request": "1 type_name string; 2 config DynamicValue;"
    "3 client_capabilities ClientCapabilities",
    "ValidateResourceConfig.Response": f"1 diagnostics {_DIAGNOSTICS}",
    "ValidateDataResourceConfig.Request": "1 type_name string; 2 config DynamicValue",
    "ValidateDataResourceConfig.Response": f"1 diagnostics {_DIAGNOSTICS}",
    "ConfigureProvider.Request": "1 terraform_version string; 2 config DynamicValue;"
    "3 client_capabilities ClientCapabilities",
    "ConfigureProvider.Response": f"1 diagnostics {_DIAGNOSTICS}",
    "ReadResource.Request": "1 type_name string; 2 current_state DynamicValue; 3 private bytes;"
    "4 provider_meta DynamicValue; 5 client_capabilities ClientCapabilities; 6 current_identity ResourceIdentityData",
    "ReadResource.Response": f"1 new_state DynamicValue; 2 diagnostics {_DIAGNOSTICS}; 3 private bytes;"
    "4 deferred Deferred; 5 new_identity ResourceIdentityData",
    "PlanResourceChange.Request": "1 type_name string; 2 prior_state DynamicValue; 3 proposed_new_state DynamicValue;"
    "4 config DynamicValue; 5 prior_private bytes; 6 provider_meta DynamicValue;"
    "7 client_capabilities ClientCapabilities; 8 prior_identity ResourceIdentityData",
    "PlanResourceChange.Response": "1 planned_state DynamicValue; 2 requires_replace repeated AttributePath;"
    f"3 planned_private bytes; 4 diagnostics {_DIAGNOSTICS}; 5 legacy_type_system bool; 6 deferred Deferred;"
    "7 planned_identity ResourceIdentityData",
    "ApplyResourceChange.Request": "1 type_name string; 2 prior_state DynamicValue; 3 planned_state DynamicValue;"
    "4 config DynamicValue; 5 planned_private bytes; 6 provider_meta DynamicValue;"
    "7 planned_identity ResourceIdentityData",
    "ApplyResourceChange.Response": f"1 new_state DynamicValue; 2 private bytes; 3 diagnostics {_DIAGNOSTICS};"
    "4 legacy_type_system bool; 5 new_identity ResourceIdentityData",
    "ImportResourceState.Request": "1 type_name string; 2 id string; 3 client_capabilities ClientCapabilities;"
    "4 identity ResourceIdentityData",
    "ImportResourceState.ImportedResource": "1 type_name string; 2 state DynamicValue; 3 private bytes;"
    "4 identity ResourceIdentityData",
    "ImportResourceState.Response": "1 imported_resources repeated ImportResourceState.ImportedResource;"
    f"2 diagnostics {_DIAGNOSTICS}; 3 deferred Deferred",
    "MoveResourceState.Request": "1 source_provider_address string; 2 source_type_name string;"
    "3 source_schema_version int64; 4 source_state RawState; 5 target_type_name string; 6 source_private bytes;"
    "7 source_identity RawState; 8 source_identity_schema_version int64",
    "MoveResourceState.Response": f"1 target_state DynamicValue; 2 diagnostics {_DIAGNOSTICS}; 3 target_private bytes;"
    "4 target_identity ResourceIdentityData",
    "ReadDataSource.Request": "1 type_name string; 2 config DynamicValue; 3 provider_meta DynamicValue;"
    "4 client_capabilities ClientCapabilities",
    "ReadDataSource.Response": f"1 state DynamicValue; 2 diagnostics {_DIAGNOSTICS}; 3 deferred Deferred",
    "GetFunctions.Request": "",
    "GetFunctions.Response": f"1 functions map Function; 2 diagnostics {_DIAGNOSTICS}",
    "CallFunction.Request": "1 name string; 2 arguments repeated DynamicValue",
    "CallFunction.Response": "1 result DynamicValue; 2 error FunctionError",
    "GetResourceIdentitySchemas.Request": "",
    "GetResourceIdentitySchemas.Response": "1 identity_schemas map ResourceIdentitySchema;"
    f"2 diagnostics {_DIAGNOSTICS}",
}

_MAX_DEPTH: Final = 100
_MAX_TAG: Final = 1 << 32
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_VARINT_KINDS: Final = ("bool", "enum", "int64")
_DEFAULTS: Final[dict[str, object]] = {"string": "", "bytes": b"", "bool": False, "enum": 0, "int64": 0}


class _Field:
    """One field of a message: how it is written and read."""

    __slots__ = ("kind", "label", "name", "number", "tag", "wire_type")

    def __init__(self, number: int, name: str, label: str, kind: str) -> None:
        self.number = number
        self.name = name
        self.label = label
        self.kind = kind
        self.wire_type = _VARINT if kind in _VARINT_KINDS and label != "map" else _LENGTH
        self.tag = _varint(number << 3 | self.wire_type)


class _Message:
    """The fields of a message, by name and by number."""

    __slots__ = ("_absent", "_collections", "by_name", "by_number")

    def __init__(self, line: str) -> None:
        self.by_name: dict[str, _Field] = {}
        for declaration in line.split(";") if line else ():
            number, name, *label, kind = declaration.split()
            self.by_name[name] = _Field(int(number), name, label[0] if label else "", kind)
        self.by_number = {field.number: field for field in self.by_name.values()}
        self._absent = {name: _DEFAULTS.get(field.kind) for name, field in self.by_name.items() if not field.label}
        self._absent |= {name: None for name, field in self.by_name.items() if field.label}
        self._collections = [
            (name, list if field.label == "repeated" else dict)
            for name, field in self.by_name.items()
            if field.label in ("repeated", "map")
        ]

    def absent(self) -> dict[str, Any]:
        """Return what stands for each field when none was sent."""
        found: dict[str, Any] = self._absent.copy()
        for name, make in self._collections:
            found[name] = make()
        return found


_compiled: Final[dict[str, _Message]] = {}


def encode(message: str, fields: Mapping[str, object]) -> bytes:
    """Return the wire form of `fields` as `message`, e.g. "PlanResourceChange.Response".

    None is left out, and so is a scalar's default unless the field tracks presence (optional, oneof). A sub-message is
    a mapping, a repeated field an iterable, a map field a mapping.

    Raises:
        KeyError: unknown message or field.
        OverflowError: an integer needs more than 64 bits.
        TypeError, AttributeError: a value is not of its field's type.
    """
    out = bytearray()
    table = _message(message).by_name
    for name, value in fields.items():
        field = table[name]
        if value is not None:
            _WRITERS[field.label](out, field, value)
    return bytes(out)


def decode(message: str, data: bytes) -> dict[str, Any]:
    """Read `data` as `message`: every declared field is a key of the answer.

    A scalar that was not sent is its default ("", 0, False, b""); a sub-message, an optional or a oneof field None; a
    repeated field []; a map {}.

    Raises:
        KeyError: unknown message.
        WireError: malformed data: truncated, a wire type that the field cannot have, a group, a varint of more than 64
            bits, text that is not UTF-8, or more than 100 levels of messages.
    """
    return _decode(message, data, 0)


def _message(name: str) -> _Message:
    """Compile a message's line of the table when it is first needed: a launch uses few of them."""
    message = _compiled.get(name)
    if message is None:
        message = _compiled[name] = _Message(_TABLE[name])
    return message


def _varint(value: int) -> bytes:
    if value < 0x80:
        return bytes((value,))
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _write_value(out: bytearray, field: _Field, value: Any) -> None:
    """Append one value with its tag, default or not."""
    kind = field.kind
    if field.wire_type == _VARINT:
        if not -1 << 63 <= value < 1 << 63:
            raise OverflowError(f"{field.name}: an integer of more than 64 bits")
        out += field.tag + _varint(int(value) & 0xFFFF_FFFF_FFFF_FFFF)
        return
    if kind == "string":
        payload = value.encode()
    elif kind == "bytes":
        payload = memoryview(value)
    else:
        payload = encode(kind, value)
    out += field.tag + _varint(len(payload))
    out += payload


def _write_single(out: bytearray, field: _Field, value: Any) -> None:
    if value or field.kind not in _DEFAULTS:
        _write_value(out, field, value)


def _write_repeated(out: bytearray, field: _Field, values: Any) -> None:
    for value in values:
        _write_value(out, field, value)


_KEY: Final = _Field(1, "key", "", "string")


def _write_map(out: bytearray, field: _Field, values: Any) -> None:
    value_field = _Field(2, "value", "", field.kind)
    for key, value in values.items():
        entry = bytearray()
        _write_value(entry, _KEY, key)
        _write_value(entry, value_field, value)
        out += field.tag + _varint(len(entry))
        out += entry


_WRITERS: Final[dict[str, Callable[[bytearray, _Field, Any], None]]] = {
    "": _write_single,
    "repeated": _write_repeated,
    "map": _write_map,
    "optional": _write_value,
    "oneof": _write_value,
}


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Return the varint at `at` and the offset behind it."""
    value = shift = 0
    try:
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
            shift += 7
            if shift > 63:
                raise WireError("a varint has more than 10 bytes")
    except IndexError:
        raise WireError("a varint is truncated") from None
    if value >> 64:
        raise WireError("a varint has more than 64 bits")
    return value, at


def _read_field(data: bytes, at: int) -> tuple[int, int, int | bytes, int]:
    """Return number, wire type and raw value of the field at `at`, and the offset behind it."""
    tag = data[at]
    at += 1
    if tag > 0x7F:
        tag, at = _read_varint(data, at - 1)
    number, wire_type = tag >> 3, tag & 7
    if not number or tag >= _MAX_TAG:
        raise WireError("a field number is out of range")
    if wire_type == _VARINT:
        value, at = _read_varint(data, at)
        return number, wire_type, value, at
    if wire_type == _LENGTH:
        size, at = _read_varint(data, at)
    elif wire_type == _FIXED64:
        size = 8
    elif wire_type == _FIXED32:
        size = 4
    else:
        raise WireError("a group or an undefined wire type")
    end = at + size
    if end > len(data):
        raise WireError("a field is truncated")
    return number, wire_type, data[at:end], end


def _decode(message: str, data: bytes, depth: int, into: dict[str, Any] | None = None) -> dict[str, Any]:
    """Read `data`, on top of what an earlier part of the same singular message held."""
    if depth > _MAX_DEPTH:
        raise WireError("messages are nested too deeply")
    compiled = _message(message)
    by_number = compiled.by_number
    found = compiled.absent() if into is None else into
    at, end = 0, len(data)
    while at < end:
        number, wire_type, raw, at = _read_field(data, at)
        field = by_number.get(number)
        if field is None:
            continue
        if wire_type != field.wire_type:
            raise WireError(f"{message}.{field.name} has the wrong wire type")
        if field.label == "map":
            key, value = _read_entry(field, raw, depth)
            found[field.name][key] = value
        elif field.label == "repeated":
            found[field.name].append(_read_value(field, raw, depth))
        else:
            value = _read_value(field, raw, depth, found[field.name])
            if field.label == "oneof":
                found.update({other.name: None for other in by_number.values() if other.label == "oneof"})
            found[field.name] = value
    return found


def _read_value(field: _Field, raw: int | bytes, depth: int, earlier: Any = None) -> object:
    """Return a value; of a message, on top of its `earlier` part."""
    kind = field.kind
    if isinstance(raw, int):
        if kind == "bool":
            return raw != 0
        bits = 32 if kind == "enum" else 64
        raw &= (1 << bits) - 1
        return raw - (1 << bits) if raw >> (bits - 1) else raw
    if kind == "bytes":
        return raw
    if kind == "string":
        try:
            return raw.decode()
        except UnicodeDecodeError:
            raise WireError(f"{field.name} is not UTF-8") from None
    return _decode(kind, raw, depth + 1, earlier)


def _read_entry(field: _Field, raw: int | bytes, depth: int) -> tuple[str, object]:
    """Return key and value of one entry of a map, which is a message of a string 1 and a value 2."""
    key: object = ""
    value: object = None
    data = raw if isinstance(raw, bytes) else b""
    at = 0
    while at < len(data):
        number, wire_type, part, at = _read_field(data, at)
        if number not in {1, 2}:
            continue
        if wire_type != _LENGTH:
            raise WireError(f"an entry of {field.name} has the wrong wire type")
        if number == 1:
            key = _read_value(_KEY, part, depth)
        else:
            value = _read_value(field, part, depth, value)
    return str(key), _read_value(field, b"", depth) if value is None else value
