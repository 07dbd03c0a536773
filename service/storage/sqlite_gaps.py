"""The data file without traces of rows that SQLite moved.

`secure_delete` overwrites what is deleted. But when SQLite spreads the rows of a page over several pages, a row that
moved stays readable in the unallocated space of the page that it left, and no later deletion overwrites it there.
"""

import os
import struct
from functools import cache

import apsw

_B_TREE_HEADERS = {2: 12, 5: 12, 10: 8, 13: 8}
"""How long the header of a page of each kind is that holds rows or keys (SQLite file format, section 1.6)."""

_PAGE_1_HEADER = 100
_CELLS = struct.Struct(">HH")
_SMALLEST_PAGE, _LARGEST_PAGE = 512, 65_536
_POINTER_BYTES = 2

_MAX_PAGES = 2**24
"""In a file of twice as many pages, one with a part of a long row can begin with a byte as one of a B-tree does."""


def without_gap(page: bytes, *, is_first: bool) -> bytes:
    """Return a page of a database with nothing in its unallocated space.

    Args:
        page: a whole page; one that is none of a B-tree is returned as it is.
        is_first: whether it is the first one of the file, which begins with the header of the file.

    """
    header = _PAGE_1_HEADER if is_first else 0
    length = _B_TREE_HEADERS.get(page[header])
    if length is None:
        return page
    cells, content = _CELLS.unpack_from(page, header + 3)
    begin, end = header + length + cells * _POINTER_BYTES, content or _LARGEST_PAGE
    if not begin <= end <= len(page):
        return page
    return page[:begin] + bytes(end - begin) + page[end:]


class _File(apsw.VFSFile):
    """A file whose pages lose what lies in their gaps when they are written into a database, as by a checkpoint."""

    def __init__(self, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        super().__init__("", name, flags)
        self._is_database = bool(flags[0] & apsw.SQLITE_OPEN_MAIN_DB)
        self._size = self.xFileSize() if self._is_database else 0

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - apsw's name
        length = len(data)
        if self._is_database and length >= _SMALLEST_PAGE and offset % length == 0:
            self._size = max(self._size, offset + length)
            if self._size <= _MAX_PAGES * length:
                data = without_gap(bytes(data), is_first=offset == 0)
        super().xWrite(data, offset)


class _FileSystem(apsw.VFS):
    def __init__(self) -> None:
        self.name = "personalization"
        super().__init__(self.name, base="")

    def xFullPathname(self, name: str) -> str:  # noqa: N802 - apsw's name
        # SQLite's own says that it has followed a symbolic link by a code that apsw takes for an error.
        return os.path.realpath(name)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> _File:  # noqa: N802 - as above
        return _File(name, flags)


@cache
def traceless_files() -> str:
    """Return the name of the file system for connections that write into a data file, not only into its log."""
    return _registered().name


@cache
def _registered() -> _FileSystem:
    # SQLite knows it as long as this object is there.
    return _FileSystem()
