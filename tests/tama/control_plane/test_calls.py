from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tama.control_plane import outgoing
from tama.control_plane.call import parsed_body
from tama.control_plane.errors import CallError
from tests.tama.control_plane.support import Caller, document, operation
from tests.tama.endpoint import Answer, Endpoint, json_answer

ACTOR = {"name": "actor_id", "in": "path", "required": True, "schema": {"type": "string"}}
BODY = {"required": True, "content": {"text/plain": {}, "application/json": {"schema": {}}}}


def query(name: str, **rest: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", **rest}


class Wired:
    """A specification of one operation, in front of a real endpoint."""

    def __init__(self, api: Caller, endpoint: Endpoint) -> None:
        self.api = api
        self.endpoint = endpoint

    def declare(self, path: str = "/p/{actor_id}", method: str = "get", **rest: Any) -> Wired:
        top = {key: rest.pop(key) for key in ("components", "security") if key in rest}
        given = document({path: {method: operation("op", **rest)}}, **top)
        space = self.api.space("Movies")
        specification = self.api.specification(space["id"], given, self.endpoint.url + "/base")
        assert specification["current_state"] == "completed", specification
        self.specification_id = specification["id"]
        return self

    def call(self, **tool_call: Any) -> outgoing.Response:
        return self.api.plane.call(f"{self.specification_id}:op", tool_call)

    def refused(self, **tool_call: Any) -> str:
        with pytest.raises(CallError) as caught:
            self.call(**tool_call)
        assert self.endpoint.requests == []
        return str(caught.value)

    @property
    def target(self) -> str:
        return self.endpoint.requests[-1].target


@pytest.fixture
def address(tmp_path: Path) -> str:
    """One store is enough: what is called is the same wherever it was read from."""
    return f"sqlite:{tmp_path}/tama.db"


@pytest.fixture
def wired(api: Caller, endpoint: Endpoint) -> Wired:
    return Wired(api, endpoint)


def test_an_action_is_called_by_id_and_by_identifier(wired: Wired) -> None:
    wired.endpoint.answer = lambda _: json_answer({"names": ["Ana", 2**70]}, 201)
    wired.declare(method="put", parameters=[ACTOR], requestBody=BODY)
    action = wired.api.action(wired.specification_id, "op")
    tool_call = {"next": None, "path": {"actor_id": "ana"}, "query": None, "body": {"names": ["Ána"]}}

    answers = [wired.api.plane.call(name, tool_call) for name in (action["id"], f"{wired.specification_id}:op")]

    assert [(one.status, parsed_body(one)) for one in answers] == [(201, {"names": ["Ana", 2**70]})] * 2
    for request in wired.endpoint.requests:
        assert (request.method, request.target) == ("PUT", "/base/p/ana")
        assert json.loads(request.body) == {"names": ["Ána"]}
        assert request.headers["content-type"] == "application/json"
        assert "authorization" not in request.headers


@pytest.mark.parametrize("name", ["", "x", "x:op", ":op", "\udc80"])
def test_an_action_that_does_not_exist_is_said_so(wired: Wired, name: str) -> None:
    wired.declare()

    with pytest.raises(CallError, match="There is no action"):
        wired.api.plane.call(name, {})


def test_an_operation_alone_is_told_what_must_stand_before_it(wired: Wired) -> None:
    wired.declare()

    with pytest.raises(CallError, match=f"its specification must stand before it, as in {wired.specification_id}:op."):
        wired.api.plane.call("op", {})


def test_a_specification_without_an_operation_is_told_what_must_follow(wired: Wired) -> None:
    wired.declare()

    with pytest.raises(CallError, match=f"an operationId must follow, as in {wired.specification_id}:<operationId>"):
        wired.api.plane.call(wired.specification_id, {})


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        ("ana", "ana"),
        ("a/b", "a%2Fb"),
        ("50%", "50%25"),
        ("%2F", "%252F"),
        ("é 映", "%C3%A9%20%E6%98%A0"),
        (".", "%2E"),
        ("..", "%2E%2E"),
        ("...", "%2E%2E%2E"),
        ("a.b@c.d", "a.b%40c.d"),
        ("a?b#c;d", "a%3Fb%23c%3Bd"),
        ("{actor_id}", "%7Bactor_id%7D"),
        ("a\r\nb\0", "a%0D%0Ab%00"),
        (7, "7"),
        (True, "true"),
        ([1, "a,b"], "1,a%2Cb"),
    ],
)
def test_a_path_parameter_reaches_the_endpoint_as_one_segment(wired: Wired, value: object, encoded: str) -> None:
    wired.declare("/p/{actor_id}/rest").call(path={"actor_id": value})

    assert wired.target == f"/base/p/{encoded}/rest"


def test_a_path_with_several_parameters_keeps_the_words_between_them(wired: Wired) -> None:
    wired.declare("/a b/{x}.{y}/ü").call(path={"x": "..", "y": "{x}"})

    assert wired.target == "/base/a%20b/%2E%2E.%7Bx%7D/%C3%BC"


@pytest.mark.parametrize(
    ("parameter", "value", "expected"),
    [
        ({}, "a b&c=d+e", "q=a%20b%26c%3Dd%2Be"),
        ({}, "", "q="),
        ({}, 0.5, "q=0.5"),
        ({}, False, "q=false"),
        ({}, ["a", "b,c"], "q=a&q=b%2Cc"),
        ({"explode": False}, ["a", "b,c"], "q=a,b%2Cc"),
        ({"style": "pipeDelimited"}, ["a", "b"], "q=a%7Cb"),
        ({"style": "spaceDelimited"}, ["a", "b"], "q=a%20b"),
        ({"style": "pipeDelimited", "explode": True}, ["a", "b"], "q=a&q=b"),
        ({}, {"a": 1, "b": "ä"}, "a=1&b=%C3%A4"),
        ({"explode": False}, {"a": 1, "b": 2}, "q=a,1,b,2"),
        ({"style": "deepObject"}, {"a": 1, "b c": "2"}, "q%5Ba%5D=1&q%5Bb%20c%5D=2"),
        ({"content": {"application/json": {}}}, {"a": [1]}, "q=%7B%22a%22%3A%20%5B1%5D%7D"),
    ],
)
def test_a_query_parameter_is_written_in_its_style(
    wired: Wired, parameter: dict[str, Any], value: object, expected: str
) -> None:
    wired.declare("/p", parameters=[query("q", **parameter)]).call(query={"q": value})

    assert wired.target == f"/base/p?{expected}"


def test_a_parameter_that_is_null_or_an_empty_list_is_absent(wired: Wired) -> None:
    wired.declare("/p", parameters=[query("q"), query("r", explode=False)]).call(
        query={"q": None, "r": []}, header=None
    )

    assert wired.target == "/base/p"


@pytest.mark.parametrize(
    ("tool_call", "message"),
    [
        ({}, "the path parameter 'actor_id' is missing; the query parameter 'lang' is missing; the body is missing"),
        ({"path": {"actor_id": None}, "query": {"lang": "de"}, "body": {}}, "the path parameter 'actor_id' is missing"),
        ({"path": {"actor": "a", "actor_id": "a"}}, "no path parameter 'actor' (it has 'actor_id')"),
        ({"query": {"b": 1, "a": 2}}, "no query parameter 'a', 'b' (it has 'lang')"),
        ({"header": {"X": "a"}}, "no header parameter 'X' (it has none)"),
        ({"paths": {}}, "A tool call has no member 'paths'; it has 'path', 'query', 'header' and 'body'."),
        ({"path": "ana"}, "'path' of a tool call is an object"),
        ({"path": {"actor_id": ""}, "query": {"lang": "de"}, "body": {}}, "'actor_id' is empty"),
        ({"path": {"actor_id": {}}, "query": {"lang": "de"}, "body": {}}, "'actor_id' holds an object where a text"),
        ({"path": {"actor_id": "\ud800"}, "query": {"lang": "de"}, "body": {}}, "half of a surrogate pair"),
        ({"path": {"actor_id": "a"}, "query": {"lang": [[1]]}, "body": {}}, "'lang' holds an array where a text"),
        (
            {"path": {"actor_id": "a"}, "query": {"lang": "de"}, "body": [float("nan")]},
            "a number that JSON cannot hold",
        ),
    ],
)
def test_a_tool_call_that_does_not_fit_says_what_to_change(
    wired: Wired, tool_call: dict[str, Any], message: str
) -> None:
    wired.declare(method="put", parameters=[ACTOR, query("lang", required=True)], requestBody=BODY)

    assert message in wired.refused(**tool_call)


@pytest.mark.parametrize("tool_call", [None, [], "path", 1])
def test_a_tool_call_is_an_object(wired: Wired, tool_call: object) -> None:
    wired.declare("/p")

    with pytest.raises(CallError, match="A tool call is a JSON object such as"):
        wired.api.plane.call(f"{wired.specification_id}:op", tool_call)


def test_a_body_that_nobody_asked_for_is_refused(wired: Wired) -> None:
    assert "it takes no body" in wired.declare("/p").refused(body={})


def test_a_body_in_another_form_than_json_is_refused(wired: Wired) -> None:
    wired.declare("/p", method="post", requestBody={"content": {"text/csv": {}}})

    assert "is not JSON" in wired.refused(body="a,b")


@pytest.mark.parametrize(
    ("content", "sent"),
    [
        (["application/merge-patch+json", "application/json"], "application/json"),
        (["text/plain", "application/merge-patch+json"], "application/merge-patch+json"),
        (["application/json; charset=utf-8"], "application/json; charset=utf-8"),
        (["*/*"], "application/json"),
    ],
)
def test_a_body_goes_out_as_the_operations_media_type(wired: Wired, content: list[str], sent: str) -> None:
    wired.declare("/p", method="patch", requestBody={"content": {name: {} for name in content}}).call(body={"a": None})

    (request,) = wired.endpoint.requests
    assert (request.headers["content-type"], json.loads(request.body)) == (sent, {"a": None})


def test_header_parameters_are_sent_whatever_their_case(wired: Wired) -> None:
    parameters = [{"name": name, "in": "header"} for name in ("If-Match", "X-Tags")]
    wired.declare("/p", parameters=parameters).call(header={"if-match": '"v1"', "X-Tags": ["a", 2]})

    (request,) = wired.endpoint.requests
    assert (request.headers["if-match"], request.headers["x-tags"]) == ('"v1"', "a,2")


@pytest.mark.parametrize("name", ["Authorization", "HOST", "content-length", "Cookie", "Transfer-Encoding"])
def test_a_header_of_the_callers_own_cannot_be_given_even_where_it_is_declared(wired: Wired, name: str) -> None:
    wired.declare("/p", parameters=[{"name": name, "in": "header"}])

    assert "is set by the caller" in wired.refused(header={name: "x"})


def test_a_header_cannot_hold_another_one(wired: Wired) -> None:
    wired.declare("/p", parameters=[{"name": "X", "in": "header"}])

    assert "control characters" in wired.refused(header={"X": "a\r\nAuthorization: b"})


def test_a_required_cookie_is_more_than_a_tool_call_can_hold(wired: Wired) -> None:
    wired.declare("/p", parameters=[{"name": "session", "in": "cookie", "required": True}])

    assert "needs the cookie 'session'" in wired.refused()


def secured(wired: Wired, security: object, *schemes: str) -> Wired:
    named = {name: {"type": "apiKey", "in": "header", "name": f"X-{name}"} for name in schemes}
    rest: dict[str, Any] = {} if security is None else {"security": security}
    return wired.declare("/p", components={"securitySchemes": named}, **rest)


def test_the_active_identity_is_applied_and_a_pending_one_is_probed_first(wired: Wired) -> None:
    secured(wired, [{"A": []}], "A")
    wired.api.identity(wired.specification_id, "A", api_key="the-key")

    wired.call()

    probe, call = wired.endpoint.requests
    assert (probe.target, call.target) == ("/base/whoami", "/base/p")
    assert probe.headers["x-a"] == call.headers["x-a"] == "the-key"


def test_an_operation_that_needs_an_identity_says_so_when_none_is_there(wired: Wired) -> None:
    secured(wired, [{"A": []}, {"B": [], "C": []}], "A", "B", "C")

    message = wired.refused()

    assert message == "The operation needs an active source identity for A or B and C, and the specification has none."


def test_an_operation_that_needs_an_identity_says_so_when_none_is_active(wired: Wired) -> None:
    secured(wired, [{"A": []}], "A")
    wired.endpoint.answer = lambda _: Answer(401)
    wired.api.identity(wired.specification_id, "A", api_key="the-key")

    with pytest.raises(CallError, match="the specification has none that is active: 'A' is failed") as caught:
        wired.call()

    assert "the-key" not in str(caught.value)
    assert [request.target for request in wired.endpoint.requests] == ["/base/whoami"]


@pytest.mark.parametrize(
    ("security", "identities", "sent"),
    [
        ([{"A": []}, {"B": []}], ["B"], {"x-b"}),
        ([{"A": [], "B": []}], ["A", "B"], {"x-a", "x-b"}),
        ([{}, {"A": []}], ["A"], {"x-a"}),
        ([{}, {"A": []}], [], set()),
        ([], ["A"], set()),
        (None, ["A"], {"x-a"}),
        (None, [], set()),
    ],
)
def test_the_first_alternative_that_active_identities_satisfy_is_taken(
    wired: Wired, security: object, identities: list[str], sent: set[str]
) -> None:
    secured(wired, security, "A", "B")
    for name in identities:
        wired.api.identity(wired.specification_id, name, api_key="k")

    wired.call()

    assert {name for name in wired.endpoint.requests[-1].headers if name in ("x-a", "x-b")} == sent


def test_a_model_cannot_set_the_header_of_the_credential(wired: Wired) -> None:
    schemes = {"A": {"type": "apiKey", "in": "header", "name": "X-Api-Key"}}
    parameters = [{"name": "x-api-key", "in": "header"}]
    wired.declare("/p", parameters=parameters, components={"securitySchemes": schemes}, security=[{"A": []}])
    wired.api.identity(wired.specification_id, "A", api_key="k")

    with pytest.raises(CallError, match="The header 'x-api-key' carries the credential"):
        wired.call(header={"X-Api-Key": "mine"})


def test_a_credential_in_the_query_stands_beside_the_parameters(wired: Wired) -> None:
    schemes = {"A": {"type": "apiKey", "in": "query", "name": "key"}}
    wired.declare("/p", parameters=[query("q")], components={"securitySchemes": schemes}, security=[{"A": []}])
    wired.api.identity(wired.specification_id, "A", api_key="a&b")

    wired.call(query={"q": "1"})

    assert wired.target == "/base/p?q=1&key=a%26b"


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (Answer(204), None),
        (Answer(200, b'{"a":1}', {"Content-Type": "application/problem+json; charset=utf-8"}), {"a": 1}),
        (Answer(200, b"{", {"Content-Type": "application/json"}), "{"),
        (Answer(200, b"[" * 100_000, {"Content-Type": "application/json"}), "[" * 100_000),
        (Answer(200, b"[NaN]", {"Content-Type": "application/json"}), "[NaN]"),
        (Answer(200, b"[1e999]", {"Content-Type": "application/json"}), "[1e999]"),
        (Answer(200, b"[1.5, 1e2]", {"Content-Type": "application/json"}), [1.5, 100.0]),
        (Answer(404, b"<p>\xff", {"Content-Type": "text/html"}), "<p>\ufffd"),
        (Answer(302, b"", {"Location": "/other"}), None),
        (Answer(500, b"oops"), "oops"),
    ],
)
def test_whatever_the_endpoint_answers_is_the_answer(wired: Wired, answer: Answer, body: object) -> None:
    wired.endpoint.answer = lambda _: answer
    response = wired.declare("/p").call()

    assert (response.status, parsed_body(response)) == (answer.status, body)
    assert len(wired.endpoint.requests) == 1


def test_an_answer_without_end_is_an_error(wired: Wired, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "LARGEST_BODY", 1000)
    wired.endpoint.answer = lambda _: Answer(200, b"x" * 200_000)

    with pytest.raises(CallError, match="no answer came: The answer's body is larger than 1000 bytes"):
        wired.declare("/p").call()


def test_an_answer_that_does_not_come_is_an_error(wired: Wired, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "TIMEOUT", 0.2)
    wired.endpoint.answer = lambda _: Answer(200, b"x", {"Content-Length": "2"})

    with pytest.raises(CallError, match="no answer came"):
        wired.declare("/p").call()


def test_a_bare_path_for_an_endpoint_cannot_be_called(api: Caller) -> None:
    specification = api.specification(api.space("a")["id"], document({"/p": {"get": operation("op")}}), "/internal")

    with pytest.raises(CallError, match="'/internal' is no absolute URL"):
        api.plane.call(f"{specification['id']}:op", {})
