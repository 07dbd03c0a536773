import pytest

from tests.service.console.operator import Operator
from tests.service.server import RunningService


@pytest.fixture(scope="module")
def operator(service: RunningService) -> Operator:
    """Who is signed in, with the key that may do everything."""
    operator = Operator(service.call)
    assert operator.sign_in().status == 200
    return operator
