"""How a number came to be: the sum is the activation, and the receptive field is what changes it."""

from __future__ import annotations

import numpy as np
import pytest

from corpus import CASES, draw
from striate.notation import parse
from striate.web.explain import LISTED, NUMBERS, cut, explain, receptive_field


@pytest.mark.parametrize("case", CASES)
def test_the_sum_is_the_activation(case: str) -> None:
    network = parse(CASES[case])
    parameters, images, _ = draw(network, 1)
    singles = {name: values.astype(np.float32) for name, values in parameters.items()}
    made = network.activations(singles, images)
    numbers = {name: values[0].astype(np.float32) for name, values in made.items()}
    random = np.random.default_rng(3)
    for node in network.nodes[1:]:
        volume = node.output
        for _ in range(4):
            x, y, d = (int(random.integers(side)) for side in (volume.width, volume.height, volume.depth))
            told = explain(network, singles, numbers, node.name, (x, y, d))
            value = float(numbers[node.name][y, x, d])
            assert told["value"] == value and told["sum"] == pytest.approx(value, rel=1e-4, abs=1e-4)
            inputs = np.array(told["inputs"])
            window = told["window"]
            assert inputs.shape == (len(told["slices"]), window["height"], window["width"])
            before = numbers[told["input_layer"]]
            for row in range(window["height"]):
                for column in range(window["width"]):
                    at = window["y"] + row, window["x"] + column
                    inside = 0 <= at[0] < before.shape[0] and 0 <= at[1] < before.shape[1]
                    expected = before[at][told["slices"]] if inside else np.zeros(len(told["slices"]))
                    np.testing.assert_array_equal(inputs[:, row, column], expected)
            if "weights" in told:
                products = (inputs * np.array(told["weights"])).sum((1, 2))
                np.testing.assert_allclose(products, told["products"], rtol=1e-9, atol=1e-12)
                assert (told["bias"] is None) == (f"{node.name}.biases" not in parameters)
                whole = products.sum() + told["rest"] + (told["bias"] or 0.0)
                assert whole == pytest.approx(told["sum"], rel=1e-9, abs=1e-9)
            if "won" in told:
                assert inputs[0][tuple(told["won"])] == inputs.max() == told["sum"]


def test_of_a_deep_input_the_largest_products_are_listed() -> None:
    network = parse("INPUT[4x4x40] - FC[2]")
    parameters, images, _ = draw(network, 1)
    made = {"input": images[0].astype(np.float32), "fc1": network.activations(parameters, images)["fc1"][0]}
    told = explain(network, parameters, made, "fc1", (0, 0, 1))  # type: ignore[arg-type]
    weights = parameters["fc1.weights"][1].reshape(40, 4, 4)
    products = (weights * images[0].astype(np.float32).transpose(2, 0, 1)).sum((1, 2))
    assert told["slices"] == sorted(np.argsort(-np.abs(products))[:LISTED].tolist())
    assert told["rest"] == pytest.approx(np.delete(products, told["slices"]).sum())
    assert told["depth_of_input"] == 40


@pytest.mark.parametrize(("side", "listed"), [(30, 16), (100, 2), (160, 0)])
def test_of_large_windows_fewer_slices_are_listed(side: int, listed: int) -> None:
    network = parse(f"INPUT[{side}x{side}x20] - FC[2]")
    random = np.random.default_rng(0)
    weights = {"fc1.weights": random.random((2, side * side * 20), np.float32), "fc1.biases": np.zeros(2, np.float32)}
    made = {"input": random.random((side, side, 20), np.float32), "fc1": np.zeros((1, 1, 2), np.float32)}
    told = explain(network, weights, made, "fc1", (0, 0, 1))
    assert len(told["slices"]) == len(told["inputs"]) == len(told["weights"]) == len(told["products"]) == listed
    assert told["rest"] + sum(told["products"]) == pytest.approx(told["sum"])
    assert np.size(told["inputs"]) + np.size(told["weights"]) <= NUMBERS


def test_the_input_explains_itself() -> None:
    network = parse("INPUT[4x3x2] - FC[2]")
    made = {"input": np.arange(24, dtype=np.float32).reshape(3, 4, 2), "fc1": np.zeros((1, 1, 2), np.float32)}
    told = explain(network, {}, made, "input", (3, 1, 1))
    assert told["value"] == 15 and told["input_layer"] is None
    assert told["receptive_field"] == {"x": 3, "y": 1, "width": 1, "height": 1}


PROBED = [
    "INPUT[9x7x2] - CONV[3] - POOL[3x3, S=2] - CONV[2, 2x2, P=0] - FC[2]",
    "INPUT[10x10x1] - CONV[2, S=2, P=0, fit=pad] - CONV[2, S=2, fit=crop]",
    "INPUT[12x5x1] - POOL[2x2, S=2, fit=pad] - CONV[2, 3x3, S=1, P=2] - POOL[2x2, S=1, P=1]",
    "INPUT[11x11x1] - CONV[2, 5x5, S=3, P=0] - CONV[3, 3x3, P=1] - RELU",
    "INPUT[9x9x1] - CONV[2, 2x2, S=7, P=0] - CONV[1]",
    "INPUT[7x6x1] - CONV[2] - ( CONV[2] - POOL[3x3, S=1, P=1] | . )+ - { CONV[1, 1x1] | POOL[3x3, S=1, P=1] }",
    "INPUT[7x7x2] - ( CONV[2, S=2] | CONV[2, 1x1, S=2] )+ - { . | CONV[3] }",
]


@pytest.mark.parametrize("line", PROBED)
def test_the_receptive_field_is_where_a_pixel_changes_the_number(line: str) -> None:
    network = parse(line)
    parameters, images, _ = draw(network, 1, seed=2)
    # Positive throughout, and a large change: no maximum and no RELU hides a pixel.
    positive = {name: np.abs(values) + 0.1 for name, values in parameters.items()}
    base = np.abs(images) * 0.01
    before = network.activations(positive, base)
    height, width, _ = network.input.shape
    probes = np.repeat(base, height * width, axis=0)
    for place in range(height * width):
        probes[place, place // width, place % width] += 1000
    after = network.activations(positive, probes)
    for node in network.nodes:
        changed = np.abs(after[node.name] - before[node.name]).max(3) > 1e-9
        for y in range(node.output.height):
            for x in range(node.output.width):
                sees = changed[:, y, x].reshape(height, width)
                columns, rows = receptive_field(network, node.name, (x, x), (y, y))
                down, across = np.nonzero(sees)
                if len(down) == 0:
                    assert columns[0] > columns[1] or rows[0] > rows[1]
                    continue
                assert (columns, rows) == ((across.min(), across.max()), (down.min(), down.max())), (node.name, x, y)


def test_what_reaches_over_the_border_is_zero() -> None:
    volume = np.arange(1, 7, dtype=np.float64).reshape(2, 3, 1)
    assert cut(volume, (-1, 1), (2, 4))[:, :, 0].tolist() == [[0, 0, 0], [3, 0, 0], [6, 0, 0]]
    assert cut(volume, (5, 6), (0, 1)).sum() == 0
