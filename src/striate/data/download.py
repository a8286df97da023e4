"""Download the official files: several places in turn, the checksum first, then the name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from striate.data.sources import Remote
from striate.errors import DataError
from striate.files import write_whole

TIMEOUT = 20.0
"""Seconds without a byte before the next place is tried."""

Progress = Callable[[int, int], None]
"""Called with (bytes so far, bytes in all) of everything that is downloaded in one go."""

_CHUNK = 1 << 17


class _Unusable(Exception):
    """What one place sent is not the file."""


def fetch(files: tuple[Remote, ...], folder: Path, progress: Progress | None = None) -> None:
    """Download those of the files that the folder does not have yet.

    A file gets its name only once its size and checksum are right; nothing partial stays.

    Raises DataError where no place hands a file out, or the folder cannot be written. The message
    says which file to put where.
    """
    total = sum(file.size for file in files)
    done = 0
    for file in files:
        if not (folder / file.name).is_file():
            _fetch(file, folder, _from(done, total, progress))
        done += file.size
        if progress is not None:
            progress(done, total)


def _from(start: int, total: int, progress: Progress | None) -> Callable[[int], None]:
    """Return progress for one file that begins at byte `start` of all."""
    if progress is None:
        return lambda received: None
    return lambda received: progress(start + received, total)


def _fetch(file: Remote, folder: Path, tell: Callable[[int], None]) -> None:
    """Download one file from the first place that has it."""
    refusals = []
    for url in file.urls:
        # Each place is asked before the disk is touched; writing errors are the folder's, not the place's.
        writing = _Writing(file, url, tell)
        try:
            write_whole(folder / file.name, writing)
            return
        except _Unusable as error:
            refusals.append(f"  {url}: {error}")
        except OSError as error:
            raise DataError(
                f"{folder / file.name}: the download cannot be written: {error.strerror or error}: "
                "name a folder you can write to with --data-dir or STRIATE_CACHE"
            ) from error
    listed = "\n".join(refusals)
    checksum = file.checksum.replace(":", " ")
    raise DataError(
        f"{file.name} could not be downloaded:\n{listed}\n"
        f"Get it elsewhere ({file.size:,} bytes, {checksum}) and put it at {folder / file.name}"
    )


class _Writing:
    """Writes what one place sends into an open file, and checks it."""

    def __init__(self, file: Remote, url: str, tell: Callable[[int], None]) -> None:
        self.file, self.url, self.tell = file, url, tell

    def __call__(self, target: BinaryIO) -> None:
        """Fill the target; _Unusable where the place or the content is no good."""
        import http.client
        import urllib.request

        kind, _, wanted = self.file.checksum.partition(":")
        digest = hashlib.new(kind, usedforsecurity=False)
        received = 0
        request = urllib.request.Request(self.url, headers={"User-Agent": "striate"})
        try:
            response = urllib.request.urlopen(request, timeout=TIMEOUT)
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise _Unusable(_reason(error)) from error
        with response:
            while True:
                try:
                    piece = response.read(_CHUNK)
                except (OSError, ValueError, http.client.HTTPException) as error:
                    raise _Unusable(f"it broke off after {received:,} bytes: {_reason(error)}") from error
                if not piece:
                    break
                received += len(piece)
                if received > self.file.size:
                    raise _Unusable(f"it sends more than the {self.file.size:,} bytes of the file")
                digest.update(piece)
                target.write(piece)
                self.tell(received)
        if received != self.file.size:
            raise _Unusable(f"it sent {received:,} of {self.file.size:,} bytes")
        if digest.hexdigest() != wanted:
            raise _Unusable(f"it sent another file: {kind} {digest.hexdigest()} where {wanted} is expected")


def _reason(error: Exception) -> str:
    """Return in a few words why a place did not answer."""
    reason = getattr(error, "reason", None)
    code = getattr(error, "code", None)
    text = str(reason or error) or type(error).__name__
    return f"HTTP {code} {text}" if code is not None else text
