"""What is asked of every answer beyond what schemathesis asks by itself.

Each check takes a call and its answer and returns what is wrong with it, an empty text for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from urllib.parse import unquote, urlsplit

from tests.service.contract_fuzz import meaning
from tests.service.contract_fuzz.exchanges import Answer, Call, Described, Operations
from tests.service.contract_fuzz.twins import Twins

Check = Callable[[Call, Answer], str]

PROBLEM = "application/problem+json"

OF_ROUTES = {401: {"unauthenticated"}, 404: {"route_not_found"}, 405: {"method_not_allowed"}, 400: {"invalid_path"}}
"""What a call is answered that belongs to no operation."""

OF_WHAT_CANNOT_BE_READ = frozenset(
    {
        "invalid_path",
        "invalid_actor_id",
        "invalid_precondition",
        "invalid_idempotency_key",
        "incomplete_body",
        "malformed_json",
        "duplicate_key",
        "nested_too_deeply",
        "length_required",
        "unsupported_media_type",
        "invalid_parameter",
        "invalid_query",
        "invalid_profile",
        "invalid_consent",
        "invalid_history",
    }
)
"""The codes by which a call is told that the contract does not allow it.

`invalid_preference` is not among them: which of several schemas counts depends on the path.
"""

RULES_ON_QUERIES = frozenset({"erase-tenant", "set-consent"})
"""Operations that know more of their query than a schema says: whose tenant it is, and what goes with what."""

DONE_ONCE = frozenset({"merge-actors"})
"""Operations that take something for good, and so cannot be tried on two actors who are alike."""

# Shorter texts, and those that the contract itself holds, stand in answers and logs without having been sent.
_SHORTEST_TRACE = 8
_LIKE_AN_ID = re.compile("[0-9a-f]+")


class Checks:
    """The checks of one campaign against one service."""

    def __init__(self, operations: Operations, twins: Twins) -> None:
        self._operations = operations
        self._twins = twins
        self._contract_text = operations.contract.yaml.decode()
        self._request_ids: set[str] = set()
        self._compared: set[tuple[str, str, bytes | None]] = set()
        self._deleted: set[str] = set()

    def all(self) -> Sequence[Check]:
        return (
            self.refusals_are_documented,
            self.readings_are_faithful,
            self.answers_are_described,
            self.requests_have_ids,
            self.nothing_secret_is_echoed,
            self.pointers_lead_into_the_call,
            self.what_was_deleted_is_gone,
        )

    def refusals_are_documented(self, call: Call, answer: Answer) -> str:
        """A refusal has a code that the contract has for operation and status; a valid call has none of some."""
        if answer.status >= 500:
            return f"The service failed with {answer.status}."
        if answer.status < 400 or call.method == "HEAD":
            return ""
        described = self._operations.called(call)
        if wrong := self._wrong_problem(answer):
            return wrong
        code = answer.shown["code"]
        known = OF_ROUTES.get(answer.status, set()) if described is None else described.codes(answer.status)
        if code not in known:
            return f"{answer.status} {code} is not documented there; {sorted(known)} are."
        is_rule = code == "invalid_query" and described is not None and described.id in RULES_ON_QUERIES
        if described and not is_rule and code in OF_WHAT_CANNOT_BE_READ and self._can_be_read(described, call):
            return f"The contract allows the call as it is to be read, and it is answered {code}."
        return ""

    def _wrong_problem(self, answer: Answer) -> str:
        if answer.media_type != PROBLEM:
            return f"An error is told as {answer.media_type}."
        if not self._operations.is_valid({"$ref": "#/components/schemas/Error"}, answer.shown):
            return "The error is not as the contract describes errors."
        return "" if answer.shown["status"] == answer.status else f"The body says {answer.shown['status']}."

    def _can_be_read(self, described: Described, call: Call) -> bool:
        sent = meaning.as_sent(described, call)
        if sent is None or not meaning.knows_query(described, sent):
            return False
        return meaning.is_valid(
            self._operations, described, call, meaning.read(self._operations, described, call, sent)
        )

    def readings_are_faithful(self, call: Call, answer: Answer) -> str:
        """What the contract forbids is done only when reading makes it valid, and then as if it had come like that."""
        described = self._operations.called(call)
        if described is None or answer.status >= 400:
            return ""
        sent = meaning.as_sent(described, call)
        if sent is None:
            return f"What cannot be told is answered {answer.status}."
        if meaning.is_valid(self._operations, described, call, sent):
            return ""
        meant = meaning.read(self._operations, described, call, sent)
        if not meaning.is_valid(self._operations, described, call, meant):
            return f"The contract does not allow the call, however it is read, and it is answered {answer.status}."
        key = (described.id, urlsplit(call.target).query, call.body)
        if key in self._compared or described.id in DONE_ONCE:
            return ""
        self._compared.add(key)
        return self._twins.difference(described, call, meant)

    def answers_are_described(self, call: Call, answer: Answer) -> str:
        """Status, media type, body and headers of an answer are those that the contract has."""
        described = self._operations.called(call)
        if described is None:
            return ""
        response = described.response(answer.status)
        if response is None:
            return f"{answer.status} is not documented."
        content = response.get("content", {})
        if not content and answer.body:
            return f"{answer.status} has a body, and the contract knows none."
        if content:
            if answer.media_type not in content:
                return f"{answer.media_type!r} is not a documented media type of {answer.status}."
            if not self._operations.is_valid(content[answer.media_type].get("schema", True), answer.shown):
                return f"The body of {answer.status} is not as the contract describes it."
        return self._wrong_headers(response, answer)

    def _wrong_headers(self, response: dict[str, dict[str, object]], answer: Answer) -> str:
        for name, reference in response.get("headers", {}).items():
            header = self._operations.contract.resolved(reference)  # type: ignore[arg-type] # what the document holds
            value: object = answer.headers.get(name.lower())
            if value is None:
                if header.get("required", True):
                    return f"The header {name} is missing."
            else:
                schema = self._operations.contract.resolved(header["schema"])
                if schema.get("type") == "integer":
                    value = int(str(value))
                if not self._operations.is_valid(schema, value):
                    return f"The header {name} is {value!r}."
        return ""

    def requests_have_ids(self, _call: Call, answer: Answer) -> str:
        """Every answer names its request, and no two requests have the same name."""
        name = answer.headers.get("x-request-id", "")
        if not re.fullmatch("[0-9a-f]+", name):
            return f"X-Request-Id is {name!r}."
        if name in self._request_ids:
            return f"The request id {name} came twice."
        self._request_ids.add(name)
        return ""

    def nothing_secret_is_echoed(self, call: Call, answer: Answer) -> str:
        """No answer holds the credential, and no problem says whose it is."""
        everything = b"\n".join([*(value.encode("latin-1") for value in answer.headers.values()), answer.body])
        secret = call.headers.get("authorization", "").rpartition(" ")[2].encode("latin-1")
        if len(secret) >= _SHORTEST_TRACE and secret in everything:
            return "The answer holds the credential."
        described = self._operations.called(call)
        actor = (described.path_of(call) or {}).get("actor_id", "") if described else ""
        if answer.status >= 400 and self.is_trace(actor) and actor.encode(errors="surrogateescape") in everything:
            return "The problem holds the actor's id."
        return ""

    def is_trace(self, text: str) -> bool:
        """Return whether a text can only stand somewhere because a caller sent it."""
        return len(text) >= _SHORTEST_TRACE and text not in self._contract_text and not _LIKE_AN_ID.fullmatch(text)

    def pointers_lead_into_the_call(self, call: Call, answer: Answer) -> str:
        """What an error points to is there in the call, or is missing in something that is there."""
        described = self._operations.called(call)
        if described is None or answer.media_type != PROBLEM or "errors" not in answer.shown:
            return ""
        sent = meaning.as_sent(described, call)
        query = {name: texts[0] for name, texts in call.query.items()}
        places = {"path": described.path_of(call) or {}, "query": query}
        for error in answer.shown["errors"]:
            steps = [step.replace("~1", "/").replace("~0", "~") for step in error["pointer"].split("/")[1:]]
            leads = _leads_into(places, steps) or (sent is not None and sent.has_body and _leads_into(sent.body, steps))
            if not leads:
                return f"{error['pointer']!r} leads nowhere."
        return ""

    def what_was_deleted_is_gone(self, call: Call, answer: Answer) -> str:
        """After a deletion, reading from the same path is 404 until something is put there again."""
        described = self._operations.called(call)
        path = unquote(urlsplit(call.target).path)
        if described is None or answer.status >= 400:
            return ""
        if call.method == "DELETE":
            self._deleted.add(path)
        elif call.method == "GET":
            if path in self._deleted and described.has(404):
                return "It was deleted, and it is shown."
        else:
            # What is put anywhere below an actor may be, or may bring back, what was deleted there.
            actor = (described.path_of(call) or {}).get("actor_id")
            self._deleted = {it for it in self._deleted if actor is not None and f"/{actor}" not in it}
        return ""

    def forget_deletions(self) -> None:
        """Take note that what was deleted may be there again."""
        self._deleted.clear()


def _leads_into(value: object, steps: Sequence[str]) -> bool:
    for depth, step in enumerate(steps):
        if isinstance(value, dict):
            if step not in value:
                return depth == len(steps) - 1
            value = value[step]
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return False
    return True
