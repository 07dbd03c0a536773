"""`terraform` on the package's shared library: it behaves as the real one does."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.terraform import Home, Terraform, interrupt
from tools import toolchain

SLOW = """
resource "terraform_data" "first" {}

resource "terraform_data" "slow" {
  depends_on = [terraform_data.first]
  provisioner "local-exec" {
    command = "sleep 60"
  }
}
"""


@pytest.fixture(params=toolchain.TEST_TERRAFORMS)
def terraform(request: pytest.FixtureRequest, tmp_path: Path) -> Terraform:
    return Terraform(tmp_path / "a folder", Home(tmp_path / "home"), binary=toolchain.terraform(request.param))


@pytest.fixture
def slow_apply(terraform: Terraform) -> "Iterator[subprocess.Popen[str]]":
    terraform.write(SLOW)
    terraform.init()
    with terraform.start("apply", "-auto-approve", "-no-color") as process:
        try:
            yield process
        finally:
            process.kill()


def test_exit_codes_pass_through(terraform: Terraform) -> None:
    terraform.write('resource "terraform_data" "one" {}')
    terraform.init()
    assert terraform.run("plan", "-detailed-exitcode", check=False).returncode == 2
    assert terraform.run("plan", "-nonsense", check=False).returncode == 1
    assert terraform.run("validate").returncode == 0


def test_standard_output_and_standard_error_are_two(terraform: Terraform) -> None:
    terraform.write("resource {")
    result = terraform.run("init", check=False)
    assert "Error" in result.stderr
    assert "Error" not in result.stdout


def test_a_question_is_answered_on_standard_input(terraform: Terraform) -> None:
    terraform.write('resource "terraform_data" "one" {}')
    terraform.init()
    assert terraform.run("apply", input="no\n", check=False).returncode == 1
    terraform.run("apply", input="yes\n")
    assert list(terraform.state()) == ["terraform_data.one"]


def test_arguments_may_hold_anything(terraform: Terraform) -> None:
    terraform.write('variable "text" { type = string }\noutput "text" { value = var.text }')
    terraform.init()
    text = "a \"b\" 'c' $d ü *"
    terraform.apply(f"-var=text={text}")
    assert terraform.outputs() == {"text": text}


def test_ctrl_c_ends_an_apply_in_good_order(terraform: Terraform, slow_apply: "subprocess.Popen[str]") -> None:
    assert slow_apply.stdout
    lines = []
    for line in slow_apply.stdout:  # that lines come while the apply runs is what is tested, too
        lines.append(line)
        if "terraform_data.slow: Provisioning" in line:
            interrupt(slow_apply)
            break
    lines += slow_apply.stdout
    assert slow_apply.wait() == 1
    assert any("Interrupt received" in line for line in lines)
    assert "terraform_data.first" in terraform.state()
