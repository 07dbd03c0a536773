"""Files that only their owner may read, and the lock that makes one process serve a data file."""

import errno
import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from hosting.sqlite_copies import synchronise

_FOLDER_MODE = 0o700
_FILE_MODE = 0o600


class HeldError(Exception):
    """Another process serves this data file.

    Attributes:
        holder: its process id, empty when it has not said it yet.

    """

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder


def make_private_folder(folder: Path) -> None:
    """Create a folder, and those above it, that only its owner may enter; one that is there stays as it is."""
    if folder.is_dir():
        return
    make_private_folder(folder.parent)
    folder.mkdir(_FOLDER_MODE, exist_ok=True)
    folder.chmod(_FOLDER_MODE)
    # Without this a power failure may take the folder away, with all that was synchronised in it.
    synchronise(folder.parent)


def open_private_file(path: Path) -> int:
    """Open a file for reading and writing, created if need be, that only its owner may read, whatever the umask.

    Returns:
        A file descriptor that the caller closes.

    Raises:
        OSError: it cannot be opened, or is a symbolic link.

    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, _FILE_MODE)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(error.errno, "it is a symbolic link; name the file that it leads to") from None
        raise
    os.fchmod(descriptor, _FILE_MODE)
    return descriptor


class FileLock:
    """The right to serve a data file, kept in `<data file>.lock` until it is closed or its process ends.

    The kernel gives a lock back when its process is killed, so no lock is ever left behind.

    Raises:
        HeldError: another process has it.

    """

    def __init__(self, data_file: Path) -> None:
        self._path = data_file.with_name(data_file.name + ".lock")
        self._descriptor = open_private_file(self._path)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._descriptor, 32, 0).decode("ascii", "replace").strip()
            os.close(self._descriptor)
            raise HeldError(holder) from None
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode("ascii"), 0)

    def is_held(self) -> bool:
        """Return whether the lock still stands for the data file: false once someone removed its file."""
        return same_file(self._path, os.fstat(self._descriptor))

    def close(self) -> None:
        """Give the lock back."""
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def same_file(path: Path, opened: os.stat_result) -> bool:
    """Return whether a path still leads to the file that was opened."""
    try:
        found = path.stat()
    except OSError:
        return False
    return (found.st_dev, found.st_ino) == (opened.st_dev, opened.st_ino)
