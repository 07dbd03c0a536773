"""What is not a plan, and references that a plan of the tests with Terraform does not have."""

from __future__ import annotations

from typing import Any

import pytest

from tama.graph.plan import BadPlan, from_plan
from tama.graph.references import Configuration, Reference, module_path


@pytest.mark.parametrize(
    "given",
    [
        None,
        [],
        {},
        {"format_version": "1.0", "values": {}},
        {"format_version": "1.2", "planned_values": {}, "resource_changes": [3]},
        {"format_version": "1.2", "planned_values": {}, "resource_changes": [{"address": "a"}]},
        {"format_version": "1.2", "planned_values": {}, "prior_state": []},
    ],
)
def test_what_is_no_plan_is_refused(given: object) -> None:
    with pytest.raises(BadPlan):
        from_plan(given)


def test_a_plan_of_nothing_has_no_spaces() -> None:
    assert from_plan({"format_version": "1.2", "planned_values": {}}).spaces == []


def configuration(references: list[str], **more: Any) -> Configuration:
    """A module `b`, called by `a`, in which a bridge refers to something."""
    bridge = {"address": "tama_space_bridge.it", "expressions": {"space_id": {"references": references}}, **more}
    output = {"expression": {"references": ["tama_space.it[0].id", "tama_space.it[0]", "tama_space.it"]}}
    return Configuration(
        {
            "module_calls": {
                "a": {
                    "module": {
                        "module_calls": {
                            "b": {
                                "expressions": {"space": {"references": ["module.made.id", "module.made"]}},
                                "module": {"resources": [bridge]},
                            },
                            "made": {"module": {"outputs": {"id": output}}},
                        }
                    }
                }
            }
        }
    )


INNER = module_path('module.a["x.y"].module.b[0]')


@pytest.mark.parametrize(
    ("references", "found"),
    [
        (["var.space"], {Reference((("a", "x.y"), ("made", None)), "tama_space.it", 0)}),
        (["tama_space.one.id", "tama_space.one"], {Reference(INNER, "tama_space.one", None)}),
        (
            ['data.tama_space.one["a.b"].id', 'data.tama_space.one["a.b"]', "data.tama_space.one"],
            {Reference(INNER, "data.tama_space.one", "a.b")},
        ),
        (["local.space", "each.key", "path.module"], set()),
        ([], set()),
    ],
)
def test_a_reference_is_followed_through_variables_and_outputs(references: list[str], found: set[Reference]) -> None:
    referred = configuration(references).referred(INNER, "tama_space_bridge.it", "space_id")
    assert {one for one in referred if one.resource.split(".")[-2] == "tama_space"} == found


def test_what_is_gone_through_is_referred_to() -> None:
    made = configuration(["each.value"], for_each_expression={"references": ["tama_space.all"]})
    assert made.referred(INNER, "tama_space_bridge.it", "space_id") >= {Reference(INNER, "tama_space.all", None)}
    assert made.referred(INNER, "tama_space_bridge.gone", "space_id") == set()
