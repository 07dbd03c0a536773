"""How a write is carried out, whatever it writes.

What decides comes in this order: an earlier answer under the same idempotency key, media type and size of the body,
preconditions, validity of the body, the rule. From the preconditions on all is decided in the transaction that writes.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from flask import Response, request

from service.contract import Contract
from service.items import Changes
from service.personalization import retries
from service.refusal import Refused
from service.storage import ItemStore
from service.strict_json import MAX_DEPTH, parse
from service.web.answers import JSON, NO_BODY, preconditions
from service.web.body import MAX_BYTES, read_json_body
from service.web.credentials import Credential
from service.web.preconditions import NO_PRECONDITIONS, Preconditions
from service.web.problems import problem

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

KEY_HEADER = "Idempotency-Key"
_STATUS = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that can be given again; a WSGI application.

    Attributes:
        status: the HTTP status.
        body: the body, UTF-8; empty for none.
        headers: the headers that belong to what was done.

    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Send it."""
        fields = [*self.headers.items()]
        has_body = self.status not in NO_BODY
        if has_body:
            fields.append(("Content-Length", str(len(self.body))))
        start_response(_STATUS[self.status], fields)
        return [self.body] if has_body and environ["REQUEST_METHOD"] != "HEAD" else []

    @classmethod
    def of(cls, answer: Response) -> "Reply":
        """Return an answer that was made already."""
        headers = {name: value for name, value in answer.headers.items() if name != "Content-Length"}
        return cls(answer.status_code, answer.get_data(), headers)


@dataclass(frozen=True, slots=True)
class Write(Generic[_T]):
    """What one operation writes.

    Attributes:
        operation: its operationId.
        rule: what it does, from the actor's items and what the body says; it refuses before it changes anything.
        read: reads and checks a parsed body, or refuses it; None for an operation that takes no body.
        target: the key of the item that preconditions are about, None for an operation that knows none.
        media_types: what a body may be declared as.
        max_bytes: how long a body may be.
        max_depth: how deep a body may be nested.
        erases: whether its answer, which tells nothing of the actor, is kept where an erasure does not reach.

    """

    operation: str
    rule: Callable[[Changes, _T], Reply]
    read: Callable[[object], _T] | None = None
    target: str | None = None
    media_types: Sequence[str] = (JSON,)
    max_bytes: int = MAX_BYTES
    max_depth: int = MAX_DEPTH
    erases: bool = False


class _RefusedByRuleError(Exception):
    """What a rule refused."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.code)
        self.refused = refused


class Writes:
    """Carries writes out on a store, each at most once for an idempotency key."""

    def __init__(self, contract: Contract, store: ItemStore, clock: Callable[[], float] = time.time) -> None:
        self._contract = contract
        self._store = store
        self._clock = clock
        self._in_flight: set[tuple[str, str, str]] = set()
        self._lock = threading.Lock()

    def carry_out(self, caller: Credential, actor: str, write: Write[Any]) -> Reply:
        """Carry a write out, or answer what was answered to it before.

        Raises:
            Refused: when it cannot be read, when its preconditions do not hold, or what its parts raise.

        """
        conditions = preconditions() if write.target is not None else NO_PRECONDITIONS
        sent = request.headers.get(KEY_HEADER)
        if sent is None:
            step = _Step(write, conditions, _read_body(write))
            return self._store.write(caller.tenant, actor, step)
        key = retries.used_key((caller.identity, write.operation), sent)
        with self._alone(caller.tenant, actor, key):
            return self._carry_out_once(caller.tenant, actor, key, write, conditions)

    @contextmanager
    def _alone(self, tenant: str, actor: str, key: str) -> Iterator[None]:
        call = (tenant, actor, key)
        with self._lock:
            if call in self._in_flight:
                raise Refused("idempotency_key_in_flight")
            self._in_flight.add(call)
        try:
            yield
        finally:
            with self._lock:
                self._in_flight.discard(call)

    def _carry_out_once(self, tenant: str, actor: str, key: str, write: Write[Any], conditions: Preconditions) -> Reply:
        earlier = self._store.read(tenant, actor, lambda items: retries.find(items, key))
        body = _read_body_again(write) if earlier else _read_body(write)
        request_made = _fingerprint(body)
        if earlier:
            return _given_again(earlier, request_made)
        step = _Step(write, conditions, body or b"")

        def once(changes: Changes) -> Reply:
            # Another process may have carried the same call out since.
            if found := retries.find(changes, key):
                return _given_again(found, request_made)
            try:
                reply = step(changes)
            except Refused as refused:
                if step.has_reached_rule:
                    raise _RefusedByRuleError(refused) from None
                raise
            return self._recorded(changes, key, request_made, reply, write)

        try:
            return self._store.write(tenant, actor, once)
        except _RefusedByRuleError as error:
            reply = Reply.of(problem(self._contract, error.refused))

        def refuse(changes: Changes) -> Reply:
            if found := retries.find(changes, key):
                return _given_again(found, request_made)
            return self._recorded(changes, key, request_made, reply, write)

        return self._store.write(tenant, actor, refuse)

    def _recorded(self, changes: Changes, key: str, request_made: str, reply: Reply, write: Write[Any]) -> Reply:
        recorded = retries.Recorded(request_made, reply.status, reply.headers, reply.body)
        record = retries.record_in_mark if write.erases else retries.record
        record(changes, key, recorded, self._clock())
        return reply


class _Step(Generic[_T]):
    """The part of a write that is decided in its transaction.

    Attributes:
        has_reached_rule: whether all that comes before the rule has passed.

    """

    def __init__(self, write: Write[_T], conditions: Preconditions, body: bytes) -> None:
        self._write = write
        self._conditions = conditions
        self.has_reached_rule = False
        self._refused: Refused | None = None
        try:
            self._told: Any = write.read(parse(body, write.max_depth)) if write.read else None
        except Refused as refused:
            # Preconditions come first, and they are known in the transaction.
            self._refused = refused

    def __call__(self, changes: Changes) -> Reply:
        self.has_reached_rule = False
        if self._write.target is not None:
            self._conditions.check(changes.get(self._write.target))
        if self._refused is not None:
            raise self._refused
        self.has_reached_rule = True
        return self._write.rule(changes, self._told)


def _read_body(write: Write[Any]) -> bytes:
    return read_json_body(request, write.media_types, write.max_bytes) if write.read else b""


def _read_body_again(write: Write[Any]) -> bytes | None:
    """Return the body of a call that was answered before, None for one that could not have been."""
    try:
        return _read_body(write)
    except Refused as refused:
        if refused.code == "incomplete_body":
            raise
        return None


def _fingerprint(body: bytes | None) -> str:
    conditions = (request.headers.get(name, "") for name in ("If-Match", "If-None-Match"))
    parts = (request.path, request.query_string.decode("latin-1"), *conditions)
    return retries.fingerprint(*(part.encode() for part in parts), b"none" if body is None else b"body" + body)


def _given_again(earlier: retries.Recorded, request_made: str) -> Reply:
    if earlier.request != request_made:
        raise Refused("idempotency_key_reused")
    return Reply(earlier.status, earlier.body, dict(earlier.headers))
