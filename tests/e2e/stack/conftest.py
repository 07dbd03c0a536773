from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.stack import checkouts
from tests.support.terraform import Home, Terraform


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Where Terraform finds the provider of this checkout."""
    return Home(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def deployed(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terraform]:
    """The HCL twin, deployed by a bare `terraform apply`, and destroyed at the end."""
    terraform = checkouts.terraform(checkouts.copy(tmp_path_factory.mktemp("hcl") / "checkout"), home)
    terraform.apply()
    service = terraform.outputs()["service_url"]
    yield terraform
    terraform.destroy()
    assert terraform.state() == {}
    assert not checkouts.answers(service)
