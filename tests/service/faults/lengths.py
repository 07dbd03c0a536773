"""How long the tests on faults are, and what repeats what they do by chance."""

import os
import random

SEED = int(os.environ.get("TAMA_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)


def length(variable: str, short: int) -> int:
    """Return how long a test is: as an environment variable says, or short enough for the suite."""
    return int(os.environ.get(variable, short))
