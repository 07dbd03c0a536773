"""Which request is meant: the paths of the catalog's declarations, matched segment by segment."""

from __future__ import annotations

import binascii
from itertools import chain

from tama.control_plane.errors import NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tama.control_plane.kinds import Kind

CREATE, READ, UPDATE, REPLACE, DELETE, LOOK_UP = "create", "read", "update", "replace", "delete", "look-up"


class Route:
    """One method and path, and what is done there with which kind of object.

    Args:
        method: the HTTP method.
        path: as a declaration writes it, e.g. `/a/{b}/c/{d:base64url}?e={f:lower}`.
        operation: one of the constants of this module.
        kind: what kind of object it is done with.
        arguments: of a lookup, the fields that it finds by.

    Attributes:
        path: the path without the query.
    """

    __slots__ = ("_query", "_segments", "arguments", "kind", "method", "operation", "path")

    def __init__(self, method: str, path: str, operation: str, kind: Kind, arguments: tuple[str, ...] = ()) -> None:
        self.path, _, query = path.partition("?")
        self.method = method
        self.operation = operation
        self.kind = kind
        self.arguments = arguments
        self._segments = tuple(self.path.split("/"))
        self._query = dict(part.split("=") for part in query.split("&") if part)

    @property
    def names(self) -> tuple[bool, ...]:
        """Which segments stand for values; literal ones win over these."""
        return tuple(segment.startswith("{") for segment in self._segments)

    def match(self, segments: list[str], query: Mapping[str, str]) -> dict[str, str] | None:
        """The values of a request that this route is for; None when it is for another.

        What a lookup finds by may hold slashes, as operationIds do (`repos/list`), and comes last in its path.
        """
        if self.operation == LOOK_UP:
            last = len(self._segments) - 1
            segments = [*segments[:last], "/".join(segments[last:])]
        if len(segments) != len(self._segments) or query.keys() != self._query.keys():
            return None
        values: dict[str, str] = {}
        parameters = ((self._query[key], query[key]) for key in query)
        for pattern, given in chain(zip(self._segments, segments, strict=True), parameters):
            if not pattern.startswith("{"):
                if pattern != given:
                    return None
                continue
            name, _, form = pattern[1:-1].partition(":")
            value = _read(given, form)
            if not value:
                return None
            values[name] = value
        return values


class Routes:
    """Every route of some kinds of objects."""

    __slots__ = ("_routes",)

    def __init__(self, kinds: Iterable[Kind]) -> None:
        # Where two paths fit, the one with more literal words before the first value is meant; and of two lookups
        # with the same path, the one whose query is there.
        self._routes: dict[tuple[str, str], list[Route]] = {}
        for route in sorted((route for kind in kinds for route in _routes(kind)), key=lambda route: route.names):
            self._routes.setdefault((route.method, _service(route.path.split("/"))), []).append(route)

    def __iter__(self) -> Iterator[Route]:
        return chain.from_iterable(self._routes.values())

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The route of a request, and the values in its path and query.

        Raises:
            NotFound: there is none.
        """
        segments, parameters = _parts(path)
        for route in self._routes.get((method, _service(segments)), ()):
            if (values := route.match(segments, parameters)) is not None:
                return route, values
        raise NotFound


def _parts(path: str) -> tuple[list[str], dict[str, str]]:
    """The segments and the query of a request's path."""
    if "%" not in path and "?" not in path:
        return path.split("/"), {}
    from urllib.parse import parse_qsl, unquote  # noqa: PLC0415 - they cost milliseconds, and hardly a path needs them

    path, _, query = path.partition("?")
    return [unquote(segment) for segment in path.split("/")], dict(parse_qsl(query, keep_blank_values=True))


def _service(segments: list[str]) -> str:
    """The service of Tama's that a path is for, as in `/provision/neural/…`."""
    return segments[2] if len(segments) > 2 else ""  # noqa: PLR2004 - it is the third


def _routes(kind: Kind) -> Iterable[Route]:
    if kind.resource is not None:
        yield Route("POST", kind.resource.collection, CREATE, kind)
        yield Route("GET", kind.resource.member, READ, kind)
        if kind.resource.updates:
            yield Route("PATCH", kind.resource.member, UPDATE, kind)
            yield Route("PUT", kind.resource.member, REPLACE, kind)
        if kind.resource.deletes:
            yield Route("DELETE", kind.resource.member, DELETE, kind)
    if kind.data_source is not None:
        for lookup in kind.data_source.lookups:
            if kind.resource is not None and _shape(lookup.path) == _shape(kind.resource.member):
                continue
            if lookup.arguments == ("id",):
                yield Route("GET", lookup.path, READ, kind)
            else:
                yield Route("GET", lookup.path, LOOK_UP, kind, lookup.arguments)


def _shape(path: str) -> list[str]:
    """The segments of a path, without the names of values."""
    return ["{}" if segment.startswith("{") else segment for segment in path.split("/")]


def _read(given: str, form: str) -> str:
    if form == "lower":
        return given.lower()
    if form == "base64url":
        try:
            padded = given.replace("-", "+").replace("_", "/") + "=" * (-len(given) % 4)
            return binascii.a2b_base64(padded, strict_mode=True).decode()
        except ValueError:
            return ""
    return given
