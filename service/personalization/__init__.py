"""What a profile is: how it is read, checked and merged, without HTTP and without a database."""

MAX_ENTRIES = 64
"""How many names, and how many dates, a profile can hold if nothing else is set."""
