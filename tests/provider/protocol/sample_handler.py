"""The handler of the sample provider: RPCs that show what the transport does."""

from __future__ import annotations

import _thread
import os
import subprocess
import sys
from pathlib import Path

from provider.protocol.errors import Unimplemented
from provider.protocol.messages import decode, encode

_gate = _thread.allocate_lock()
_gate.acquire()


def handle(rpc: str, message: bytes) -> bytes:
    """Serve one call."""
    if rpc == "Echo":
        return message
    if rpc == "Wait":
        with _gate:
            return b"waited"
    if rpc == "Release":
        _gate.release()
        return b""
    if rpc == "Signals":
        code = "import signal; print(*[signal.getsignal(n) is signal.SIG_IGN for n in (2, 15)])"
        return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout
    if rpc == "Threads":
        return b"%d" % _thread._count()
    if rpc == "Fail":
        raise LookupError("canary-" + message.decode())
    if rpc == "PlanResourceChange":
        request = decode("PlanResourceChange.Request", message)
        return encode("PlanResourceChange.Response", {"planned_state": request["proposed_new_state"]})
    raise Unimplemented


def close() -> None:
    """Leave a mark; hang or fail when told to."""
    mark = Path(os.environ["CLOSED"]) if "CLOSED" in os.environ else None
    if mark and mark.name == "hang":
        _gate.acquire()
    if mark and mark.name == "fail":
        raise LookupError("canary-close")
    if mark:
        mark.touch()
