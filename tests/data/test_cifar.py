"""CIFAR-10: both distributions, folders and archives, and what can be wrong with them."""

from __future__ import annotations

import contextlib
import hashlib
import io
import lzma
import pickle
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from striate.data import archive, cifar, decoded, load
from striate.data.dataset import Splits
from striate.errors import DataError

ROWS = 4
NAMES = (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[np.ndarray[Any, Any], list[int]]]:
    """Six batches of four images where the official ones have 10,000."""
    monkeypatch.setattr(cifar, "ROWS", ROWS)
    random = np.random.default_rng(1)
    return {
        name: (random.integers(0, 256, (ROWS, 3072), np.uint8), random.integers(0, 10, ROWS).tolist()) for name in NAMES
    }


Batches = dict[str, tuple[np.ndarray[Any, Any], list[int]]]


def python_files(small: Batches) -> dict[str, bytes]:
    return {
        name: pickle.dumps({b"data": pixels, b"labels": labels}, protocol=2) for name, (pixels, labels) in small.items()
    }


def binary_files(small: Batches) -> dict[str, bytes]:
    return {
        f"{name}.bin": b"".join(bytes([label]) + row.tobytes() for label, row in zip(labels, pixels, strict=True))
        for name, (pixels, labels) in small.items()
    }


def in_folder(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def in_tar(path: Path, files: dict[str, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
        for name, content in files.items():
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def check(splits: Splits, small: Batches) -> None:
    """Every pixel and label is where the distribution says: red, green, blue planes, row-major."""
    assert splits.test is not None
    assert splits.train.classes[3] == "cat" and len(splits.train.classes) == 10
    for part, names in ((splits.train, NAMES[:5]), (splits.test, NAMES[5:])):
        pixels = np.concatenate([small[name][0] for name in names])
        assert part.labels.tolist() == [label for name in names for label in small[name][1]]
        assert part.images.shape == (len(pixels), 32, 32, 3)
        for y, x, d in ((0, 0, 0), (0, 1, 0), (1, 0, 1), (31, 30, 2)):
            np.testing.assert_array_equal(part.images[:, y, x, d], pixels[:, 1024 * d + 32 * y + x])


@pytest.mark.parametrize("make", [python_files, binary_files])
@pytest.mark.parametrize("mode", ["folder", "w:gz", "w:xz", "w:bz2", "w"])
def test_both_distributions_in_every_wrapping(tmp_path: Path, small: Batches, make: Any, mode: str) -> None:
    files = make(small) | {"batches.meta": b"not looked at", "readme.html": b""}
    folder = mode == "folder"
    place = in_folder(tmp_path / "set", files) if folder else in_tar(tmp_path / "set.tar", files, mode)
    check(load(place), small)
    check(load(place), small)  # an archive's second start comes from the decoded copy


@pytest.mark.parametrize(
    "where",
    ["cifar-10-batches-py", "cifar10", "CIFAR-10", "cifar_10/cifar-10-batches-py", "cifar-10-python", "."],
)
def test_it_is_found_by_name(
    tmp_path: Path, small: Batches, where: str, monkeypatch: pytest.MonkeyPatch, alone: Path
) -> None:
    for base in (tmp_path / "dir", tmp_path / "env", alone / "data"):
        in_folder(base / where if where != "." else base, python_files(small))
    check(load("cifar10", data_dir=tmp_path / "dir", download=False), small)
    check(load("CIFAR-10", download=False), small)
    monkeypatch.setenv("STRIATE_DATA", str(tmp_path / "env"))
    check(load("cifar10", download=False), small)


def test_it_is_found_as_an_archive(tmp_path: Path, small: Batches) -> None:
    (tmp_path / "cifar-10").mkdir()
    in_tar(tmp_path / "cifar-10" / "cifar-10-python.tar.xz", python_files(small), "w:xz")
    check(load("cifar10", data_dir=tmp_path, download=False), small)


def test_the_decoded_copy(tmp_path: Path, small: Batches, alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = in_tar(tmp_path / "a.tar.gz", python_files(small))
    read: list[Path] = []

    def counted(source: Path) -> Splits:
        read.append(source)
        return cifar.read_archive(source)

    for _ in range(2):
        check(decoded.remembered(path, counted), small)
    assert len(read) == 1
    (copy,) = (alone / "decoded").iterdir()
    for damage in (copy.read_bytes()[:-100], b"", b"PK\3\4nonsense"):
        copy.write_bytes(damage)
        check(decoded.remembered(path, counted), small)
    assert len(read) == 4
    small["test_batch"] = (255 - small["test_batch"][0], small["test_batch"][1])
    in_tar(path, python_files(small))  # another size or time of change: another set
    check(decoded.remembered(path, counted), small)
    assert len(list((alone / "decoded").iterdir())) == 1
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    monkeypatch.setenv("STRIATE_CACHE", str(blocked / "cannot be a folder"))
    check(decoded.remembered(path, counted), small)


def _cut(files: dict[str, bytes]) -> None:
    files["data_batch_3"] = files["data_batch_3"][:-1000]


def _gone(files: dict[str, bytes]) -> None:
    del files["data_batch_3"]


def _empty(files: dict[str, bytes]) -> None:
    files["data_batch_3"] = b""


def _picture(files: dict[str, bytes]) -> None:
    files["data_batch_3"] = b"\x89PNG" * 100


def _batch(**changes: Any) -> Any:
    def change(files: dict[str, bytes]) -> None:
        batch = {"data": np.zeros((ROWS, 3072), np.uint8), "labels": [0] * ROWS} | changes
        files["data_batch_3"] = pickle.dumps(batch, protocol=2)

    return change


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (_cut, "damaged or cut short"),
        (_gone, "data_batch_3 missing"),
        (_empty, "empty|damaged"),
        (_picture, "damaged"),
        (_batch(labels=[0, 1, 10, 2]), "label 10 of image 2 is out of range: labels are 0..9"),
        (_batch(labels=[0, -1, 0, 2]), "label -1"),
        (_batch(labels=[0] * 3), "4 images and 3 labels"),
        (_batch(labels=[0.5] * 4), "damaged|whole numbers"),
        (_batch(labels=["a"] * 4), "whole numbers"),
        (_batch(labels=[1 << 80] * 4), "whole numbers"),
        (_batch(labels=None), "labels"),
        (_batch(data=np.zeros((ROWS, 100), np.uint8)), "3072"),
        (_batch(data=np.zeros((ROWS, 3072), np.int64)), "uint8"),
        (_batch(data=[1, 2]), "data"),
        (
            _batch(data=np.zeros((2, 3072), np.uint8), labels=[1, 1]),
            "has 2 images, a batch of CIFAR-10 has 4",
        ),
    ],
)
@pytest.mark.parametrize("wrapping", ["folder", "tar"])
def test_what_is_wrong_is_said(tmp_path: Path, small: Batches, damage: Any, says: str, wrapping: str) -> None:
    files = python_files(small)
    damage(files)
    place = in_folder(tmp_path / "a", files) if wrapping == "folder" else in_tar(tmp_path / "a.tar.gz", files)
    with pytest.raises(DataError, match=says) as caught:
        load(place)
    assert str(place) in str(caught.value)
    assert "data_batch_3" in str(caught.value)


def test_binary_files_that_are_wrong(tmp_path: Path, small: Batches) -> None:
    files = binary_files(small)
    for content, says in (
        (files["test_batch.bin"][:-1], "no whole number of images"),
        (files["test_batch.bin"][:-3073], "3 images"),
        (b"\x0a" + files["test_batch.bin"][1:], "label 10 of image 0"),
    ):
        place = in_folder(tmp_path / says, files | {"test_batch.bin": content})
        with pytest.raises(DataError, match=says):
            load(place)


def test_archives_that_are_wrong(tmp_path: Path, small: Batches, monkeypatch: pytest.MonkeyPatch) -> None:
    good = in_tar(tmp_path / "good.tar.gz", python_files(small)).read_bytes()
    packed = lzma.compress(b"\0" * 5000)
    for name, content, says in (
        ("cut.tar.gz", good[: len(good) // 2], "damaged or cut short"),
        ("head.tar.gz", good[:5], "damaged or cut short"),
        ("cut.tar.xz", packed[:-20], "damaged or cut short"),
        ("other.tar.gz", in_tar(tmp_path / "o", {"readme": b"x"}).read_bytes(), "not whole"),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(DataError, match=says) as caught:
            load(path)
        assert str(path) in str(caught.value)
    monkeypatch.setattr(archive, "MOST_BYTES", 20_000)
    with pytest.raises(DataError, match="unpacks to more than"):
        load(tmp_path / "good.tar.gz")
    monkeypatch.setattr(cifar, "_MOST_BYTES", 5_000)
    for place in (in_folder(tmp_path / "folder", python_files(small)), tmp_path / "good.tar.gz"):
        with pytest.raises(DataError, match="bytes"):
            load(place)


def test_links_in_an_archive_are_not_followed(tmp_path: Path, small: Batches) -> None:
    files = python_files(small)
    secret = tmp_path / "secret"
    secret.write_bytes(files.pop("test_batch"))
    path = in_tar(tmp_path / "a.tar", files, "w")
    with tarfile.open(path, "a") as tar:
        link = tarfile.TarInfo("test_batch")
        link.type, link.linkname = tarfile.SYMTYPE, str(secret)
        tar.addfile(link)
    with pytest.raises(DataError, match="test_batch missing"):
        load(path)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data(), mode=st.sampled_from(["w", "w:gz", "w:xz"]))
def test_damaged_archives_end_in_data_errors_only(
    tmp_path: Path, small: Batches, data: st.DataObject, mode: str
) -> None:
    path = tmp_path / "a.tar"
    content = bytearray(in_tar(path, {name: b"x" for name in NAMES} | {"long" * 60: b""}, mode).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    del content[data.draw(st.integers(1, len(content) + 500)) :]
    path.write_bytes(content)
    for read in (lambda: list(archive.members(path, frozenset(NAMES), 100)), lambda: load(path)):
        with contextlib.suppress(DataError):
            read()


def test_the_official_files(official: Path, tmp_path: Path) -> None:
    """The archive in the official form: pixels whose sum is known, the second start from the decoded copy."""
    place = official / "cifar-10"
    if not place.is_dir():
        pytest.skip("no CIFAR-10 among the official data")
    first = load("cifar10", data_dir=official, download=False)
    again = load("cifar10", data_dir=official, download=False)
    assert first.test is not None and again.test is not None
    for one, two in ((first.train, again.train), (first.test, again.test)):
        np.testing.assert_array_equal(one.images, two.images)
        np.testing.assert_array_equal(one.labels, two.labels)
    assert (len(first.train), len(first.test)) == (50_000, 10_000)
    assert np.bincount(first.train.labels).tolist() == [5000] * 10
    # The published statistics of the training set.
    mean = first.train.images.reshape(-1, 3).mean(axis=0) / 255
    np.testing.assert_allclose(mean, [0.49140, 0.48216, 0.44653], atol=1e-5)
    # The md5 of the array in the official data_batch_1, as Python's pickle reads it: axes are right.
    planes = first.train.images[:10_000].transpose(0, 3, 1, 2)
    assert hashlib.md5(planes.tobytes()).hexdigest() == PLANES_MD5
    assert first.train.labels[:5].tolist() == [6, 9, 9, 4, 1]


PLANES_MD5 = "e089133f4b27fe2499933fb92fbbcc51"
