"""How a body that a language model sent is read before it is checked.

What can be understood without doubt is put into the form that the contract asks for; everything else is left as it is,
for the check to name. A reader is made from a schema of the contract, so that a new field is read by the same rules.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from service.contract import Contract, Schema
from service.refusal import Detail, Refused, pointer

BODY = "body"
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
_TRIMMED = _SPACE + _INVISIBLE
_WHOLE_NUMBER = re.compile(r"(-?[0-9]{1,18})(?:\.0+)?")


class _Absent:
    """The type of ABSENT: a value that counts as not sent."""


ABSENT: Final = _Absent()


@dataclass(frozen=True, slots=True)
class Subject:
    """What the body of an operation is about.

    Attributes:
        noun: what it is called; a member of this name may hold it.
        code: the error code of a body that is not valid.

    """

    noun: str
    code: str

    @property
    def wrappers(self) -> tuple[str, str]:
        """Return the members that may hold what is meant, from the outermost."""
        return BODY, self.noun


PROFILE: Final = Subject("profile", "invalid_profile")


@dataclass(slots=True)
class Reading:
    """A body as it was understood.

    Attributes:
        subject: what it is about.
        value: what it says, in the form that the contract asks for as far as that could be reached.
        prefix: the path at which the value stood in the body.
        origins: for each list from which entries were dropped, the indices that the others had.
        implied: how many of a path's first steps were left out of the body.

    """

    subject: Subject
    value: object
    prefix: tuple[str, ...] = ()
    origins: dict[tuple[object, ...], list[int]] = field(default_factory=dict)
    implied: int = 0

    def members(self, body: object) -> Mapping[str, Any]:
        """Return the members, as they were sent, of what was read of a body; none where that is no object."""
        sent: Any = body
        for step in self.prefix:
            sent = sent[step]
        return sent if isinstance(sent, dict) else {}

    def pointer(self, path: tuple[object, ...]) -> str:
        """Return where the place at this path of the value stood in the body that was sent."""
        sent: list[object] = list(self.prefix)
        for depth, step in enumerate(path):
            if depth < self.implied:
                continue
            origin = self.origins.get(path[:depth])
            sent.append(origin[step] if origin is not None and isinstance(step, int) else step)
        return pointer(*sent)


Reader = Callable[[Any, tuple[object, ...], Reading], object]


def make_reader(
    contract: Contract, schema: Schema, subject: Subject = PROFILE
) -> Callable[[object, Mapping[str, str]], Reading]:
    """Make the reader of a request body with this schema, for `reader(body, path)` with the parameters of the path.

    A body that holds one list and nothing else may come as the list, or as a single entry of it.

    The reader raises `Refused`, `actor_mismatch` or the subject's code, for a tool call that is not this one.
    """
    read_value = _Readers(contract).of(schema)
    (example, *_) = contract.resolved(schema).get("examples", [None])
    only_list = _only_list(contract, contract.resolved(schema))

    def read(sent: object, path: Mapping[str, str]) -> Reading:
        value, prefix = _unwrap(sent, path, subject, example)
        reading = Reading(subject, {}, prefix)
        if only_list:
            value, reading.implied = only_list.around(value)
        if not _is_absent(value) or value == []:
            reading.value = read_value(value, (), reading)
        return reading

    return read


def make_query_reader(contract: Contract, schema: Schema, subject: Subject) -> Callable[[Mapping[str, str]], Reading]:
    """Make the reader of a query or path with this schema, an object with a member for each parameter."""
    read_value = _Readers(contract).of(schema)

    def read(sent: Mapping[str, str]) -> Reading:
        reading = Reading(subject, {}, (subject.noun,))
        reading.value = read_value(sent, (), reading)
        return reading

    return read


@dataclass(frozen=True, slots=True)
class _OnlyList:
    """The one member of a body, a list that must be there.

    Attributes:
        name: what the member is called.
        entry: the names of what an entry can hold.

    """

    name: str
    entry: frozenset[str]

    def around(self, sent: object) -> tuple[object, int]:
        """Return a body with the list in its place, and how many steps of a path to an entry were not sent."""
        if isinstance(sent, list):
            return {self.name: sent}, 1
        if isinstance(sent, dict) and self.name not in sent and self.entry & sent.keys():
            return {self.name: [sent]}, 2
        return sent, 0


def _only_list(contract: Contract, schema: Schema) -> _OnlyList | None:
    members = schema.get("properties", {})
    if len(members) != 1 or schema.get("required") != list(members):
        return None
    ((name, member),) = members.items()
    entry = contract.resolved(contract.resolved(member).get("items", {})).get("properties")
    return _OnlyList(name, frozenset(entry)) if entry else None


def _unwrap(sent: object, path: Mapping[str, str], subject: Subject, example: object) -> tuple[object, tuple[str, ...]]:
    prefix: tuple[str, ...] = ()
    for wrapper in subject.wrappers:
        if isinstance(sent, dict) and not _is_absent(sent.get(wrapper)):
            beside = {key: value for key, value in sent.items() if key != wrapper and not _is_absent(value)}
            _refuse_strangers(beside.keys() - CALL_PARTS, wrapper, prefix, subject, example)
            _refuse_other_path(beside.get("path"), path, (*prefix, "path"), subject)
            sent, prefix = sent[wrapper], (*prefix, wrapper)
    return sent, prefix


def _refuse_strangers(
    strangers: set[str], wrapper: str, prefix: tuple[str, ...], subject: Subject, example: object
) -> None:
    if strangers:
        reason = (
            f"This stands beside `{wrapper}`, where only next, path, query and header can stand. "
            f"Send the {subject.noun} itself as the body, without `{wrapper}`."
        )
        places = [pointer(*prefix, name) for name in sorted(strangers)]
        raise Refused(subject.code, details=[Detail(place, reason, example=example) for place in places])


def _refuse_other_path(sent: object, path: Mapping[str, str], at: tuple[str, ...], subject: Subject) -> None:
    if sent is None:
        return
    if not isinstance(sent, dict):
        raise Refused("actor_mismatch", details=[Detail(pointer(*at), "An object with `actor_id` is asked for here.")])
    for name, value in sent.items():
        if _is_absent(value) or str(value) == path.get(name):
            continue
        if name in path and name != "actor_id":
            if _trimmed(str(value)).casefold() == path[name].casefold():
                continue
            reason = f"This is not the `{name}` of the call, `{path[name]}`."
            raise Refused(subject.code, details=[Detail(pointer(*at, name), reason)])
        raise Refused("actor_mismatch", details=[Detail(pointer(*at, name), "This is not the actor of the call.")])


def _is_absent(value: object) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not _trimmed(value))


def _trimmed(text: str) -> str:
    return text.strip(_TRIMMED)


class _Readers:
    """The readers of schemas, one for each that is referred to, so that a schema may refer to itself."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._referred: dict[str, Reader] = {}

    def of(self, schema: Schema | bool) -> Reader:
        """Return the reader of a schema; what a schema says nothing of is left as it is."""
        if isinstance(schema, bool):
            return _scalar(_read_nothing)
        reference = schema.get("$ref")
        if reference is None:
            return self._made(schema)
        if reference not in self._referred:
            self._referred[reference] = partial(self._read_referred, reference)
            self._referred[reference] = self._made(self._contract.resolved(schema))
        return self._referred[reference]

    def _read_referred(self, reference: str, value: object, path: tuple[object, ...], reading: Reading) -> object:
        return self._referred[reference](value, path, reading)

    def _made(self, schema: Schema) -> Reader:
        values = [schema["const"]] if "const" in schema else schema.get("enum")
        if values is not None:
            return _scalar(partial(_read_choice, _choices(values)))
        types = schema.get("type", ())
        readers = {name: self._of_type(name, schema) for name in ([types] if isinstance(types, str) else types)}
        return next(iter(readers.values())) if len(readers) == 1 else partial(_read_as_sent, readers)

    def _of_type(self, name: str, schema: Schema) -> Reader:
        match name:
            case "integer":
                return _scalar(_read_integer)
            case "string":
                return _scalar(_read_text)
            case "boolean":
                return _scalar(partial(_read_choice, {"true": True, "false": False}))
            case "array":
                return partial(_read_list, self.of(schema.get("items", True)))
            case "object":
                members = {name: self.of(member) for name, member in schema.get("properties", {}).items()}
                return partial(_read_object, members, "value" in schema.get("required", ()))
            case _:
                return _scalar(_read_nothing)


_JSON_TYPES = {dict: "object", list: "array", str: "string", int: "integer", float: "integer"}


def _read_as_sent(readers: Mapping[str, Reader], value: object, path: tuple[object, ...], reading: Reading) -> object:
    reader = readers.get(_JSON_TYPES.get(type(value), "")) or readers.get("integer")
    return reader(value, path, reading) if reader else value


def _read_nothing(value: object) -> object:
    return value


def _scalar(read: Callable[[object], object]) -> Reader:
    return lambda value, _path, _reading: read(value)


def _choices(values: Sequence[Any]) -> Mapping[str, object]:
    """Return the allowed values by their texts; no text means two of them."""
    choices = [(str(value).casefold(), value) for value in values if isinstance(value, str | int | float)]
    times = Counter(text for text, _ in choices)
    return {text: value for text, value in choices if times[text] == 1}


def _read_choice(choices: Mapping[str, object], value: object) -> object:
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


def _read_object(
    members: Mapping[str, Reader], needs_value: bool, value: object, path: tuple[object, ...], reading: Reading
) -> object:
    if not isinstance(value, dict):
        return value
    read: dict[str, object] = {}
    for name, sent in value.items():
        if not _is_absent(sent):
            member = members[name](sent, (*path, name), reading) if name in members else sent
            if not _is_absent(member):
                read[name] = member
    if path and needs_value and "value" not in read and read.keys() <= members.keys():
        return ABSENT
    return read
