"""Names, paths and the order in which places are looked at."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from test_idx import in_folder

from striate.data import NAMES, load
from striate.errors import DataError
from striate.volume import Volume


def test_names() -> None:
    assert NAMES == ("digits", "cifar10", "mnist", "fashion-mnist")
    assert str(load("Digits").train) == "digits: 1797 images [8x8x1] uint8, 10 classes"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("cifar1", "known names are digits, cifar10, mnist, fashion-mnist; did you mean cifar10?"),
        ("./digits", "no such file or folder"),
        ("", "no data set"),
        ("a\0b", "no data set"),
        ("~nobody-of-that-name/x", "no such file"),
        ("x" * 5000, "no data set"),
    ],
)
def test_nothing_of_that_name(text: str, says: str) -> None:
    with pytest.raises(DataError) as caught:
        load(text)
    assert says in str(caught.value)


@pytest.mark.parametrize("name", NAMES[1:])
def test_without_the_network_it_says_what_to_put_where(name: str, tmp_path: Path, alone: Path) -> None:
    for data_dir, target in ((tmp_path, tmp_path), (None, alone / "data")):
        with pytest.raises(DataError, match=rf"{name} is not on this machine.*put .*gz into .* --data-dir") as caught:
            load(name, data_dir=data_dir, download=False)
        assert str(target) in str(caught.value)


def test_the_volume_is_compared() -> None:
    with pytest.raises(DataError, match=r"digits: its images are \[8x8x1\], the network's INPUT is \[28x28x1\]"):
        load("digits", volume=Volume(28, 28, 1))


def test_places_in_order(tmp_path: Path, alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_folder(alone / "data" / "mnist", t10k_images=None, t10k_labels=None)
    env = in_folder(tmp_path / "env" / "MNIST" / "raw")
    given = in_folder(tmp_path / "given", train_labels=None)
    with pytest.raises(DataError) as caught:
        load("mnist", data_dir=given, download=False)
    for part in (f"{given} lacks train-labels-idx1-ubyte", f"{alone / 'data' / 'mnist'} lacks t10k"):
        assert part in str(caught.value)
    monkeypatch.setenv("STRIATE_DATA", str(env.parents[1]))
    assert len(load("mnist", data_dir=given, download=False).train) == 6


@pytest.mark.parametrize("folder", ["fashion-mnist", "fashion_mnist", "FashionMNIST", "Fashion-MNIST/raw"])
def test_spellings(tmp_path: Path, folder: str) -> None:
    in_folder(tmp_path / folder, ".", True)
    train = load("fashion_mnist", data_dir=tmp_path, download=False).train
    assert train.classes[9] == "Ankle boot"
    with pytest.raises(DataError, match="not on this machine"):
        load("mnist", data_dir=tmp_path, download=False)


def test_mnist_and_fashion_mnist_are_told_apart(official: Path) -> None:
    """Their files have the same names: a folder that holds one is not taken for the other."""
    if not (official / "fashion-mnist").is_dir():
        pytest.skip("no fashion-mnist among the official data")
    with pytest.raises(DataError, match="holds fashion-mnist"):
        load("mnist", data_dir=official / "fashion-mnist", download=False)


def test_one_file_of_a_set_and_other_files(tmp_path: Path) -> None:
    for zipped in (False, True):
        folder = in_folder(tmp_path / str(zipped), "-", zipped)
        for path in folder.iterdir():
            with pytest.raises(DataError, match="give the folder"):
                load(path)
    for name, content in (("a.txt", b"hello"), ("b.npz", b"hello"), ("empty.npz", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match=r"no data set|empty"):
            load(tmp_path / name)
    (tmp_path / "dead").symlink_to(tmp_path / "nowhere")
    with pytest.raises(DataError, match="no such file"):
        load(tmp_path / "dead")


def test_the_import_is_light() -> None:
    """What only some readers need is not imported before one of them runs."""
    heavy = ("PIL", "tarfile", "zipfile", "lzma", "bz2", "urllib.request", "ssl", "platformdirs", "sklearn")
    code = f"import striate.data, sys; print([name for name in {heavy!r} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
