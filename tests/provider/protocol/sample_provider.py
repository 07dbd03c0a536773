"""A provider to be run as a process: arguments are the project's folder, site-packages, certificates and a mode."""

from __future__ import annotations

import posix
import sys

sys.path.insert(0, sys.argv[1])
sys.path.append(sys.argv[2])

from provider.protocol.launch import main

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import Buffer

    from provider.protocol.server import Plugin

_, _, _, certificates, mode = sys.argv


def load() -> Plugin:
    if mode == "broken":
        raise RuntimeError("canary-load")
    from tests.provider.protocol import sample_handler  # noqa: PLC0415 - after the handshake, as a provider does

    return sample_handler


def tell_modules_before_the_handshake() -> None:
    write = posix.write

    def spy(descriptor: int, data: Buffer) -> int:
        if bytes(data).startswith(b"1|"):
            write(2, " ".join(sorted(sys.modules)).encode())
        return write(descriptor, data)

    posix.write = spy


if mode == "modules":
    tell_modules_before_the_handshake()
main(load, certificates=certificates)
