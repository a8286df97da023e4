"""Read the members of a tar archive (gzip, xz, bzip2 or plain) without unpacking it to the disk."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import IO

from striate.data import guard
from striate.errors import DataError

MOST_BYTES = 1 << 30
"""Unpacked. CIFAR-10 is 186 MB; a small file can claim to unpack to terabytes."""

_PACKED = {b"\x1f\x8b": "gzip", b"\xfd7zXZ\0": "lzma", b"BZh": "bz2"}
"""First bytes -> the module that unpacks."""


class _Limited:
    """A stream that ends with a DataError after so many bytes, so that no bomb unpacks."""

    def __init__(self, path: Path, file: IO[bytes], left: int) -> None:
        self.path, self.file, self.left = path, file, left

    def read(self, count: int) -> bytes:
        """Return the next bytes."""
        self.left -= count
        if self.left < 0:
            raise DataError(f"{self.path}: it unpacks to more than {MOST_BYTES:,} bytes: this is not the right file")
        return self.file.read(count)


def members(path: Path, wanted: frozenset[str], most: int) -> Iterator[tuple[str, bytes]]:
    """Yield (last part of the name, content) of every wanted regular file in the archive.

    Links and devices are passed over, nothing is written. Raises DataError where the archive is
    damaged, where a wanted member has more than `most` bytes, or all have more than MOST_BYTES.
    """
    import tarfile

    guard.regular_size(path)
    with guard.decoding(path, "tar archive"), _unpacked(path) as stream:
        limited = _Limited(path, stream, MOST_BYTES)
        with tarfile.open(fileobj=limited, mode="r|") as archive:  # type: ignore[call-overload]
            for member in archive:
                # Without this tarfile keeps every member it has met, and an archive can have millions.
                archive.members = []
                name = PurePosixPath(member.name).name
                if not member.isreg() or name not in wanted:
                    continue
                if member.size > most:
                    raise DataError(f"{path}: {name} in it has {member.size:,} bytes, more than {most:,}")
                content = archive.extractfile(member)
                piece = b"" if content is None else content.read()
                if len(piece) != member.size:
                    raise DataError(f"{path}: {name} in it is cut short: get the file again")
                yield name, piece


def is_archive(path: Path) -> bool:
    """Return whether the file looks like a packed or plain tar archive."""
    with guard.decoding(path, "file"), path.open("rb") as file:
        head = file.read(512)
    return _packing(head) is not None or head[257:262] == b"ustar"


def _packing(head: bytes) -> str | None:
    return next((module for magic, module in _PACKED.items() if head.startswith(magic)), None)


def _unpacked(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        module = _packing(file.read(8))
    # bz2, gzip and lzma are imported only when a file needs them.
    stream: IO[bytes] = path.open("rb") if module is None else import_module(module).open(path, "rb")
    return stream
