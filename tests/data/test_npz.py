"""NumPy files with labelled images, and the embedded digits."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from striate import errors
from striate.data import load
from striate.data.npz import read_npz
from striate.errors import DataError
from striate.volume import Volume

IMAGES = np.arange(4 * 3 * 2, dtype=np.uint8).reshape(4, 3, 2, 1)
LABELS = np.array([0, 1, 2, 1])


def saved(path: Path, **arrays: Any) -> Path:
    np.savez(path, **({"images": IMAGES, "labels": LABELS} | arrays))
    return path


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_all_that_can_be_in_it(tmp_path: Path, save: Any) -> None:
    path = tmp_path / "set.npz"
    save(path, images=IMAGES, labels=LABELS, classes=["a", "b", "ü"], test_images=IMAGES[:1], test_labels=[2])
    splits = load(path)
    assert splits.test is not None and splits.train.name == "set"
    np.testing.assert_array_equal(splits.train.images, IMAGES)
    assert splits.train.labels.tolist() == [0, 1, 2, 1]
    assert splits.train.classes == splits.test.classes == ("a", "b", "ü")
    assert splits.test.labels.tolist() == [2]


def test_keras_names(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x_train=IMAGES, y_train=LABELS, x_test=IMAGES, y_test=LABELS + 1)
    splits = load(tmp_path / "a.npz")
    assert splits.test is not None
    assert splits.train.classes == splits.test.classes == ("0", "1", "2", "3")


@pytest.mark.parametrize("labels", [LABELS.astype(kind) for kind in ("u1", "i2", ">i4", "u8")])
@pytest.mark.parametrize(
    ("images", "dtype"),
    [
        (IMAGES, np.uint8),
        (IMAGES[..., 0], np.uint8),
        (np.asfortranarray(IMAGES), np.uint8),
        (IMAGES.astype(np.int64), np.uint8),
        (IMAGES.astype(np.float64), np.float32),
        (IMAGES.astype(">f4"), np.float32),
        (IMAGES.astype(np.float16), np.float32),
    ],
)
def test_types(tmp_path: Path, images: Any, dtype: Any, labels: Any) -> None:
    train = load(saved(tmp_path / "a.npz", images=images, labels=labels)).train
    assert train.images.dtype == dtype and train.labels.dtype == np.int64
    np.testing.assert_array_equal(train.images, IMAGES)


def _nan() -> Any:
    images = IMAGES.astype(np.float32)
    images[2, 1, 1, 0] = np.nan
    return images


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        (
            {"images": _nan()},
            "1 of 4 images have pixels that are NaN or infinite in float32, the first is image 2",
        ),
        ({"images": np.full((4, 2, 2), 1e300)}, "4 of 4 images"),
        ({"images": IMAGES.astype(int) - 1}, "pixels go from -1 to 22"),
        ({"images": IMAGES.astype(int) * 100}, "pixels go from 0 to 2300"),
        ({"images": IMAGES > 3}, "images are bool"),
        ({"images": IMAGES.astype(complex)}, "only plain numbers"),
        ({"images": IMAGES.astype(object)}, "no Python objects"),
        ({"images": IMAGES[0, 0]}, "images have shape"),
        ({"images": IMAGES[:0], "labels": LABELS[:0]}, "set is empty"),
        ({"images": IMAGES[:, :, :0]}, "set is empty"),
        ({"labels": LABELS.astype(float)}, "labels are float64: they must be whole numbers"),
        ({"labels": LABELS[:3]}, "4 images and 3 labels"),
        ({"labels": LABELS - 1}, "label -1 of image 0 is out of range"),
        ({"labels": np.array([0, 1, 2, 2**63], np.uint64)}, "out of range"),
        ({"labels": LABELS * 10**9}, "out of range"),
        ({"labels": np.eye(4, dtype=int)}, r"labels have shape \(4, 4\)"),
        ({"classes": ["a", "b"]}, r"label 2 of image 2 is out of range: labels are class numbers 0\.\.1"),
        ({"classes": [1, 2, 3]}, "classes are int64"),
        ({"classes": ["a", "a", "b"]}, "same name"),
        ({"classes": [b"\xff", b"b", b"c"]}, "class names"),
        ({"test_images": IMAGES}, "only one of test_images and test_labels"),
        ({"test_images": IMAGES[:, 1:], "test_labels": LABELS}, "both must be alike"),
        ({"x_train": IMAGES}, "two arrays that mean 'images'"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, arrays: Any, says: str) -> None:
    path = saved(tmp_path / "set.npz", **arrays)
    with pytest.raises(DataError, match=says) as caught:
        load(path)
    assert str(path) in str(caught.value)


def test_an_array_is_missing_or_the_zip_holds_something_else(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", images=IMAGES)
    with pytest.raises(DataError, match=r"no array 'labels' \(it has images\)"):
        load(tmp_path / "a.npz")
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.writestr("roses/1.jpg", b"x")
    with pytest.raises(DataError, match="unpack it and give the folder"):
        load(tmp_path / "photos.zip")
    with zipfile.ZipFile(tmp_path / "b.npz", "w") as archive:
        archive.writestr("images.npy", b"not an array")
    with pytest.raises(DataError, match="'images' in it is no NumPy array"):
        load(tmp_path / "b.npz")


def claiming(path: Path, shape: str, descr: str = "|u1", compression: int = zipfile.ZIP_DEFLATED) -> Path:
    """A file whose header claims that shape, and which holds 100 bytes."""
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("images.npy", b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header + bytes(100))
        labels = io.BytesIO()
        np.save(labels, LABELS)
        archive.writestr("labels.npy", labels.getvalue())
    return path


@pytest.mark.parametrize(
    "shape", ["(1000000, 1000, 1000, 3)", "(99999999999999999999, 9)", "(4, -1)", "(4,)*9", "(101,)"]
)
def test_a_header_that_claims_too_much(tmp_path: Path, shape: str) -> None:
    with pytest.raises(DataError, match=r"claims|header"):
        load(claiming(tmp_path / "a.npz", shape))


@pytest.mark.parametrize("descr", ["|O", "|V4", "[('a', '<f4')]", "<M8[s]", "<f3", "<U0"])
def test_types_that_are_not_read(tmp_path: Path, descr: str) -> None:
    with pytest.raises(DataError, match=r"only plain numbers|header|claims|damaged"):
        load(claiming(tmp_path / "a.npz", "(4, 5, 5)", descr))


def test_images_must_be_one_volume(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npz")
    assert load(path, volume=Volume(2, 3, 1)).train.volume == Volume(2, 3, 1)
    with pytest.raises(DataError, match=r"images are \[2x3x1\], the network's INPUT is \[32x32x3\]"):
        load(path, volume=Volume(32, 32, 3))
    first = np.zeros((4, 3, 8, 8), np.uint8)
    with pytest.raises(DataError, match="transpose"):
        load(saved(tmp_path / "b.npz", images=first), volume=Volume(8, 8, 3))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(data=st.data(), compress=st.booleans())
def test_damage_ends_in_data_errors_only(tmp_path: Path, data: st.DataObject, compress: bool) -> None:
    buffer = io.BytesIO()
    (np.savez_compressed if compress else np.savez)(buffer, images=IMAGES, labels=LABELS, classes=["a", "b", "c"])
    content = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    del content[data.draw(st.integers(0, len(content) * 3)) :]
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    try:
        str(read_npz(path).train)
    except DataError as error:
        assert str(path) in str(error)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(header=st.text(alphabet="{}'descrfotanhp_:()|<u148,TF eals10 9\n", max_size=90) | st.text(max_size=40))
def test_any_header_ends_in_data_errors_only(tmp_path: Path, header: str) -> None:
    raw = header.encode("utf-8", "replace")
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("images.npy", b"\x93NUMPY\1\0" + len(raw).to_bytes(2, "little") + raw)
    with pytest.raises(DataError):
        read_npz(path)


def test_digits_are_scikit_learns() -> None:
    datasets = pytest.importorskip("sklearn.datasets", reason="scikit-learn is not installed")
    theirs, ours = datasets.load_digits(), load("digits").train
    np.testing.assert_array_equal(ours.labels, theirs.target)
    np.testing.assert_array_equal(np.rint(ours.images[..., 0] / 255 * 16), theirs.images)
    assert ours.images.max() == 255 and ours.classes == tuple("0123456789")


def test_data_error_is_in_the_tree() -> None:
    assert issubclass(DataError, errors.StriateError)
