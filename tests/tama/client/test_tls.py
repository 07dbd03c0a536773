from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from tama.client import Tls, connect, errors
from tests.support.certificates import self_signed
from tests.tama import endpoint as endpoints
from tests.tama.client.conftest import TIMEOUT
from tests.tama.client.hosted import FINE, Hosted
from tests.tama.endpoint import Endpoint


def asked(endpoint: Endpoint, tls: Tls | None = None) -> object:
    client = connect(
        endpoint.url.replace("127.0.0.1", "localhost"),
        client_id="a",
        client_secret="b",
        timeout=TIMEOUT,
        tls=tls,
        pause=lambda *_: None,
    )
    try:
        return [client.request("GET", "/a") for _ in range(2)]
    finally:
        client.close()


@pytest.fixture
def server(tmp_path: Path) -> ssl.SSLContext:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(self_signed(tmp_path, "localhost"))
    return tls


def test_only_a_certificate_that_somebody_vouches_for_is_trusted(
    server: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = str(tmp_path / "localhost.pem")
    with endpoints.running(server) as endpoint:
        hosted = Hosted(endpoint)
        with pytest.raises(errors.Unreachable, match=r"cannot be reached: self.signed certificate"):
            asked(endpoint)
        assert hosted.tokens == 0
        with pytest.raises(errors.Unreachable, match=r"cannot be reached: self.signed certificate"):
            asked(endpoint, Tls(ca_file=str(self_signed(tmp_path, "other"))))
        assert asked(endpoint, Tls(ca_file=file)) == [{"id": "1"}] * 2
        monkeypatch.setenv("SSL_CERT_FILE", file)
        assert asked(endpoint) == [{"id": "1"}] * 2


def test_a_certificate_for_another_name_is_not_trusted(tmp_path: Path) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    file = self_signed(tmp_path, "tama.example")
    tls.load_cert_chain(file)
    with endpoints.running(tls) as endpoint, pytest.raises(errors.Unreachable, match=r"not valid for 'localhost'"):
        asked(endpoint, Tls(ca_file=str(file)))


def test_a_client_shows_its_certificate(server: ssl.SSLContext, tmp_path: Path) -> None:
    own = self_signed(tmp_path, "client")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    before, mark, behind = own.read_text().partition("-----BEGIN CERTIFICATE-----")
    key.write_text(before)
    certificate.write_text(mark + behind)
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_verify_locations(own)
    ca = str(tmp_path / "localhost.pem")
    with endpoints.running(server) as endpoint:
        Hosted(endpoint).answer = lambda _: FINE
        with pytest.raises(errors.Unreachable):
            asked(endpoint, Tls(ca_file=ca))
        for files in (Tls(ca, str(own)), Tls(ca, str(certificate), str(key))):
            assert asked(endpoint, files) == [{"id": "1"}] * 2


def test_files_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    own = self_signed(tmp_path, "client")
    key = serialization.load_pem_private_key(own.read_bytes(), None)
    encrypted = tmp_path / "encrypted.pem"
    encrypted.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"password"),
        )
    )
    nothing, text = str(tmp_path / "nothing.pem"), tmp_path / "text.pem"
    text.write_text("no certificate")
    for files, message in (
        (Tls(nothing), r"The CA file '.*nothing\.pem' cannot be used: No such file or directory\."),
        (Tls(str(text)), r"The CA file '.*text\.pem' cannot be used"),
        (Tls(None, nothing), r"The client certificate '.*nothing\.pem' cannot be used: No such file or directory\."),
        (Tls(None, str(own), nothing), r"'.*client\.pem' with its key '.*nothing\.pem' cannot be used: No such file"),
        (Tls(None, str(own), str(encrypted)), r"The key of the client certificate is encrypted"),
    ):
        client = connect("https://localhost:1", client_id="a", client_secret="b", tls=files)
        with pytest.raises(errors.ConfigurationError, match=message):
            client.request("GET", "/a")
