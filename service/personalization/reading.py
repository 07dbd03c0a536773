"""How a body that a language model sent is read before it is checked.

What can be understood without doubt is put into the form that the contract asks for; everything else is left as it is,
for the check to name. A reader is made from a schema of the contract, so that a new field is read by the same rules.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from service.contract import Contract, Schema
from service.refusal import Detail, Refused, pointer

WRAPPERS = ("body", "profile")
CALL_PARTS = frozenset({"next", "path", "query", "header"})

_INVISIBLE = "".join(
    chr(code)
    for first, last in (
        (0xAD, 0xAD),
        (0x180E, 0x180E),
        (0x200B, 0x200F),
        (0x202A, 0x202E),
        (0x2060, 0x206F),
        (0xFEFF, 0xFEFF),
    )
    for code in range(first, last + 1)
)
_SPACE = "".join(chr(code) for code in range(0x3001) if chr(code).isspace())
_WHOLE_NUMBER = re.compile(r"(-?[0-9]{1,18})(?:\.0+)?")


class _Absent:
    """The type of ABSENT: a value that counts as not sent."""


ABSENT: Final = _Absent()


@dataclass(slots=True)
class Reading:
    """A body as it was understood.

    Attributes:
        value: what it says, in the form that the contract asks for as far as that could be reached.
        prefix: the path at which the value stood in the body.
        origins: for each list from which entries were dropped, the indices that the others had.

    """

    value: object
    prefix: tuple[str, ...] = ()
    origins: dict[tuple[object, ...], list[int]] = field(default_factory=dict)

    def pointer(self, path: tuple[object, ...]) -> str:
        """Return where the place at this path of the value stood in the body that was sent."""
        sent: list[object] = list(self.prefix)
        for depth, step in enumerate(path):
            origin = self.origins.get(path[:depth])
            sent.append(origin[step] if origin is not None and isinstance(step, int) else step)
        return pointer(*sent)


Reader = Callable[[Any, tuple[object, ...], Reading], object]


def make_reader(contract: Contract, schema: Schema) -> Callable[[object, str], Reading]:
    """Make the reader of a request body with this schema, for `reader(body, actor)`.

    The reader raises `Refused`, `actor_mismatch` or `invalid_profile`, for a tool call that is not this one.
    """
    read_value = _reader(contract, contract.resolved(schema))
    example = schema["examples"][0]

    def read(sent: object, actor: str) -> Reading:
        value, prefix = _unwrap(sent, actor, example)
        reading = Reading({}, prefix)
        if not _is_absent(value) or value == []:
            reading.value = read_value(value, (), reading)
        return reading

    return read


def _unwrap(sent: object, actor: str, example: object) -> tuple[object, tuple[str, ...]]:
    prefix: tuple[str, ...] = ()
    for wrapper in WRAPPERS:
        if isinstance(sent, dict) and not _is_absent(sent.get(wrapper)):
            beside = {key: value for key, value in sent.items() if key != wrapper and not _is_absent(value)}
            _refuse_strangers(beside.keys() - CALL_PARTS, wrapper, prefix, example)
            _refuse_other_actor(beside.get("path"), actor, (*prefix, "path"))
            sent, prefix = sent[wrapper], (*prefix, wrapper)
    return sent, prefix


def _refuse_strangers(strangers: set[str], wrapper: str, prefix: tuple[str, ...], example: object) -> None:
    if strangers:
        reason = (
            f"This stands beside `{wrapper}`, where only next, path, query and header can stand. "
            f"Send the profile itself as the body, without `{wrapper}`."
        )
        places = [pointer(*prefix, name) for name in sorted(strangers)]
        raise Refused("invalid_profile", details=[Detail(place, reason, example=example) for place in places])


def _refuse_other_actor(path: object, actor: str, at: tuple[str, ...]) -> None:
    if path is None:
        return
    if not isinstance(path, dict):
        raise Refused("actor_mismatch", details=[Detail(pointer(*at), "An object with `actor_id` is asked for here.")])
    for name, value in path.items():
        if not _is_absent(value) and (name != "actor_id" or str(value) != actor):
            raise Refused("actor_mismatch", details=[Detail(pointer(*at, name), "This is not the actor of the call.")])


def _is_absent(value: object) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not _trimmed(value))


def _trimmed(text: str) -> str:
    return text.strip(_SPACE + _INVISIBLE)


def _reader(contract: Contract, schema: Schema) -> Reader:
    if "enum" in schema:
        return _scalar(partial(_read_choice, {str(value).casefold(): value for value in schema["enum"]}))
    match schema["type"]:
        case "integer":
            return _scalar(_read_integer)
        case "array":
            return partial(_read_list, _reader(contract, contract.resolved(schema["items"])))
        case "object":
            members = schema["properties"].items()
            return partial(
                _read_object, {name: _reader(contract, contract.resolved(member)) for name, member in members}
            )
        case _:
            return _scalar(_read_text)


def _scalar(read: Callable[[object], object]) -> Reader:
    return lambda value, _path, _reading: read(value)


def _read_choice(choices: Mapping[str, str], value: object) -> object:
    return choices.get(_trimmed(value).casefold(), value) if isinstance(value, str) else value


def _read_integer(value: object) -> object:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and (number := _WHOLE_NUMBER.fullmatch(_trimmed(value))):
        return int(number[1])
    return value


def _read_text(value: object) -> object:
    return _trimmed(unicodedata.normalize("NFC", value)) if isinstance(value, str) else value


def _read_list(read_item: Reader, value: object, path: tuple[object, ...], reading: Reading) -> object:
    if not isinstance(value, list):
        return value
    kept: list[object] = []
    origins: list[int] = []
    for index, sent in enumerate(value):
        # An item's path is the one that it will have, so that what is recorded below it is found by it.
        item = ABSENT if _is_absent(sent) else read_item(sent, (*path, len(kept)), reading)
        if item is not ABSENT:
            kept.append(item)
            origins.append(index)
    if len(kept) < len(value):
        reading.origins[path] = origins
    return kept


def _read_object(members: Mapping[str, Reader], value: object, path: tuple[object, ...], reading: Reading) -> object:
    if not isinstance(value, dict):
        return value
    read: dict[str, object] = {}
    for name, sent in value.items():
        if not _is_absent(sent):
            member = members[name](sent, (*path, name), reading) if name in members else sent
            if not _is_absent(member):
                read[name] = member
    if "value" in members and "value" not in read and read.keys() <= members.keys():
        return ABSENT
    return read
