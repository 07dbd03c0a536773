"""How a command ends when it did not do what it was asked."""

EXIT_FAILED = 1
EXIT_CONFIGURATION = 2


class CommandError(Exception):
    """The command was not carried out; the text says why, in whole sentences that name nothing personal."""
