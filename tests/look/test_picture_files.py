"""Pictures as files: the same bytes each time, whole or not at all; and what notebooks show."""

from __future__ import annotations

import doctest
import errno
import io
import re
import subprocess
import sys
import xml.etree.ElementTree
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
from eyes import texts
from PIL import Image

import striate
import striate.look.palette
from striate.errors import ArgumentError
from striate.look.palette import COLOURS, contrast
from striate.look.paper import Paper, shortened, text_width, wrapped
from striate.look.pixels import grey, resampled, signed
from striate.train.model import Model


@pytest.mark.parametrize("ending", ["png", "svg", "pdf", "SVG"])
def test_the_same_picture_is_the_same_bytes(model: Model, image: Any, tmp_path: Path, ending: str) -> None:
    for number in (1, 2):
        striate.look.save(striate.look.activations(model, image), tmp_path / f"{number}.{ending}")
    first, second = ((tmp_path / f"{number}.{ending}").read_bytes() for number in (1, 2))
    assert first == second
    assert len(first) > 5000
    assert not re.search(rb"20[23]\d-\d\d-\d\d|CreationDate|D:20", first)


def test_another_process_writes_the_same_bytes(tmp_path: Path) -> None:
    script = "import striate, sys; striate.look.save(striate.look.architecture('INPUT[8x8x1] - FC[3]'), sys.argv[1])"
    for seed in ("1", "2"):
        subprocess.run([sys.executable, "-c", script, tmp_path / f"{seed}.svg"], check=True,
                       env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(striate.__file__).parents[1])})  # fmt: skip
    assert (tmp_path / "1.svg").read_bytes() == (tmp_path / "2.svg").read_bytes()


def test_each_format_is_what_it_says(model: Model, image: Any, tmp_path: Path) -> None:
    figure = striate.look.activations(model, image, dark=True)
    for ending in ("png", "svg", "pdf"):
        striate.look.save(figure, tmp_path / f"look.{ending}")
    with Image.open(tmp_path / "look.png") as picture:
        wide, high = (round(inches * 240) for inches in figure.get_size_inches())
        assert picture.size == (wide, high)
        assert picture.convert("RGB").getpixel((2, 2)) == (0x14, 0x18, 0x1D)
    root = xml.etree.ElementTree.parse(tmp_path / "look.svg").getroot()
    assert root.tag.endswith("svg")
    assert not re.search(r'href="(?!#|data:)', (tmp_path / "look.svg").read_text())
    assert (tmp_path / "look.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("name", ["look.jpg", "look", "look.png.txt", ".png"])
def test_an_unknown_ending(tmp_path: Path, name: str) -> None:
    with pytest.raises(ArgumentError, match=r"\.png, \.svg or \.pdf"):
        striate.look.save(striate.look.architecture("INPUT[8x8x1] - FC[3]"), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "look.svg"
    path.write_bytes(b"an earlier picture")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        striate.look.save(striate.look.architecture("INPUT[8x8x1] - FC[3]"), path)
    assert path.read_bytes() == b"an earlier picture"
    assert [each.name for each in tmp_path.iterdir()] == ["look.svg"]


def test_settings_of_matplotlib_change_nothing(tmp_path: Path) -> None:
    line = "INPUT[8x8x1] - CONV[3] - FC[3]"
    striate.look.save(striate.look.architecture(line), tmp_path / "1.png")
    with matplotlib.rc_context({"font.family": "serif", "axes.facecolor": "red", "savefig.dpi": 50, "font.size": 30,
                                "savefig.facecolor": "green", "savefig.bbox": "tight"}):  # fmt: skip
        before = dict(matplotlib.rcParams)
        striate.look.save(striate.look.architecture(line), tmp_path / "2.png")
        assert dict(matplotlib.rcParams) == before
    assert (tmp_path / "1.png").read_bytes() == (tmp_path / "2.png").read_bytes()


def test_letters_that_no_font_has_are_no_trouble(make_model: Callable[..., Model], tmp_path: Path) -> None:
    model = make_model("INPUT[2x2x1] - FC[2]", ("\U0001f408", "𒀀 and more"))
    striate.look.save(striate.look.activations(model, np.zeros((2, 2), np.uint8)), tmp_path / "cat.png")
    assert (tmp_path / "cat.png").stat().st_size > 5000


def test_a_notebook_shows_figures_and_models(model: Model) -> None:
    figure = striate.look.architecture(model.network)
    for data, shown in (figure._repr_png_(), model._repr_png_()):  # type: ignore[attr-defined]
        with Image.open(io.BytesIO(data)) as picture:
            assert picture.width == pytest.approx(2.5 * shown["width"], abs=2)
            assert picture.height == pytest.approx(2.5 * shown["height"], abs=2)
    assert model._repr_png_() == model._repr_png_()


class Table(HTMLParser):
    """The texts of the cells, row by row."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data.strip()


def test_a_notebook_shows_a_network_as_its_table() -> None:
    network = striate.parse("INPUT[8x8x1] - CONV[4] - RELU - POOL - FC[10]")
    page = network._repr_html_()
    table = Table()
    table.feed(page)
    assert [row[0] for row in table.rows] == ["layer", *(node.name for node in network.nodes), "total"]
    assert table.rows[2][:4] == ["conv1", "CONV[4]", "[8x8x4]", "36 + 4"]
    assert table.rows[-1][3] == "676 + 14"
    for kind in ("INPUT", "CONV", "RELU", "POOL", "FC"):
        assert COLOURS["light"][kind] in page
    assert "<script" not in page


@pytest.mark.parametrize("ground", ["light", "dark"])
def test_letters_can_be_told_from_their_ground(ground: str) -> None:
    colours = COLOURS[ground]
    for name, colour in colours.items():
        if name not in ("ground", "raised", "line"):
            assert contrast(colour, colours["ground"]) >= 4.5, name
    # The names of layers in a network's table are the ground's colour on the kind's.
    assert COLOURS["light"].keys() == COLOURS["dark"].keys()


def test_contrast_is_that_of_the_web_guidelines() -> None:
    # Figures of WebAIM's checker for grey #767676 and red #ff0000 on white.
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)
    assert contrast("#ff0000", "#ffffff") == pytest.approx(4.00, abs=0.005)


def test_texts_are_as_wide_as_they_are_drawn() -> None:
    for text, size, bold in (("10 most active of 512", 8.5, False), ("CONV", 10.5, True)):
        paper = Paper(400, 100)
        paper.text(10, 50, text, size, bold=bold)
        paper.figure.draw_without_rendering()
        drawn = paper.axes.texts[0].get_window_extent().width / 2.5
        assert text_width(text, size, bold) == pytest.approx(drawn, rel=0.03)


def test_words_are_wrapped_and_shortened() -> None:
    lines = wrapped("one two three four five six seven", 10, 60, 2)
    assert len(lines) == 2
    assert lines[1].endswith("…")
    assert all(text_width(line, 10) <= 60 for line in lines)
    assert shortened("W" * 500, 10, 50).endswith("…")


def test_numbers_become_greys_and_colours() -> None:
    values = np.array([[-1.0, 0.0, np.nan, 1.0]])
    assert grey(values, -1, 1)[0, :, 0].tolist() == [0, 128, 0, 255]
    assert grey(np.full((1, 2), 3.0), 3, 3).max() == 0
    assert signed(np.zeros((1, 1)), 0.0, COLOURS["dark"])[0, 0].tolist() == [0x1D, 0x23, 0x2B]


def test_making_smaller_keeps_the_mean_and_making_larger_repeats() -> None:
    random = np.random.default_rng(0)
    large = random.integers(0, 256, (60, 45, 3)).astype(np.uint8)
    small = resampled(large, 12, 15)
    wanted = large.reshape(12, 5, 15, 3, 3).mean((1, 3))
    assert np.abs(small - wanted).max() <= 1
    odd = resampled(large, 7, 11)
    assert odd.mean() == pytest.approx(large.mean(), abs=1)
    assert np.array_equal(resampled(large[:4, :3], 8, 9), large[:4, :3].repeat(2, 0).repeat(3, 1))


def test_the_examples_of_the_room() -> None:
    failed, tried = doctest.testmod(striate.look)
    assert tried > 0
    assert not failed


def test_pictures_are_loaded_when_they_are_wanted() -> None:
    script = (
        "import sys, striate\nassert 'striate.look' not in sys.modules\n"
        "striate.look.architecture\nassert 'matplotlib' not in sys.modules\nfrom striate import look\n"
        "assert look is striate.look\ntry:\n    striate.lock\nexcept AttributeError as error:\n    print(error)"
    )
    environment = {"PYTHONPATH": str(Path(striate.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert "no attribute 'lock'" in done.stdout


def test_pictures_leave_pyplot_alone(tmp_path: Path) -> None:
    script = (
        "import sys, striate\nfigure = striate.look.architecture('INPUT[8x8x1] - FC[3]')\n"
        "striate.look.save(figure, sys.argv[1])\nassert 'matplotlib.pyplot' not in sys.modules"
    )
    environment = {"PYTHONPATH": str(Path(striate.__file__).parents[1])}
    subprocess.run([sys.executable, "-c", script, tmp_path / "a.png"], check=True, env=environment)


def test_titles_can_be_given(model: Model, image: Any) -> None:
    for draw in (striate.look.activations, striate.look.saliency, striate.look.where):
        assert texts(draw(model, image, title="my own"), "title") == ["my own"]
    assert texts(striate.look.filters(model, title="my own"), "title") == ["my own"]
    assert texts(striate.look.architecture(model.network, title="my own"), "title") == ["my own"]
