"""How a command ends."""

from __future__ import annotations

import signal

SUCCESS, REFUSED, UNUSABLE = 0, 1, 2
# What a shell reports of a program that the signal ends.
INTERRUPTED, UNREAD = 128 + signal.SIGINT, 128 + signal.SIGPIPE


class UnusableError(Exception):
    """The command cannot be carried out; the message says in a sentence what to do."""
