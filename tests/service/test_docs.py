"""What can be set, and what can go wrong, is documented."""

from pathlib import Path

import pytest

from service.contract import Contract
from service.settings import SETTINGS, Setting

PAGE = (Path(__file__).parents[2] / "docs" / "service.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_is_documented(setting: Setting) -> None:
    assert f"| `{setting.option}` | `{setting.variable}` | `{setting.form}` |" in PAGE


def test_every_error_code_is_documented_with_its_status_and_no_other(contract: Contract) -> None:
    rows = [line.strip("|").split("|") for line in PAGE.splitlines() if line.startswith("| `") and line.count("|") == 4]
    documented = {cells[0].strip(" `"): cells[1].strip() for cells in rows if cells[1].strip().isdigit()}
    assert documented == {code: str(kind.status) for code, kind in contract.errors.items()}


def test_every_path_is_documented(contract: Contract) -> None:
    for operation in contract.operations:
        assert f"`{operation.method} {operation.path}`" in PAGE
