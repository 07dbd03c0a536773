"""What an actor prefers: how it is read, checked and completed, without HTTP and without a database."""

MAX_PREFERENCES = 64
"""How many preferences an actor can have when nothing else is set."""
