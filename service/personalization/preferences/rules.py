"""What a preference is, and how an actor's preferences change."""

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import jsonschema_rs
import orjson

from service.contract import Contract
from service.items import Changes, Item, Items
from service.personalization.checking import check
from service.personalization.preferences import MAX_PREFERENCES
from service.personalization.preferences.meanings import Meaning, make_meanings
from service.personalization.reading import Reading, Subject, make_reader
from service.refusal import Detail, Refused

_SUBJECT = Subject("preference", "invalid_preference")
_DIGEST_SIZE = 12
_PREFIX = "preference/"
_AFTER = "preference0"
_LONGEST_TYPE = 64
_MAX_INTEGER = 2**53 - 1
# More than any limit, since those of a type that is no more are stored still, and a limit may have been higher.
_MAX_STORED = 10_000


@dataclass(frozen=True, slots=True)
class _Type:
    """What is known of a type of preferences."""

    read: Callable[[object, Mapping[str, str]], Reading]
    validator: jsonschema_rs.Draft202012Validator
    meaning: Meaning


class Preferences:
    """The rules of preferences, by a contract.

    Attributes:
        types: the types that there are, in their order.
        limit: how many preferences an actor can have.

    """

    def __init__(self, contract: Contract, limit: int = MAX_PREFERENCES) -> None:
        meanings = make_meanings()
        self._contract = contract
        self.limit = limit
        self._types: dict[str, _Type] = {}
        for reference in contract.schema("PreferenceInput")["anyOf"]:
            schema = contract.resolved(reference)
            (name,) = schema["properties"]["type"]["enum"]
            component = reference["$ref"].rpartition("/")[2]
            reader = make_reader(contract, reference, _SUBJECT)
            self._types[name] = _Type(reader, contract.validator(component), meanings.get(name, _as_it_is))
        self.types: Sequence[str] = tuple(sorted(self._types))

    def check_type(self, sent: str) -> str:
        """Return the type of this name, which matches in any case.

        Raises:
            Refused: `unknown_preference_type`.

        """
        for name in self.types:
            if name.casefold() == sent.strip().casefold():
                return name
        close = get_close_matches(sent[:_LONGEST_TYPE].casefold(), self.types, n=1)
        meant = f" Is `{close[0]}` meant?" if close else ""
        types = ", ".join(self.types)
        raise Refused("unknown_preference_type", f"There is no such type of preference.{meant} The types are: {types}.")

    def told(self, body: object, actor: str, name: str) -> bytes:
        """Read, check and complete the body of a call for this actor and this type.

        Returns:
            The document of the preference: canonical, so that equal preferences are equal bytes.

        Raises:
            Refused: `invalid_preference`, `unknown_value`, `ambiguous_value`, `contradictory_value`, `actor_mismatch`.

        """
        kind = self._types[name]
        reading = kind.read(body, {"actor_id": actor, "type": name})
        check(self._contract, kind.validator, reading)
        if details := list(unstorable(reading.value, (), reading)):
            raise Refused(_SUBJECT.code, details=details)
        value = kind.meaning(reading.value["value"], reading)  # type: ignore[index] # the check has proved that it is there
        return orjson.dumps({"type": name, "value": value}, option=orjson.OPT_SORT_KEYS)

    def all(self, items: Items) -> Sequence[Item]:
        """Return an actor's preferences in the order of their types, without those of a type that is no more."""
        return [item for item in stored_preferences(items) if item.key.removeprefix(_PREFIX) in self._types]

    def listed(self, items: Items) -> Item:
        """Return an actor's preferences as one item, whose version is the versions of all of them."""
        stored = self.all(items)
        versions = "".join(f"{item.key} {item.life} {item.version}\n" for item in stored)
        digest = hashlib.blake2b(versions.encode(), digest_size=_DIGEST_SIZE).hexdigest()
        document = b'{"preferences":[' + b",".join(item.document for item in stored) + b"]}"
        return Item(_PREFIX, digest, len(stored), document)

    def put(self, changes: Changes, name: str, document: bytes) -> Item:
        """Store a preference.

        Raises:
            Refused: `too_many_preferences`.

        """
        if changes.get(key(name)) is None and len(self.all(changes)) >= self.limit:
            raise Refused(
                "too_many_preferences",
                f"The actor has {self.limit} preferences, and no more can be kept; nothing was stored. "
                "Delete one that is not needed.",
            )
        return changes.put(key(name), document)


def stored_preferences(items: Items) -> list[Item]:
    """Return all preferences of an actor in the order of their types, also of those that are no more."""
    return items.scan(_PREFIX, _AFTER, _MAX_STORED)


def key(name: str) -> str:
    """Return the key of the item that keeps the preference of this type."""
    return _PREFIX + name


def _as_it_is(value: object, _reading: Reading) -> object:
    return value


def unstorable(value: object, path: tuple[object, ...], reading: Reading) -> Iterator[Detail]:
    """Name what not every store can keep, whatever a declared schema allows."""
    match value:
        case str() if "\x00" in value:
            yield Detail(reading.pointer(path), "A text cannot hold the character U+0000.")
        case int() if abs(value) > _MAX_INTEGER:
            yield Detail(reading.pointer(path), f"A number is between -{_MAX_INTEGER} and {_MAX_INTEGER}.")
        case float() if not math.isfinite(value):
            yield Detail(reading.pointer(path), "This number is too large.")
        case dict():
            for name, member in value.items():
                if "\x00" in name:
                    yield Detail(reading.pointer((*path, name)), "A name cannot hold the character U+0000.")
                yield from unstorable(member, (*path, name), reading)
        case list():
            for index, item in enumerate(value):
                yield from unstorable(item, (*path, index), reading)
