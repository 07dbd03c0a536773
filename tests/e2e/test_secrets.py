"""What was secret and is deleted can be read nowhere below the working folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.conftest import EMBEDDED, SPACE, SPECIFICATION

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.terraform import Terraform

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


def test_a_destroyed_credential_leaves_no_trace_in_the_store(terraform: Callable[..., Terraform]) -> None:
    text = EMBEDDED + SPACE + SPECIFICATION.replace("BLOCKS", "")
    work = terraform(text + IDENTITY.replace("KEY", KEY))
    store = work.folder / "tama"
    work.apply()
    assert KEY.encode() in (store / "tama.db").read_bytes()
    assert [file.name for file in store.iterdir()] == ["tama.db"]

    work.destroy()
    assert [file.name for file in store.iterdir()] == ["tama.db"]
    assert KEY.encode() not in (store / "tama.db").read_bytes()
