"""The file of layers that others publish figures for."""

from __future__ import annotations

import pytest
from benchmarks.layers import LAYERS, choose, parse_layers

from striate.layers import Conv
from striate.volume import Volume

ALL = parse_layers(LAYERS.read_text(encoding="utf-8"))


def test_the_file_holds_the_published_layers() -> None:
    sets = [name.split("-")[0] for name in ALL]
    assert {each: sets.count(each) for each in sets} == {"soumith": 5, "nnpack": 14, "resnet": 20}


def test_layers_of_each_set_are_what_they_should_be() -> None:
    first = ALL["soumith-L1"]
    assert (first.input, first.layer) == (Volume(128, 128, 3), Conv(96, field=11, stride=1, padding=0))
    assert ALL["nnpack-overfeat-c5"].layer.output(Volume(12, 12, 1024)) == Volume(12, 12, 1024)
    widths = {name: layer.layer.output(layer.input).width for name, layer in ALL.items()}
    for stage, width in {"conv1": 112, "r2-3x3": 56, "r3-3x3": 28, "r4-3x3": 14, "r5-3x3": 7}.items():
        assert widths[f"resnet-{stage}"] == width
    for stage, width in {"r3-down": 28, "r4-down": 14, "r5-down": 7}.items():
        assert widths[f"resnet-{stage}"] == width


def test_figures_count_the_plain_definition() -> None:
    layer = ALL["nnpack-vgg-c5"]
    assert layer.flops(16) == 2 * 512 * 512 * 3 * 3 * 14 * 14 * 16


def test_remarks_and_empty_lines_say_nothing() -> None:
    read = parse_layers("# one\n\na  INPUT[5x5x2] - CONV[3]  # two\n")
    assert {name: str(layer) for name, layer in read.items()} == {"a": "INPUT[5x5x2] - CONV[3]"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a INPUT[5x5x2] - CONV[3]\na INPUT[5x5x2] - CONV[4]", "line 2: there are two layers a"),
        ("\na INPUT[5x5x2] - POOL", "line 2: this is not one CONV"),
        ("a INPUT[5x5x2] - CONV[", "line 1: "),
        ("a", "line 1: "),
    ],
)
def test_mistakes_are_told_with_their_line(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_layers(text)


def test_a_filter_is_parts_of_names() -> None:
    assert list(choose(ALL, "soumith-L5,r5-3x3")) == ["soumith-L5", "resnet-r5-3x3"]
    assert choose(ALL, "") == ALL and choose(ALL, "no such") == {}
