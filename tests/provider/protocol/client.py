"""Clients of a provider: grpcio's, and the h2 library on the standard library's sockets and TLS."""

from __future__ import annotations

import contextlib
import socket
import ssl
import tempfile
from typing import TYPE_CHECKING, Any

import grpc  # type: ignore[import-untyped]
import h2.config
import h2.connection
import h2.events

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.provider.protocol.process import Identity, Provider

SERVICE = "/tfplugin6.Provider/"
SHUTDOWN = "/plugin.GRPCController/Shutdown"
TIMEOUT = 60


@contextlib.contextmanager
def channel(provider: Provider, identity: Identity | None = None, target: str = "") -> Iterator[Any]:
    """Connect with grpcio."""
    options = [
        ("grpc.max_receive_message_length", -1),
        ("grpc.max_send_message_length", -1),
        ("grpc.default_authority", "localhost"),
    ]
    address = f"unix:{target or provider.socket}"
    if identity:
        credentials = grpc.ssl_channel_credentials(provider.certificate, identity.key, identity.certificate)
        connected = grpc.secure_channel(address, credentials, options)
    else:
        connected = grpc.insecure_channel(address, options)
    with connected:
        yield connected


def call(connected: Any, rpc: str, message: bytes = b"") -> bytes:
    """Call an RPC by its name, or a path."""
    path = rpc if rpc.startswith("/") else SERVICE + rpc
    answer: bytes = connected.unary_unary(path)(message, timeout=TIMEOUT)
    return answer


def connect(provider: Provider, identity: Identity | None = None) -> socket.socket:
    """Connect with a socket, under TLS when there is an identity."""
    raw = socket.socket(socket.AF_UNIX)
    try:
        raw.settimeout(TIMEOUT)
        raw.connect(provider.socket)
        return _wrap(raw, provider.certificate, identity) if identity else raw
    except BaseException:
        raw.close()
        raise


def _wrap(raw: socket.socket, certificate: bytes, identity: Identity) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=certificate.decode())
    context.set_alpn_protocols(["h2"])
    with tempfile.NamedTemporaryFile() as file:
        file.write(identity.key + identity.certificate)
        file.flush()
        context.load_cert_chain(file.name)
    return context.wrap_socket(raw, server_hostname="localhost")


def call_h2(connection: socket.socket, rpc: str, message: bytes) -> tuple[bytes, bytes]:
    """Make one call with the h2 library; return grpc-status and the message."""
    machine = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding=None))
    machine.initiate_connection()
    fields = [(":method", "POST"), (":scheme", "https"), (":path", SERVICE + rpc), (":authority", "localhost")]
    machine.send_headers(1, [*fields, ("te", "trailers"), ("content-type", "application/grpc")])
    machine.send_data(1, b"\0" + len(message).to_bytes(4, "big") + message, end_stream=True)
    connection.sendall(machine.data_to_send())
    content = b""
    status = b""
    while True:
        for event in machine.receive_data(connection.recv(1 << 16)):
            if isinstance(event, h2.events.DataReceived):
                content += event.data or b""
                machine.acknowledge_received_data(event.flow_controlled_length or 0, 1)
            if isinstance(event, h2.events.TrailersReceived):
                status = dict(event.headers or [])[b"grpc-status"]
            if isinstance(event, h2.events.StreamEnded):
                return status, content[5:]
        connection.sendall(machine.data_to_send())
