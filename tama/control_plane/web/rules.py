"""Where an application answers: a rule for each method and path of the provisioning API.

The control plane finds by itself what a request means; that each has a rule of its own is for whoever asks which there
are, and for logs and metrics, which name a request by its rule.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from tama.control_plane.kinds import Kinds
from tama.control_plane.routes import LOOK_UP, Routes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tama.control_plane.routes import Route

_VALUE = re.compile(r"{(\w+)(?::\w+)?}")
_WHOLE = "/provision/control-plane"


class Rule(NamedTuple):
    """One method and path.

    Attributes:
        method: the HTTP method.
        path: the path, in Flask's form.
        operation: what is done there.
    """

    method: str
    path: str
    operation: str


def rules() -> Iterator[Rule]:
    """Every rule of the API."""
    seen = set()
    for route in Routes(Kinds().values()):
        rule = Rule(route.method, _path(route), f"{route.operation}-{route.kind.type.replace('_', '-')}")
        # Two lookups may differ in their query alone.
        shape = route.method, _VALUE.sub("{}", route.path)
        if shape not in seen:
            seen.add(shape)
            yield rule
    yield Rule("GET", f"{_WHOLE}/objects", "list-objects")
    yield Rule("GET", f"{_WHOLE}/objects/<id>", "show-object")
    yield Rule("GET", f"{_WHOLE}/document", "export-document")
    yield Rule("POST", f"{_WHOLE}/document", "import-document")
    yield Rule("PUT", f"{_WHOLE}/document", "import-document")
    yield Rule("POST", f"{_WHOLE}/calls", "call-action")


def _path(route: Route) -> str:
    path = _VALUE.sub(r"<\1>", route.path)
    before, _, last = path.rpartition("/")
    return f"{before}/<path:{last[1:]}" if route.operation == LOOK_UP else path
