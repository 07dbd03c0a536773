"""What an actor prefers: how it is read, checked and completed, without HTTP and without a database."""

from typing import Final

MAX_PREFERENCES = 64
"""How many preferences an actor can have when nothing else is set."""

MAX_BYTES: Final = 262_144
"""How many bytes a stored preference may have: more than the longest body can tell, whose numbers may become longer."""
