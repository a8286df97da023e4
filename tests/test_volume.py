from __future__ import annotations

import pytest

from striate.errors import NotationError
from striate.volume import Volume


def test_a_volume_says_its_size_and_shape() -> None:
    volume = Volume(32, 16, 3)
    assert str(volume) == "[32x16x3]"
    assert volume.size == 1536
    assert volume.shape == (16, 32, 3)


def test_the_notes_inputs() -> None:
    assert Volume(32, 32, 3).size == 3072
    assert Volume(200, 200, 3).size == 120_000


@pytest.mark.parametrize("sizes", [(0, 1, 1), (1, -1, 1), (1, 1, 1.5), (True, 1, 1), ("3", 1, 1)])
def test_sizes_are_counts(sizes: tuple[int, int, int]) -> None:
    with pytest.raises(NotationError, match="whole number from 1"):
        Volume(*sizes)


def test_a_volume_can_be_a_key_and_never_changes() -> None:
    volume = Volume(1, 2, 3)
    assert {volume: 1}[Volume(1, 2, 3)] == 1
    with pytest.raises(AttributeError):
        volume.width = 5  # type: ignore[misc]
