"""Numbers of more digits than a double has, through the real Terraform."""

from __future__ import annotations

from collections.abc import Callable

from tests.e2e.conftest import EMBEDDED, Plane
from tests.support.terraform import Terraform

CONFIGURATION = """
resource "tama_space" "it" {
  name = "It"
  type = "component"
}
resource "tama_source" "it" {
  space_id = tama_space.it.id
  name     = "It"
  type     = "model"
  endpoint = "http://127.0.0.1:9"
  api_key  = "any"
}
resource "tama_model" "it" {
  source_id  = tama_source.it.id
  identifier = "it"
  path       = "/it"
}
resource "tama_space_processor" "it" {
  space_id = tama_space.it.id
  model_id = tama_model.it.id
  completion { temperature = TEMPERATURE }
}
"""


def test_a_fraction_may_have_any_number_of_digits(terraform: Callable[..., Terraform], plane: Plane) -> None:
    temperature = "0.1234567890123456789012345"
    work = terraform(plane.head + CONFIGURATION.replace("TEMPERATURE", temperature))
    work.apply()
    assert work.changes() == {}
    assert temperature in (work.folder / "terraform.tfstate").read_text("utf-8")
    work.destroy()


def test_a_fraction_that_terraform_cannot_apply_is_told_with_one_that_it_can(
    terraform: Callable[..., Terraform],
) -> None:
    work = terraform(EMBEDDED + CONFIGURATION.replace("TEMPERATURE", "0.000000000931322574615478515625"))
    (told,) = work.validate()["diagnostics"]
    text, _, other = told["detail"].rpartition(" ")
    assert text == "Attribute completion.temperature value has more digits than Terraform can apply, write:"
    work.write(EMBEDDED + CONFIGURATION.replace("TEMPERATURE", other))
    work.apply()
    assert work.changes() == {}
