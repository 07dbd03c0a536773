"""The history of an actor: events in the order in which they were received, without HTTP and without a database."""

from typing import Final

MAX_HISTORY: Final = 10_000
"""How many of the latest events of an actor are kept if nothing else is set."""
