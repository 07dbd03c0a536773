"""`wait_for`: to wait until fields of a response have values that are accepted."""

from __future__ import annotations

from time import monotonic

from provider.framework.diagnostics import Diagnostic, Failure
from provider.framework.durations import seconds
from provider.protocol.values import UNKNOWN
from tama.client.errors import ServerError, TamaError, Unreachable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from provider.framework.resource import Stop
    from provider.framework.values import Values
    from tama.catalog.declaration import Settling

_DEFAULT_SECONDS = 600.0
_FIRST_INTERVAL, _GROWTH, _LONGEST_INTERVAL, _LAST_POLL = 0.1, 1.5, 5.0, 1.0


class Condition:
    """One field of a response, and the values that are accepted."""

    __slots__ = ("accepted", "name")

    def __init__(self, name: str, accepted: list[str]) -> None:
        self.name = name
        self.accepted = accepted

    def holds(self, response: Values) -> bool:
        """Tell whether the field has one of the values; one that is missing has none."""
        return value_at(response, self.name) in self.accepted


def conditions(wait_for: Any) -> list[Condition]:
    """Return the conditions of all `wait_for` blocks, as far as they are known."""
    blocks = [] if wait_for is UNKNOWN else wait_for
    fields = [
        field
        for block in blocks
        if block is not UNKNOWN and block["field"] is not UNKNOWN
        for field in block["field"]
        if field is not UNKNOWN
    ]
    return [
        Condition(field["name"], field["in"])
        for field in fields
        if UNKNOWN not in (field["name"], field["in"]) and UNKNOWN not in field["in"]
    ]


def value_at(response: Any, path: str) -> str | None:
    """Return a field's value as text; dots descend into objects and, by index, into lists."""
    value = response
    for step in path.split("."):
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else None


def time_limit(timeouts: Values | None, operation: str) -> float:
    """Return the seconds that an operation, `create` or `update`, may wait."""
    text = timeouts and timeouts[operation]
    return (seconds(text) if text else None) or _DEFAULT_SECONDS


def wait(
    conditions: list[Condition],
    poll: Callable[[float], Values],
    response: Values | None,
    *,
    settling: Settling,
    limit: float,
    stop: Stop,
) -> None:
    """Poll until all conditions hold: at once, and then at growing intervals.

    Args:
        conditions: what must hold.
        poll: reads the object within so many seconds, records what it reads, and returns the response.
        response: the last response, when there is one already.
        settling: the states in which the object stays.
        limit: the seconds after which it ends.
        stop: ends it at once.

    Raises:
        Failure: a final state that is not accepted, or in which the object lacks a field; the time is over, Terraform
            asks to stop, or the object cannot be read. A server error and a broken connection are tolerated until the
            time is over.
    """
    end = monotonic() + limit
    pause, interval = 0.0, _FIRST_INTERVAL
    trouble: TamaError | None = None
    while True:
        if response is not None:
            unmet = [condition for condition in conditions if not condition.holds(response)]
            if not unmet:
                return
            _refuse_final(unmet, response, settling)
        left = end - monotonic()
        if left <= 0:
            raise _failure(_timeout(conditions, response, trouble, limit))
        if stop.wait(min(pause, left)):
            raise _failure("interrupted. The object is recorded as it was last seen.")
        pause, interval = interval, min(interval * _GROWTH, _LONGEST_INTERVAL)
        try:
            response, trouble = poll(max(end - monotonic(), _LAST_POLL)), None
        except (Unreachable, ServerError) as error:
            trouble = error
        except TamaError as error:
            raise _failure(f"failed to get resource: {error}") from error


def _refuse_final(unmet: list[Condition], response: Values, settling: Settling) -> None:
    state = value_at(response, settling.attribute)
    if state not in settling.good + settling.bad:
        return
    for condition in unmet:
        field = condition.name.split(".")[0]
        if field not in response:
            raise _failure(f"the object has no field {field}. It has: {', '.join(sorted(response))}.")
        if condition.name == settling.attribute:
            accepted = ", ".join(condition.accepted)
            reason = value_at(response, settling.reason)
            raise _failure(
                f"{condition.name} is {state}, which is final and not accepted (accepted: {accepted})."
                + (f" Reason: {reason}\n\nMend what the reason names, and apply again." if reason else "")
            )


def _timeout(conditions: list[Condition], response: Values | None, trouble: TamaError | None, limit: float) -> str:
    seen = "".join(
        f" {condition.name} is {value_at(response, condition.name)}, accepted: {', '.join(condition.accepted)}."
        for condition in conditions
        if response is not None and not condition.holds(response)
    )
    last = f" The last attempt to read it failed: {trouble}." if trouble else ""
    return (
        f"timeout waiting for conditions after {limit:g} s.{seen}{last} The timeouts block sets how long it may take."
    )


def _failure(text: str) -> Failure:
    return Failure(Diagnostic("Wait Condition Failed", f"Unable to satisfy wait conditions: {text}"))
