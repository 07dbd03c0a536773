"""The errors of the protocol layer.

ValueError
└── WireError        bytes that are not what their format demands (protobuf, msgpack)
Exception
└── Unimplemented    a handler does not serve this RPC
"""

from __future__ import annotations


class WireError(ValueError):
    """Bytes from the wire are malformed; the message says how and never quotes them (they may hold secrets)."""


class Unimplemented(Exception):  # noqa: N818 - gRPC's own name for status 12
    """A handler raises it for an RPC that it does not serve; the caller gets gRPC status 12, UNIMPLEMENTED."""
