from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError
from hypothesis import given, settings
from hypothesis import strategies as st

from provider.protocol import messages
from provider.protocol.errors import WireError
from provider.protocol.messages import decode, encode

if TYPE_CHECKING:
    from tests.provider.protocol.conftest import Generated

NAMES = sorted(messages._TABLE)
# What only providers of ephemeral resources, lists, state stores and actions tell.
NOT_SERVED = {
    "GetMetadata.Response": {"ephemeral_resources", "list_resources", "state_stores", "actions"},
    "GetProviderSchema.Response": {
        "ephemeral_resource_schemas",
        "list_resource_schemas",
        "state_store_schemas",
        "action_schemas",
    },
}
KINDS = {
    FieldDescriptor.TYPE_STRING: "string",
    FieldDescriptor.TYPE_BYTES: "bytes",
    FieldDescriptor.TYPE_BOOL: "bool",
    FieldDescriptor.TYPE_ENUM: "enum",
    FieldDescriptor.TYPE_INT64: "int64",
}


def generated_type(tfplugin6: Generated, name: str) -> Any:
    found: Any = tfplugin6.messages
    for part in name.split("."):
        found = getattr(found, part)
    return found


def is_map(field: Any) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def to_dict(message: Any) -> dict[str, Any]:
    """Read a generated message as `decode` answers, without the fields that are not served."""
    found: dict[str, Any] = {}
    for field in message.DESCRIPTOR.fields:
        value = getattr(message, field.name)
        if field.name in NOT_SERVED.get(message.DESCRIPTOR.full_name.removeprefix("tfplugin6."), ()):
            continue
        if is_map(field):
            nested = field.message_type.fields_by_name["value"].message_type
            found[field.name] = {key: to_dict(value[key]) if nested else value[key] for key in value}
        elif field.is_repeated:
            found[field.name] = [to_dict(item) for item in value]
        elif field.has_presence and not message.HasField(field.name):
            found[field.name] = None
        else:
            found[field.name] = to_dict(value) if field.message_type else value
    return found


def values(kind: str, depth: int) -> st.SearchStrategy[Any]:
    scalars: dict[str, st.SearchStrategy[Any]] = {
        "string": st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
        "bytes": st.binary(max_size=20),
        "bool": st.booleans(),
        "enum": st.integers(0, 4),
        "int64": st.integers(-(1 << 63), (1 << 63) - 1),
    }
    return scalars[kind] if kind in scalars else contents(kind, depth + 1)


def contents(name: str, depth: int = 0) -> st.SearchStrategy[dict[str, Any]]:
    """Return all that a message can hold, cut where it would nest for ever."""
    fields: dict[str, st.SearchStrategy[Any]] = {}
    oneofs = [field.name for field in messages._message(name).by_name.values() if field.label == "oneof"]
    for field in messages._message(name).by_name.values():
        nested = field.kind not in messages._DEFAULTS
        if nested and depth > 3:
            continue
        one = values(field.kind, depth)
        if field.label == "repeated":
            one = st.lists(one, max_size=2)
        elif field.label == "map":
            one = st.dictionaries(values("string", 0), one, max_size=2)
        elif nested or field.label:
            one = st.none() | one
        fields[field.name] = one
    found = st.fixed_dictionaries({}, optional=fields)
    return found.filter(lambda item: sum(item.get(key) is not None for key in oneofs) < 2) if oneofs else found


CONTENTS = st.sampled_from(NAMES).flatmap(lambda name: st.tuples(st.just(name), contents(name)))


@pytest.mark.parametrize("name", NAMES)
def test_table_agrees_with_the_proto(name: str, tfplugin6: Generated) -> None:
    descriptor = generated_type(tfplugin6, name).DESCRIPTOR
    table = messages._message(name).by_name
    assert set(table) == {field.name for field in descriptor.fields} - NOT_SERVED.get(name, set())
    for field in (descriptor.fields_by_name[key] for key in table):
        declared = table[field.name]
        valued = field.message_type.fields_by_name["value"] if is_map(field) else field
        kind = KINDS.get(valued.type) or valued.message_type.full_name.removeprefix("tfplugin6.")
        label = "map" if is_map(field) else "repeated" if field.is_repeated else ""
        if not label and field.containing_oneof and kind in messages._DEFAULTS:
            label = "optional" if field.containing_oneof.name.startswith("_") else "oneof"
        assert (declared.number, declared.kind, declared.label) == (field.number, kind, label)


@given(CONTENTS)
@settings(max_examples=150)
def test_what_is_encoded_is_read_alike_by_protobuf_and_by_decode(
    tfplugin6: Generated, content: tuple[str, dict[str, Any]]
) -> None:
    name, fields = content
    data = encode(name, fields)
    expected = to_dict(generated_type(tfplugin6, name).FromString(data))
    assert decode(name, data) == expected
    assert decode(name, encode(name, expected)) == expected
    for key, value in fields.items():
        if isinstance(value, (str, bytes, int)):
            assert expected[key] == value


@given(CONTENTS)
@settings(max_examples=150)
def test_what_protobuf_writes_is_decoded(tfplugin6: Generated, content: tuple[str, dict[str, Any]]) -> None:
    name, fields = content
    message = generated_type(tfplugin6, name).FromString(encode(name, fields))
    assert decode(name, message.SerializeToString()) == to_dict(message)


@given(st.sampled_from(NAMES), st.binary(max_size=60))
@settings(max_examples=200)
def test_random_bytes_are_refused_or_read_as_protobuf_reads_them(tfplugin6: Generated, name: str, data: bytes) -> None:
    check_like_protobuf(tfplugin6, name, data)


@given(CONTENTS, st.data())
@settings(max_examples=200)
def test_mutated_messages_are_refused_or_read_as_protobuf_reads_them(
    tfplugin6: Generated, content: tuple[str, dict[str, Any]], draw: st.DataObject
) -> None:
    data = bytearray(encode(*content))
    for _ in range(draw.draw(st.integers(1, 3))):
        at = draw.draw(st.integers(0, len(data)))
        data[at : at + draw.draw(st.integers(0, 2))] = draw.draw(st.binary(max_size=2))
    check_like_protobuf(tfplugin6, content[0], bytes(data))


def check_like_protobuf(tfplugin6: Generated, name: str, data: bytes) -> None:
    try:
        found = decode(name, data)
    except WireError:
        return
    assert_read_alike(tfplugin6, name, data, found)


def assert_read_alike(tfplugin6: Generated, name: str, data: bytes, found: dict[str, Any]) -> None:
    theirs = generated_type(tfplugin6, name).FromString(data)
    if found == to_dict(theirs):
        return
    # A map's entry that holds an unknown field is unknown as a whole to Python's protobuf; Go's skips the field.
    size = theirs.ByteSize()
    theirs.DiscardUnknownFields()
    assert theirs.ByteSize() < size, f"{name} is read as {found}"


def test_an_unknown_field_in_an_entry_of_a_map_is_skipped() -> None:
    assert decode("RawState", b"\x12\x08\x0a\x01k\x78\x05\x12\x01v")["flatmap"] == {"k": "v"}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x0a", "truncated"),
        (b"\x0a\x05abc", "truncated"),
        (b"\x80", "truncated"),
        (b"\x21\x00\x00", "truncated"),
        (b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "truncated"),
        (b"\x08\x01", "wrong wire type"),
        (b"\x12\x01a", "wrong wire type"),
        (b"\x10" + b"\xff" * 10, "more than 10 bytes"),
        (b"\x10" + b"\xff" * 9 + b"\x02", "more than 64 bits"),
        (b"\x0a\x01\xff", "UTF-8"),
        (b"\x0b\x0c", "group"),
        (b"\x0e", "group"),
        (b"\x02\x00", "out of range"),
        (b"\x82\x80\x80\x80\x10\x00", "out of range"),
    ],
)
def test_malformed_messages_are_refused(data: bytes, reason: str) -> None:
    with pytest.raises(WireError, match=reason):
        decode("UpgradeResourceState.Request", data)


def test_a_truncated_part_of_a_message_is_not_completed_by_the_next_part(tfplugin6: Generated) -> None:
    truncated, rest = b"\x0a\x03\x0a\x03x", b"\x0a\x04\x12\x02yz"
    with pytest.raises(DecodeError):
        generated_type(tfplugin6, "ReadResource.Response").FromString(truncated + rest)
    with pytest.raises(WireError, match="truncated"):
        decode("ReadResource.Response", truncated + rest)


def test_the_parts_of_a_message_are_merged() -> None:
    parts = b"\x0a\x03\x0a\x01x" + b"\x0a\x04\x12\x02yz"
    assert decode("ReadResource.Response", parts)["new_state"] == {"msgpack": b"x", "json": b"yz"}


def test_malformed_map_entries_are_refused() -> None:
    with pytest.raises(WireError, match="wrong wire type"):
        decode("RawState", b"\x12\x02\x08\x01")


def test_messages_may_nest_100_levels_and_no_more(tfplugin6: Generated) -> None:
    def block(levels: int) -> bytes:
        data = b""
        for _ in range(levels // 2):
            data = encode_length(2, data)
            data = encode_length(3, data)
        return data

    def encode_length(number: int, data: bytes) -> bytes:
        return messages._varint(number << 3 | 2) + messages._varint(len(data)) + data

    assert decode("Schema.Block", block(100))["block_types"]
    assert generated_type(tfplugin6, "Schema.Block").FromString(block(98)).block_types
    with pytest.raises(WireError, match="too deeply"):
        decode("Schema.Block", block(102))
    with pytest.raises(DecodeError):
        generated_type(tfplugin6, "Schema.Block").FromString(block(102))


def test_a_message_in_parts_is_merged(tfplugin6: Generated) -> None:
    parts = [encode("ReadDataSource.Request", {"config": {"msgpack": b"a"}})]
    parts.append(encode("ReadDataSource.Request", {"config": {"json": b"b"}}))
    data = b"".join(parts)
    assert decode("ReadDataSource.Request", data)["config"] == {"msgpack": b"a", "json": b"b"}
    assert decode("ReadDataSource.Request", data) == to_dict(
        generated_type(tfplugin6, "ReadDataSource.Request").FromString(data)
    )


def test_the_last_member_of_a_oneof_wins() -> None:
    data = encode("AttributePath.Step", {"attribute_name": "a"}) + encode("AttributePath.Step", {"element_key_int": 0})
    assert decode("AttributePath.Step", data) == {
        "attribute_name": None,
        "element_key_string": None,
        "element_key_int": 0,
    }


def test_unknown_fields_are_skipped() -> None:
    data = b"\xf8\x07\x01" + b"\xfa\x07\x02zz" + b"\xf9\x07" + bytes(8) + b"\xfd\x07" + bytes(4)
    assert decode("StopProvider.Response", data + b"\x0a\x01e") == {"Error": "e"}


def test_presence_is_kept_where_it_is_tracked() -> None:
    assert encode("FunctionError", {"text": "", "function_argument": None}) == b""
    assert decode("FunctionError", encode("FunctionError", {"function_argument": 0}))["function_argument"] == 0
    assert encode("ReadResource.Response", {"new_state": {}}) != encode("ReadResource.Response", {"new_state": None})


def test_mistakes_of_the_caller_are_raised() -> None:
    with pytest.raises(KeyError):
        encode("Schema", {"versoin": 1})
    with pytest.raises(KeyError):
        encode("Schemas", {})
    with pytest.raises(OverflowError):
        encode("Schema", {"version": 1 << 63})
    with pytest.raises((TypeError, AttributeError)):
        encode("Diagnostic", {"summary": b"bytes"})
    with pytest.raises(TypeError):
        encode("RawState", {"json": "text"})
