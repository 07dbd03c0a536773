"""What can be set, called, run and read, and what can go wrong, is documented."""

from pathlib import Path

import pytest

from service.__main__ import make_parser
from service.contract import Contract
from service.metrics import Metrics
from service.settings import SETTINGS, Setting
from service.storage.sqlite import SQLiteStore

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "service.md").read_text(encoding="utf-8")
DEPLOYMENT = (DOCS / "deployment.md").read_text(encoding="utf-8")
MODELS = (DOCS / "models.md").read_text(encoding="utf-8")
SECURITY = (DOCS / "security.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_is_documented(setting: Setting) -> None:
    assert f"| `{setting.option}` | `{setting.variable}` | `{setting.form}` |" in PAGE


def test_every_error_code_is_documented_with_its_status_and_no_other(contract: Contract) -> None:
    rows = [line.strip("|").split("|") for line in PAGE.splitlines() if line.startswith("| `") and line.count("|") == 4]
    documented = {cells[0].strip(" `"): cells[1].strip() for cells in rows if cells[1].strip().isdigit()}
    assert documented == {code: str(kind.status) for code, kind in contract.errors.items()}


def test_every_operation_is_documented_with_its_path_and_scope(contract: Contract) -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    for operation in contract.operations:
        scope = f"`{' '.join(sorted(operation.scopes))}`" if operation.scopes else "any"
        start = f"| `{operation.method} {operation.path}` | {scope} | `{operation.id}`: "
        assert [row for row in rows if row.startswith(start)], start


def test_the_contract_for_models_names_every_operation_and_every_status_of_a_refusal(contract: Contract) -> None:
    assert [operation.id for operation in contract.operations if f"`{operation.id}`" not in MODELS] == []
    # What a host sees to before a model is asked: the credential, the path, the method, how the body is sent.
    for_hosts = {401, 405, 411, 413, 415, 500}
    rows = [line.strip("|").split("|")[0] for line in MODELS.splitlines() if line.startswith("| 4")]
    statuses = {kind.status for kind in contract.errors.values()} - for_hosts
    assert [status for status in sorted(statuses) if not any(str(status) in row for row in rows)] == []


def test_every_scope_is_documented_and_no_other(contract: Contract) -> None:
    table = SECURITY.partition("| scope | allows |")[2].partition("\n\n")[0]
    documented = {line.split("`")[1] for line in table.splitlines() if line.startswith("| `")}
    assert documented == set(contract.schema("Scope")["enum"])


def test_every_metric_is_documented_and_no_other(store: SQLiteStore) -> None:
    metrics = Metrics()
    metrics.watch(store)
    table = DEPLOYMENT.partition("| metric | type | meaning |")[2].partition("\n\n")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    documented = {name.strip(" `") for cell in cells for name in cell.split(",")}
    # The figures on the process exist where there is a /proc.
    assert {name for name in documented if not name.startswith("process_")} == {
        name for name in metrics.names() if not name.startswith("process_")
    }
    assert set(metrics.names()) <= documented


def test_every_command_is_documented_and_no_other() -> None:
    table = DEPLOYMENT.partition("| command | what it does |")[2].partition("\n\n")[0]
    documented = {line.split("`")[1].split()[1] for line in table.splitlines() if line.startswith("| `")}
    actions = [action for action in make_parser()._actions if isinstance(action.choices, dict)]
    assert documented == set(actions[0].choices or ())
