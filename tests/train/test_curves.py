"""The picture of loss and accuracy."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from striate.errors import ArgumentError
from striate.look.curves import MOST_DOTS, curves, save_png
from striate.train.loop import Report


def history(epochs: int, steps: int, validated: bool = True) -> list[Report]:
    """A run whose loss is 1/step; validation is 0.1 above it."""
    total, reports = epochs * steps, []
    for step in range(1, total + 1):
        epoch = (step - 1) // steps + 1
        figures = (epoch, epochs, step, total, 1 / step, 1 - 1 / step, 0.01, 1000.0, 1.0)
        reports.append(Report("step", *figures))
        if step % steps == 0:
            extra = (1 / step + 0.1, 0.9 - 1 / step) if validated else (None, None)
            reports.append(Report("epoch", *figures, *extra))
    return reports


def test_the_lines_are_the_history() -> None:
    figure = curves(history(3, 4), "a title", test_accuracy=0.75)
    loss, accuracy = figure.axes
    steps, means, validation = loss.lines
    assert np.allclose(steps.get_xdata(), np.arange(1, 13) / 4)
    assert np.allclose(steps.get_ydata(), 1 / np.arange(1, 13))
    assert np.allclose(means.get_xdata(), [0.5, 1.5, 2.5])
    assert np.allclose(validation.get_xdata(), [1, 2, 3])
    assert np.allclose(validation.get_ydata(), [1 / 4 + 0.1, 1 / 8 + 0.1, 1 / 12 + 0.1])
    labels = [text.get_text() for text in accuracy.get_legend().get_texts()]
    assert labels == ["training 91.7%", "validation 81.7%", "test 75.0%"]
    assert figure.get_suptitle() == "a title"


def test_many_steps_are_averaged_and_still_true() -> None:
    loss = curves(history(2, 3001)).axes[0].lines[0]
    assert len(loss.get_xdata()) == MOST_DOTS
    values = 1 / np.arange(1, 6003)
    weights = np.diff(np.linspace(0, 6002, MOST_DOTS + 1).astype(int))
    assert np.average(loss.get_ydata(), weights=weights) == pytest.approx(values.mean())


@pytest.mark.parametrize("validated", [True, False])
@pytest.mark.parametrize("part", [1, 3, 1000])
def test_a_run_can_be_drawn_wherever_it_stopped(tmp_path: Path, validated: bool, part: int) -> None:
    path = tmp_path / "run.png"
    save_png(curves(history(4, 5, validated)[:part]), path)
    with Image.open(path) as image:
        assert image.size == (1440, 624)
        # Not blank: ink of the training curve is there.
        assert len(image.convert("RGB").getcolors(1 << 24) or ()) > 20
    assert [each.name for each in tmp_path.iterdir()] == ["run.png"]


def test_nothing_cannot_be_drawn() -> None:
    with pytest.raises(ArgumentError, match="history is empty"):
        curves([])


def test_a_picture_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.png"
    path.write_bytes(b"an earlier picture")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save_png(curves(history(1, 3)), path)
    assert path.read_bytes() == b"an earlier picture"
    assert [each.name for each in tmp_path.iterdir()] == ["run.png"]
