"""The folder of runs belongs to one server at a time; what an older one left unfinished is cleared away."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import sys
from pathlib import Path

from striate.errors import ArgumentError

LOCK = "striate.lock"
DOOR = "open-the-page.html"  # the file that the browser is opened with
TAKEN = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK)
_LEFT = re.compile(r"\..*\.checkpoint\.[0-9a-f]{12}\.part")  # as `files.write_whole` names what it has not ended


class Claim:
    """A folder claimed until `close`, or until the process is gone, however it ended.

    Raises ArgumentError where another server has it, or where nothing can be written to it.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as name:
    ...     claim = Claim(Path(name))
    ...     try:
    ...         Claim(Path(name))
    ...     except ArgumentError as error:
    ...         print(str(error).endswith("name another with --folder"))
    ...     claim.close()
    True
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        path = folder / LOCK
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ArgumentError(f"--folder {folder}: {error.strerror or error}: name another") from None
        try:
            _lock(self._handle)
        except OSError as error:
            # Some file systems know no locks: there, nothing is claimed.
            if error.errno in TAKEN:
                os.close(self._handle)
                raise ArgumentError(
                    f"--folder {folder}: another striate serve keeps its runs there and would train the same ones: "
                    "open the page that it shows, or name another with --folder"
                ) from None
        self._clear()

    def _clear(self) -> None:
        """Remove what a server that was killed has left: parts of checkpoints, and its door."""
        with contextlib.suppress(OSError):
            for path in self.folder.iterdir():
                if (_LEFT.fullmatch(path.name) or path.name == DOOR) and path.is_file():
                    with contextlib.suppress(OSError):
                        path.unlink()

    def door(self, address: str) -> Path:
        """A file that only this user can read and that leads a browser to the address.

        The address itself would stand in the browser's command line, where every user can read it.
        """
        path = self.folder / DOOR
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(
                '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Striate</title>'
                f'<meta http-equiv="refresh" content="0;url={address}">'
                f'<p>The page of Striate is <a href="{address}">here</a>.</p></html>\n'
            )
        return path

    def close(self) -> None:
        """Give the folder back."""
        self.shut()
        os.close(self._handle)

    def shut(self) -> None:
        """Remove the door."""
        with contextlib.suppress(OSError):
            (self.folder / DOOR).unlink()


def _lock(handle: int) -> None:
    """Lock an open file for this process; OSError at once where another has it."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
