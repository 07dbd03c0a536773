"""The catalog's resources on a client that answers as a test says."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from provider.framework.resource import Provider
from provider.framework.schema import Schema
from provider.framework.values import complete
from provider.protocol.values import UNKNOWN
from provider.resources.lookup import CatalogDataSource
from provider.resources.managed import CatalogResource
from provider.resources.schemas import resource_schema
from tama import catalog
from tama.client.errors import OutcomeUnknown, TamaError, Unreachable, response_error
from tests.provider.driver import Answer, Driver, Values, wire

SPACE = {"id": None, "name": "A", "type": "root", "slug": None, "provision_state": None}
MADE = {"id": "1", "name": "A", "type": "root", "slug": "a", "provision_state": "active"}
IDENTITY: Values = {
    "id": None,
    "specification_id": "s/1",
    "identifier": "Api Key",
    "api_key": "k",
    "api_key_wo": None,
    "api_key_wo_version": None,
    "client_id": None,
    "client_secret": None,
    "client_secret_wo": None,
    "client_secret_wo_version": None,
    "provision_state": None,
    "current_state": None,
    "validation": {"path": "/", "method": "GET", "codes": [200]},
    "wait_for": [],
    "timeouts": None,
}
IDENTITY_MADE = {
    "id": "i",
    "specification_id": "s/1",
    "identifier": "Api Key",
    "provision_state": "active",
    "current_state": "active",
    "validation": {"path": "/", "method": "GET", "codes": [200]},
}
ACTIVE = [{"field": [{"name": "current_state", "in": ["active"]}]}]


class Client:
    """Answers each request with what comes next, and keeps what was asked."""

    def __init__(self) -> None:
        self.answers: list[Any] = []
        self.requests: list[tuple[str, str, Any]] = []

    def create(self, path: str, body: object) -> Any:
        return self.request("POST", path, body)

    def resolve(self, key: str) -> Any:
        return self.request("RESOLVE", key)

    def request(self, method: str, path: str, body: object = None, *, within: float = 0) -> Any:  # noqa: ARG002
        self.requests.append((method, path, body))
        answer = self.answers.pop(0)
        if isinstance(answer, TamaError):
            answer.request, answer.request_id = f"{method} {path}", "7c9"
            raise answer
        return answer


class OfCatalog(Provider):
    schema = Schema(())

    def __init__(self, client: Client) -> None:
        def resource(type_: str) -> Callable[[], Any]:
            return lambda: CatalogResource(catalog.resource(type_), lambda: client)  # type: ignore[arg-type, return-value]

        def data_source(type_: str) -> Callable[[], Any]:
            return lambda: CatalogDataSource(catalog.data_source(type_), lambda: client)  # type: ignore[arg-type, return-value]

        self.resources = {f"tama_{type_}": resource(type_) for type_ in catalog.RESOURCES}
        self.data_sources = {f"tama_{type_}": data_source(type_) for type_ in catalog.DATA_SOURCES}


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.fixture
def driver(client: Client) -> Driver:
    return Driver(OfCatalog(client))


def test_a_create_posts_the_wrapped_body(driver: Driver, client: Client) -> None:
    client.answers = [MADE]
    assert driver.apply("tama_space", SPACE).state == MADE
    assert client.requests == [("POST", "/provision/neural/spaces", {"space": {"name": "A", "type": "root"}})]


def test_what_stands_in_the_path_is_encoded_and_not_in_the_body(driver: Driver, client: Client) -> None:
    client.answers = [IDENTITY_MADE]
    driver.apply("tama_source_identity", IDENTITY)
    ((_, path, body),) = client.requests
    assert path == "/provision/sensory/specifications/s%2F1/identifiers/Api%20Key/identities"
    assert body == {"identity": {"api_key": "k", "validation": {"path": "/", "method": "GET", "codes": [200]}}}


def test_what_is_no_longer_configured_is_sent_as_null(driver: Driver, client: Client) -> None:
    client.answers = [IDENTITY_MADE, IDENTITY_MADE]
    state = driver.apply("tama_source_identity", IDENTITY).state
    driver.apply("tama_source_identity", IDENTITY | {"api_key": None, "client_id": "c", "client_secret": "s"}, state)
    body = client.requests[1][2]["identity"]
    assert (body["api_key"], body["client_id"], body["client_secret"]) == (None, "c", "s")


def test_a_secret_that_no_answer_carries_is_kept(driver: Driver, client: Client) -> None:
    client.answers = [IDENTITY_MADE, IDENTITY_MADE]
    state = driver.apply("tama_source_identity", IDENTITY).state
    assert state["api_key"] == "k"
    assert driver.read("tama_source_identity", state).state == state


def test_a_read_of_what_is_gone_removes_it_and_a_delete_of_it_succeeds(driver: Driver, client: Client) -> None:
    client.answers = [response_error(404), response_error(404)]
    assert driver.read("tama_space", MADE).state is None
    gone = driver.destroy("tama_space", MADE)
    assert (gone.state, gone.errors) == (None, [])


def unknown(key: str = "", seconds: float = 86_400) -> OutcomeUnknown:
    return OutcomeUnknown(Unreachable("https://tama.invalid did not answer within 30 s."), key, time.time() + seconds)


def test_a_create_of_unknown_outcome_is_recorded_without_an_id(driver: Driver, client: Client) -> None:
    client.answers = [unknown("the-key")]
    made = driver.apply("tama_space", SPACE)
    assert made.state == SPACE
    assert made.errors[0].startswith(
        "Client Error: Unable to create space, got error: https://tama.invalid did not answer within 30 s.\n\n"
    )
    assert "It is recorded without an id" in made.errors[0]
    client.answers = [{"id": "1"}, MADE, MADE]
    read = driver.read("tama_space", made.state, made.private)
    assert client.requests[1:] == [("RESOLVE", "the-key", None), ("GET", "/provision/neural/spaces/1", None)]
    assert (read.state, read.private) == (MADE, b"")
    assert driver.read("tama_space", read.state, read.private).state == MADE


def test_what_a_create_of_unknown_outcome_did_not_make_is_dropped(driver: Driver, client: Client) -> None:
    client.answers = [unknown("the-key"), None, {"id": "1"}, response_error(404)]
    made = driver.apply("tama_space", SPACE)
    assert driver.read("tama_space", made.state, made.private).state is None
    assert driver.read("tama_space", made.state, made.private).state is None


def test_what_cannot_be_asked_stays_to_be_asked(driver: Driver, client: Client) -> None:
    client.answers = [unknown("the-key"), Unreachable("connection refused"), {"id": "1"}, MADE]
    made = driver.apply("tama_space", SPACE)
    read = driver.read("tama_space", made.state, made.private)
    assert "Unable to read space, got error: connection refused" in read.errors[0]
    assert (read.state, read.private) == (made.state, made.private)
    assert driver.read("tama_space", read.state, read.private).state == MADE


@pytest.mark.parametrize(("seconds", "answer"), [(-1, None), (86_400, response_error(404))], ids=["late", "elsewhere"])
def test_what_nobody_can_tell_of_is_not_dropped_in_silence(
    driver: Driver, client: Client, seconds: float, answer: Any
) -> None:
    client.answers = [unknown("the-key", seconds), answer, {"id": "1"}, MADE]
    made = driver.apply("tama_space", SPACE)
    read = driver.read("tama_space", made.state, made.private)
    assert read.errors[0].startswith("Unknown Outcome: ")
    assert read.state == made.state
    assert driver.read("tama_space", made.state, made.private).state == MADE


@pytest.mark.parametrize(("answers", "methods"), [([None], ["RESOLVE"]), ([{"id": "1"}, None], ["RESOLVE", "DELETE"])])
def test_a_delete_asks_what_became_of_a_create(
    driver: Driver, client: Client, answers: list[Any], methods: list[str]
) -> None:
    client.answers = [unknown("the-key"), *answers]
    made = driver.apply("tama_space", SPACE)
    gone = driver.destroy("tama_space", made.state, made.private)
    assert (gone.state, gone.errors) == (None, [])
    assert [method for method, _, _ in client.requests[1:]] == methods


def test_without_keys_an_unknown_outcome_says_what_to_look_for(driver: Driver, client: Client) -> None:
    client.answers = [unknown()]
    made = driver.apply("tama_source_identity", IDENTITY)
    assert made.state is None
    assert "look for a source identity with specification_id = s/1, identifier = Api Key." in made.errors[0]
    assert made.errors[0].endswith("\n  terraform import tama_source_identity.<name> '<id>'")
    assert "api_key" not in made.errors[0]


def test_a_refused_update_keeps_the_state(driver: Driver, client: Client) -> None:
    client.answers = [response_error(500)]
    changed = driver.apply("tama_space", SPACE | {"name": "B"}, MADE)
    assert changed.state == MADE
    assert changed.errors[0].startswith("Client Error: Unable to update space, got error: API error")


def test_an_update_of_what_is_gone_says_that_the_next_plan_makes_it_anew(driver: Driver, client: Client) -> None:
    client.answers = [response_error(404)]
    changed = driver.apply("tama_space", SPACE | {"name": "B"}, MADE)
    assert changed.errors[0].endswith("The next plan makes anew what is gone.")
    assert changed.state == MADE


@pytest.mark.parametrize("answer", [{"id": "1", "name": 7}, {"id": "1"}])
def test_whatever_a_create_answers_the_object_is_recorded(driver: Driver, client: Client, answer: Values) -> None:
    client.answers = [answer]
    made = driver.apply("tama_class", _class(schema_json='{"title": "t", "description": "d"}'))
    assert made.state["id"] == "1"


def test_what_the_answer_makes_of_a_planned_value_is_seen_by_the_next_read(driver: Driver, client: Client) -> None:
    answer = MADE | {"name": "a", "provision_state": "pending"}
    client.answers = [MADE, answer, answer]
    state = driver.apply("tama_space", SPACE).state
    changed = driver.apply("tama_space", SPACE | {"type": "component"}, state)
    assert changed.errors == []
    assert (changed.state["name"], changed.state["provision_state"]) == ("A", "active")
    read = driver.read("tama_space", changed.state)
    assert (read.state["name"], read.state["provision_state"]) == ("a", "pending")


def test_an_answer_without_an_id_is_an_error(driver: Driver, client: Client) -> None:
    client.answers = [{}]
    made = driver.apply("tama_space", SPACE)
    assert made.state is None
    assert "the answer holds no object with an id" in made.errors[0]


@pytest.mark.parametrize(
    ("error", "text", "path"),
    [
        (
            response_error(422, {"name": ["is required"]}),
            "Unable to create space, got error: API error 422: name is required",
            ["name"],
        ),
        (response_error(422, {"base": ["is full"]}), "API error 422: base is full", []),
        (response_error(422, None, "Unprocessable"), "API error", []),
        (response_error(404, {"detail": "Not Found"}), "API error 404: detail Not Found\n\nCheck the ids", []),
        (response_error(404), "place. The request was POST /provision/neural/spaces, with the id 7c9.", []),
        (response_error(401), "Check the provider's client_id", []),
        (response_error(503), "The control plane failed", []),
        (Unreachable("connection refused"), "got error: connection refused\n\nCheck the provider's base_url", []),
    ],
)
def test_an_error_says_what_and_where_and_what_to_do(
    driver: Driver, client: Client, error: TamaError, text: str, path: list[str]
) -> None:
    client.answers = [error]
    made = driver.apply("tama_space", SPACE)
    assert text in made.errors[0]
    assert made.paths == [path]


def test_each_field_of_an_error_is_told_at_its_attribute(driver: Driver, client: Client) -> None:
    client.answers = [
        response_error(422, {"validation": {"path": ["is bad"]}, "specification_id": ["is gone"], "x": "y"})
    ]
    made = driver.apply("tama_source_identity", IDENTITY)
    assert made.paths == [["specification_id"], ["validation", "path"], []]


def test_the_field_schema_of_a_class_is_told_at_what_is_configured(driver: Driver, client: Client) -> None:
    document = '{"title": "t", "description": "d"}'
    for config, path in (
        (_class(schema_json=document), ["schema_json"]),
        (_class(schema=[_block()]), ["schema"]),
    ):
        client.answers = [response_error(422, {"schema": ["is invalid"]})]
        assert driver.apply("tama_class", config).paths == [path]


def test_a_block_is_sent_without_what_is_not_set(driver: Driver, client: Client) -> None:
    schema = {"title": "t", "description": "d", "type": "object", "properties": {"b": 1, "a": 10**30}}
    answer = {
        "id": "1",
        "space_id": "s",
        "schema": schema,
        "name": "t",
        "description": "d",
        "provision_state": "active",
    }
    client.answers = [answer, answer]
    text = '{ "b": 1, "a": 1000000000000000000000000000000 }'
    made = driver.apply("tama_class", _class(schema=[_block() | {"properties": text}]))
    assert client.requests[0][2] == {"class": {"schema": schema}}
    assert made.state["schema"][0]["properties"] == text
    assert driver.read("tama_class", made.state).state == made.state


def test_drift_is_shown_in_the_canonical_text(driver: Driver, client: Client) -> None:
    answer = {"id": "1", "space_id": "s", "name": "t", "description": "d", "provision_state": "active"}
    schema = {"title": "t", "description": "d"}
    client.answers = [answer | {"schema": schema}, answer | {"schema": schema | {"description": "<e>"}}]
    made = driver.apply("tama_class", _class(schema_json='{ "title": "t", "description": "d" }'))
    read = driver.read("tama_class", made.state)
    assert read.state["schema_json"] == '{"description":"<e>","title":"t"}'


def test_an_object_that_is_not_as_waited_for_is_planned_anew(driver: Driver) -> None:
    state = IDENTITY | IDENTITY_MADE | {"current_state": "failed", "wait_for": ACTIVE}
    config = IDENTITY | {"wait_for": ACTIVE}
    assert driver.plan("tama_source_identity", config, state).state == state | {"current_state": UNKNOWN}
    settled = state | {"current_state": "active"}
    assert driver.plan("tama_source_identity", config, settled).state == settled


def test_a_wait_for_what_no_attribute_shows_is_not_planned_anew_for_ever(driver: Driver) -> None:
    wait = [{"field": [{"name": "progress", "in": ["100"]}]}]
    state = IDENTITY | IDENTITY_MADE | {"wait_for": wait}
    assert driver.plan("tama_source_identity", IDENTITY | {"wait_for": wait}, state).state == state


@pytest.mark.parametrize(
    "wait_for", [UNKNOWN, [UNKNOWN], [{"field": UNKNOWN}], [{"field": [{"name": UNKNOWN, "in": [UNKNOWN]}]}]]
)
def test_a_wait_that_is_not_known_yet_is_planned_so(driver: Driver, wait_for: Any) -> None:
    state = IDENTITY | IDENTITY_MADE
    assert driver.plan("tama_source_identity", IDENTITY | {"wait_for": wait_for}, state).state["wait_for"] == wait_for


def test_a_data_source_says_which_way_it_went(driver: Driver, client: Client) -> None:
    client.answers = [response_error(404, {"detail": "Not Found"})]
    config = dict.fromkeys(("id", "description", "schema_json", "provision_state", "space_id")) | {
        "specification_id": "s",
        "name": "n/m",
        "schema": [],
    }
    answer = driver.call("ReadDataSource", type_name="tama_class", config=wire(config))
    assert client.requests == [("GET", "/provision/neural/specifications/s/classes/n%2Fm", None)]
    failed = Answer(answer, "state")
    assert "Unable to read class by specification and name, got error: API error 404" in failed.errors[0]
    assert failed.paths == [["name"]]


def test_an_action_is_looked_up_by_path_and_method(driver: Driver, client: Client) -> None:
    client.answers = [{"id": "1", "specification_id": "s", "identifier": "get", "path": "/a/{b}?>", "method": "get"}]
    config = {"id": None, "specification_id": "s", "identifier": None, "path": "/a/{b}?>", "method": "GET"}
    state = Answer(driver.call("ReadDataSource", type_name="tama_action", config=wire(config)), "state").state
    assert client.requests[0][1] == "/provision/motor/specifications/s/actions/L2Eve2J9Pz4%3D?method=get"
    assert state["method"] == "get"


@pytest.mark.parametrize(
    "given", [{"identifier": "get", "path": None, "method": None}, {"identifier": None, "path": "/a", "method": "GET"}]
)
def test_an_action_that_is_not_there_says_what_to_wait_for(driver: Driver, client: Client, given: Values) -> None:
    client.answers = [response_error(404, {"detail": "Not Found"})]
    config = {"id": None, "specification_id": "s"} | given
    failed = Answer(driver.call("ReadDataSource", type_name="tama_action", config=wire(config)), "state")
    assert "What comes of a specification is there when its current_state is completed" in failed.errors[0]
    assert failed.paths == [["identifier"] if given["identifier"] else ["path"]]


@pytest.mark.parametrize(
    ("given", "summary"),
    [
        ({"id": "1"}, None),
        ({"specification_id": "1", "name": "a"}, None),
        ({"id": UNKNOWN, "name": UNKNOWN}, None),
        ({"name": "a", "space_id": UNKNOWN, "specification_id": UNKNOWN}, None),
        ({}, "Missing Required Arguments"),
        ({"name": "a"}, "Missing Required Arguments"),
        ({"id": "1", "name": "a"}, "Conflicting Arguments"),
        ({"id": ""}, "Invalid Configuration"),
    ],
)
def test_the_arguments_of_one_lookup_are_wanted(driver: Driver, given: Values, summary: str | None) -> None:
    names = ("id", "description", "schema_json", "provision_state", "space_id", "specification_id", "name")
    config = dict.fromkeys(names) | {"schema": []} | given
    answer = driver.call("ValidateDataResourceConfig", type_name="tama_class", config=wire(config))
    assert [each["summary"] for each in answer["diagnostics"]] == ([summary] if summary else [])


@pytest.mark.parametrize("given", [{"api_key": "k"}, {"client_id": "c", "client_secret": "s"}, {"api_key": UNKNOWN}])
def test_one_credential_is_wanted(driver: Driver, given: Values) -> None:
    config = IDENTITY | {"api_key": None}
    assert driver.validate("tama_source_identity", config).errors != []
    assert driver.validate("tama_source_identity", config | given).errors == []


@pytest.mark.parametrize("type_", ["source", "listener", "specification"])
def test_a_login_in_an_endpoint_is_refused_and_not_shown(driver: Driver, type_: str) -> None:
    fields = resource_schema(catalog.resource(type_)).fields
    config = complete(fields, {"endpoint": "https://user:canary@api.example.com"})
    (told,) = [error for error in driver.validate(f"tama_{type_}", config).errors if "endpoint" in error]
    assert "without login" in told
    assert "canary" not in told


def _class(**values: Any) -> Values:
    names = ("id", "schema_json", "name", "description", "provision_state")
    return dict.fromkeys(names) | {"space_id": "s", "schema": []} | values


def _block() -> Values:
    return {"title": "t", "description": "d", "type": "object", "properties": None, "required": None, "strict": None}


WRITE_ONLY = IDENTITY | {"api_key": None, "api_key_wo": "w", "api_key_wo_version": 1}


def sent(client: Client) -> list[Any]:
    return [body and body["identity"].get("api_key", "nothing") for _, _, body in client.requests]


def test_a_write_only_secret_is_sent_and_kept_nowhere(driver: Driver, client: Client) -> None:
    client.answers = [IDENTITY_MADE] * 4
    assert driver.plan("tama_source_identity", WRITE_ONLY).state["api_key_wo"] is None
    first = driver.apply("tama_source_identity", WRITE_ONLY).state
    assert (first["api_key"], first["api_key_wo"], first["api_key_wo_version"]) == (None, None, 1)
    assert driver.plan("tama_source_identity", WRITE_ONLY | {"api_key_wo": "other"}, first).state == first
    assert driver.read("tama_source_identity", first).state == first

    again = driver.apply("tama_source_identity", WRITE_ONLY | {"api_key_wo_version": 2}, first).state
    driver.apply("tama_source_identity", WRITE_ONLY | {"api_key_wo_version": 2, "identifier": "Api Key"}, again)
    assert sent(client) == ["w", None, "w"]


def test_another_change_does_not_send_a_write_only_secret_again(driver: Driver, client: Client) -> None:
    client.answers = [IDENTITY_MADE] * 2
    first = driver.apply("tama_source_identity", WRITE_ONLY).state
    moved = WRITE_ONLY | {"validation": {"path": "/who", "method": "GET", "codes": [200]}}
    driver.apply("tama_source_identity", moved, first)
    assert sent(client) == ["w", "nothing"]


def test_a_secret_becomes_write_only_and_back(driver: Driver, client: Client) -> None:
    client.answers = [IDENTITY_MADE] * 3
    kept = driver.apply("tama_source_identity", IDENTITY).state
    unkept = driver.apply("tama_source_identity", WRITE_ONLY, kept).state
    assert unkept["api_key"] is None
    assert driver.apply("tama_source_identity", IDENTITY, unkept).state["api_key"] == "k"
    assert sent(client) == ["k", "w", "k"]


def test_a_write_only_secret_that_is_no_longer_configured_is_removed(driver: Driver, client: Client) -> None:
    client.answers = [IDENTITY_MADE] * 2
    first = driver.apply("tama_source_identity", WRITE_ONLY).state
    other = IDENTITY | {"api_key": None, "client_id": "c", "client_secret": "s"}
    driver.apply("tama_source_identity", other, first)
    assert sent(client) == ["w", None]


def test_a_secret_and_its_twin_exclude_each_other(driver: Driver) -> None:
    assert "not both" in " ".join(driver.validate("tama_source_identity", WRITE_ONLY | {"api_key": "k"}).errors)


def test_a_terraform_that_would_store_it_is_refused(driver: Driver) -> None:
    (error,) = driver.call("ValidateResourceConfig", type_name="tama_source_identity", config=wire(WRITE_ONLY))[
        "diagnostics"
    ]
    assert error["summary"] == "Write-Only Attribute Not Allowed"
    assert "1.11" in error["detail"]
