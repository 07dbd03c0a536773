"""How a command ends when it did not do what it was asked."""

from hosting.outcome import FailedError


class CommandError(FailedError):
    """The command was not carried out; the text says why, in whole sentences that name nothing personal."""
