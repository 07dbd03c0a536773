from __future__ import annotations

import base64
import multiprocessing
import os
import stat
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from provider.protocol import certificate, certificate_maker
from provider.protocol.certificate import LIFETIME, RENEWAL, handshake_field, obtain, seal

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "below" / "kept"


def parsed(pem: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem[pem.index("-----BEGIN CERTIFICATE") :].encode())


def test_a_certificate_is_made_once_and_kept_to_us_alone(folder: Path) -> None:
    pem = obtain(str(folder))
    assert obtain(str(folder)) == pem
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [file.name for file in folder.iterdir()] == ["server.pem"]
    assert stat.S_IMODE((folder / "server.pem").stat().st_mode) == 0o600


def test_it_names_localhost_and_lasts_a_year(folder: Path) -> None:
    found = parsed(obtain(str(folder)))
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    left = found.not_valid_after_utc - datetime.now(UTC)
    assert timedelta(days=364) < left <= timedelta(seconds=LIFETIME)
    assert found.not_valid_before_utc < datetime.now(UTC) - timedelta(hours=23)


def test_the_handshake_field_is_the_der_in_base64_without_padding(folder: Path) -> None:
    pem = obtain(str(folder))
    field = handshake_field(pem)
    assert "=" not in field
    assert base64.b64decode(field + "=" * (-len(field) % 4)) == parsed(pem).public_bytes(Encoding.DER)
    assert handshake_field("") == ""


@pytest.mark.parametrize("left", [RENEWAL - 60, -60, LIFETIME + 3600])
def test_it_is_renewed_before_it_expires(folder: Path, left: int) -> None:
    pem = obtain(str(folder))
    (folder / "server.pem").write_bytes(seal(pem, int(time.time()) + left))
    assert obtain(str(folder)) != pem


def test_it_is_kept_while_it_is_far_from_its_expiry(folder: Path) -> None:
    pem = obtain(str(folder))
    (folder / "server.pem").write_bytes(seal(pem, int(time.time()) + RENEWAL + 60))
    assert obtain(str(folder)) == pem


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "text", "words"])
def test_a_damaged_file_is_replaced(folder: Path, damage: str) -> None:
    pem = obtain(str(folder))
    file = folder / "server.pem"
    content = file.read_bytes()
    middle = len(content) // 2
    flipped = content[:middle] + bytes((content[middle] ^ 1,)) + content[middle + 1 :]
    damaged = {"flip": flipped, "cut": content[:-1], "empty": b"", "text": b"no certificate\n", "words": b"x y\nz"}
    file.write_bytes(damaged[damage])
    renewed = obtain(str(folder))
    assert renewed not in {pem, damaged[damage].partition(b"\n")[2].decode()}
    assert handshake_field(renewed)
    assert obtain(str(folder)) == renewed


def test_a_file_that_others_may_read_is_replaced(folder: Path) -> None:
    pem = obtain(str(folder))
    (folder / "server.pem").chmod(0o644)
    assert obtain(str(folder)) != pem
    assert stat.S_IMODE((folder / "server.pem").stat().st_mode) == 0o600


def test_a_file_of_another_user_is_not_trusted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pem = obtain(str(folder))
    ours = os.geteuid()
    monkeypatch.setattr("posix.geteuid", lambda: ours + 1)
    assert certificate._read(str(folder / "server.pem")) is None
    monkeypatch.undo()
    assert certificate._read(str(folder / "server.pem")) == pem


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_what_is_no_file_is_not_read(folder: Path, tmp_path: Path, kind: str) -> None:
    obtain(str(folder))
    file = folder / "server.pem"
    file.rename(tmp_path / "elsewhere")
    if kind == "link":
        file.symlink_to(tmp_path / "elsewhere")
    elif kind == "pipe":
        os.mkfifo(file, 0o600)
    else:
        file.mkdir()
    assert certificate._read(str(file)) is None
    assert handshake_field(obtain(str(folder)))


def test_a_folder_that_cannot_be_used_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    first, second = obtain(str(tmp_path / "file" / "kept")), obtain(str(tmp_path / "file" / "kept"))
    assert parsed(first) != parsed(second)


def test_a_failed_write_leaves_nothing_behind(folder: Path) -> None:
    (folder / "server.pem").mkdir(parents=True)
    assert handshake_field(certificate_maker.make(str(folder)))
    assert [file.name for file in folder.iterdir()] == ["server.pem"]


def test_launches_that_race_each_have_a_sound_certificate(folder: Path) -> None:
    context = multiprocessing.get_context("spawn")
    with context.Pool(4) as pool:
        made = pool.map(obtain, [str(folder)] * 12, chunksize=1)
    assert all(handshake_field(pem) for pem in made)
    assert obtain(str(folder)) in made
    assert [file.name for file in folder.iterdir()] == ["server.pem"]
