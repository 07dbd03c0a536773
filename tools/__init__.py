"""What `make` runs. Standard library only: most of it runs before `.venv` exists."""

import os
import signal
import sys
from types import FrameType


def _end(_number: int, _frame: FrameType | None) -> None:
    os.write(2, b"\nInterrupted. Run the same command again to go on.\n")
    os._exit(130)


if sys.argv[0] == "-m" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    # So `sys.argv` is while `python -m tools.x` looks for its module. Nothing has been begun yet, and KeyboardInterrupt
    # in the middle of an import is a traceback; `progress.main` takes over from here.
    signal.signal(signal.SIGINT, _end)
