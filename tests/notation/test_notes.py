"""Every number in the notes' text."""

from __future__ import annotations

import pytest

from striate.errors import FitError
from striate.layers import Conv, Fc
from striate.notation import parse, summary
from striate.notation.table import Row
from striate.volume import Volume


def rows(text: str, fit: str = "raise") -> tuple[Row, ...]:
    return summary(parse(text, fit)).rows


@pytest.mark.parametrize(("size", "weights"), [("32x32x3", 3072), ("200x200x3", 120_000)])
def test_weights_of_one_fully_connected_neuron(size: str, weights: int) -> None:
    neuron = rows(f"INPUT[{size}] - FC[1]")[1]
    assert (neuron.neurons, neuron.weights, neuron.biases, neuron.connections) == (1, weights, 1, weights)


def test_example_1_75_weights_and_a_bias() -> None:
    assert Conv(1, 5).parameter_shapes(Volume(32, 32, 3)) == {"weights": (1, 3, 5, 5), "biases": (1,)}
    one = rows("INPUT[32x32x3] - CONV[1, 5x5]")[1]
    assert (one.weights, one.biases, one.connections, one.receptive_field) == (75, 1, 75, (5, 5))


def test_example_2_180_connections() -> None:
    assert rows("INPUT[16x16x20] - CONV[4, 3x3]")[1].connections == 180


@pytest.mark.parametrize(
    ("size", "settings", "side"),
    [(7, "S=1, P=0", 5), (7, "S=2, P=0", 3), (5, "S=1, P=1", 5), (5, "S=2, P=1", 3), (5, "S=1, P=0", 3)],
)
def test_spatial_arrangement(size: int, settings: str, side: int) -> None:
    assert parse(f"INPUT[{size}x{size}x1] - CONV[1, 3x3, {settings}]").output == Volume(side, side, 1)


def test_stride_3_does_not_fit_across_5() -> None:
    with pytest.raises(FitError, match=r"\(5 - 3 \+ 2\*1\)/3 \+ 1 = 2.333 is no whole number"):
        parse("INPUT[5x5x1] - CONV[1, 3x3, S=3, P=1]")


def test_10_with_3_by_stride_2_is_4_and_a_half() -> None:
    line = "INPUT[10x10x1] - CONV[1, 3x3, S=2, P=0]"
    with pytest.raises(FitError, match=r"\(10 - 3 \+ 2\*0\)/2 \+ 1 = 4.5 is no whole number"):
        parse(line)
    assert parse(line, "pad").output == Volume(5, 5, 1)
    assert parse(line, "crop").output == Volume(4, 4, 1)


@pytest.mark.parametrize("field", [1, 3, 5, 7, 11])
def test_the_usual_padding_keeps_the_size(field: int) -> None:
    assert parse(f"INPUT[20x13x3] - CONV[4, {field}x{field}]").output == Volume(20, 13, 4)


def test_the_example_network() -> None:
    network = parse("[INPUT [32x32x3] - CONV [12] - RELU - POOL - FC [10]]")
    volumes = ["[32x32x3]", "[32x32x12]", "[32x32x12]", "[16x16x12]", "[1x1x10]"]
    assert [str(node.output) for node in network.nodes] == volumes


def test_the_real_world_example() -> None:
    network = parse("INPUT[227x227x3] - CONV[K=96, F=11, S=4, P=0]")
    assert network.output == Volume(55, 55, 96)
    first = summary(network).rows[1]
    assert first.neurons == 55 * 55 * 96 == 290_400
    assert first.connections == 11 * 11 * 3 == 363
    assert first.unshared == 290_400 * 364 == 105_705_600
    assert first.parameters == 34_944 and (first.weights, first.biases) == (34_848, 96)


def test_the_riddle_of_224() -> None:
    line = "INPUT[224x224x3] - CONV[K=96, F=11, S=4, P=0]"
    with pytest.raises(FitError, match=r"\(224 - 11 \+ 2\*0\)/4 \+ 1 = 54.25 is no whole number"):
        parse(line)
    network = parse(line, fit="pad")
    assert network.output == Volume(55, 55, 96)
    layer = network.nodes[1].layer
    assert isinstance(layer, Conv)
    assert [(w.before, w.after) for w in layer.windows(network.input)] == [(1, 2), (1, 2)]  # 3 pixels more


def test_a_score_for_each_of_ten_classes() -> None:
    assert Fc(10).output(Volume(16, 16, 12)) == Volume(1, 1, 10)
