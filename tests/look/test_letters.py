"""Class names in scripts that matplotlib's own font lacks: another font where there is one, else a sentence."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import striate
from striate.look import letters
from striate.look.paper import Paper, text_width
from striate.look.save import picture_bytes
from striate.preprocessing import Preprocessing
from striate.train.model import Model

font_manager = pytest.importorskip("matplotlib.font_manager")
builder = pytest.importorskip("fontTools.fontBuilder")
pens = pytest.importorskip("fontTools.pens.ttGlyphPen")

NAME = "Two Strange Letters"
HERE, NOWHERE = "\U0001f9ea\U0001f9eb", "\U0001f9ec"  # DejaVu Sans has none of them


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[None]:
    """A font with HERE, each letter a black square twice as wide as the size."""
    pen = pens.TTGlyphPen(None)
    for number, place in enumerate([(0, 0), (0, 1000), (2000, 1000), (2000, 0)]):
        (pen.lineTo if number else pen.moveTo)(place)
    pen.closePath()
    square = pen.glyph()
    font = builder.FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder([".notdef", "first", "second"])
    font.setupCharacterMap({ord(HERE[0]): "first", ord(HERE[1]): "second"})
    font.setupGlyf({name: square for name in (".notdef", "first", "second")})
    font.setupHorizontalMetrics({name: (2000, 0) for name in (".notdef", "first", "second")})
    font.setupHorizontalHeader(ascent=1000, descent=-200)
    font.setupOS2()
    font.setupPost()
    font.setupNameTable({"familyName": NAME, "styleName": "Regular"})
    font.save(tmp_path / "font.ttf")
    before = list(font_manager.fontManager.ttflist)
    font_manager.fontManager.addfont(tmp_path / "font.ttf")
    clear()
    yield
    font_manager.fontManager.ttflist[:] = before
    clear()


def clear() -> None:
    for cached in (letters._others, letters._letters_of, text_width):
        cached.cache_clear()


def drawn(text: str, bold: bool) -> np.ndarray:
    """Where there is ink in the picture of a text."""
    paper = Paper(200, 40)
    paper.text(4, 30, text, 20, bold=bold)
    with Image.open(io.BytesIO(picture_bytes(paper.figure))) as image:
        return np.asarray(image.convert("L")) < 128


@pytest.mark.parametrize("bold", [False, True])
def test_a_font_that_has_the_letter_is_taken(installed: None, caplog: pytest.LogCaptureFixture, bold: bool) -> None:
    assert letters.families(f"a {HERE[1]}") == [letters.OWN, NAME]
    assert letters.families("a") == [letters.OWN]
    assert abs(text_width(HERE, 20) - 80) < 1
    ink = drawn(HERE, bold)
    assert abs(ink.sum() - 20 * 80 * 2.5**2) < 0.03 * ink.sum()  # two black squares side by side
    paper = Paper(10, 10)
    paper.text(0, 0, f"a{HERE}", 8)
    assert letters.unreadable(paper.figure) == ""
    assert caplog.records == []  # matplotlib would write to stderr


def test_letters_that_no_font_has_are_named(installed: None) -> None:
    paper = Paper(10, 10)
    paper.text(0, 0, f"a{NOWHERE}b", 8)
    paper.text(0, 0, f"{HERE}{NOWHERE}", 8)
    assert letters.unreadable(paper.figure) == NOWHERE
    assert NOWHERE in letters.sentence(NOWHERE)


def test_what_is_not_drawn_is_not_missed() -> None:
    paper = Paper(10, 10)
    paper.text(0, 0, "a\u200bb\ufe0f\u00a0c", 8)
    assert letters.unreadable(paper.figure) == ""


def test_the_command_says_so(tmp_path: Path) -> None:
    network = striate.parse("INPUT[4x4x1] - FC[2]")
    parameters = {name: np.ones(shape, np.float32) for name, shape in network.parameter_shapes().items()}
    Model(network, parameters, ("\U000f0000 odd", "b"), Preprocessing((0.5,), (0.5,))).save(tmp_path / "m.striate")
    Image.new("L", (4, 4), 90).save(tmp_path / "x.png")
    command = [sys.executable, "-m", "striate.cli", "look", "m.striate", "x.png", "-o", "m.png"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stderr == f"striate: {letters.sentence(chr(0xF0000))}\n"
    assert (tmp_path / "m.png").read_bytes()[1:4] == b"PNG"
    assert done.stdout == "saved m.png\n"
