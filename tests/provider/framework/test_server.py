from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from provider.framework.diagnostics import Diagnostic, Diagnostics, Failure
from provider.framework.resource import Change, DataSource, Provider, Resource, Stop
from provider.framework.schema import JSON, LIST, SINGLE, STRING, Attribute, Block, Schema
from provider.protocol.errors import Unimplemented
from provider.protocol.messages import decode
from provider.protocol.values import unpack
from tests.provider.driver import Driver, Values, wire

if TYPE_CHECKING:
    from provider.framework.resource import Private

FIELDS = (
    Attribute("id", STRING, "The id.", computed=True),
    Attribute("name", STRING, required=True),
    Attribute("document", JSON, optional=True),
    Attribute("secret", STRING, optional=True, sensitive=True),
    Block("item", (Attribute("text", STRING, required=True),), "An item.", nesting=LIST),
    Block("check", (Attribute("text", STRING, required=True),), nesting=SINGLE, required=True),
)
CONFIG: Values = {
    "id": None,
    "name": "a",
    "document": '{ "a": 1 }',
    "secret": "hush",
    "item": [],
    "check": {"text": "b"},
}


class Thing(Resource):
    """Keeps its object in memory, and breaks where a test says so."""

    schema = Schema(FIELDS, "A thing.", version=1)

    def __init__(self) -> None:
        self.kept: Values | None = None
        self.broken: Exception | None = None

    def create(self, change: Change) -> None:
        self._set(change, {"id": "1"})

    def read(self, state: Values, private: Private) -> Values | None:  # noqa: ARG002 - one object
        private["reads"] = private.get("reads", 0) + 1
        if self.broken:
            raise self.broken
        return self.kept

    def update(self, change: Change) -> None:
        self._set(change, {})

    def delete(self, change: Change) -> None:  # noqa: ARG002 - one object
        if self.broken:
            raise self.broken
        self.kept = None

    def _set(self, change: Change, more: Values) -> None:
        self.kept = {**(change.planned or {}), **more, "document": '{"a":1}'}
        change.state = self.kept
        change.private["made"] = True
        if self.broken:
            raise self.broken


class Found(DataSource):
    schema = Schema((Attribute("id", STRING, required=True), Attribute("name", STRING, computed=True)))

    def read(self, config: Values) -> Values:
        if config["id"] == "none":
            raise Failure(Diagnostic("Nothing", "There is none.", ("id",)))
        return config | {"name": "found"}


class OfThings(Provider):
    schema = Schema((Attribute("url", STRING, optional=True),), "Things.")
    succeeds = ("others/things",)

    def __init__(self) -> None:
        self.thing = Thing()
        self.resources = {"x_thing": lambda: self.thing}
        self.data_sources = {"x_thing": Found}
        self.configured: Values | None = None

    def configure(self, config: Values, diagnostics: Diagnostics) -> None:  # noqa: ARG002 - nothing is wrong
        self.configured = config


@pytest.fixture
def provider() -> OfThings:
    return OfThings()


@pytest.fixture
def driver(provider: OfThings) -> Driver:
    return Driver(provider)


def test_the_schema_is_told_whole(driver: Driver) -> None:
    answer = driver.call("GetProviderSchema")
    assert answer["server_capabilities"] == {
        "plan_destroy": False,
        "get_provider_schema_optional": True,
        "move_resource_state": True,
        "generate_resource_config": False,
    }
    schema = answer["resource_schemas"]["x_thing"]
    assert schema["version"] == 1
    attributes = {each["name"]: each for each in schema["block"]["attributes"]}
    assert attributes["document"]["type"] == b'"string"'
    assert attributes["secret"]["sensitive"]
    assert attributes["id"]["computed"]
    blocks = {each["type_name"]: each for each in schema["block"]["block_types"]}
    assert (blocks["item"]["nesting"], blocks["item"]["min_items"], blocks["item"]["max_items"]) == (LIST, 0, 0)
    assert (blocks["check"]["nesting"], blocks["check"]["min_items"], blocks["check"]["max_items"]) == (SINGLE, 1, 1)
    assert list(answer["data_source_schemas"]) == ["x_thing"]
    metadata = driver.call("GetMetadata")
    assert metadata["server_capabilities"] == answer["server_capabilities"]
    assert [each["type_name"] for each in metadata["resources"]] == ["x_thing"]


@pytest.mark.parametrize("method", ["GetResourceIdentitySchemas", "Nonsense"])
def test_what_is_not_served_is_unimplemented(driver: Driver, method: str) -> None:
    with pytest.raises(Unimplemented):
        driver.server.handle(method, b"")


def test_a_life(driver: Driver, provider: OfThings) -> None:
    made = driver.apply("x_thing", CONFIG)
    assert made.state == CONFIG | {"id": "1"}
    read = driver.read("x_thing", made.state, made.private)
    assert read.state == made.state
    assert read.private == b'{"made":true,"reads":1}'
    assert driver.plan("x_thing", CONFIG, read.state, read.private).state == read.state
    changed = driver.apply("x_thing", CONFIG | {"name": "b"}, read.state, read.private)
    assert changed.state == made.state | {"name": "b"}
    assert driver.destroy("x_thing", changed.state).state is None
    assert driver.read("x_thing", changed.state).state is None


@pytest.mark.parametrize("broken", [Failure(Diagnostic("Refused", "No.")), RuntimeError("hush")])
def test_what_breaks_after_a_create_keeps_the_object(driver: Driver, provider: OfThings, broken: Exception) -> None:
    provider.thing.broken = broken
    made = driver.apply("x_thing", CONFIG)
    assert made.state["id"] == "1"
    assert made.private == b'{"made":true}'
    assert len(made.errors) == 1
    assert "hush" not in made.errors[0]


@pytest.mark.parametrize("broken", [Failure(Diagnostic("Refused", "No.")), RuntimeError("hush")])
def test_what_breaks_in_a_delete_or_a_read_keeps_the_state(
    driver: Driver, provider: OfThings, broken: Exception
) -> None:
    state = driver.apply("x_thing", CONFIG).state
    provider.thing.broken = broken
    for answer in (driver.destroy("x_thing", state), driver.read("x_thing", state)):
        assert answer.state == state
        assert len(answer.errors) == 1


def test_a_bug_goes_to_the_log_without_its_text(
    driver: Driver, provider: OfThings, capfd: pytest.CaptureFixture[str]
) -> None:
    provider.thing.broken = RuntimeError("hush")
    driver.apply("x_thing", CONFIG | {"secret": None})
    log = capfd.readouterr().err
    assert "RuntimeError" in log
    assert "test_server.py" in log
    assert "hush" not in log


def test_a_state_of_an_older_version_is_upgraded_and_of_a_newer_one_refused(driver: Driver) -> None:
    raw = {"json": b'{"id":"1","name":"a","gone":true}'}
    answer = driver.call("UpgradeResourceState", type_name="x_thing", version=0, raw_state=raw)
    assert unpack(answer["upgraded_state"]["msgpack"]) == {
        "id": "1",
        "name": "a",
        "document": None,
        "secret": None,
        "item": [],
        "check": None,
    }
    answer = driver.call("UpgradeResourceState", type_name="x_thing", version=2, raw_state=raw)
    assert answer["diagnostics"][0]["summary"] == "State Of A Newer Version"


def test_an_import_answers_what_a_read_needs(driver: Driver) -> None:
    answer = driver.call("ImportResourceState", type_name="x_thing", id="7")
    (imported,) = answer["imported_resources"]
    state: Any = unpack(imported["state"]["msgpack"])
    assert state == dict.fromkeys(CONFIG) | {"id": "7", "item": []}


def test_a_data_source_is_read_or_says_why_not(driver: Driver) -> None:
    answer = driver.call("ReadDataSource", type_name="x_thing", config=wire({"id": "1", "name": None}))
    assert unpack(answer["state"]["msgpack"]) == {"id": "1", "name": "found"}
    answer = driver.call("ReadDataSource", type_name="x_thing", config=wire({"id": "none", "name": None}))
    assert answer["diagnostics"][0]["detail"] == "There is none."


def test_an_unknown_type_is_an_error(driver: Driver) -> None:
    answer = driver.call("ValidateResourceConfig", type_name="x_other", config=wire({}))
    assert answer["diagnostics"][0]["detail"] == "The provider has no resource x_other."
    answer = driver.call("ReadDataSource", type_name="x_other", config=wire({}))
    assert answer["diagnostics"][0]["detail"] == "The provider has no data source x_other."


def test_the_provider_gets_its_configuration(driver: Driver, provider: OfThings) -> None:
    assert driver.call("ValidateProviderConfig", config=wire({"url": None}))["diagnostics"] == []
    assert driver.call("ConfigureProvider", config=wire({"url": "x"}))["diagnostics"] == []
    assert provider.configured == {"url": "x"}


def test_a_replacement_names_its_paths(provider: OfThings) -> None:
    fields = (Attribute("name", STRING, required=True, requires_replace=True),)
    provider.thing.schema = Schema(fields)
    plan = Driver(provider).plan("x_thing", {"name": "b"}, {"name": "a"})
    assert plan.message["requires_replace"][0]["steps"][0]["attribute_name"] == "name"


def test_a_stop_wakes_everyone_who_waits() -> None:
    stop = Stop()
    assert stop.wait(0) is False
    woken: list[bool] = []
    threads = [threading.Thread(target=lambda: woken.append(stop.wait(60))) for _ in range(3)]
    for thread in threads:
        thread.start()
    stop.set()
    stop.set()
    for thread in threads:
        thread.join(5)
    assert woken == [True] * 3
    assert stop.wait(60) is True


def test_an_answer_is_made_of_bytes_alone(driver: Driver) -> None:
    assert decode("StopProvider.Response", driver.server.handle("StopProvider", b"")) == {"Error": ""}


MOVE: Values = {
    "source_provider_address": "registry.example.com/others/things",
    "source_type_name": "x_thing",
    "target_type_name": "x_thing",
    "source_state": {"json": b'{"id": "1", "name": "a", "more": 2, "check": {"text": "b"}}'},
}


def test_the_state_of_a_provider_that_this_one_succeeds_moves(driver: Driver) -> None:
    answer = driver.call("MoveResourceState", **MOVE)
    assert answer["diagnostics"] == []
    assert unpack(answer["target_state"]["msgpack"]) == {
        "id": "1",
        "name": "a",
        "document": None,
        "secret": None,
        "item": [],
        "check": {"text": "b"},
    }


@pytest.mark.parametrize(
    "other",
    [{"source_provider_address": "registry.example.com/others/else"}, {"source_type_name": "x_stone"}],
)
def test_no_other_state_moves(driver: Driver, other: Values) -> None:
    answer = driver.call("MoveResourceState", **{**MOVE, **other})
    assert answer["target_state"] is None
    assert "others/things" in answer["diagnostics"][0]["detail"]
