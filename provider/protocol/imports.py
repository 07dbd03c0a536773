"""Imports, one thread at a time.

Calls run in many threads, and what they need is imported when it is first needed. Python itself lets them import at the
same time: where two of them wait for each other's module, one is handed a module that is half made, and fails with an
ImportError (seen with `socket` on 3.13). One lock around all imports leaves nobody to wait for.
"""

from __future__ import annotations

import builtins
from _thread import RLock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType


def serialize_imports() -> None:
    """Let only one thread of this process import at a time, from now on."""
    lock, import_ = RLock(), builtins.__import__

    def import_alone(
        name: str,
        globals: Mapping[str, object] | None = None,  # noqa: A002 - the names that Python calls it with
        locals: Mapping[str, object] | None = None,  # noqa: A002 - as above
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        with lock:
            return import_(name, globals, locals, fromlist, level)

    builtins.__import__ = import_alone
