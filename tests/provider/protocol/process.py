"""A provider as a process of its own, started as Terraform starts it."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import cryptography
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from provider.protocol.launch import COOKIE, COOKIE_NAME

ROOT = Path(__file__).parents[3]
SCRIPT = Path(__file__).with_name("sample_provider.py")


class Identity(NamedTuple):
    """A client's certificate and key, as PEM."""

    certificate: bytes
    key: bytes


def make_identity(curve: ec.EllipticCurve | None = None) -> Identity:
    """Make a client certificate as Terraform does: self-signed, on P-521 unless told otherwise."""
    key = ec.generate_private_key(curve or ec.SECP521R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA512())
    )
    return Identity(
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )


class Provider:
    """A started provider and what its handshake line says."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self.log = log
        assert process.stdout is not None
        self.line = process.stdout.readline().decode().rstrip("\n")
        self.fields = self.line.split("|")

    @property
    def socket(self) -> str:
        return self.fields[3]

    @property
    def certificate(self) -> bytes:
        """The server's certificate from the handshake line, as PEM."""
        body = self.fields[5]
        body += "=" * (-len(body) % 4)
        return f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n".encode()

    def logged(self) -> list[dict[str, Any]]:
        """What it wrote on stderr, which must be JSON objects."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
        # What is killed cannot clean up.
        if self.line:
            shutil.rmtree(Path(self.socket).parent, ignore_errors=True)


def command(certificates: Path, mode: str = "serve") -> list[str]:
    """Return the command of the sample provider, as a launcher runs it."""
    paths = [str(ROOT), str(Path(cryptography.__file__).parents[1]), str(certificates), mode]
    return [os.path.realpath(sys.executable), "-I", "-S", str(SCRIPT), *paths]


def environment(client: Identity | None = None, **variables: str) -> dict[str, str]:
    """Return the environment that Terraform would give."""
    found = {COOKIE_NAME: COOKIE, "PLUGIN_PROTOCOL_VERSIONS": "5,6", **variables}
    if client:
        found["PLUGIN_CLIENT_CERT"] = client.certificate.decode()
    return found


def start(
    *,
    certificates: Path,
    log: Path,
    client: Identity | None = None,
    mode: str = "serve",
    prefix: tuple[str, ...] = (),
    variables: dict[str, str] | None = None,
) -> Provider:
    """Start the sample provider and wait for its handshake line."""
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            [*prefix, *command(certificates, mode)],
            env=environment(client, **(variables or {})),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,
        )
    return Provider(process, log)
