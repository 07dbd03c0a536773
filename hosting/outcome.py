"""How a command of ours ends: what it returns to the shell, and what it says."""

import os
import signal
import sys
from collections.abc import Callable

SUCCESS, FAILED, UNUSABLE = 0, 1, 2
# What a shell reports of a program that the signal ends.
INTERRUPTED, UNREAD = 128 + signal.SIGINT, 128 + signal.SIGPIPE


class FailedError(Exception):
    """What was asked was tried, or looked for, and not done; the text says why, in whole sentences."""


class UnusableError(Exception):
    """The command line or the settings are wrong, and nothing was tried; each argument is a sentence that says how."""


def carried_out(program: str, command: Callable[[], int | None]) -> int:
    """Run a command, and return its exit status.

    Args:
        program: the name that stands before what is said on the standard error.
        command: returns its exit status, or None for success.

    """
    if sys.stdout is None:
        # The next file that is opened, such as a store, would have the descriptor that output is written to.
        sys.stderr.write(f"{program}: The standard output is closed. Let it go to a file, or to /dev/null.\n")
        return UNUSABLE
    try:
        status = command() or SUCCESS
        sys.stdout.flush()
    except UnusableError as error:
        for sentence in error.args:
            sys.stderr.write(f"{program}: {sentence}\n")
        return UNUSABLE
    except FailedError as error:
        sys.stderr.write(f"{program}: {error}\n")
        return FAILED
    except BrokenPipeError:
        # Whoever reads the output has seen enough; Python must not try to write the rest when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNREAD
    except KeyboardInterrupt:
        return INTERRUPTED
    return status
