"""Whether an actor lets anything be kept about them.

The mark of a withdrawal outlives the actor's items. Consent that was never withdrawn needs no mark.
"""

from collections.abc import Mapping

import orjson

from service.contract import Contract
from service.items import CONSENT, Changes, Item, Items
from service.personalization.checking import check
from service.personalization.reading import Subject, make_reader
from service.personalization.times import rfc3339
from service.refusal import Refused

GIVEN, WITHDRAWN = "given", "withdrawn"
_SUBJECT = Subject("consent", "invalid_consent")


def require_consent(items: Items) -> None:
    """Let a write go on only if the actor has not withdrawn consent.

    Raises:
        Refused: `consent_withdrawn`.

    """
    if items.get(CONSENT) is not None:
        raise Refused("consent_withdrawn")


class Consents:
    """The rules of consent, by a contract."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._read = make_reader(contract, contract.schema("ConsentInput"), _SUBJECT)
        self._validator = contract.validator("ConsentInput")

    def told(self, body: object, actor: str) -> str:
        """Read and check the body of a call for this actor, and return the status that it states.

        Raises:
            Refused: `invalid_consent` or `actor_mismatch`.

        """
        reading = self._read(body, {"actor_id": actor})
        check(self._contract, self._validator, reading)
        stated: Mapping[str, str] = reading.value  # type: ignore[assignment] # the check has proved it
        return stated["status"]

    def set(self, changes: Changes, status: str, now: float) -> bytes:
        """Record a status, and return its representation; what stands already keeps its time.

        Args:
            changes: the actor's items.
            status: GIVEN or WITHDRAWN.
            now: the time, in seconds since the epoch.

        """
        if status == GIVEN:
            changes.delete(CONSENT)
            return self.shown(None)
        return self.shown(changes.get(CONSENT) or changes.put(CONSENT, orjson.dumps({"since": rfc3339(now)})))

    def shown(self, mark: Item | None) -> bytes:
        """Return the representation of what stands, by the mark of a withdrawal."""
        return orjson.dumps(stated(mark))


def stated(mark: Item | None) -> dict[str, str]:
    """Return what stands of an actor's consent, by the mark of a withdrawal."""
    return {"status": GIVEN} if mark is None else {"status": WITHDRAWN, **orjson.loads(mark.document)}
