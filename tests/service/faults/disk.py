"""What is left on the disk when the power fails.

A `Recorder` stands between SQLite and the files, as a VFS, and writes down what is done to them: writes, truncations,
names that come and go, synchronisations of files and folders. `survivors` takes a beginning of that record and returns
files that a machine could find after a power failure at that moment:

- of what was not synchronised, every sector of a file may be as before, as after any of the writes to it, or torn
  between two of them in one place (SQLite's assumptions: "atomic commit", section 2; "powersafe overwrite");
- a file has any of the sizes it had since, and new sectors whose data did not arrive are zeros or garbage;
- a name whose folder was not synchronised leads to any of the files it led to since, or to none;
- what a file holds that is no promise (the shared memory, the lock) may be anything.
"""

import ctypes
import os
import random
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import apsw

from service.storage.sqlite_gaps import traceless_files

_PWRITE, _FTRUNCATE = os.pwrite, os.ftruncate
_OPEN_DIRECTORY = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p, ctypes.POINTER(ctypes.c_int))
_SHARED_MEMORY_BYTES = 32_768


@dataclass(frozen=True, slots=True)
class Written:
    file: int
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Resized:
    file: int
    size: int


@dataclass(frozen=True, slots=True)
class Synchronised:
    """What was done to the file, or to the names of the folder, before the event numbered `begun` is on the disk."""

    target: int | str
    begun: int


@dataclass(frozen=True, slots=True)
class Named:
    """The names that there are from now on, and the files that they lead to."""

    files: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Said:
    """What those who use the files know at this moment."""

    what: Any


Event = Written | Resized | Synchronised | Named | Said


@dataclass(frozen=True, slots=True)
class Record:
    """What was done to the files of some folders.

    Attributes:
        before: what each file held at the beginning, all of it on the disk.
        names: the path of each of these files.
        events: what was done since, in order, each with the name of the thread that did it.

    """

    before: Mapping[int, bytes]
    names: Mapping[str, int]
    events: Sequence[tuple[str, Event]]


class Recorder:
    """Records what is done to the files of some folders, which are there already."""

    def __init__(self, *folders: Path) -> None:
        self._folders = folders
        self._lock = threading.RLock()
        self._pins: dict[int, int] = {}
        self._events: list[tuple[str, Event]] = []
        self._opened = threading.local()
        self._names = self._listed()
        before = {number: _content(pin) for number, pin in self._pins.items()}
        self.record = Record(before, self._names, self._events)

    def say(self, what: object) -> None:
        self.note(Said(what))

    def note(self, event: Event) -> int:
        """Write an event down, and return its number."""
        with self._lock:
            names = self._listed()
            thread = threading.current_thread().name
            if names != self._names:
                self._names = names
                self._events.append((thread, Named(names)))
            self._events.append((thread, event))
            return len(self._events) - 1

    def begin(self) -> int:
        """Return the number of an event before which all is done that a synchronisation that begins now covers."""
        return self.note(Said(None))

    def fsync(self, descriptor: int) -> None:
        """Take the place of `os.fsync`."""
        begun = self.begin()
        opened = os.fstat(descriptor)
        folders = [str(folder) for folder in self._folders if folder.stat().st_ino == opened.st_ino]
        self.note(Synchronised(folders[0] if folders else opened.st_ino, begun))

    def pwrite(self, descriptor: int, data: bytes, offset: int) -> int:
        """Take the place of `os.pwrite`."""
        self._note_change(descriptor, lambda file: Written(file, offset, bytes(data)))
        return _PWRITE(descriptor, data, offset)

    def ftruncate(self, descriptor: int, size: int) -> None:
        """Take the place of `os.ftruncate`."""
        self._note_change(descriptor, lambda file: Resized(file, size))
        _FTRUNCATE(descriptor, size)

    def _note_change(self, descriptor: int, change: Callable[[int], Event]) -> None:
        self.begin()
        number = os.fstat(descriptor).st_ino
        if number in self._pins:
            self.note(change(number))

    def folder_is_opened(self, name: str) -> None:
        """Learn that SQLite opened the folder of this file, which it does only in order to synchronise it."""
        self._opened.folders = [*getattr(self._opened, "folders", ()), (str(Path(name).parent), self.begin())]

    def note_opened_folders(self) -> None:
        """Write down that the folders that this thread opened are synchronised."""
        for folder, begun in getattr(self._opened, "folders", ()):
            self.note(Synchronised(folder, begun))
        self._opened.folders = ()

    def close(self) -> None:
        for pin in self._pins.values():
            os.close(pin)

    def _listed(self) -> dict[str, int]:
        names = {}
        for folder in self._folders:
            with os.scandir(folder) as entries:
                for entry in entries:
                    with suppress(FileNotFoundError):  # another thread has removed it meanwhile
                        names[entry.path] = self._pinned(entry.path, entry.inode())
        return names

    def _pinned(self, path: str, number: int) -> int:
        """Keep a file open, so that no other one gets its number; closing it would also end SQLite's locks on it."""
        if number in self._pins:
            return number
        pin = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        number = os.fstat(pin).st_ino
        self._pins[number] = pin
        return number


class _RecordedFile(apsw.VFSFile):
    def __init__(self, name: Any, flags: list[int], recorder: Recorder) -> None:
        super().__init__("unix", name, flags)
        self._recorder = recorder
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._number = Path(path).stat().st_ino
        self._is_synchronised = False

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802 - SQLite's name
        self._recorder.note(Written(self._number, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - SQLite's name
        self._recorder.note(Resized(self._number, newsize))
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        begun = self._recorder.begin()
        # The first one synchronises the folder of a file that was made; no power fails, and the others only take time.
        if not self._is_synchronised:
            super().xSync(flags)
            self._is_synchronised = True
        self._recorder.note(Synchronised(self._number, begun))
        self._recorder.note_opened_folders()


class _HurriedFile(apsw.VFSFile):
    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        pass


class _HurriedFiles(apsw.VFS):
    def __init__(self) -> None:
        super().__init__("hurried", "unix", makedefault=True)

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's name
        return _HurriedFile("unix", name, flags)


class _RecordedFiles(apsw.VFS):
    def __init__(self, recorder: Recorder) -> None:
        super().__init__("power-loss", "unix", makedefault=True)
        self._recorder = recorder

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's name
        if name is None:
            return apsw.VFSFile("unix", name, flags)
        return _RecordedFile(name, flags, self._recorder)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802 - SQLite's
        self._recorder.begin()
        super().xDelete(filename, syncdir)
        self._recorder.note_opened_folders()


@contextmanager
def recording(*folders: Path) -> Iterator[Recorder]:
    """Record what is done to the files of some folders, by SQLite and by the modules of the store."""
    recorder = Recorder(*folders)
    try:
        with (
            _default(lambda: _RecordedFiles(recorder)) as files,
            _watched(files, recorder),
            patch("os.fsync", recorder.fsync),
            patch("os.pwrite", recorder.pwrite),
            patch("os.ftruncate", recorder.ftruncate),
        ):
            yield recorder
    finally:
        recorder.close()


@contextmanager
def hurrying() -> Iterator[None]:
    """Have nothing synchronised, which takes most of a test's time, where no power fails."""
    with _default(_HurriedFiles), patch("os.fsync", lambda _descriptor: None):
        yield


@contextmanager
def _default(make: Callable[[], apsw.VFS]) -> Iterator[apsw.VFS]:
    """Have SQLite use a VFS wherever no other is named."""
    # The store's own VFS stands on the one that is the default when it is made, and stays for good.
    traceless_files()
    before, *_ = apsw.vfs_names()
    files = make()
    try:
        yield files
    finally:
        files.unregister()
        # SQLite would take any of those that are left.
        apsw.set_default_vfs(before)


@contextmanager
def _watched(files: apsw.VFS, recorder: Recorder) -> Iterator[None]:
    """Tell a recorder when SQLite opens a folder."""
    original = files.xGetSystemCall("openDirectory")
    assert original is not None
    open_directory: Callable[..., int] = _OPEN_DIRECTORY(original)

    def opens_directory(name: bytes, descriptor: Any) -> int:
        recorder.folder_is_opened(name.decode())
        return open_directory(name, descriptor)

    callback = _OPEN_DIRECTORY(opens_directory)
    address = ctypes.cast(callback, ctypes.c_void_p).value
    assert address is not None
    files.xSetSystemCall("openDirectory", address)
    try:
        yield
    finally:
        files.xSetSystemCall("openDirectory", original)


@dataclass
class _File:
    """What is known of a file at a moment: what is on the disk, and what was done since, each with its number."""

    content: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, Written | Resized]] = field(default_factory=list)

    def synchronise(self, begun: int) -> None:
        for number, change in self.pending:
            if number < begun:
                _apply(self.content, change)
        self.pending = [each for each in self.pending if each[0] >= begun]


class Disk:
    """The disk of a machine, to which the events of a record come one by one."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._files = {number: _File(bytearray(content)) for number, content in record.before.items()}
        self._names: list[tuple[int, Mapping[str, int]]] = [(-1, record.names)]
        self._done = 0

    def forward(self, end: int) -> None:
        """Let the events before this number come."""
        for number in range(self._done, end):
            self._take(number, self._record.events[number][1])
        self._done = max(self._done, end)

    def _take(self, number: int, event: Event) -> None:
        match event:
            case Written(file) | Resized(file):
                self._file(file).pending.append((number, event))
            case Named(names):
                self._names.append((number, names))
            case Synchronised(str(folder), begun):
                self._synchronise_names(folder, begun)
            case Synchronised(int(file), begun):
                self._file(file).synchronise(begun)

    def _file(self, number: int) -> _File:
        return self._files.setdefault(number, _File())

    def _synchronise_names(self, folder: str, begun: int) -> None:
        """Have the names of a folder be as they were when this began, in all of what may be found from now on."""
        _, synchronised = [each for each in self._names if each[0] < begun][-1]
        own = {name: file for name, file in synchronised.items() if str(Path(name).parent) == folder}
        for place, (number, names) in enumerate(self._names):
            if number < begun:
                others = {name: file for name, file in names.items() if str(Path(name).parent) != folder}
                self._names[place] = (number, {**others, **own})

    def survivors(self, chance: random.Random) -> dict[str, bytes]:
        """Return what could be found if the power failed now: the content of each file by its path."""
        fate = _Fate.by(chance)
        found = {}
        for name in sorted({name for _, names in self._names for name in names}):
            number = fate.choose([names.get(name) for _, names in self._names])
            if number is None:
                continue
            if name.endswith("-shm"):
                found[name] = chance.choice([b"", chance.randbytes(_SHARED_MEMORY_BYTES)])
            else:
                found[name] = _torn(self._file(number), fate)
        return found


@dataclass(frozen=True, slots=True)
class _Fate:
    """How much of what was not synchronised got through: nothing, all, or each part with some probability."""

    chance: random.Random
    sector: int
    kept: float

    @classmethod
    def by(cls, chance: random.Random) -> "_Fate":
        kept = chance.choice([0.0, 0.0, 1.0, 0.1, 0.5, 0.9])
        return cls(chance, chance.choice([512, 4_096]), kept)

    def choose(self, states: Sequence[Any]) -> Any:
        """Choose one of the states that something had, the last of which is the present one."""
        return states[self.index(len(states))]

    def index(self, states: int) -> int:
        if self.kept in {0.0, 1.0}:
            return int(self.kept) * (states - 1)
        return states - 1 if self.chance.random() < self.kept else self.chance.randrange(states)


def _torn(file: _File, fate: _Fate) -> bytes:
    """Return what could be left of a file."""
    image, sizes = bytearray(file.content), [len(file.content)]
    states: dict[int, list[bytes]] = {}
    for _, change in file.pending:
        _apply(image, change)
        sizes.append(len(image))
        # What lies behind the end of a file that was cut off is there again if it was not.
        for sector in _sectors(change, fate.sector):
            history = states.setdefault(sector, [_sector(file.content, sector, fate.sector)])
            history.append(_sector(image, sector, fate.sector))
    whole = -(-max(sizes) // fate.sector) * fate.sector
    left = file.content.ljust(whole, b"\0")
    for sector, history in states.items():
        begin = sector * fate.sector
        left[begin : begin + fate.sector] = _torn_sector(history, fate, is_new=begin >= len(file.content))
    return bytes(left[: fate.choose(sizes)])


def _torn_sector(history: list[bytes], fate: _Fate, *, is_new: bool) -> bytes:
    index = fate.index(len(history))
    if is_new and index == 0 and fate.chance.random() < 0.5:
        return fate.chance.randbytes(fate.sector)
    if 0.0 < fate.kept < 1.0 and index + 1 < len(history) and fate.chance.random() < 0.3:
        cut = fate.chance.randrange(fate.sector)
        return history[index + 1][:cut] + history[index][cut:]
    return history[index]


def _sectors(change: Written | Resized, size: int) -> range:
    """Return the sectors of this size that a change writes to."""
    if isinstance(change, Resized):
        return range(0)
    return range(change.offset // size, -(-(change.offset + len(change.data)) // size))


def _sector(image: bytearray, sector: int, size: int) -> bytes:
    return bytes(image[sector * size : (sector + 1) * size]).ljust(size, b"\0")


def _apply(image: bytearray, change: Written | Resized) -> None:
    if isinstance(change, Resized):
        del image[change.size :]
        image.extend(bytes(change.size - len(image)))
        return
    image.extend(bytes(max(0, change.offset - len(image))))
    image[change.offset : change.offset + len(change.data)] = change.data


def _content(descriptor: int) -> bytes:
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0)
