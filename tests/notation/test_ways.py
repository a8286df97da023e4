"""Skips ( ... )+ and branches { ... | ... }: what is read, what is written, and how tables draw it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from striate.errors import ArgumentError, NotationError
from striate.layers import Add, Concat, Conv, Fc, Input, Relu
from striate.notation import Network, parse, summary
from striate.notation.network import Mark
from ways import rows

SAME = [
    ("INPUT[4x4x2] - (RELU|.)+", "INPUT[4x4x2] - ( RELU )+"),
    ("INPUT[4x4x2] -> {.|\nRELU\n|POOL3[S=1,P=1]\n} *2 - FC[1]",
     "INPUT[4x4x2] - [{ . | RELU | POOL[3x3, S=1, P=1] }]*2 - FC[1]"),
    ("INPUT[4x4x2] - [( [RELU]*2 ) +]*3", "INPUT[4x4x2] - [( [RELU]*2 )+]*3"),
    ("INPUT[4x4x2] - ( [RELU - RELU]*1 )+ - ( RELU - RELU )+", "INPUT[4x4x2] - [( [RELU]*2 )+]*2"),
    ("INPUT[4x4x2] - [( CONV[2] )+ - RELU]*2 - FC[1]", "INPUT[4x4x2] - [( CONV[2] )+ - RELU]*2 - FC[1]"),
    ("INPUT[4x4x2] - ( . | CONV[2] )+", "INPUT[4x4x2] - ( . | CONV[2] )+"),
    ("INPUT[4x4x2] - { {. | .} | . }", "INPUT[4x4x2] - { { . | . } | . }"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "canonical"), SAME)
def test_lines_have_one_canonical_text(line: str, canonical: str) -> None:
    network = parse(line)
    assert str(network) == canonical
    assert parse(canonical) == network


def test_names_inputs_and_volumes() -> None:
    network = parse("INPUT[9x9x3] - ( CONV[4, S=2] - RELU | CONV[4, 1x1, S=2] )+ - { . | CONV[6] }")
    assert [(node.name, node.inputs, str(node.output)) for node in network.nodes] == [
        ("input", (), "[9x9x3]"),
        ("conv1", ("input",), "[5x5x4]"),
        ("relu1", ("conv1",), "[5x5x4]"),
        ("conv2", ("input",), "[5x5x4]"),
        ("add1", ("relu1", "conv2"), "[5x5x4]"),
        ("conv3", ("add1",), "[5x5x6]"),
        ("concat1", ("add1", "conv3"), "[5x5x10]"),
    ]


def test_networks_differ_by_what_is_read() -> None:
    lines = ["( RELU - RELU )+", "( RELU )+ - RELU", "RELU - ( RELU )+", "( RELU | RELU )+"]
    assert len({parse(f"INPUT[4x4x2] - {line} - FC[1]") for line in lines}) == len(lines)


@settings(max_examples=200, deadline=None)
@given(rows())
def test_canonical_text_is_read_back_as_the_same_network(line: str) -> None:
    network = parse(line)
    assert parse(str(network)) == network
    assert str(parse(str(network))) == str(network)
    known: set[str] = set()
    for node in network.nodes:
        assert set(node.inputs) <= known, "each node comes after those that it reads"
        known.add(node.name)
    read = [name for node in network.nodes for name in node.inputs]
    assert set(read) == known - {network.nodes[-1].name}, "every volume has a reader"


def test_layers_and_marks_make_networks_in_python() -> None:
    first = [Input(4, 4, 2), Mark.FORK, Conv(2), Relu(), Mark.WAY, Relu(), Concat()]
    assert (
        str(Network.of([*first, Mark.FORK, Fc(3), Mark.WAY, Fc(3), Add()]))
        == "INPUT[4x4x2] - { CONV[2] - RELU | RELU } - ( FC[3] | FC[3] )+"
    )


WRONG = [
    ([Input(4, 4, 2), Relu(), Add()], "Mark.FORK before"),
    ([Input(4, 4, 2), Relu(), Mark.WAY], "Mark.FORK before"),
    ([Input(4, 4, 2), Mark.FORK, Relu(), Concat()], "two or more ways"),
    ([Input(4, 4, 2), Mark.FORK, Relu(), Mark.WAY, Mark.WAY, Add()], "one or two ways"),
    ([Input(4, 4, 2), Mark.FORK, Relu()], "no join"),
]  # fmt: skip


@pytest.mark.parametrize(("layers", "said"), WRONG, ids=[said for _, said in WRONG])
def test_marks_without_sense_are_refused(layers: list[object], said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        Network.of(layers)  # type: ignore[arg-type]
    with pytest.raises(NotationError, match="put INPUT first"):
        Network.of([Mark.FORK])


def test_the_table_draws_the_ways() -> None:
    first = "INPUT[8x8x4] - { . | CONV[2] - ( RELU - ( . )+ )+ - RELU | POOL[3x3, S=1, P=1] }"
    found = summary(parse(f"{first} - ( RELU | CONV[10] )+ - FC[2]"))
    assert [row.mark + row.name for row in found.rows] == [
        "input", "┌ conv1", "│ ┌ relu1", "│ │ add1", "│ └ add2", "│ relu2", "├ pool1", "└ concat1",
        "┌ relu3", "├ conv2", "└ add3", "fc1",
    ]  # fmt: skip
    assert [row.notation for row in found.rows if "add" in row.name or "concat" in row.name] == [
        "relu1 + relu1", "add1 + conv1", "input | relu2 | pool1", "relu3 + conv2",
    ]  # fmt: skip
    assert found.to_dict()["layers"][7]["inputs"] == ["input", "relu2", "pool1"]  # type: ignore[index]
    assert "│ └ add2  " in str(found)


def test_a_join_sees_what_all_of_its_ways_see() -> None:
    def sees(line: str) -> tuple[int, int]:
        return summary(parse(line)).rows[-1].receptive_field

    assert sees("INPUT[32x32x3] - { CONV[2, 5x5] | CONV[2, 1x1] - CONV[2] | . }") == (5, 5)
    assert sees("INPUT[33x33x3] - ( CONV[3] - CONV[3, S=2] | CONV[3, 1x1, S=2] )+ - CONV[2]") == (9, 9)
    # One window begins at the first number, the other one before it: 4 numbers together.
    assert sees("INPUT[8x8x3] - { CONV[2, S=2, P=0, fit=pad] | CONV[2, S=2, P=1, fit=crop] }") == (4, 4)


def test_counts_of_joins() -> None:
    rows = {row.name: row for row in summary(parse("INPUT[8x8x4] - ( CONV[4] )+ - { . | RELU }")).rows}
    assert (rows["add1"].connections, rows["add1"].flops, rows["add1"].parameters) == (2, 256, 0)
    assert (rows["concat1"].connections, rows["concat1"].flops) == (1, 0)
