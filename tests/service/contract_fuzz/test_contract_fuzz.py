"""The service is called in all the ways that its contract allows and forbids, and keeps to it.

TAMA_FUZZ_CASES sets how many calls are made at least; schemathesis makes the same ones each time.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from schemathesis.checks import CHECKS

from service.contract import Contract
from tests.service.contract_fuzz.campaign import Report, run
from tests.service.contract_fuzz.exchanges import Target
from tests.service.contract_fuzz.services import add_credentials
from tests.service.server import BASE, KEY, RunningService
from tests.service.stores import KINDS, database_of

CASES = int(os.environ.get("TAMA_FUZZ_CASES", "0"))
SHORT = 3
"""How many random calls of each operation, and random sequences, the suite makes."""


pytestmark = pytest.mark.timeout(900 + CASES)  # for a machine that is busy with other things


@dataclass
class Campaign:
    report: Report
    metrics: str
    log: str
    own: str
    """What a service says in its log and metrics that is called without anything of a caller's."""
    key: str


@pytest.fixture(scope="module", params=KINDS)
def campaign(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, contract: Contract
) -> Iterator[Campaign]:
    folder = tmp_path_factory.mktemp("fuzzed")
    with (
        database_of(request.param, request) as database,
        RunningService(folder, key=None, database=database) as service,
    ):
        keys = add_credentials(database or service.store)
        examples = max(SHORT, math.ceil(CASES / len(contract.operations)))
        target = Target(f"http://127.0.0.1:{service.port}", *keys)
        report = run(target, examples, every=1 if CASES else 8)
        metrics = service.call("GET", "/metrics", key=keys[0]).body.decode()
        service.stop()
        own = _said_without_callers(tmp_path_factory.mktemp("uncalled"))
        yield Campaign(report, metrics, service.errors.read_text(), own, keys[0])


def _said_without_callers(folder: Path) -> str:
    with RunningService(folder) as service:
        for key in (KEY, "wrong"):
            service.call("GET", f"{BASE}/whoami", key=key)
        metrics = service.call("GET", "/metrics").body.decode()
        service.stop()
        return service.errors.read_text() + metrics


def test_nothing_is_found(campaign: Campaign) -> None:
    found = campaign.report.failures
    assert not found, f"{len(found)} failures, among them\n\n" + "\n\n".join(found[:10])
    assert campaign.report.cases.total() >= max(CASES, 300), campaign.report.cases


def test_every_operation_is_reached_by_calls_that_are_carried_out_and_by_calls_that_are_not(
    campaign: Campaign, contract: Contract
) -> None:
    operations = {operation.id for operation in contract.operations}
    assert operations - campaign.report.reached(2) == set()
    assert operations - campaign.report.reached(4) == set()


def test_every_check_is_made(campaign: Campaign) -> None:
    # How long an answer may take is nothing that a contract says.
    expected = {check.__name__ for check in CHECKS.get_all()} - {"max_response_time"}
    assert set(campaign.report.checked) == expected
    assert {"readings_are_faithful", "negative_data_rejection"} <= expected


def test_nothing_that_callers_sent_stands_in_logs_or_metrics(campaign: Campaign) -> None:
    said = campaign.log + campaign.metrics
    # The log and the metrics are those of these calls.
    assert campaign.log.count('"operation":"create-or-update-profile"') > 50
    assert 'personalization_requests_total{operation="create-or-update-profile"' in campaign.metrics
    assert len(campaign.report.traces) > 50

    def found_in(text: str) -> list[str]:
        # A random text can be a word of the service's own, or the day on which it is tried.
        return [trace for trace in campaign.report.found_in(text) if trace not in campaign.own]

    assert found_in(said) == []
    assert found_in(f"{said} ana.silva@actors.example") == ["ana.silva@actors.example"]
    assert campaign.key not in said
