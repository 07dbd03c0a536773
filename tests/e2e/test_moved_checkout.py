from __future__ import annotations

import subprocess
from pathlib import Path

from tests.e2e.conftest import EMBEDDED, SPACE
from tests.support.terraform import Home, Terraform
from tools import environment


def test_terraform_shows_what_to_do_when_the_checkout_was_moved(tmp_path: Path) -> None:
    work = Terraform(tmp_path / "work", Home(tmp_path / "home"))
    work.write(EMBEDDED + SPACE)
    work.init()
    for installation in (tmp_path / "home" / "mirror").rglob("installation"):
        installation.write_text(installation.read_text().replace(f"{environment.ROOT}\n", f"{tmp_path}/moved\n"))

    result = work.run("plan", check=False)

    assert result.returncode == 1
    assert "plugin message: terraform-provider-tama: its Python or its code is no longer" in _unwrapped(result.stderr)
    assert "run `make install-provider` in the checkout" in _unwrapped(result.stderr)

    (launcher,) = (tmp_path / "home" / "mirror" / "registry.terraform.io").rglob("terraform-provider-tama_v*")
    by_hand = subprocess.run([launcher], env={}, capture_output=True, text=True, check=False)
    assert (by_hand.returncode, by_hand.stdout) == (1, "")
    assert "run `make install-provider` in the checkout" in by_hand.stderr


def _unwrapped(text: str) -> str:
    return " ".join(text.split())
