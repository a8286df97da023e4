"""Object files on disk, so that a network is compiled once on a machine."""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from pathlib import Path

from striate.files import cache_folder, write_whole
from striate.version import __version__

_MAGIC = b"striate object 1\n"
_DECIDE = ("notation", "layers", "plan", "emit", "native")  #: the rooms that machine code depends on


@lru_cache(maxsize=1)
def _sources() -> str:
    """A digest of the code that turns networks into machine code: an object of another version is never taken."""
    digest = hashlib.sha256(__version__.encode())
    package = Path(__file__).parent.parent
    for path in [package / "volume.py", *(path for room in _DECIDE for path in sorted((package / room).rglob("*.py")))]:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def cache_key(*parts: str) -> str:
    """The name of the object that these texts determine."""
    return hashlib.sha256("\0".join((_sources(), *parts)).encode()).hexdigest()


def _path(key: str) -> Path:
    return cache_folder() / "objects" / f"{key}.o"


def read_object(key: str) -> bytes | None:
    """The object, or None where there is none, or one that is damaged or foreign."""
    try:
        content = _path(key).read_bytes()
    except OSError:
        return None
    head, body = content[: len(_MAGIC) + 32], content[len(_MAGIC) + 32 :]
    if head[: len(_MAGIC)] != _MAGIC or head[len(_MAGIC) :] != _seal(key, body):
        return None
    return body


def write_object(key: str, body: bytes) -> bool:
    """Keep the object, whole or not at all; False where the folder can't be written."""
    path = _path(key)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, lambda file: file.write(_MAGIC + _seal(key, body) + body))
    except OSError:
        return False
    return os.access(path, os.R_OK)


def _seal(key: str, body: bytes) -> bytes:
    """A digest of the object and of its name, so that a renamed file is foreign too."""
    return hashlib.sha256(key.encode() + body).digest()
