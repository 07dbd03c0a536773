"""The twins are equal, and a change of one alone is seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.stack import checkouts
from tests.e2e.stack.twins import cdktf as cdktf_twin
from tests.e2e.stack.twins import hcl as hcl_twin
from tests.e2e.stack.twins.normal import Elements, differences
from tests.e2e.stack.twins.plans import planned
from tests.support.terraform import Home

CHANGES_OF_HCL = {
    "a bridge of another name": (
        "personalization.tf",
        'resource "tama_space_bridge" "memovee" {',
        'resource "tama_space_bridge" "other" {',
    ),
    "another value": ("personalization.tf", 'name  = "prompt-assembly"', 'name  = "prompt-making"'),
    "another type": ("personalization.tf", 'type  = "root"', 'type  = "component"'),
    "another output": (
        "personalization.tf",
        "  value       = tama_space.personalization.id\n",
        "  value       = tama_specification.personalization.id\n",
    ),
    "an expression around a reference": (
        "personalization.tf",
        "  space_id        = module.memovee.id\n",
        '  space_id        = "${module.memovee.id}-y"\n',
    ),
    "one dependency less": (
        "personalization.tf",
        '  type = "component"\n\n  depends_on = [module.global]\n',
        '  type = "component"\n',
    ),
    "an output that does not wait": (
        "personalization.tf",
        "value       = data.tama_action.get_profile.id\n  depends_on  = [tama_source_identity.personalization]\n",
        "value       = data.tama_action.get_profile.id\n",
    ),
    "another default": ("personalization.tf", 'default     = "personalization"', 'default     = "people"'),
    "another rule for a variable": ("personalization.tf", "trimspace(var.space_name)", "var.space_name"),
    "another key": ("personalization.tf", "[*].api_key) : var.service_api_key", "[*].api_key) : var.client_secret"),
    "another dependency inside a module": (
        "modules/shared_space/main.tf",
        "depends_on = [var.after]",
        "depends_on = [data.tama_space.given]",
    ),
    "another class": ("modules/global/main.tf", 'title       = "class-proxy"', 'title       = "proxy"'),
}
CHANGES_OF_CDKTF = {
    "one bridge less": (
        "stack/app.py",
        '"memovee": self._caller(shared, "memovee", "root", "main space of Memovee"),',
        "",
    ),
    "another value": ("stack/personalization.py", 'method="GET"', 'method="HEAD"'),
    "another code": ("stack/personalization.py", "codes=[200]", "codes=[200, 204]"),
    "another output": (
        "stack/app.py",
        '"The id of the specification.", personalization.specification.id',
        '"The id of the specification.", personalization.space.id',
    ),
    "an expression around a reference": (
        "stack/personalization.py",
        "target_space_id=self.space.id)",
        'target_space_id=f"{self.space.id}-y")',
    ),
    "one dependency less": (
        "stack/global_.py",
        "[self.space.given, self.space.created, *self.classes.values()]",
        "[self.space.given, self.space.created]",
    ),
    "another default": ("stack/app.py", 'default="personalization"', 'default="people"'),
}


def synthesized(folder: Path, home: Home) -> Elements:
    """The CDKTF twin in `folder` as a configuration."""
    checkouts.Cdktf(folder, home).synthesize()
    return cdktf_twin.configuration(folder)


def differences_of_plans(folder: Path, home: Home) -> list[str]:
    """Where the twins in `folder` differ as plans."""
    cdktf = checkouts.Cdktf(folder, home)
    cdktf.synthesize()
    return differences(
        planned(checkouts.terraform(folder, home).plan(), hcl_twin.name, folder / ".state" / "terraform"),
        planned(cdktf.stack().plan(), cdktf_twin.names(folder), folder / ".state" / "cdktf"),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return checkouts.copy(tmp_path / "checkout")


@pytest.fixture(scope="module")
def hcl() -> Elements:
    return hcl_twin.configuration(checkouts.ROOT)


@pytest.fixture(scope="module")
def cdktf(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Elements:
    return synthesized(checkouts.copy(tmp_path_factory.mktemp("cdktf") / "checkout"), home)


def test_the_twins_are_configured_alike(hcl: Elements, cdktf: Elements) -> None:
    assert differences(hcl, cdktf) == []


@pytest.mark.parametrize("changed", CHANGES_OF_HCL.values(), ids=CHANGES_OF_HCL)
def test_a_change_of_the_hcl_twin_alone_is_seen(folder: Path, cdktf: Elements, changed: tuple[str, str, str]) -> None:
    name, old, new = changed
    checkouts.change(folder / name, old, new)
    assert differences(hcl_twin.configuration(folder), cdktf) != []


@pytest.mark.parametrize("changed", CHANGES_OF_CDKTF.values(), ids=CHANGES_OF_CDKTF)
def test_a_change_of_the_cdktf_twin_alone_is_seen(
    folder: Path, home: Home, hcl: Elements, changed: tuple[str, str, str]
) -> None:
    name, old, new = changed
    checkouts.change(folder / name, old, new)
    assert differences(hcl, synthesized(folder, home)) != []


def test_the_twins_plan_the_same(folder: Path, home: Home) -> None:
    assert differences_of_plans(folder, home) == []


def test_a_value_that_is_only_computed_is_seen_in_the_plans(folder: Path, home: Home, cdktf: Elements) -> None:
    changed = 'description = "The name of the class."', 'description = "Its name."'
    checkouts.change(folder / "modules" / "global" / "main.tf", *changed)
    assert differences(hcl_twin.configuration(folder), cdktf) == []
    [difference] = differences_of_plans(folder, home)
    assert "resource tama_class global/class_proxy/after/schema" in difference
