"""Images and models that a browser sends or fetches: limited while they stream, decoded by a worker."""

from __future__ import annotations

import asyncio
import io
import os
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, Response

from striate.data.image import decode_image
from striate.errors import ArgumentError, ModelError, StriateError
from striate.train.model import Model
from striate.volume import Volume

T = TypeVar("T")

IMAGE_BYTES = 16 << 20
IMAGE_PIXELS = 40_000_000
MODEL_BYTES = 1 << 30
SIDE = 4096  # of the volume that an image is made into
NUMBERS = 4_000_000  # in that volume
LIMITS = {"image_bytes": IMAGE_BYTES, "image_pixels": IMAGE_PIXELS, "model_bytes": MODEL_BYTES}
UNDER_WAY = 4  # uploads at a time
PATIENCE = 30.0  # seconds in which an upload must go on
LEAST = 64 << 10  # bytes a second that it must have come to, after those


class TooLargeError(ArgumentError):
    """More bytes came than are taken."""


class Uploads:
    """One worker decodes, so that however many images come, one at a time takes memory and a processor."""

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(1, "striate-decoder")
        self._room = asyncio.Semaphore(UNDER_WAY)

    async def image(self, request: Request) -> bytes:
        """The image in the body as H*W*D bytes; ArgumentError or DataError where that cannot be."""
        volume = _volume(request)
        async with self._room:
            body = io.BytesIO()
            await _receive(request, body, IMAGE_BYTES, "an image")
            body.seek(0)
            pixels = await self.work(lambda: decode_image(body, volume, "the image", IMAGE_PIXELS))
        return pixels.tobytes()

    async def model(self, request: Request) -> Model:
        """The model in the body; ModelError where it is none."""
        async with self._room, _scratch() as path:
            with _disk(), path.open("wb") as file:
                await _receive(request, file, MODEL_BYTES, "a model file")
            try:
                return await self.work(lambda: Model.load(path))
            except ModelError as error:
                raise ModelError(str(error).replace(str(path), "the file")) from None

    async def work(self, work: Callable[[], T]) -> T:
        """Have something done by the worker."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, work)

    def close(self) -> None:
        """End."""
        self._worker.shutdown(wait=False, cancel_futures=True)


async def download(model: Model, name: str) -> Response:
    """The model as a file: the bytes that `Model.save` writes."""
    path = _temporary()
    try:
        with _disk():
            await asyncio.to_thread(model.save, path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    task = BackgroundTask(path.unlink, missing_ok=True)
    return FileResponse(path, media_type="application/octet-stream", filename=name, background=task)


async def _receive(request: Request, file: BinaryIO, most: int, what: str) -> None:
    """Write the body into `file`; what its headers claim is not believed, the bytes are counted."""
    size, began = 0, time.monotonic()
    try:
        pieces = request.stream()
        while True:
            # Who sends byte by byte would keep others from their turn.
            left = began + PATIENCE + size / LEAST - time.monotonic()
            try:
                piece = await asyncio.wait_for(anext(pieces), min(PATIENCE, left))
            except StopAsyncIteration:
                return
            size += len(piece)
            if size > most:
                raise TooLargeError(f"{what} has at most {most:,} bytes ({most >> 20} MiB): make it smaller")
            file.write(piece)
    except asyncio.TimeoutError:
        seconds = time.monotonic() - began
        raise ArgumentError(f"only {size:,} bytes came in {seconds:.0f} seconds: send it again") from None
    except ClientDisconnect:
        raise ArgumentError("the connection ended before all of it had come") from None


@asynccontextmanager
async def _scratch() -> AsyncIterator[Path]:
    path = _temporary()
    try:
        yield path
    finally:
        with suppress(OSError):
            path.unlink()


def _temporary() -> Path:
    with _disk():
        handle, name = tempfile.mkstemp(suffix=".striate")
        os.close(handle)
    return Path(name)


@contextmanager
def _disk() -> Iterator[None]:
    """Say what is wrong with the temporary folder where it takes no file."""
    try:
        yield
    except OSError as error:
        raise StriateError(
            f"there is no room for a temporary file: {error.strerror or error}: make some, "
            "or start striate serve with TMPDIR set to another folder"
        ) from None


def _volume(request: Request) -> Volume:
    sides = {}
    for name, most in (("width", SIDE), ("height", SIDE), ("depth", 3)):
        value = request.query_params.get(name, "")
        if not (value.isascii() and value.isdigit() and len(value) <= 4 and 1 <= int(value) <= most):
            raise ArgumentError(f"{name} is a whole number from 1 to {most:,} in the address")
        sides[name] = int(value)
    volume = Volume(**sides)
    if volume.size > NUMBERS:
        raise ArgumentError(f"{volume} has {volume.size:,} numbers, at most {NUMBERS:,} are made of an image")
    return volume


def file_name(data: Any, run: int) -> str:
    """A plain name for a downloaded model.

    >>> file_name("cifar10", 3), file_name("../my folder/", 4)
    ('cifar10-3.striate', 'my-folder-4.striate')
    """
    name = Path(str(data or "model")).name
    words = "".join(letter if letter.isascii() and letter.isalnum() else " " for letter in name)
    return f"{'-'.join(words.split()) or 'model'}-{run}.striate"
