import pytest

from tests.service.faults.lengths import SEED


@pytest.fixture(autouse=True)
def told_seed() -> None:
    """Show with each failure what repeats it."""
    print(f"TAMA_SEED={SEED}")  # noqa: T201 - the reason stands above
