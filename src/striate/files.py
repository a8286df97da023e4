"""Files are written whole or not at all; one place says where Striate keeps what it can make again."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


def write_whole(path: str | os.PathLike[str], write: Callable[[BinaryIO], object]) -> None:
    """Write the file at `path` whole or not at all.

    `write` gets an open binary file beside the target; when it is done, the bytes are flushed to the
    disk and the file takes its name in one step. When anything fails (also Ctrl-C), the part is removed
    and what was at `path` before is still there. Missing folders on the way are made; a symbolic link
    keeps its place and its target is replaced; permissions of an older file stay.

    Raises OSError where the file cannot be written, and whatever `write` raises.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> write_whole(folder / "a.txt", lambda file: print(file.write(b"whole")))
    5
    >>> (folder / "a.txt").read_bytes()
    b'whole'
    """
    # A rename would turn a link into a file, so the link is followed first.
    target = Path(os.path.realpath(path))
    mode = _mode_of(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name[:40]}.{secrets.token_hex(6)}.part")
    try:
        # os.open with O_EXCL: nobody else's file is ever opened; 0o666 leaves the rest to the umask.
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(part, flags, 0o666), "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            part.chmod(mode)
        part.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise
    _sync_folder(target.parent)


def cache_folder() -> Path:
    """Return the folder for what can be made again: compiled objects, downloads, decoded sets.

    `STRIATE_CACHE` names it; without that it is the user's cache folder of the system. The folder
    need not exist and need not be writable: who writes there must be able to do without.

    >>> os.environ["STRIATE_CACHE"] = "somewhere"
    >>> cache_folder().name
    'somewhere'
    >>> del os.environ["STRIATE_CACHE"]
    """
    named = os.environ.get("STRIATE_CACHE", "")
    if named:
        return Path(os.path.expanduser(named))  # noqa: PTH111  (Path.expanduser raises where there is no home)
    import platformdirs

    return Path(platformdirs.user_cache_dir("striate", appauthor=False))


def _mode_of(target: Path) -> int | None:
    """Return the permission bits of the file to replace, None where there is none yet."""
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(21, "is a folder, no file can be written there", str(target))
    if not stat.S_ISREG(mode):
        # A rename onto a device such as the null device would destroy it.
        raise OSError(22, "is no regular file and is not replaced", str(target))
    return stat.S_IMODE(mode)


def _sync_folder(folder: Path) -> None:
    """Put the new name on the disk too, where the system can do that."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
