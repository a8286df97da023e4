from __future__ import annotations

import json

import pytest

import golden_text
from corpus import CASES, LARGE, NETS
from striate.errors import ArgumentError
from striate.notation import parse, summary, table_text


def test_the_tables_read_well() -> None:
    golden_text.check("table_tinyvgg.txt", table_text(parse(NETS["tinyvgg"]), batch=128))
    golden_text.check("table_alexnet.txt", table_text(parse(LARGE["alexnet"])))


def test_published_totals() -> None:
    alexnet = summary(parse(LARGE["alexnet"])).totals
    assert alexnet.neurons == 659_272  # the paper: 650,000 neurons
    assert alexnet.parameters == 62_378_344  # without the paper's two groups
    vgg = summary(parse(LARGE["vgg16"])).totals
    assert vgg.parameters == 138_357_544  # the notes' 138M parameters
    assert vgg.parameter_bytes == 138_357_544 * 4 * 3


@pytest.mark.parametrize("name", [*NETS, *LARGE, *CASES])
def test_the_sums_and_the_shapes_agree(name: str) -> None:
    network = parse({**NETS, **LARGE, **CASES}[name])
    table = summary(network, batch=3)
    assert [row.output for row in table.rows] == [node.output for node in network.nodes]
    for column in (
        "neurons",
        "weights",
        "biases",
        "unshared",
        "activation_bytes",
        "parameter_bytes",
        "flops",
    ):
        assert getattr(table.totals, column) == sum(getattr(row, column) for row in table.rows)
    shapes = network.parameter_shapes()
    for row in table.rows:
        weights = shapes.get(f"{row.name}.weights", ())
        assert (row.weights > 0) == bool(weights)
        if len(weights) > 1:
            filters = row.neurons if row.notation.startswith("LOCAL") else weights[0]
            assert row.connections * filters == row.weights
            assert row.parameters <= row.unshared
            assert row.unshared == row.neurons * (row.connections + (row.biases > 0))
            assert row.flops == 2 * row.neurons * row.connections
        assert row.activation_bytes == 4 * 3 * row.output.size
        wide, high = row.receptive_field
        assert 1 <= wide <= network.input.width and 1 <= high <= network.input.height


def test_receptive_fields() -> None:
    def sees(line: str) -> list[tuple[int, int]]:
        return [row.receptive_field for row in summary(parse(line)).rows]

    assert sees("INPUT[64x64x3] - [CONV[2]]*3") == [(1, 1), (3, 3), (5, 5), (7, 7)]  # three 3x3 see 7x7
    assert sees("INPUT[32x32x3] - CONV[2, 5x5] - RELU - POOL - CONV[2] - FC[1]")[1:] == [
        (5, 5),
        (5, 5),
        (6, 6),
        (10, 10),
        (32, 32),
    ]
    assert sees("INPUT[9x3x1] - CONV[2, 7x7] - FC[1]")[1:] == [(7, 3), (9, 3)]


def test_the_json_holds_the_same_numbers() -> None:
    table = summary(parse(NETS["seed"]), batch=128)
    read = json.loads(table.to_json())
    assert read["network"] == NETS["seed"] and read["batch"] == 128
    assert read["layers"][1] == {
        "name": "conv1",
        "notation": "CONV[12, 5x5]",
        "output": [32, 32, 12],
        "neurons": 12288,
        "weights": 900,
        "biases": 12,
        "unshared": 12288 * 76,
        "connections": 75,
        "receptive_field": [5, 5],
        "activation_bytes": 128 * 12288 * 4,
        "parameter_bytes": 912 * 12,
        "flops": 2 * 75 * 12288,
        "inputs": ["input"],
        "parameters": 912,
    }
    assert read["totals"]["parameters"] == table.totals.parameters == 912 + 30730


@pytest.mark.parametrize("batch", [0, -1, 1.5, True, "8"])
def test_a_batch_is_a_count(batch: object) -> None:
    with pytest.raises(ArgumentError, match="batch is a number of images"):
        summary(parse(NETS["seed"]), batch)  # type: ignore[arg-type]


def test_sides_gaps_and_groups_are_counted() -> None:
    line = "INPUT[32x30x3] - CONV[8, dilation=2] - CONV[8, 3x5, S=1x2, groups=each, fit=pad] - CONV[4, 1x1, groups=2]"
    rows = summary(parse(f"{line} - POOL[2x3, S=2x1] - LOCAL[2, 3x1] - FC[10]")).rows[1:]
    assert [row.receptive_field for row in rows] == [(5, 5), (7, 9), (7, 9), (8, 13), (12, 13), (32, 30)]
    assert [row.connections for row in rows] == [27, 15, 4, 6, 12, 16 * 14 * 2]
    assert [row.weights for row in rows] == [8 * 27, 8 * 15, 4 * 4, 0, 16 * 14 * 2 * 12, 16 * 14 * 2 * 10]
    assert rows[1].unshared == 32 * 16 * 8 * (15 + 1) and rows[4].parameters == rows[4].unshared
