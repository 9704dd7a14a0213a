"""A backup that is read. Nothing in it is trusted: no path, no size, no kind of member but plain files, and no more is
unpacked than its list says. What is damaged, cut off or made by somebody else ends in a sentence."""

import gzip
import hashlib
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from kaohe.backup.contents import LABEL, Entry, Label, printable, read_label
from kaohe.errors import KaoheError, from_os_error

_CHUNK = 1 << 20
#: BACKUP.json may have so many bytes (a million files), and what stands between two files so many: headers, of which
#: tarfile would keep any size in memory and search long ones for hours, padding, and what it reads ahead.
_LABEL_SIZE, _BETWEEN = 256 << 20, 24 << 10
#: What tarfile and gzip raise over what they cannot read; numbers that make no sense among it.
_BROKEN = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, ValueError, ArithmeticError)


class _TooMuch(Exception):
    """More came out of the archive than there may be."""


class _Unpressed:
    """The unpressed bytes of a file, of which no more can be read than was allowed."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = gzip.GzipFile(fileobj=file)
        self._left = 0

    def allow(self, size: int) -> None:
        """So many bytes may come next."""
        self._left = size + _BETWEEN

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise _TooMuch
        return data


class Archive:
    """An open backup; use as a context manager, then read ``files`` once, from first to last.

    Raises ``KaoheError`` naming the file, or the member, that is not as a backup has it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._at = LABEL

    def __enter__(self) -> "Archive":
        try:
            self._file = self.path.open("rb")
        except FileNotFoundError as error:
            raise KaoheError("backup_missing", file=self.path) from error
        except OSError as error:
            raise from_os_error(error, self.path) from error
        try:
            with self._as_sentences():
                self.label = self._open()
        except BaseException:
            self._file.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _open(self) -> Label:
        """BACKUP.json, if this is a backup."""
        self._bytes = _Unpressed(self._file)
        self._bytes.allow(_LABEL_SIZE)
        try:
            self._tar: tarfile.TarFile = tarfile.open(fileobj=self._bytes, mode="r|")  # type: ignore[call-overload]  # noqa: SIM115
            first = self._tar.next()
            if first is None or first.name != LABEL or not _is_plain(first) or first.size > _LABEL_SIZE:
                raise KaoheError("backup_not_ours", file=self.path)
        except (tarfile.TarError, gzip.BadGzipFile, ValueError, ArithmeticError) as error:
            raise KaoheError("backup_not_ours", file=self.path) from error
        return read_label(b"".join(self._chunks(first)), self.path)

    def files(self) -> Iterator[tuple[Entry, int, Iterator[bytes]]]:
        """Each file in order, with the permissions that it had and its bytes, which have to be read before the next
        one. At the end all has been there that is listed, and nothing else."""
        with self._as_sentences():
            for entry in self.label.files:
                member = self._next(entry.path)
                if member is None:
                    raise KaoheError("backup_lacks", file=self.path, member=entry.path)
                if member.name != entry.path:
                    raise KaoheError("backup_unlisted", file=self.path, member=printable(member.name))
                if not _is_plain(member):
                    raise KaoheError("backup_kind", file=self.path, member=entry.path)
                if member.size != entry.size:
                    raise KaoheError("backup_changed", file=self.path, member=entry.path)
                yield entry, member.mode, self._checked(member, entry)
            self._refuse_more()

    def _next(self, path: str) -> tarfile.TarInfo | None:
        self._at = path
        self._bytes.allow(0)
        return self._tar.next()

    def _refuse_more(self) -> None:
        if (more := self._next(LABEL)) is not None:
            raise KaoheError("backup_unlisted", file=self.path, member=printable(more.name))
        while self._bytes.read(_CHUNK):  # the checksum of the whole stands at its end
            pass

    def _checked(self, member: tarfile.TarInfo, entry: Entry) -> Iterator[bytes]:
        found = hashlib.sha256()
        with self._as_sentences():
            for chunk in self._chunks(member):
                found.update(chunk)
                yield chunk
        if found.hexdigest() != entry.sha256:
            raise KaoheError("backup_changed", file=self.path, member=entry.path)

    def _chunks(self, member: tarfile.TarInfo) -> Iterator[bytes]:
        self._bytes.allow(member.size)
        file = self._tar.extractfile(member)
        assert file is not None
        left = member.size
        while left:
            chunk = file.read(min(_CHUNK, left))
            if not chunk:
                raise EOFError
            left -= len(chunk)
            yield chunk

    @contextmanager
    def _as_sentences(self) -> Iterator[None]:
        try:
            yield
        except _TooMuch as error:
            raise KaoheError("backup_bomb", file=self.path, member=self._at) from error
        except _BROKEN as error:
            raise KaoheError("backup_cut", file=self.path, member=self._at) from error


def _is_plain(member: tarfile.TarInfo) -> bool:
    """A file, and nothing that unpacks to something else than its bytes: no link, no device, no folder, no holes."""
    return member.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and member.sparse is None


def check(path: Path) -> Label:
    """Read a backup from first to last. Raises ``KaoheError`` saying what is wrong with it."""
    with Archive(path) as archive:
        for _entry, _mode, chunks in archive.files():
            for _ in chunks:
                pass
        return archive.label
