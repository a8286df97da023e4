"""What the tests of the data share: an empty place for every test, and the official sets."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Read before the fixture below hides it.
_GIVEN = os.environ.get("STRIATE_DATA")


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty cache, no data folder: no test meets the user's files or leaves any. Returns the cache."""
    cache = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("STRIATE_CACHE", str(cache))
    monkeypatch.delenv("STRIATE_DATA", raising=False)
    return cache


@pytest.fixture(scope="session")
def official() -> Path:
    """The folder with the official sets."""
    places = [Path(_GIVEN)] if _GIVEN else []
    places.append(Path(__file__).resolve().parents[3] / "shared" / "data")
    for place in places:
        if place.is_dir():
            return place
    pytest.skip("no official data: set STRIATE_DATA to a folder with cifar-10, mnist and fashion-mnist")
