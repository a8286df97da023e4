"""`striate look`: which picture is drawn for which words, where it is saved, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from command_line import TINY, Run
from PIL import Image

import striate
from striate.data.load import load


@pytest.fixture
def folder(trained: tuple[Path, str], tmp_path: Path) -> Path:
    """The model of the digits and a digit, beside what is drawn."""
    (tmp_path / "good.striate").write_bytes((trained[0] / "digits.striate").read_bytes())
    Image.fromarray(load("digits").train.images[3, :, :, 0]).save(tmp_path / "three.png")
    (tmp_path / "file.txt").write_text("some text")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["good.striate", "three.png"], "three-look.png"),
        (["good.striate", "three.png", "--slices", "0,3,60", "-o", "a.svg"], "a.svg"),
        (["good.striate", "three.png", "--dark", "--out", "a.pdf", "--threads", "1"], "a.pdf"),
        (["good.striate", "three.png", "--saliency"], "three-saliency.png"),
        (["good.striate", "--where", "three.png", "--class", "7"], "three-where.png"),
        (["good.striate", "--filters"], "good-filters.png"),
        (["good.striate", "--confusion"], "good-confusion.png"),
        (["good.striate", "--mistakes", "digits"], "good-mistakes.png"),
        (["good.striate"], "good-architecture.png"),
        ([TINY], "architecture.png"),
        (["INPUT[10x10x1] - CONV[4, S=2, P=0]", "--fit", "pad"], "architecture.png"),
        (["INPUT[8x8x1]" + " - CONV[4] - RELU" * 20], "architecture.png"),  # longer than a file's name can be
    ],
)
def test_it_draws_and_says_where(run: Run, folder: Path, words: list[str], name: str) -> None:
    before = {each.name for each in folder.iterdir()}
    done = run("look", *words)
    assert done.stdout == f"saved {name}\n"
    assert done.stderr == ""
    assert {each.name for each in folder.iterdir()} - before == {name}
    assert (folder / name).stat().st_size > 5000


def test_the_picture_is_that_of_python(run: Run, folder: Path) -> None:
    run("look", "good.striate", "three.png", "--slices", "0,3", "--dark")
    figure = striate.look.activations(folder / "good.striate", folder / "three.png", slices=[0, 3], dark=True)
    striate.look.save(figure, folder / "python.png")
    with Image.open(folder / "python.png") as one, Image.open(folder / "three-look.png") as other:
        # Kernels for one image may be cut otherwise in another process; a shade is no difference.
        assert np.abs(np.asarray(one, int) - np.asarray(other, int)).max() <= 1


def test_the_confusion_is_what_striate_test_prints(run: Run, folder: Path) -> None:
    said = run("test", "good.striate").stdout
    run("look", "good.striate", "--confusion", "-o", "c.svg")
    accuracy = re.search(r"accuracy (.*) \(", said)
    assert accuracy
    # Letters are outlines in the file, so the picture is drawn once more to be read.
    figure = striate.look.confusion(folder / "good.striate")
    words = [text.get_text() for text in figure.axes[0].texts]
    assert any(f"{accuracy[1]} recognised" in each for each in words)
    counts = {int(text.get_text()) for text in figure.axes[0].texts if text.get_gid() == "count"}
    printed = re.findall(r"^\d +\d+ +[\d.]+ % +(.*)$", said, re.M)
    assert counts == {int(cell) for row in printed for cell in row.split() if cell != "·"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["good.striate", "--filters", "--where"], "--filters and --where are two pictures"),
        (["good.striate", "--filters", "three.png"], "leave three.png out"),
        (["good.striate", "--saliency"], "--saliency needs an IMAGE"),
        (["good.striate", "--where"], "--where needs an IMAGE"),
        ([TINY, "three.png"], "has no weights"),
        ([TINY, "--filters"], "--filters needs a model file"),
        (["good.striate", "--filters", "--slices", "1"], "--slices"),
        (["good.striate", "three.png", "--slices", "1,b"], "such as 0,3,7"),
        (["good.striate", "three.png", "--slices", "64"], "the deepest volume has 0 to 63"),
        (["good.striate", "three.png", "--class", "3"], "--class"),
        (["good.striate", "three.png", "--where", "--class", "dog"], "the classes are 0, 1, 2"),
        (["good.striate", "three.png", "-o", "three.jpg"], ".png, .svg or .pdf"),
        (["good.striate", "three.png", "-o", "three.png"], "is what the picture is made of"),
        (["good.striate", "three.png", "-o", "nowhere/a.png"], "there is no folder nowhere"),
        (["good.striate", "three.png", "-o", "."], ".png, .svg or .pdf"),
        (["good.striate", "nothing.png"], "nothing.png"),
        (["good.striate", "file.txt"], "file.txt"),
        (["nothing.striate", "three.png"], "nothing.striate: there is no such file"),
        (["file.txt"], "file.txt"),
        (["good.striate", "--confusion", "nowhere"], "nowhere"),
        (["INPUT[8x8x1] - CONF[3]"], "^^^^"),
        (["INPUT[8x8x1] - CONV[4, S=3]"], "fit=pad"),
        ([], "MODEL"),
    ],
)
def test_a_mistake_is_one_clear_message(run: Run, folder: Path, words: list[str], message: str) -> None:
    done = run("look", *words, status=2)
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert sorted(each.name for each in folder.iterdir()) == ["file.txt", "good.striate", "three.png"]
