"""Scopes and the commands on credentials are documented."""

import re
from pathlib import Path

import pytest

from service.__main__ import make_parser
from service.contract import Contract
from service.credentials.tokens import LIFETIME_S
from service.web.credentials import RECORD_LIFETIME_S

PAGE = (Path(__file__).parents[3] / "docs" / "security.md").read_text(encoding="utf-8")


def test_every_scope_is_documented_and_no_other(contract: Contract) -> None:
    assert re.findall(r"^\| `([a-z:]+)` \|", PAGE, re.MULTILINE) == contract.schema("Scope")["enum"]


def test_every_command_on_credentials_is_documented(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        make_parser().parse_args(["keys", "--help"])
    commands = re.findall(r"^    ([a-z-]+)(?: |$)", capsys.readouterr().out, re.MULTILINE)
    assert "rotate" in commands
    assert sorted(re.findall(r"^\| `keys ([a-z-]+)` \|", PAGE, re.MULTILINE)) == sorted(commands)


def test_the_bounds_are_the_documented_ones() -> None:
    assert f"within {RECORD_LIFETIME_S:.0f} seconds" in PAGE
    assert f"good for {LIFETIME_S // 60} minutes" in PAGE
