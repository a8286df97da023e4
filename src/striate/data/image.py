"""One image file as an array: turned upright, cropped to the middle, resized."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import numpy.typing as npt

from striate.data import guard
from striate.errors import DataError
from striate.volume import Volume

if TYPE_CHECKING:
    from PIL import Image

MOST_PIXELS = 100_000_000
"""Of one file; a few kilobytes can claim billions of pixels."""

_FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP")
# EPS is not among them: Pillow reads it by running a PostScript interpreter.

_ORIENTATION = 0x0112


def read_image(path: Path, volume: Volume) -> npt.NDArray[np.uint8]:
    """Return the image in a file as (H, W, D) uint8.

    It is turned as its EXIF orientation says, resized so that it just covers W x H, and cropped to
    the middle. D=3 is red, green, blue and D=1 is grey (ITU-R 601 luma); transparent parts become
    white, 16-bit grey is scaled to 8 bits, and of an animation the first picture is taken.

    Raises DataError where the file is no image, damaged, too large, or where D is not 1 or 3.

    >>> import tempfile
    >>> from PIL import Image
    >>> file = Path(tempfile.mkdtemp()) / "red.png"
    >>> Image.new("RGB", (20, 10), "red").save(file)
    >>> read_image(file, Volume(4, 4, 3))[0, 0].tolist()
    [255, 0, 0]
    """
    _check_depth(path, volume)
    guard.regular_size(path)
    with guard.decoding(path, "image", "replace or remove it"), path.open("rb") as file:
        return decode_image(file, volume, path)


def decode_image(
    file: BinaryIO, volume: Volume, name: Path | str, most_pixels: int = MOST_PIXELS
) -> npt.NDArray[np.uint8]:
    """Return the image in an open file as `read_image` does; messages call it `name`.

    Raises DataError as `read_image` does, and where the image claims more than `most_pixels`.

    >>> import io
    >>> from PIL import Image
    >>> file = io.BytesIO()
    >>> Image.new("L", (20, 10), 7).save(file, "PNG")
    >>> decode_image(file, Volume(2, 1, 1), "drawn").tolist()
    [[[7], [7]]]
    """
    _check_depth(name, volume)
    mode = "L" if volume.depth == 1 else "RGB"
    with warnings.catch_warnings(), guard.decoding(name, "image", "replace or remove it"):
        # Pillow warns of harmless oddities in EXIF and palettes; what matters raises.
        warnings.simplefilter("ignore")
        with _opened(file, name, most_pixels) as image:
            upright = _upright(image)
            turned = upright in (5, 6, 7, 8)
            wide, high = (volume.height, volume.width) if turned else (volume.width, volume.height)
            # JPEG can decode at a fraction of its size; twice the size wanted loses nothing.
            cover = 2 * max(wide / image.width, high / image.height)
            if cover < 1:
                image.draft(None, (int(image.width * cover) + 1, int(image.height * cover) + 1))
            pixels = _coloured(name, image, mode)
            small = _covering(pixels, wide, high)
            array = np.asarray(_turn(small, upright), dtype=np.uint8).reshape(volume.shape)
    return array


def volume_of(path: Path) -> Volume:
    """Return the volume of the upright image in a file: depth 1 where it is grey, else 3.

    Raises DataError where the file is no image, or too large.
    """
    guard.regular_size(path)
    with warnings.catch_warnings(), guard.decoding(path, "image", "replace or remove it"):
        warnings.simplefilter("ignore")
        with path.open("rb") as file, _opened(file, path, MOST_PIXELS) as image:
            width, height = image.size
            depth = 1 if image.mode in ("1", "L", "LA", "La") or image.mode.startswith("I") else 3
            return Volume(height, width, depth) if _upright(image) >= 5 else Volume(width, height, depth)


def _check_depth(name: Path | str, volume: Volume) -> None:
    if volume.depth not in (1, 3):
        raise DataError(f"{name}: image files give depth 1 (grey) or 3 (RGB), INPUT{volume} has {volume.depth}")


def _opened(file: BinaryIO, name: Path | str, most_pixels: int) -> Image.Image:
    """Return the file's image, not yet decoded."""
    from PIL import Image, UnidentifiedImageError

    Image.init()
    try:
        image = Image.open(file, formats=[each for each in _FORMATS if each in Image.OPEN])
    except UnidentifiedImageError:
        raise DataError(
            f"{name}: this is no image that can be read ({', '.join(_FORMATS)}): replace or remove it"
        ) from None
    except Image.DecompressionBombError as error:
        raise DataError(f"{name}: {error}; at most {most_pixels:,} are read: make it smaller") from None
    width, height = image.size
    if width * height > most_pixels:
        image.close()
        raise DataError(
            f"{name}: it claims {width} x {height} = {width * height:,} pixels, "
            f"at most {most_pixels:,} are read: make it smaller"
        )
    return image


def _upright(image: Image.Image) -> int:
    """Return the EXIF orientation, 1..8; 1 where it is missing or nonsense."""
    try:
        found = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # viewers show a picture whose EXIF is damaged; so does this
        return 1
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def _turn(image: Image.Image, orientation: int) -> Image.Image:
    """Return the image upright. Source: the EXIF 2.3 standard, tag Orientation."""
    from PIL.Image import Transpose

    turns: dict[int, Transpose] = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    return image.transpose(turns[orientation]) if orientation in turns else image


def _coloured(path: Path | str, image: Image.Image, mode: str) -> Image.Image:
    """Return the image in mode L or RGB."""
    from PIL import Image

    if image.mode.startswith("I"):
        return _eight_bits(path, image).convert(mode)
    if image.mode == "F":
        raise DataError(f"{path}: its pixels are floating-point numbers: save it with 8 or 16 bits a pixel")
    if image.mode in ("RGBA", "RGBa", "LA", "La", "PA") or "transparency" in image.info:
        solid = image.convert("RGBA")
        paper = Image.new("RGBA", solid.size, "white")
        paper.alpha_composite(solid)
        return paper.convert("RGB").convert(mode)
    return image.convert(mode)


def _eight_bits(path: Path | str, image: Image.Image) -> Image.Image:
    """Return a 16-bit grey image with 8 bits a pixel."""
    from PIL import Image

    values: npt.NDArray[Any] = np.asarray(image).astype(np.int64)
    low, high = int(values.min()), int(values.max())
    if low < 0 or high > 65_535:
        raise DataError(f"{path}: its pixels go from {low} to {high}: save it with 8 or 16 bits a pixel")
    # 65535 = 257 * 255
    return Image.fromarray(((values + 128) // 257).astype(np.uint8))


def _covering(image: Image.Image, wide: int, high: int) -> Image.Image:
    """Return the middle of the image at wide x high: the short side resized, the long side cropped.

    Cropping comes first, so that a very long picture never grows to a huge one.
    """
    from PIL.Image import Resampling

    if image.size == (wide, high):
        return image
    scale = max(wide / image.width, high / image.height)
    across, down = min(image.width, wide / scale), min(image.height, high / scale)
    left, top = (image.width - across) / 2, (image.height - down) / 2
    box = (left, top, left + across, top + down)
    return image.resize((wide, high), Resampling.BICUBIC, box=box)
