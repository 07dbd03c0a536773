"""How the document of an actor is read and checked before it is imported."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any, Final

import orjson

from service.contract import Contract
from service.personalization.actors.document import Frame, rendered
from service.personalization.checking import check
from service.personalization.consent import WITHDRAWN
from service.personalization.history.events import MAX_CONTENT_BYTES, normal_time
from service.personalization.preferences import MAX_BYTES, MAX_PREFERENCES
from service.personalization.preferences.rules import unstorable
from service.personalization.profile import KEYS, entry_key, stored_with_meta
from service.personalization.reading import Reading, Subject, make_reader
from service.personalization.times import milliseconds
from service.refusal import Detail, Refused

_SUBJECT = Subject("document", "invalid_document")
_LISTS: Final = ("aliases", "history", "preferences")
_UNREAD: Final = ("actor_id", "aliases")


@dataclass(frozen=True, slots=True)
class Document:
    """A document that was read and checked.

    Attributes:
        frame: what it says besides the history, as an export of it would.
        events: the events as they are stored, in their order.

    """

    frame: Frame
    events: Sequence[dict[str, Any]]

    @property
    def profile(self) -> bytes | None:
        """Return the stored form of the profile, None without one."""
        return None if self.frame.profile is None else stored_with_meta(self.frame.profile)

    @property
    def is_withdrawn(self) -> bool:
        """Return whether it says that consent is withdrawn."""
        return self.frame.consent["status"] == WITHDRAWN

    def fingerprint(self) -> str:
        """Return a digest of its bytes as an export would be."""
        return fingerprint(rendered(self.frame, [self.events]))


def fingerprint(pieces: Iterable[bytes]) -> str:
    """Return a digest of a document that comes piece by piece."""
    digest = sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


class Documents:
    """The rules of documents that are imported, by a contract.

    Args:
        contract: what a document must be.
        max_preferences: how many preferences an actor can have.

    """

    def __init__(self, contract: Contract, max_preferences: int = MAX_PREFERENCES) -> None:
        self._contract = contract
        self._read = make_reader(contract, contract.schema("ActorDocument"), _SUBJECT)
        self._validator = contract.validator("ActorDocument")
        types: Mapping[str, str] = contract.schema("Preference")["discriminator"]["mapping"]
        self._types = {name: contract.validator(schema.rpartition("/")[2]) for name, schema in types.items()}
        told = contract.schema("ProfileInput")["properties"]
        self._limits = {name: told[name]["maxItems"] for name in KEYS} | {"preferences": max_preferences}

    def told(self, body: object, actor: str) -> Document:
        """Read and check the body of a call for this actor.

        Raises:
            Refused: `invalid_document`, `too_many_entries`, `too_many_preferences` or `actor_mismatch`.

        """
        reading = self._reading(body, actor)
        check(self._contract, self._validator, reading)
        said: Any = reading.value
        if said["actor_id"] != actor:
            reason = "This is not the actor of the call. A document is of one actor: import it as the one it names."
            raise Refused("actor_mismatch", details=[Detail(reading.pointer(("actor_id",)), reason)])
        if details := [*self._wrong_preferences(said["preferences"], reading), *_wrong(said, reading)]:
            raise Refused(_SUBJECT.code, details=details)
        self._refuse_too_many(said, reading)
        return _document(said)

    def _reading(self, body: object, actor: str) -> Reading:
        reading = self._read(body, {"actor_id": actor})
        if isinstance(reading.value, dict):
            # Ids are compared character by character, and a list that was left empty is an empty list.
            # One that is not there at all is missing: what a document lost must not be lost unseen.
            sent = reading.members(body)
            as_sent = {name: sent[name] for name in _UNREAD if name in sent}
            for name in as_sent:
                reading.origins.pop((name,), None)
            reading.value = {name: [] for name in _LISTS if name in sent} | reading.value | as_sent
        return reading

    def _wrong_preferences(self, preferences: Sequence[Any], reading: Reading) -> Iterator[Detail]:
        for index, preference in enumerate(preferences):
            place = ("preferences", index)
            yield from unstorable(preference, place, reading)
            if len(orjson.dumps(preference)) > MAX_BYTES:
                yield Detail(reading.pointer(place), f"At most {MAX_BYTES} bytes of a preference are kept.")
            if validator := self._types.get(preference["type"]):
                # What is below it is left as it was sent.
                below = Reading(_SUBJECT, preference, tuple(reading.pointer(place).split("/")[1:]))
                try:
                    check(self._contract, validator, below)
                except Refused as refused:
                    yield from refused.details

    def _refuse_too_many(self, said: Mapping[str, Any], reading: Reading) -> None:
        self._refuse_if_too_many("too_many_preferences", ("preferences",), said["preferences"], reading)
        for name, entries in said.get("profile", {}).items():
            if name in KEYS:
                self._refuse_if_too_many("too_many_entries", ("profile", name), entries, reading)

    def _refuse_if_too_many(self, code: str, path: tuple[str, ...], entries: Sequence[Any], reading: Reading) -> None:
        limit = self._limits[path[-1]]
        if len(entries) > limit:
            reason = f"At most {limit} of these can be kept, and here are {len(entries)}; nothing was stored."
            raise Refused(code, reason, [Detail(reading.pointer(path), f"At most {limit} of these can be kept.")])


def _wrong(said: Mapping[str, Any], reading: Reading) -> Iterator[Detail]:
    """Name what no schema can say."""
    yield from _repeated(("history",), (event["event_id"] for event in said["history"]), reading)
    yield from _repeated(("preferences",), (preference["type"] for preference in said["preferences"]), reading)
    for name in KEYS.keys() & said.get("profile", {}).keys():
        yield from _repeated(("profile", name), map(partial(entry_key, name), said["profile"][name]), reading)
    for index, event in enumerate(said["history"]):
        if len(event["content"].encode()) > MAX_CONTENT_BYTES:
            place = reading.pointer(("history", index, "content"))
            yield Detail(place, f"At most {MAX_CONTENT_BYTES} bytes of UTF-8 are kept.")
    if said["actor_id"] in said["aliases"]:
        yield Detail(reading.pointer(("aliases",)), "This names the actor itself.")
    if ("since" in said["consent"]) != (said["consent"]["status"] == WITHDRAWN):
        reason = "A withdrawal has the moment `since` when it stands, and given consent has none."
        yield Detail(reading.pointer(("consent", "since")), reason)


def _repeated(path: tuple[object, ...], keys: Iterable[object], reading: Reading) -> Iterator[Detail]:
    first: dict[object, int] = {}
    for index, key in enumerate(keys):
        other = first.setdefault(key, index)
        if other != index:
            yield Detail(
                reading.pointer((*path, index)), f"This is there already, at {reading.pointer((*path, other))}."
            )


def _document(said: Mapping[str, Any]) -> Document:
    profile = said.get("profile")
    if profile is not None:
        lists = {name: sorted(profile[name], key=partial(entry_key, name)) for name in KEYS if name in profile}
        profile = profile | lists
    preferences = [orjson.dumps(each, option=orjson.OPT_SORT_KEYS) for each in _by_type(said["preferences"])]
    frame = Frame(said["actor_id"], said["aliases"], said["consent"], profile, preferences)
    return Document(frame, [_event(event) for event in said["history"]])


def _by_type(preferences: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(preferences, key=lambda preference: str(preference["type"]))


def _event(said: Mapping[str, str]) -> dict[str, Any]:
    event: dict[str, Any] = {name: value for name, value in said.items() if name != "received_at"}
    event["received_ms"] = milliseconds(said["received_at"])
    return event | ({"time": normal_time(said["time"])} if "time" in said else {})
