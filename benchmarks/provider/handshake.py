"""From the launch of a provider to the line that tells Terraform where to dial."""

from __future__ import annotations

import datetime
import os
import subprocess
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from benchmarks.provider.terraform import CommandError
from provider.protocol.launch import COOKIE, COOKIE_NAME
from tools import environment


def bare_interpreter() -> None:
    """Start the interpreter that the provider runs on, and do nothing."""
    subprocess.run([environment.base_interpreter(), "-I", "-S", "-c", "0"], check=True)


def client_certificate() -> str:
    """Make a certificate like Terraform's own: self-signed, P-521, for localhost. Returns PEM."""
    key = ec.generate_private_key(ec.SECP521R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    certificate = builder.sign(key, hashes.SHA512())
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def shake_hands(executable: Path, certificate: str) -> None:
    """Start a provider as Terraform does, and wait for its handshake line.

    Raises:
        CommandError: another line came, or none.
    """
    variables = {**os.environ, COOKIE_NAME: COOKIE, "PLUGIN_CLIENT_CERT": certificate}
    with subprocess.Popen(
        [executable], env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.terminate()
    if not line.startswith(b"1|6|unix|"):
        raise CommandError(f"{executable} did not shake hands: {line!r}")
