"""Whatever order calls come in, the service does what the model does: every answer, and all that is kept.

TAMA_EXAMPLES sets how many sequences of calls are tried, each of up to TAMA_STEPS; `--hypothesis-profile=default` tries
others each time. The machine knows no more of the service than its address, so that one on another store does the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.service.model import person
from tests.service.model.machine import Interleavings
from tests.service.server import RunningService
from tests.service.stores import KINDS, database_of

IS_LONG = "TAMA_EXAMPLES" in os.environ
EXAMPLES = int(os.environ.get("TAMA_EXAMPLES", "25"))
EXAMPLES_ON_DYNAMODB = EXAMPLES if IS_LONG else 2
"""Its engine in the tests takes ten times as long as the other stores do."""

STEPS = int(os.environ.get("TAMA_STEPS", "40"))
BOUNDS = {
    "PERSONALIZATION_MAX_NAMES": str(person.MAX_NAMES),
    "PERSONALIZATION_MAX_DATES": str(person.MAX_DATES),
    "PERSONALIZATION_MAX_PREFERENCES": str(person.MAX_PREFERENCES),
    "PERSONALIZATION_MAX_HISTORY": str(person.MAX_HISTORY),
}


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture(scope="module")
def service(
    kind: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningService]:
    """A service on each kind of store, whose bounds are low enough to be met."""
    folder = tmp_path_factory.mktemp("service")
    with (
        database_of(kind, request) as database,
        RunningService(folder, environment=BOUNDS, database=database) as service,
    ):
        yield service


@pytest.mark.timeout(0 if IS_LONG else 300)
def test_the_service_does_what_the_model_does(kind: str, service: RunningService) -> None:
    class Here(Interleavings):
        address = ("127.0.0.1", service.port)

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=EXAMPLES_ON_DYNAMODB if kind == "dynamodb" else EXAMPLES,
            stateful_step_count=STEPS,
            phases=[Phase.generate],  # to shorten a sequence takes longer than to read it
            deadline=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
