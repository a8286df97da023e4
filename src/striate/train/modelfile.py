"""Named float32 arrays and metadata in one safetensors file that says so when a single bit is wrong."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from striate.errors import ModelError
from striate.files import write_whole

Tensors = dict[str, npt.NDArray[np.float32]]


def write_tensors(path: str | os.PathLike[str], tensors: Tensors, metadata: dict[str, str]) -> None:
    """Write arrays and metadata, with "sha256" added, to `path`, whole or not at all."""
    from safetensors.numpy import save

    body = save({name: np.ascontiguousarray(values) for name, values in tensors.items()})
    end = 8 + int.from_bytes(body[:8], "little")
    # The library writes metadata in random order; sorted, the same model is the same file.
    named = dict(sorted({**metadata, "sha256": checksum(tensors, metadata)}.items()))
    header = json.dumps({"__metadata__": named, **json.loads(body[8:end])}, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)

    def write(file: BinaryIO) -> None:
        for piece in (len(header).to_bytes(8, "little"), header, memoryview(body)[end:]):
            file.write(piece)

    write_whole(path, write)


def read_tensors(path: str | os.PathLike[str], format: str) -> tuple[Tensors, dict[str, str]]:
    """Return arrays and metadata of the file at `path`, whose "format" must be `format`.

    Raises ModelError, naming the file and the reason, for everything that is not exactly
    what `write_tensors` wrote.
    """
    name = os.fspath(path)
    tensors, metadata = _open(name)
    found = metadata.get("format")
    if found is None or "sha256" not in metadata:
        raise ModelError(f"{name}: a safetensors file, but no model of Striate (its metadata says nothing of it)")
    if found != format:
        raise ModelError(f"{name}: its format is {found!r}, this Striate reads {format!r}: another version wrote it")
    if checksum(tensors, metadata) != metadata["sha256"]:
        raise ModelError(f"{name}: damaged: its contents do not match their checksum. Take a copy, or train again")
    return tensors, metadata


def checksum(tensors: Tensors, metadata: dict[str, str]) -> str:
    """Return the SHA-256 of arrays (names, shapes, bits) and metadata (all but "sha256" itself)."""
    said = sorted((key, value) for key, value in metadata.items() if key != "sha256")
    digest = hashlib.sha256(json.dumps(said).encode())
    for name in sorted(tensors):
        digest.update(json.dumps([name, tensors[name].shape]).encode())
        digest.update(np.ascontiguousarray(tensors[name]).reshape(-1).data)
    return digest.hexdigest()


def _open(name: str) -> tuple[Tensors, dict[str, str]]:
    from safetensors import SafetensorError, safe_open

    if not Path(name).is_file():
        raise ModelError(f"{name}: {'is no file' if Path(name).exists() else 'there is no such file'}")
    try:
        with safe_open(name, framework="numpy") as file:
            metadata = file.metadata() or {}
            tensors = {}
            for key in file.keys():  # noqa: SIM118  (the handle is no dictionary)
                kind = file.get_slice(key).get_dtype()
                if kind != "F32":
                    raise ModelError(f"{name}: {key} is {kind}: models of Striate hold F32 only")
                tensors[key] = file.get_tensor(key)
    except SafetensorError as error:
        raise ModelError(f"{name}: no model file, or a damaged one ({error})") from None
    except OSError as error:
        raise ModelError(f"{name}: {error.strerror or error}") from None
    return tensors, metadata
