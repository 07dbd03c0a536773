"""What an update sends, after an import too, and what is told beside it."""

from __future__ import annotations

from typing import Any

import pytest

from provider.protocol.values import UNKNOWN
from tama.client.errors import response_error
from tests.provider.driver import Answer, Values, wire
from tests.provider.resources.echo import DOCUMENT, Echo, least

PROCESSED = [{"field": [{"name": "current_state", "in": ["processed"]}]}]
FAILED = [{"field": [{"name": "current_state", "in": ["completed", "failed"]}]}]
BLOCK = {"title": "t", "description": "d", "type": "object", "properties": '{"a": {}}'}
TARGET = "/provision/perception/thoughts/x"
FACULTY = {"queue_id": "q", "priority": 1}


def warnings(answer: Answer) -> list[str]:
    return [f"{each['summary']}: {each['detail']}" for each in answer.message["diagnostics"] if each["severity"] == 2]


def lookup(echo: Echo, **given: Any) -> Answer:
    """Read the data source of the same type with these arguments."""
    fields = echo.driver.server._data_source(echo.type_name).schema.fields
    config = {field.name: given.get(field.name, field.empty()) for field in fields}
    return Answer(echo.driver.call("ReadDataSource", type_name=echo.type_name, config=wire(config)), "state")


def changing(echo: Echo) -> list[str]:
    return [method for method, _, _ in echo.requests if method != "GET"]


def test_a_class_with_a_block_is_imported_and_its_update_sends_nothing() -> None:
    echo = Echo("class")
    config = least("class", schema=[BLOCK])
    state = echo.apply(config)
    imported = echo.imported()
    assert imported["schema"] == []
    after = echo.apply(config, imported)
    assert after == state
    assert changing(echo) == ["POST"]
    assert echo.plan(config, echo.read(after)) == after


def test_a_class_with_another_block_after_its_import_sends_it() -> None:
    echo = Echo("class")
    echo.apply(least("class", schema=[BLOCK]))
    echo.apply(least("class", schema=[BLOCK | {"title": "u"}]), echo.imported())
    assert echo.bodies[-1]["schema"]["title"] == "u"


def test_true_and_one_are_different_documents_to_an_update() -> None:
    echo = Echo("model")
    state = echo.apply(least("model", parameters='{"a": true}'))
    echo.apply(least("model", parameters='{"a": 1}'), state)
    assert echo.bodies[-1]["parameters"]["a"] is not True


@pytest.mark.parametrize(
    ("type_", "hidden"),
    [
        ("class_operation", {"chain_ids"}),
        ("class_corpus", {"class_id"}),
        ("model", {"source_id"}),
        ("thought_module_input", {"thought_id"}),
    ],
)
def test_what_an_import_could_not_tell_is_taken_from_the_configuration(type_: str, hidden: set[str]) -> None:
    echo = Echo(type_)
    config = least(type_)
    state = echo.apply(config)
    echo.hides = hidden
    imported = echo.imported()
    name = next(iter(hidden))
    # The id of the import of a class operation names its class.
    assert imported[name] is None
    plan = echo.driver.plan(echo.type_name, config, imported)
    assert plan.message["requires_replace"] == []
    assert echo.apply(config, imported) == state
    assert changing(echo) == ["POST"]


def test_a_model_whose_path_an_import_could_not_tell_is_sent_it_in_place() -> None:
    echo = Echo("model")
    config = least("model")
    state = echo.apply(config)
    echo.hides = {"path"}
    assert echo.apply(config, echo.imported()) == state
    assert echo.bodies[-1]["path"] == "x"


def test_a_change_of_only_the_wait_of_a_class_operation_waits_and_changes_nothing() -> None:
    echo = Echo("class_operation")
    state = echo.apply(least("class_operation"))
    config = least("class_operation", wait_for=PROCESSED)
    echo.object["current_state"] = "processed"
    after = echo.apply(config, state)
    assert after["current_state"] == "processed"
    assert changing(echo) == ["POST"]
    assert echo.plan(config, after) == after


def test_a_wait_that_fails_at_create_keeps_the_object_with_what_was_seen_last() -> None:
    echo = Echo("specification")
    config = least("specification", wait_for=[{"field": [{"name": "current_state", "in": ["completed"]}]}])
    config["timeouts"] = {"create": "1ms", "update": None}
    made = echo.driver.apply(echo.type_name, config)
    assert made.errors[0].startswith("Wait Condition Failed: Unable to satisfy wait conditions: timeout waiting for")
    assert "current_state is c, accepted: completed" in made.errors[0]
    assert (made.state["id"], made.state["current_state"]) == ("1", "c")


def test_a_failure_that_is_accepted_or_not_waited_for_is_a_warning() -> None:
    for wait_for in (FAILED, []):
        echo = Echo("specification")
        state = echo.apply(least("specification"))
        echo.others["/provision/sensory/specifications/1"] = echo.object | {"current_state": "failed", "reason": "why"}
        made = echo.driver.apply(echo.type_name, least("specification", version="2", wait_for=wait_for), state)
        assert made.state["current_state"] == "failed"
        assert warnings(made) == [
            "Failed Specification: The current_state of this specification is failed. Reason: why"
        ]


def test_a_deletion_that_the_api_does_not_have_is_a_warning() -> None:
    echo = Echo("class_operation")
    state = echo.apply(least("class_operation"))
    gone = echo.driver.destroy(echo.type_name, state)
    assert gone.state is None
    assert changing(echo) == ["POST"]
    (warning,) = warnings(gone)
    assert warning.startswith("Object Outlives Its Resource: The API cannot delete a class operation")


def test_a_faculty_is_imported_and_an_edit_of_it_is_seen_and_healed() -> None:
    echo = Echo("modular_thought")
    config = least("modular_thought", faculty=FACULTY)
    state = echo.apply(config)
    assert echo.imported()["faculty"] == FACULTY
    echo.object["faculty"] = {"queue_id": "other", "priority": 2}
    read = echo.read(state)
    assert read["faculty"] == {"queue_id": "other", "priority": 2}
    assert echo.apply(config, read)["faculty"] == FACULTY
    echo.object["faculty"] = None
    assert echo.read(state)["faculty"] is None
    without = echo.apply(least("modular_thought"), state)
    assert echo.bodies[-1]["faculty"] is None
    echo.apply(least("modular_thought", relation="y"), without)
    assert echo.bodies[-1]["faculty"] is None


def test_numbers_that_tama_writes_as_texts_are_no_edits_of_a_modules_parameters() -> None:
    echo = Echo("modular_thought")
    parameters = '{"a": 0.50, "b": [7, {"c": 1e3}], "d": "9", "e": true}'
    config = least("modular_thought", module={"parameters": parameters})
    state = echo.apply(config)
    told = {"a": "0.5", "b": ["7", {"c": "1000"}], "d": "9", "e": True}
    echo.object["module"] = {"reference": "x", "parameters": told}
    assert echo.read(state) == state
    for edited in ({**told, "a": "0.6"}, {**told, "b": ["7"]}, {**told, "e": "1"}, {**told, "f": 1}):
        echo.object["module"] = {"reference": "x", "parameters": edited}
        assert echo.read(state) != state


def test_the_target_of_a_delegated_thought_is_checked_in_an_update_too() -> None:
    echo = Echo("delegated_thought")
    echo.others[TARGET] = {"id": "x", "module": {}}
    echo.others[TARGET.replace("/x", "/y")] = {"id": "y", "module": None}
    state = echo.apply(least("delegated_thought"))
    config = least("delegated_thought", delegation={"target_thought_id": "y"})
    changed = echo.driver.apply(echo.type_name, config, state)
    assert "The target_thought_id must reference a tama_modular_thought resource" in changed.errors[0]
    assert changed.paths == [["delegation", "target_thought_id"]]
    assert changed.state == state
    assert changing(echo) == ["POST"]


def test_the_relation_of_a_delegated_thought_is_known_unless_its_target_changes() -> None:
    echo = Echo("delegated_thought")
    echo.others[TARGET] = {"id": "x", "module": {}}
    state = echo.apply(least("delegated_thought"))
    assert echo.plan(least("delegated_thought", index=4), state)["relation"] == "c"
    other = least("delegated_thought", delegation={"target_thought_id": "y"})
    assert echo.plan(other, state)["relation"] is UNKNOWN


@pytest.mark.parametrize(
    ("type_", "kept", "text"),
    [
        ("modular_thought", {"module": None, "delegation": {"target_thought_id": "x"}}, "is a delegated thought"),
        ("delegated_thought", {"module": {"reference": "x"}, "delegation": None}, "is a modular thought"),
    ],
)
def test_a_thought_of_the_other_kind_says_which_resource_it_is(type_: str, kept: Values, text: str) -> None:
    echo = Echo(type_)
    echo.others[TARGET] = {"id": "x", "module": {}}
    state = echo.apply(least(type_))
    echo.object |= kept
    read = echo.driver.read(echo.type_name, state)
    assert text in read.errors[0]
    assert read.state == state


@pytest.mark.parametrize("type_", ["modular_thought", "source_identity", "class_corpus"])
def test_what_fails_is_told_with_the_verb_of_what_was_done(type_: str) -> None:
    echo = Echo(type_)
    config = least(type_, **({"api_key": "k"} if type_ == "source_identity" else {}))
    thing = echo.declared.thing
    state = echo.apply(config)
    member = echo.declared.member.replace("{id}", "1")
    echo.others[member] = response_error(500)
    name = "validation" if type_ == "source_identity" else "relation" if type_ == "modular_thought" else "name"
    other = least(type_, **config | {name: {"path": "/y"} if name == "validation" else "y"})
    told = [
        echo.driver.read(echo.type_name, state),
        echo.driver.apply(echo.type_name, other, state),
        echo.driver.destroy(echo.type_name, state),
    ]
    verbs = [answer.errors[0].partition("Unable to ")[2].partition(",")[0] for answer in told]
    assert verbs == [f"{verb} {thing}" for verb in ("read", "update", "delete")]
    assert [answer.state for answer in told] == [state] * 3


def test_a_model_that_is_looked_up_shows_its_path_and_its_source() -> None:
    echo = Echo("model")
    echo.apply(least("model", parameters=DOCUMENT))
    found = lookup(echo, id="1").state
    assert (found["path"], found["source_id"]) == ("x", "x")
    assert found["parameters"] == '{"description":"d","title":"t"}'


def test_a_source_that_is_looked_up_shows_its_request_with_sensitive_values() -> None:
    echo = Echo("source")
    request = {"headers": [{"name": "a", "value": "b"}], "session_affinity": None}
    echo.apply(least("source", request=request, api_key="k"))
    assert lookup(echo, id="1").state["request"] == request
    (shown,) = [one for one in echo.driver.server._data_source("tama_source").schema.fields if one.name == "request"]
    headers = next(one for one in shown.fields if one.name == "headers")
    assert {one.name: getattr(one, "sensitive", False) for one in headers.fields} == {"name": False, "value": True}


@pytest.mark.parametrize(
    ("type_", "given"),
    [("class", {"specification_id": "s", "name": "n"}), ("source", {"specification_id": "s", "slug": "n"})],
)
def test_what_a_specification_did_not_yield_is_an_error_that_says_what_to_wait_for(type_: str, given: Values) -> None:
    (error,) = lookup(Echo(type_), **given).errors
    assert "is there when its current_state is completed" in " ".join(error.split())
    (other,) = lookup(Echo(type_), id="1").errors
    assert "completed" not in other
