"""The architecture: boxes as large as their volumes, on the scale that the picture names."""

from __future__ import annotations

from math import log2, sqrt
from typing import Any

import numpy as np
import pytest
from eyes import check_legible, texts
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

import striate
from corpus import CASES, LARGE, NETS
from striate.errors import ArgumentError, NotationError
from striate.look.boxes import RATIO, SCALES, choose_scale
from striate.notation.table import summary


def fronts(figure: Figure) -> list[tuple[float, float]]:
    """Width and height of the front of every box: the first of its three faces."""
    faces = [patch.get_xy()[:4] for patch in figure.axes[0].patches if isinstance(patch, Polygon)]
    return [(float(np.ptp(face[:, 0])), float(np.ptp(face[:, 1]))) for face in faces[::3]]


@pytest.mark.parametrize(("scale", "length"), [("linear", float), ("sqrt", sqrt), ("log", lambda n: log2(1 + n))])
def test_boxes_are_to_scale(scale: str, length: Any) -> None:
    network = striate.parse("INPUT[32x24x3] - CONV[10] - RELU - POOL - CONV[20] - RELU - POOL - FC[16]")
    figure = striate.look.architecture(network, scale=scale)
    volumes = [node.output for node in network.nodes if node.layer.kind != "RELU"]
    found = fronts(figure)
    unit = found[0][1] / length(24)
    assert len(found) == len(volumes)
    for (depth, height), volume in zip(found, volumes, strict=True):
        assert (depth, height) == pytest.approx((unit * length(volume.depth), unit * length(volume.height)))
    assert SCALES[scale][1] in " ".join(text.get_text() for text in figure.axes[0].texts)


def test_the_words_are_those_of_the_table() -> None:
    network = striate.parse(NETS["convnetjs"])
    figure = striate.look.architecture(network)
    rows = [row for row in summary(network).rows if not row.name.startswith("relu")]
    assert texts(figure, "size") == [str(row.output)[1:-1] for row in rows]
    wanted = []
    for row in rows[1:]:
        wanted += [f"{row.parameters:,} parameters"] if row.parameters else []
        wanted += ["sees {}x{}".format(*row.receptive_field)]
    assert texts(figure, "facts") == wanted
    assert texts(figure, "layer") == ["INPUT", *(node.layer.notation() for node in network.nodes[1:])]


@pytest.mark.parametrize("line", [*NETS.values(), *LARGE.values()], ids=str)
def test_the_scale_keeps_the_least_side_in_sight(line: str) -> None:
    network = striate.parse(line)
    sides = [side for node in network.nodes for side in node.output.shape if side > 1]
    name = choose_scale(network)
    ratios = {each: length(max(sides)) / length(min(sides)) for each, (length, _) in SCALES.items()}
    before = list(SCALES)[: list(SCALES).index(name)]
    assert all(ratios[each] > RATIO for each in before)
    assert ratios[name] <= RATIO


@pytest.mark.parametrize("line", [*NETS.values(), *LARGE.values(), *CASES.values()], ids=str)
def test_it_can_be_read(line: str) -> None:
    figure = striate.look.architecture(line)
    check_legible(figure)
    assert figure.get_size_inches()[0] * 96 <= 1300


def test_functions_stand_with_their_layer_and_maxout_makes_a_volume() -> None:
    figure = striate.look.architecture("INPUT[16x16x3] - CONV[4] - TANH - MAXOUT - FC[3] - LEAKY[0.2]")
    assert texts(figure, "layer") == ["INPUT", "CONV[4]", "TANH", "MAXOUT", "FC[3]", "LEAKY[0.2]"]
    assert texts(figure, "size") == ["16x16x3", "16x16x4", "16x16x2", "1x1x3"]


def test_dropout_stands_with_its_layer() -> None:
    figure = striate.look.architecture("INPUT[16x16x3] - CONV[4] - RELU - DROPOUT - POOL - FC[3]")
    assert texts(figure, "layer") == ["INPUT", "CONV[4]", "RELU", "DROPOUT", "POOL", "FC[3]"]
    assert texts(figure, "size") == ["16x16x3", "16x16x4", "8x8x4", "1x1x3"]
    # The names end above the highest box: y grows downwards.
    lowest = max(text.get_position()[1] for text in figure.axes[0].texts if text.get_gid() == "layer")
    assert lowest < min(patch.get_xy()[:, 1].min() for patch in figure.axes[0].patches)


def test_very_long_networks_lose_their_middle() -> None:
    figure = striate.look.architecture("INPUT[8x8x1] - [CONV[2] - RELU]*200 - FC[3]")
    assert len(fronts(figure)) == 60
    check_legible(figure)
    # 202 boxes in all: 142 of a CONV and its RELU are not there.
    assert "284 layers in the middle are left out" in " ".join(text.get_text() for text in figure.axes[0].texts)


def test_what_cannot_be_drawn() -> None:
    with pytest.raises(ArgumentError, match="scale is one of auto, linear, sqrt, log"):
        striate.look.architecture("INPUT[8x8x1] - FC[2]", scale="cubic")
    with pytest.raises(NotationError):
        striate.look.architecture("INPUT[8x8x1] - CONV")
    with pytest.raises(ArgumentError, match="not of int"):
        striate.look.architecture(3)  # type: ignore[arg-type]


def test_lines_lead_over_the_boxes_to_those_that_read_an_earlier_one() -> None:
    """In a row, one for each input that is not the box before; none where all boxes follow each other."""
    skip = "INPUT[8x8x4] - CONV[4] - RELU - ( CONV[4] - RELU - CONV[4] )+ - FC[3]"  # add1 reads relu1
    ways = "INPUT[8x8x4] - { CONV[2] | CONV[3, 1x1] - RELU } - FC[3]"  # conv2 reads input, concat1 reads conv1
    straight = "INPUT[8x8x4] - CONV[4] - RELU - CONV[4] - RELU - CONV[4] - FC[3]"
    counts = []
    for line in (skip, ways, straight):
        strokes = striate.look.architecture(line).axes[0].lines
        # A line over boxes goes up, across and down: four points, and the second as high as the third.
        paths = [np.array(stroke.get_xydata()) for stroke in strokes]
        over = [path for path in paths if len(path) == 4 and path[1, 1] == path[2, 1] and path[0, 0] == path[1, 0]]
        for path in over:
            assert path[1, 1] < min(path[0, 1], path[3, 1]) and path[3, 0] > path[0, 0]
        counts.append(len(over))
    assert counts == [1, 2, 0]
