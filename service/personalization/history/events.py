"""What an event is: how it is read, checked and shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from service.contract import Contract
from service.personalization.checking import check
from service.personalization.reading import Reading, Subject, make_reader
from service.personalization.times import recorded
from service.refusal import Detail, Refused

MAX_CONTENT_BYTES: Final = 16_384
MAX_BODY_BYTES: Final = 1_048_576
"""How long the body of an append may be: 40 contents of the longest kind fit, escaped as JSON usually is."""

_SUBJECT = Subject("history", "invalid_history")


@dataclass(frozen=True, slots=True)
class Event:
    """An event as it was told.

    Attributes:
        id: its id, None when the caller gave none.
        said: role, content and, where they were told, thread and time (RFC 3339 in UTC).

    """

    id: str | None
    said: Mapping[str, str]


class EventBodies:
    """The rules of the bodies that append to a history, by a contract."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._read = make_reader(contract, contract.schema("HistoryInput"), _SUBJECT)
        self._validator = contract.validator("HistoryInput")

    def told(self, body: object, actor: str) -> Sequence[Event]:
        """Read and check the body of a call for this actor.

        Raises:
            Refused: `invalid_history`, `content_too_large` or `actor_mismatch`.

        """
        reading = self._read(body, {"actor_id": actor})
        check(self._contract, self._validator, reading)
        told: list[dict[str, str]] = reading.value["events"]  # type: ignore[index] # the check has proved that it is there
        _refuse_large_contents(told, reading)
        return [_event(each) for each in told]


def utc(text: str) -> datetime:
    """Return the moment that a text of the contract's form names (RFC 3339, `EventTime`)."""
    return datetime.fromisoformat(text.upper()).astimezone(UTC)


def normal_time(text: str) -> str:
    """Return the same moment in the form in which it is stored."""
    return utc(text).isoformat().replace("+00:00", "Z")


def moment(event: Mapping[str, Any]) -> datetime:
    """Return when a stored event happened: when its teller says, else when it was received."""
    return utc(event["time"]) if "time" in event else datetime.fromtimestamp(event["received_ms"] / 1_000, UTC)


def shown(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the representation of a stored event."""
    told = {name: value for name, value in event.items() if name != "received_ms"}
    return told | {"received_at": recorded(event["received_ms"])}


def _event(told: dict[str, str]) -> Event:
    said = {name: value for name, value in told.items() if name != "event_id"}
    if "time" in said:
        said["time"] = normal_time(said["time"])
    return Event(told.get("event_id"), said)


def _refuse_large_contents(events: Sequence[Mapping[str, str]], reading: Reading) -> None:
    details = [
        Detail(
            reading.pointer(("events", index, "content")),
            f"This has {size} bytes of UTF-8, and at most {MAX_CONTENT_BYTES} are kept. Shorten it.",
        )
        for index, event in enumerate(events)
        if (size := len(event["content"].encode())) > MAX_CONTENT_BYTES
    ]
    if details:
        raise Refused("content_too_large", details=details)
