"""What was secret and is deleted can be read nowhere below the working folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import EMBEDDED, SPACE, SPECIFICATION, Plane, on_every_terraform
from tests.support.terraform import Terraform

Make = Callable[..., Terraform]

KEY = "canary-of-at-least-thirty-two-characters"
IDENTITY = """
resource "tama_source_identity" "it" {
  specification_id = tama_specification.it.id
  identifier       = "ApiKey"
  api_key          = "KEY"
  validation {
    path   = "/things"
    method = "get"
    codes  = [200]
  }
}
"""
DECLARED = SPACE + SPECIFICATION.replace("BLOCKS", "")


def test_a_destroyed_credential_leaves_no_trace_in_the_store(terraform: Make) -> None:
    """In one that is embedded, whose log of changes ends with the command; a server goes on writing its own."""
    work = terraform(EMBEDDED + DECLARED + IDENTITY.replace("KEY", KEY))
    store = work.folder / "tama"
    work.apply()
    assert KEY.encode() in (store / "tama.db").read_bytes()
    assert [file.name for file in store.iterdir()] == ["tama.db"]

    work.destroy()
    assert [file.name for file in store.iterdir()] == ["tama.db"]
    assert KEY.encode() not in (store / "tama.db").read_bytes()


WRITE_ONLY = IDENTITY.replace("api_key          =", "api_key_wo_version = 1\n  api_key_wo =")


@on_every_terraform(since="1.11")
def test_a_write_only_credential_is_in_no_file_of_terraform(terraform: Make, plane: Plane, tmp_path: Path) -> None:
    work = terraform(plane.head + DECLARED + WRITE_ONLY.replace("KEY", KEY))
    work.run("plan", "-out=plan.bin")
    work.run("apply", "plan.bin")
    assert work.changes() == {}
    (work.folder / "main.tf").unlink()
    found = [file for file in tmp_path.rglob("*") if file.is_file() and KEY.encode() in file.read_bytes()]
    assert {file.parent for file in found} <= {tmp_path / "tama"}


@pytest.mark.parametrize("version", ["1.10.5"])
def test_a_terraform_that_would_write_it_to_its_state_is_refused(terraform: Make) -> None:
    work = terraform(EMBEDDED + DECLARED + WRITE_ONLY.replace("KEY", KEY))
    error = " ".join(work.apply(check=False).stderr.split())
    assert "Attribute api_key_wo needs Terraform 1.11 or newer" in error
