from __future__ import annotations

import contextlib
import ssl
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provider.protocol.certificate_maker import make
from provider.protocol.tls import ServerConnection, ServerContext, TlsError
from tests.provider.protocol.process import Identity, make_identity

if TYPE_CHECKING:
    from pathlib import Path


class Pair:
    """Our server's side and the public ssl module's client side, wired together in memory."""

    def __init__(
        self,
        folder: Path,
        trusted: Identity,
        used: Identity | None,
        *protocols: str,
        newest: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED,
    ) -> None:
        pem = make(str(folder / "kept"))
        (folder / "server.pem").write_text(pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=pem[pem.index("-----BEGIN CERTIFICATE") :])
        if protocols:
            context.set_alpn_protocols(protocols)
        if used:
            (folder / "client.pem").write_bytes(used.key + used.certificate)
            context.load_cert_chain(folder / "client.pem")
        context.maximum_version = newest
        self.server = ServerContext(str(folder / "server.pem"), trusted.certificate.decode()).connection()
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.client = context.wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")

    def to_client(self) -> None:
        self.incoming.write(self.server.output())

    def to_server(self) -> bytes:
        data = self.outgoing.read()
        return self.server.receive(data) if data else b""

    def handshake(self) -> None:
        while not (self.server.established and self.client.version()):
            with contextlib.suppress(ssl.SSLWantReadError):
                self.client.do_handshake()
            self.to_server()
            self.to_client()


@pytest.mark.parametrize("curve", [ec.SECP521R1(), ec.SECP256R1()], ids=["P-521", "P-256"])
def test_bytes_pass_both_ways_under_mutual_tls(tmp_path: Path, curve: ec.EllipticCurve) -> None:
    identity = make_identity(curve)
    pair = Pair(tmp_path, identity, identity, "h2")
    pair.handshake()
    assert pair.client.selected_alpn_protocol() == "h2"
    assert pair.client.version() == "TLSv1.3"
    large = bytes(range(256)) * 1000
    pair.client.write(large)
    assert pair.to_server() == large
    pair.server.send(large)
    pair.to_client()
    received = b""
    while len(received) < len(large):
        received += pair.client.read(1 << 16)
    assert received == large


def test_bytes_may_come_one_by_one(tmp_path: Path) -> None:
    identity = make_identity(ec.SECP256R1())
    pair = Pair(tmp_path, identity, identity, "h2")
    pair.handshake()
    pair.client.write(b"hello")
    data = pair.outgoing.read()
    assert b"".join(pair.server.receive(data[at : at + 1]) for at in range(len(data))) == b"hello"


def test_another_client_certificate_is_refused(tmp_path: Path) -> None:
    pair = Pair(tmp_path, make_identity(), make_identity(), "h2")
    with pytest.raises(TlsError, match="VERIFY_FAILED"):
        pair.handshake()
    pair.to_client()
    with pytest.raises(ssl.SSLError, match="UNKNOWN_CA"):
        pair.client.read(1)


def test_a_client_without_a_certificate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TlsError, match="PEER_DID_NOT_RETURN_A_CERTIFICATE"):
        Pair(tmp_path, make_identity(), None, "h2").handshake()


@pytest.mark.parametrize("protocols", [(), ("http/1.1",)])
def test_a_client_that_does_not_offer_http2_is_refused(tmp_path: Path, protocols: tuple[str, ...]) -> None:
    identity = make_identity(ec.SECP256R1())
    with pytest.raises(TlsError, match="HTTP/2"):
        Pair(tmp_path, identity, identity, *protocols).handshake()


def test_an_older_tls_is_refused(tmp_path: Path) -> None:
    identity = make_identity(ec.SECP256R1())
    with pytest.raises(TlsError, match="UNSUPPORTED_PROTOCOL"):
        Pair(tmp_path, identity, identity, "h2", newest=ssl.TLSVersion.TLSv1_2).handshake()


@pytest.mark.parametrize("data", [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x00\x05hello", bytes(100)])
def test_what_is_no_tls_is_refused(tmp_path: Path, data: bytes) -> None:
    identity = make_identity(ec.SECP256R1())
    server: ServerConnection = Pair(tmp_path, identity, identity, "h2").server
    with pytest.raises(TlsError):
        server.receive(data)


def test_a_damaged_record_is_refused(tmp_path: Path) -> None:
    identity = make_identity(ec.SECP256R1())
    pair = Pair(tmp_path, identity, identity, "h2")
    pair.handshake()
    pair.client.write(b"hello")
    record = bytearray(pair.outgoing.read())
    record[-1] ^= 1
    with pytest.raises(TlsError):
        pair.server.receive(bytes(record))


@given(st.integers(0, 1), st.floats(0, 1), st.integers(0, 2), st.binary(min_size=1, max_size=2))
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_mutated_handshake_is_refused_or_goes_on(
    tmp_path: Path, mutated: int, place: float, removed: int, added: bytes
) -> None:
    identity = make_identity(ec.SECP256R1())
    pair = Pair(tmp_path, identity, identity, "h2")
    with contextlib.suppress(TlsError, ssl.SSLError):
        for flight in range(3):
            with contextlib.suppress(ssl.SSLWantReadError):
                pair.client.do_handshake()
            sent = bytearray(pair.outgoing.read())
            if flight == mutated:
                at = int(place * len(sent))
                sent[at : at + removed] = added
            assert pair.server.receive(bytes(sent)) == b""
            pair.to_client()
    assert len(pair.server.output()) < 1 << 14


def test_a_client_that_says_goodbye_is_gone(tmp_path: Path) -> None:
    identity = make_identity(ec.SECP256R1())
    pair = Pair(tmp_path, identity, identity, "h2")
    pair.handshake()
    with pytest.raises(ssl.SSLWantReadError):
        pair.client.unwrap()
    assert pair.to_server() == b""
    assert pair.server.closed


@pytest.mark.parametrize("certificate", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAA\n"])
def test_a_client_certificate_that_is_none_is_an_error(tmp_path: Path, certificate: str) -> None:
    (tmp_path / "server.pem").write_text(make(str(tmp_path / "kept")))
    with pytest.raises((OSError, ValueError)):
        ServerContext(str(tmp_path / "server.pem"), certificate)
