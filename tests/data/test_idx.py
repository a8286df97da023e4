"""MNIST's file format."""

from __future__ import annotations

import gzip
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from striate.data import guard, idx, load
from striate.errors import DataError

RANDOM = np.random.default_rng(2)
IMAGES = RANDOM.integers(0, 256, (6, 3, 5), np.uint8)
LABELS = np.array([0, 1, 2, 0, 1, 9], np.uint8)


def packed(array: np.ndarray[Any, Any]) -> bytes:
    sizes = b"".join(length.to_bytes(4, "big") for length in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()


def in_folder(folder: Path, dot: str = "-", zipped: bool = False, **changes: bytes | None) -> Path:
    """The four files; a change replaces one (train_images=...) or leaves it out (None)."""
    folder.mkdir(parents=True)
    files: dict[str, bytes | None] = {}
    for part, count in (("train", 6), ("t10k", 2)):
        files[f"{part}_images"], files[f"{part}_labels"] = packed(IMAGES[:count]), packed(LABELS[:count])
    for name, content in (files | changes).items():
        kind = "idx3" if name.endswith("images") else "idx1"
        file = folder / f"{name.replace('_', '-')}{dot}{kind}-ubyte{'.gz' if zipped else ''}"
        if content is not None:
            file.write_bytes(gzip.compress(content) if zipped else content)
    return folder


@pytest.mark.parametrize("dot", ["-", "."])
@pytest.mark.parametrize("zipped", [False, True])
def test_every_spelling_packed_or_not(tmp_path: Path, dot: str, zipped: bool) -> None:
    splits = load(in_folder(tmp_path / "letters", dot, zipped))
    assert splits.test is not None and splits.train.name == "letters"
    np.testing.assert_array_equal(splits.train.images, IMAGES[..., np.newaxis])
    np.testing.assert_array_equal(splits.train.labels, LABELS)
    assert len(splits.test) == 2 and splits.test.classes == splits.train.classes == tuple("0123456789")


def test_a_gz_name_may_hold_an_unpacked_file(tmp_path: Path) -> None:
    path = tmp_path / "train-labels-idx1-ubyte.gz"
    path.write_bytes(packed(LABELS))
    assert idx.read_array(path).tolist() == LABELS.tolist()


def test_a_folder_without_a_test_part(tmp_path: Path) -> None:
    assert load(in_folder(tmp_path / "a", t10k_images=None, t10k_labels=None)).test is None


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"train_labels": None}, "train-labels-idx1-ubyte .or .gz. is missing"),
        ({"t10k_images": None}, "t10k-images-idx3-ubyte .or .gz. is missing"),
        ({"train_labels": packed(LABELS[:5])}, "6 images and .* 5 labels"),
        ({"train_images": packed(IMAGES)[:-7]}, "train-images.*(claims 6x3x5 bytes|damaged)"),
        ({"train_images": packed(IMAGES) + b"!"}, "holds more"),
        ({"train_images": packed(LABELS)}, "train-images.*swapped"),
        ({"train_labels": packed(IMAGES)}, "train-labels.*swapped"),
        ({"train_images": b"\x89PNG\r\n"}, "starts with 89504e47"),
        ({"train_images": b"\0\0"}, "starts with 0000"),
        ({"train_images": b"\0\0\x08\x03\0\0"}, "header is cut short"),
        ({"train_images": b"\0\0\x0d\x03" + packed(IMAGES)[4:]}, "starts with 00000d03"),
        ({"train_images": b"\0\0\x08\x03" + b"\xff" * 12}, "claims 4294967295x4294967295x4294967295"),
        ({"train_images": packed(IMAGES[:0]), "train_labels": packed(LABELS[:0])}, "set is empty"),
        ({"train_images": packed(IMAGES[:, :0])}, "set is empty"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, changes: dict[str, bytes], says: str, zipped: bool) -> None:
    folder = in_folder(tmp_path / "a", "-", zipped, **changes)
    with pytest.raises(DataError, match=says) as caught:
        load(folder)
    assert str(folder) in str(caught.value)


def test_an_empty_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"train-images.*empty \(0 bytes\)"):
        load(in_folder(tmp_path / "a", train_images=b""))


def test_labels_beyond_the_known_classes(tmp_path: Path) -> None:
    folder = in_folder(tmp_path / "mnist", train_labels=packed(LABELS + 1))
    with pytest.raises(DataError, match=r"train-labels.*label 10 of image 5 is out of range.*0\.\.9"):
        load("mnist", data_dir=folder.parent, download=False)


@pytest.mark.parametrize("zipped", [False, True])
def test_a_claim_of_terabytes_allocates_nothing(tmp_path: Path, zipped: bool) -> None:
    content = b"\0\0\x08\x03" + (1 << 20).to_bytes(4, "big") + (1 << 10).to_bytes(4, "big") * 2 + b"x" * 3_000_000
    folder = in_folder(tmp_path / "a", "-", zipped, train_images=content)
    tracemalloc.start()
    with pytest.raises(DataError, match="claims 1048576x1024x1024 bytes"):
        load(folder)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


def test_a_claim_beyond_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "memory", lambda: 50)
    with pytest.raises(DataError, match="this machine has 50 bytes"):
        load(in_folder(tmp_path / "a"))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), zipped=st.booleans())
def test_damage_ends_in_data_errors_only(tmp_path: Path, data: st.DataObject, zipped: bool) -> None:
    content = bytearray(gzip.compress(packed(IMAGES)) if zipped else packed(IMAGES))
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    del content[data.draw(st.integers(0, len(content) + 50)) :]
    path = tmp_path / "file"
    path.write_bytes(content)
    try:
        assert idx.read_array(path).dtype == np.uint8
    except DataError as error:
        assert str(path) in str(error)


@pytest.mark.parametrize(("name", "first"), [("mnist", [5, 0, 4, 1]), ("fashion-mnist", [9, 0, 0, 3])])
def test_the_official_files(official: Path, name: str, first: list[int]) -> None:
    if not (official / name).is_dir():
        pytest.skip(f"no {name} among the official data")
    splits = load(name, data_dir=official, download=False)
    assert splits.test is not None
    assert splits.train.images.shape == (60_000, 28, 28, 1) and splits.test.images.shape == (
        10_000,
        28,
        28,
        1,
    )
    assert splits.train.labels[:4].tolist() == first
    assert len(splits.train.classes) == 10
    # The same set, found directly in the folder and by its path.
    again = load(name, data_dir=official / name, download=False)
    by_path = load(official / name)
    for other in (again, by_path):
        np.testing.assert_array_equal(other.train.images, splits.train.images)
        assert other.train.classes == splits.train.classes
