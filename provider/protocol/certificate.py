"""The server's certificate: made once, kept in a folder with its expiry beside it, renewed before it expires.

The file is `<expiry, Unix seconds> <CRC-32 of the rest>`, a line feed, and the key and the certificate as PEM. It is
only ever replaced as a whole.
"""

from __future__ import annotations

import posix
import time
from binascii import crc32

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

FILE_NAME: Final = "server.pem"
LIFETIME: Final = 365 * 24 * 3600
RENEWAL: Final = 30 * 24 * 3600
_MAX_SIZE: Final = 1 << 16
_BEGIN, _END = "-----BEGIN CERTIFICATE-----\n", "\n-----END CERTIFICATE-----"
_REGULAR_FILE, _FILE_KIND, _OTHERS = 0o100000, 0o170000, 0o077


def obtain(folder: str) -> str:
    """Return key and certificate as PEM: the folder's, or new ones where those are missing, damaged or near expiry.

    New ones are put into the folder; where that is impossible they serve this launch alone.
    """
    pem = _read(f"{folder}/{FILE_NAME}")
    if pem is None:
        # `cryptography` costs 80 ms to import; once a year is rare enough.
        from provider.protocol.certificate_maker import make  # noqa: PLC0415 - see the line above

        pem = make(folder)
    return pem


def handshake_field(pem: str) -> str:
    """Return the certificate as the handshake line wants it: base64 of its DER form without padding."""
    return pem.partition(_BEGIN)[2].partition(_END)[0].replace("\n", "").rstrip("=")


def seal(pem: str, expires: int) -> bytes:
    """Return the content of the file."""
    data = pem.encode()
    return b"%d %d\n" % (expires, crc32(data)) + data


def _read(path: str) -> str | None:
    """Return the PEM of a file that is sound, ours alone and far enough from its expiry, else None."""
    try:
        descriptor = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC | posix.O_NOFOLLOW | posix.O_NONBLOCK)
        try:
            status = posix.fstat(descriptor)
            content = posix.read(descriptor, _MAX_SIZE)
        finally:
            posix.close(descriptor)
    except OSError:
        return None
    mode = status.st_mode
    if mode & _FILE_KIND != _REGULAR_FILE or mode & _OTHERS or status.st_uid != posix.geteuid():
        return None
    head, _, pem = content.partition(b"\n")
    try:
        expires, checksum = [int(word) for word in head.split()]
    except ValueError:
        return None
    if crc32(pem) != checksum or not RENEWAL < expires - time.time() <= LIFETIME:
        return None
    return pem.decode("ascii", "replace")
