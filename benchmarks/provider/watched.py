"""Starts a provider, and writes down what it has used when it ends: `watched.py REPORT EXECUTABLE`.

Terraform takes this for the provider itself. Each launch adds a line to the report: the memory that was resident at
most, in KiB, and the seconds that were spent on cores.
"""

import os
import sys

report, executable = sys.argv[1:]
_, status, usage = os.wait4(os.posix_spawn(executable, [executable], os.environ), 0)
descriptor = os.open(report, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
os.write(descriptor, f"{usage.ru_maxrss} {usage.ru_utime + usage.ru_stime}\n".encode())
sys.exit(os.waitstatus_to_exitcode(status))
