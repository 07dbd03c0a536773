"""ministack, whose tables outlive SIGKILL: what changes them is written down before it is answered.

A start does again what the file that JOURNAL names holds. The engine does one request after the other, so the order in
which changes are written down is the one in which they were done.
"""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from ministack.app import main  # type: ignore[import-untyped] # it ships no types
from ministack.services import dynamodb  # type: ignore[import-untyped] # as above

Handle = Callable[[str, str, dict[str, str], bytes, dict[str, Any]], Awaitable[tuple[int, Any, Any]]]

_READS = ("BatchGet", "Describe", "Get", "List", "Query", "Scan", "TransactGet")


def written_down(handle: Handle, journal: Path) -> Handle:
    """Return a handler of requests that writes down what it has done."""
    file = os.open(journal, os.O_WRONLY | os.O_APPEND)

    async def handle_and_write(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> tuple[int, Any, Any]:
        answer = await handle(method, path, headers, body, query)
        target = headers.get("x-amz-target", "")
        if answer[0] == 200 and not target.rpartition(".")[2].startswith(_READS):
            os.write(file, json.dumps([target, body.decode()]).encode() + b"\n")
        return answer

    return handle_and_write


async def do_again(handle: Handle, journal: Path) -> None:
    """Do what is written down; what a kill has cut off was not answered, and is taken away."""
    journal.touch()
    whole, _, torn = journal.read_bytes().rpartition(b"\n")
    os.truncate(journal, journal.stat().st_size - len(torn))
    for line in whole.splitlines():
        target, body = json.loads(line)
        status, _, answer = await handle("POST", "/", {"x-amz-target": target}, body.encode(), {})
        assert status == 200, answer


if __name__ == "__main__":
    kept = Path(os.environ["JOURNAL"])
    asyncio.run(do_again(dynamodb.handle_request, kept))
    dynamodb.handle_request = written_down(dynamodb.handle_request, kept)
    main()
