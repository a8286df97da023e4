"""The data sets that a page may train on, and what a greeting says of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from striate.data.load import load
from striate.errors import ArgumentError, DataError
from striate.train.held_out import fingerprint, hold_out
from striate.volume import Volume
from striate.web.sets import FACTS, Sets


@pytest.mark.parametrize("name", FACTS)
def test_facts_are_those_of_the_data(name: str) -> None:
    try:
        splits = load(name, download=False)
    except DataError:
        pytest.skip(f"{name} is not on this machine")
    parts = hold_out(splits, 0.0, 0)
    assert FACTS[name] == (parts.train.volume, parts.train.classes, len(parts.train), len(parts.test))


def test_what_is_not_here_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STRIATE_DATA", raising=False)
    monkeypatch.setenv("STRIATE_CACHE", str(tmp_path))
    known = {each["name"]: each for each in Sets(tmp_path).describe()}
    assert "missing" not in known["digits"]
    for name in ("cifar10", "mnist", "fashion-mnist"):
        assert known[name]["missing"] and f"`striate serve LINE {name}`" in known[name]["why"]
    with pytest.raises(DataError, match="not on this machine"):
        Sets(tmp_path).material("mnist", Volume(28, 28, 1), 0)  # nothing is downloaded because a browser asked


@pytest.mark.parametrize("name", ["", "/etc", "..", "digits/", "DIGITS", "./digits", "\0", "digits.npz"])
def test_other_names_are_never_paths(name: str) -> None:
    with pytest.raises(ArgumentError, match="no data set that this server may read"):
        Sets().material(name, Volume(8, 8, 1), 0)


def test_runs_of_one_seed_share_their_images(tmp_path: Path) -> None:
    sets = Sets()
    one, same, other = (sets.material("digits", Volume(8, 8, 1), seed) for seed in (1, 1, 2))
    assert one is same and one is not other
    assert one.fingerprint == other.fingerprint == fingerprint(load("digits"))
    assert str(one.parts) == str(hold_out(load("digits"), 0.1, 1))
    with pytest.raises(DataError, match="8x8x1"):
        sets.material("digits", Volume(9, 9, 1), 0)


def test_what_was_given_is_kept_and_described(tmp_path: Path) -> None:
    images = np.zeros((30, 5, 4, 2), np.uint8)
    path = str(tmp_path / "own.npz")
    np.savez(path, images=images, labels=np.arange(30) % 3)
    sets = Sets(given=path)
    sets.keep(path, None, load(path))
    assert sets.describe()[0] == {
        "name": path, "volume": [4, 5, 2], "classes": ["0", "1", "2"], "train": 24, "test": 6,
    }  # fmt: skip
    Path(path).unlink()
    for seed in range(4):
        sets.material("digits", Volume(8, 8, 1), seed)
        assert len(sets.material(path, Volume(4, 5, 2), seed).parts.train) > 0
