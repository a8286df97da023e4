"""Folders of class folders."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from striate.data import guard, load
from striate.errors import DataError
from striate.volume import Volume

VOLUME = Volume(4, 4, 3)


def photo(path: Path, shade: int = 0, size: tuple[int, int] = (8, 6), mode: str = "L") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size, shade).convert(mode).save(path)
    return path


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Two classes of two pictures; each picture is one shade, which tells where it came from."""
    for shade, name in enumerate(("cats/2.png", "cats/10.png", "dogs/a.JPG", "dogs/more/b.png")):
        photo(tmp_path / "pets" / name, shade * 10)
    return tmp_path / "pets"


def test_classes_and_order_are_sorted(pets: Path) -> None:
    splits = load(pets, volume=VOLUME)
    assert splits.test is None
    assert str(splits.train) == "pets: 4 images [4x4x3] uint8, 2 classes"
    assert splits.train.classes == ("cats", "dogs")
    assert splits.train.labels.tolist() == [0, 0, 1, 1]
    assert splits.train.images[:, 0, 0, 0].tolist() == [10, 0, 20, 30]
    assert load(pets, volume=Volume(2, 3, 1)).train.images.shape == (4, 3, 2, 1)


def test_without_a_volume_all_must_have_one_size(pets: Path) -> None:
    assert load(pets).train.volume == Volume(8, 6, 1)
    odd = photo(pets / "dogs" / "c.png", size=(9, 6))
    with pytest.raises(DataError, match=r"9x6 and .* is 8x6: say which size") as caught:
        load(pets)
    assert str(odd) in str(caught.value)


def test_hidden_files_are_passed_over(pets: Path) -> None:
    for name in (
        ".DS_Store",
        "cats/.hidden.png",
        "cats/Thumbs.db",
        "__MACOSX/x",
        ".git/config",
        "cats/.cache/a",
    ):
        (pets / name).parent.mkdir(exist_ok=True)
        (pets / name).write_bytes(b"no image")
    (pets / "LICENSE.txt").write_text("a file beside the class folders is no class")
    assert len(load(pets, volume=VOLUME).train) == 4


def test_what_is_no_image_is_named(pets: Path) -> None:
    for content, says in (
        (b"notes", "no image"),
        (b"", "empty"),
        (photo(pets / "cats/2.png").read_bytes()[:-30], "damaged|no image"),
    ):
        wrong = pets / "cats" / "notes.png"
        wrong.write_bytes(content)
        with pytest.raises(DataError, match=says) as caught:
            load(pets, volume=VOLUME)
        assert str(wrong) in str(caught.value)


def test_empty_class_folders_are_named(pets: Path) -> None:
    (pets / "birds" / ".hidden").mkdir(parents=True)
    with pytest.raises(DataError, match="no images in the class folder 'birds'") as caught:
        load(pets, volume=VOLUME)
    assert str(pets) in str(caught.value)


@pytest.mark.skipif(os.name == "nt", reason="bytes in names as on Unix")
def test_a_name_that_cannot_be_printed(pets: Path) -> None:
    photo(pets / "a\nb" / "x.png")
    with pytest.raises(DataError, match=r"'a\\nb' has no printable name"):
        load(pets, volume=VOLUME)


def test_no_class_folders(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no sub-folders"):
        load(tmp_path, volume=VOLUME)
    photo(tmp_path / "a.png")
    with pytest.raises(DataError, match="put the images of each class into a sub-folder"):
        load(tmp_path, volume=VOLUME)


@pytest.mark.skipif(os.name == "nt", reason="links as on Unix")
def test_links_do_no_harm(pets: Path) -> None:
    (pets / "loop").symlink_to(pets)
    (pets / "up").symlink_to(pets.parent)
    (pets / "cats" / "loop").symlink_to(pets / "cats")
    (pets / "cats" / "round").symlink_to(pets)
    with pytest.raises(DataError):  # links to folders are not followed, nor taken for images unnoticed
        raise DataError(str(load(pets, volume=VOLUME).train))
    assert load(pets, volume=VOLUME).train.labels.tolist() == [0, 0, 1, 1]
    (pets / "cats" / "one.png").symlink_to(pets / "dogs" / "a.JPG")
    (pets / "wolves").symlink_to(pets / "dogs")  # another class by link is what it says
    train = load(pets, volume=VOLUME).train
    assert train.classes == ("cats", "dogs", "wolves") and np.bincount(train.labels).tolist() == [3, 2, 2]
    broken = pets / "cats" / "gone.png"
    broken.symlink_to(pets / "nowhere.png")
    with pytest.raises(DataError, match="no such file") as caught:
        load(pets, volume=VOLUME)
    assert str(broken) in str(caught.value)
    (pets / "a").symlink_to(pets / "b")
    (pets / "b").symlink_to(pets / "a")
    broken.unlink()
    assert len(load(pets, volume=VOLUME).train.classes) == 3


def test_train_and_test_folders(pets: Path, tmp_path: Path) -> None:
    top = tmp_path / "set"
    top.mkdir()
    pets.rename(top / "train")
    photo(top / "val" / "dogs" / "x.png", 99)
    splits = load(top, volume=VOLUME)
    assert splits.test is not None
    assert splits.train.name == splits.test.name == "set"
    assert splits.test.classes == ("cats", "dogs") and splits.test.labels.tolist() == [1]
    photo(top / "val" / "birds" / "x.png")
    with pytest.raises(DataError, match=r"'birds'.*both need the same classes"):
        load(top, volume=VOLUME)


def test_one_folder_around_the_class_folders(pets: Path) -> None:
    outer = pets.parent / "unpacked"
    outer.mkdir()
    pets.rename(outer / "pets")
    assert load(outer, volume=VOLUME).train.classes == ("cats", "dogs")


def test_more_than_the_memory_is_refused(pets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "memory", lambda: 1000)
    with pytest.raises(DataError, match=r"4 images of \[64x64x3\], 49,152 bytes"):
        load(pets, volume=Volume(64, 64, 3))


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions that bind this user")
def test_a_folder_that_may_not_be_read(pets: Path) -> None:
    (pets / "cats").chmod(0)
    try:
        with pytest.raises(DataError, match="Permission denied"):
            load(pets, volume=VOLUME)
    finally:
        (pets / "cats").chmod(0o700)


def test_the_official_photographs(official: Path, tmp_path: Path) -> None:
    if not (official / "flower_photos_310.zip").is_file():
        pytest.skip("no flower photographs among the official data")
    with zipfile.ZipFile(official / "flower_photos_310.zip") as archive:
        archive.extractall(tmp_path)
    train = load(tmp_path, volume=Volume(32, 32, 3)).train
    assert train.classes == ("daisy", "dandelion", "roses", "sunflowers", "tulips")
    assert np.bincount(train.labels).tolist() == [62] * 5
    assert 40 < train.images.std() < 100
