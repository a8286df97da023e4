"""Image files: every kind of pixel, turned upright, cropped, resized; and what is no image."""

from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from striate.data import image as module
from striate.data import read_image
from striate.errors import DataError
from striate.volume import Volume

RANDOM = np.random.default_rng(4)
PIXELS = RANDOM.integers(0, 256, (4, 6, 3), np.uint8)
RGB, GREY = Volume(6, 4, 3), Volume(6, 4, 1)


def saved(path: Path, image: Image.Image, **options: Any) -> Path:
    image.save(path, **options)
    return path


@pytest.mark.parametrize("end", ["png", "bmp", "ppm", "tiff"])
def test_an_image_of_the_right_size_is_not_touched(tmp_path: Path, end: str) -> None:
    path = saved(tmp_path / f"a.{end}", Image.fromarray(PIXELS))
    np.testing.assert_array_equal(read_image(path, RGB), PIXELS)
    grey = read_image(path, GREY)
    luma = PIXELS @ [0.299, 0.587, 0.114]
    assert grey.shape == (4, 6, 1) and np.abs(grey[..., 0] - luma).max() <= 1


@pytest.mark.parametrize("end", ["jpg", "webp", "gif", "jp2"])
def test_lossy_formats_are_near(tmp_path: Path, end: str) -> None:
    smooth = np.zeros((16, 16, 3), np.uint8) + np.arange(0, 160, 10, np.uint8)[:, None]
    found = read_image(saved(tmp_path / f"a.{end}", Image.fromarray(smooth)), Volume(16, 16, 3))
    assert np.abs(found.astype(int) - smooth).max() < 12


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: Image.new("L", (6, 4), 77), 77),
        (lambda: Image.new("1", (6, 4), 1), 255),
        (lambda: Image.new("RGB", (6, 4), (9, 9, 9)).quantize(), 9),
        (lambda: Image.new("LA", (6, 4), (50, 255)), 50),
        (lambda: Image.new("LA", (6, 4), (50, 0)), 255),
        (lambda: Image.new("RGBA", (6, 4), (0, 0, 0, 0)), 255),
        (lambda: Image.new("RGBA", (6, 4), (8, 8, 8, 255)), 8),
        (lambda: Image.fromarray(np.full((4, 6), 65535, np.uint16)), 255),
        (lambda: Image.fromarray(np.full((4, 6), 257 * 3, np.uint16)), 3),
    ],
)
@pytest.mark.parametrize("volume", [RGB, GREY])
def test_kinds_of_pixels(tmp_path: Path, make: Any, expected: int, volume: Volume) -> None:
    path = saved(tmp_path / "a.png", make())
    assert np.unique(read_image(path, volume)).tolist() == [expected]


def test_cmyk_and_transparent_palettes(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.jpg", Image.new("CMYK", (6, 4), (0, 255, 255, 0)))
    red = read_image(path, RGB)[0, 0].astype(int)
    assert red[0] > 200 and red[1] < 60 and red[2] < 60
    palette = Image.new("P", (6, 4), 1)
    palette.putpalette([0, 0, 0, 200, 0, 0])
    assert read_image(saved(tmp_path / "b.png", palette, transparency=1), RGB)[0, 0].tolist() == [255] * 3
    assert read_image(saved(tmp_path / "c.png", palette), RGB)[0, 0].tolist() == [200, 0, 0]


def test_an_animation_gives_its_first_picture(tmp_path: Path) -> None:
    pictures = [Image.new("RGB", (6, 4), colour) for colour in ("red", "blue", "green")]
    for end in ("gif", "webp", "png", "tiff"):
        extra = {"lossless": True} if end == "webp" else {}
        path = saved(tmp_path / f"a.{end}", pictures[0], save_all=True, append_images=pictures[1:], **extra)
        assert read_image(path, RGB)[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize("orientation", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
def test_exif_orientation(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    # What a camera stores for each orientation, and how a viewer turns it: by hand, row 0 and column 0 of
    # the stored picture are (top, left), (top, right), (bottom, right), ... of the scene.
    upright = {
        2: PIXELS[:, ::-1],
        3: PIXELS[::-1, ::-1],
        4: PIXELS[::-1],
        5: PIXELS.transpose(1, 0, 2),
        6: PIXELS[::-1].transpose(1, 0, 2),
        7: PIXELS[::-1, ::-1].transpose(1, 0, 2),
        8: PIXELS[:, ::-1].transpose(1, 0, 2),
    }.get(orientation, PIXELS)
    path = saved(tmp_path / "a.png", Image.fromarray(PIXELS), exif=exif)
    np.testing.assert_array_equal(read_image(path, Volume(upright.shape[1], upright.shape[0], 3)), upright)


@pytest.mark.parametrize("size", [(32, 32), (64, 16), (10, 50), (7, 3), (1, 1), (300, 400)])
@pytest.mark.parametrize("orientation", [1, 6])
def test_short_side_resized_then_the_middle(tmp_path: Path, size: tuple[int, int], orientation: int) -> None:
    """Against the plain way: turn, resize the whole picture so that it covers, crop."""
    ramp = np.linspace(0, 255, 90)[:, None] * np.ones(120)
    image = Image.fromarray(
        np.stack([ramp, ramp.T[:1].repeat(90, 0)[:, :90].repeat(2, 1)[:, :120], ramp], -1).astype(np.uint8)
    )
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(tmp_path / "a.png", image, exif=exif)
    width, height = size
    turned = image.transpose(Image.Transpose.ROTATE_270) if orientation == 6 else image
    scale = max(width / turned.width, height / turned.height)
    whole = turned.resize((max(width, round(turned.width * scale)), max(height, round(turned.height * scale))))
    left, top = (whole.width - width) // 2, (whole.height - height) // 2
    expected = np.asarray(whole.crop((left, top, left + width, top + height)))
    found = read_image(path, Volume(width, height, 3))
    assert found.shape == (height, width, 3) and found.dtype == np.uint8
    assert np.abs(found.astype(int) - expected).mean() < 4


def test_a_large_jpeg_is_decoded_small_and_is_the_same_picture(tmp_path: Path) -> None:
    ramp = (np.linspace(0, 255, 600)[:, None, None] * np.ones((600, 900, 3))).astype(np.uint8)
    small = read_image(saved(tmp_path / "a.jpg", Image.fromarray(ramp)), Volume(16, 16, 3))
    expected = read_image(saved(tmp_path / "a.png", Image.fromarray(ramp)), Volume(16, 16, 3))
    assert np.abs(small.astype(int) - expected).max() <= 4


def test_a_very_long_picture_stays_small(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", Image.new("L", (60_000, 1), 5))
    assert read_image(path, Volume(227, 227, 3)).shape == (227, 227, 3)


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims those sizes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = zlib.crc32(kind + content).to_bytes(4, "big")
        return len(content).to_bytes(4, "big") + kind + content + check

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(9))) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("bomb.png", bomb(100_000, 100_000), "pixels"),
        ("big.png", bomb(10_001, 10_000), "claims 10001 x 10000 = 100,010,000 pixels, at most 100,000,000"),
        ("short.png", bomb(100, 100), "damaged or cut short"),
        ("empty.png", b"", "empty"),
        ("text.jpg", b"hello, I am no image", "no image"),
        ("page.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n", "no image"),
        ("head.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0", "no image|damaged"),
    ],
)
def test_what_is_no_image(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=says) as caught:
        read_image(path, RGB)
    assert str(path) in str(caught.value)


def test_other_things_that_are_refused(tmp_path: Path) -> None:
    floats = saved(tmp_path / "a.tiff", Image.fromarray(np.ones((4, 6), np.float32)))
    with pytest.raises(DataError, match="floating-point"):
        read_image(floats, RGB)
    dark = saved(tmp_path / "d.tiff", Image.fromarray(np.full((4, 6), 257 * 3, np.int32)))
    assert np.unique(read_image(dark, RGB)).tolist() == [3]
    wide = saved(tmp_path / "b.tiff", Image.fromarray(np.full((4, 6), 1 << 20, np.int32)))
    with pytest.raises(DataError, match="pixels go from 1048576"):
        read_image(wide, RGB)
    png = saved(tmp_path / "c.png", Image.fromarray(PIXELS))
    with pytest.raises(DataError, match=r"depth 1 \(grey\) or 3"):
        read_image(png, Volume(6, 4, 4))
    with pytest.raises(DataError, match="no such file"):
        read_image(tmp_path / "absent.png", RGB)
    with pytest.raises(DataError, match="folder"):
        read_image(tmp_path, RGB)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes with names")
def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(DataError, match="no regular file"):
        read_image(tmp_path / "pipe.png", RGB)


def test_damaged_exif_does_not_matter(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.jpg", Image.fromarray(PIXELS), exif=b"Exif\0\0MM\0*\xff\xff\xff\xff\xff")
    assert read_image(path, RGB).shape == (4, 6, 3)
    # One entry, orientation, as text where a number belongs.
    entry = struct.pack("<HHHI4sI", 1, 0x0112, 2, 4, b"abc\0", 0)
    path = saved(tmp_path / "b.png", Image.fromarray(PIXELS), exif=b"Exif\0\0II*\0\x08\0\0\0" + entry)
    np.testing.assert_array_equal(read_image(path, RGB), PIXELS)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(data=st.data(), end=st.sampled_from(["png", "jpeg", "gif", "bmp", "tiff", "webp", "ppm"]))
def test_damage_ends_in_data_errors_only(tmp_path: Path, data: st.DataObject, end: str) -> None:
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).save(buffer, end)
    content = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    del content[data.draw(st.integers(1, len(content) * 2)) :]
    path = tmp_path / "a"
    path.write_bytes(content)
    for volume in (RGB, Volume(3, 5, 1)):
        try:
            assert read_image(path, volume).shape == volume.shape
        except DataError as error:
            assert str(path) in str(error)
    try:
        assert isinstance(module.volume_of(path), Volume)
    except DataError as error:
        assert str(path) in str(error)
