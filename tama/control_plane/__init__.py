"""The provisioning API of Tama: rules and store, without a web framework.

Kinds of objects, their paths and most of their rules come from `tama.catalog`; what a kind does beyond that stands in
`rules`. Nothing here relies on a process that lives on: what has to happen later is a stored job that the next reader
of the object runs.
"""

from __future__ import annotations

from tama.control_plane.plane import ControlPlane

__all__ = ["ControlPlane"]
