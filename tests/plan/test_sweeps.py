"""The arithmetic below the plans: sweeps, splits, tiles, shapes, and what rides on what."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus import CASES, LARGE, NETS
from striate.layers.window import window
from striate.notation import parse
from striate.plan.fuse import fuse
from striate.plan.shape import Axis, Shape
from striate.plan.sweep import backward_sweeps, forward_sweep, split_evenly
from striate.plan.target import TARGETS, Target
from striate.plan.tiles import correlation_tile, fc_tiles, gradient_tile

WINDOWS = st.tuples(st.integers(1, 20), st.integers(1, 9), st.integers(1, 9), st.integers(0, 8)).flatmap(
    lambda t: st.just((t[0], t[1], t[2], min(t[3], t[1] - 1)))
)


@given(WINDOWS)
def test_backward_is_forward_turned_round(drawn: tuple[int, int, int, int]) -> None:
    """The same (position, result, weight) triples, and every position once."""
    size, field, stride, padding = drawn
    found = window(size, field, stride, padding, "pad")
    forward = forward_sweep(found.count, field, stride, found.before)
    there = {(stride * o + tap.offset, o, tap.weight) for o in range(found.count) for tap in forward.taps}
    inside = {triple for triple in there if 0 <= triple[0] < size}
    back, reached = set(), []
    for sweep in backward_sweeps(size, found.count, field, stride, found.before):
        for j in range(sweep.count):
            position = sweep.spread * j + sweep.first
            reached.append(position)
            back |= {(position, j * sweep.step + tap.offset, tap.weight) for tap in sweep.taps}
    assert sorted(reached) == list(range(size))
    assert {triple for triple in back if 0 <= triple[1] < found.count} == inside


@given(WINDOWS)
def test_the_reach_is_the_halo_and_no_more(drawn: tuple[int, int, int, int]) -> None:
    size, field, stride, padding = drawn
    found = window(size, field, stride, padding, "pad")
    sweeps = [(forward_sweep(found.count, field, stride, found.before), size)]
    sweeps += [(s, found.count) for s in backward_sweeps(size, found.count, field, stride, found.before)]
    for sweep, source in sweeps:
        touched = [sweep.step * j + tap.offset for j in range(sweep.count) for tap in sweep.taps]
        low, high = sweep.reach(source)
        if touched:
            assert (low, high) == (max(0, -min(touched)), max(0, max(touched) - source + 1))
        else:
            assert (low, high) == (0, 0)


@given(st.integers(1, 500), st.integers(1, 40))
def test_tiles_are_whole_and_nearly_equal(total: int, most: int) -> None:
    runs = split_evenly(total, most)
    at, widths = 0, []
    for start, width, repetitions in runs:
        assert start == at and repetitions >= 1 and 1 <= width <= most
        at += width * repetitions
        widths.append(width)
    assert at == total and len(runs) <= 2 and max(widths) - min(widths) <= 1
    assert sum(n for _, _, n in runs) == -(-total // most)  # no more tiles than must be


@given(
    st.integers(1, 300),
    st.integers(1, 40),
    st.integers(1, 60),
    st.integers(1, 11),
    st.integers(1, 4),
    st.sampled_from([1, 2]),
    st.sampled_from(list(TARGETS.values())),
)
def test_a_tile_fits_the_registers(
    filters: int, depth: int, columns: int, field: int, stride: int, unit: int, target: Target
) -> None:
    columns, registers = columns * unit, target.registers
    tile = correlation_tile(filters, columns, columns, field, stride, unit, registers)
    assert tile.rows == unit and tile.columns % unit == 0
    assert 1 <= tile.filters <= filters and unit <= tile.columns <= columns
    sums = tile.filters * tile.rows * tile.columns
    assert sums + 2 <= registers or sums == unit * unit  # one result and its window: there is no smaller tile
    sweep = forward_sweep(columns, field, stride, 0)
    weights = gradient_tile(filters, depth, sweep, sweep, target)
    assert 1 <= weights.rows <= columns
    assert 1 <= weights.filters <= filters and weights.field_rows in (1, field) and 1 <= weights.columns <= columns
    assert 1 <= weights.slices <= depth
    held = weights.filters * weights.slices * weights.field_rows * field
    assert held < registers or (weights.filters, weights.slices, weights.field_rows) == (1, 1, 1)


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS.keys())
def test_fc_tiles(target: object) -> None:
    tiles = fc_tiles(target)  # type: ignore[arg-type]
    assert min(tiles.forward, tiles.unroll, tiles.data, tiles.weights) >= 1


def units(line: str) -> list[str]:
    return [str(unit) for unit in fuse(parse(line))]


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ("CONV[3] - RELU - POOL - FC[2]", ["conv1 + relu1 + pool1", "fc1"]),
        ("CONV[3] - POOL - RELU - FC[2]", ["conv1 + pool1 + relu1", "fc1"]),
        ("CONV[3] - POOL - FC[2]", ["conv1 + pool1", "fc1"]),
        ("CONV[3] - RELU - RELU - FC[2]", ["conv1 + relu1", "relu2", "fc1"]),
        ("CONV[3] - RELU - POOL - RELU - FC[2]", ["conv1 + relu1 + pool1", "relu2", "fc1"]),
        ("CONV[3] - POOL - POOL - FC[2]", ["conv1 + pool1", "pool2", "fc1"]),
        ("CONV[3] - POOL[3x3, S=2, fit=crop] - FC[2]", ["conv1", "pool1", "fc1"]),
        ("CONV[3] - POOL[2x2, S=1] - FC[2]", ["conv1", "pool1", "fc1"]),
        ("CONV[3] - POOL[2x2, S=2, P=1] - FC[2]", ["conv1", "pool1", "fc1"]),
        ("CONV[3, 2x2, P=0] - POOL[fit=crop] - FC[2]", ["conv1 + pool1", "fc1"]),
        ("CONV[3, 2x2, P=0] - POOL[fit=pad] - FC[2]", ["conv1", "pool1", "fc1"]),
        ("RELU - CONV[3] - FC[2] - RELU", ["relu1", "conv1", "fc1 + relu2"]),
        ("POOL - FC[2] - RELU - RELU", ["pool1", "fc1 + relu1", "relu2"]),
        ("FC[3] - POOL[1x1, S=1]", ["fc1", "pool1"]),
    ],
)
def test_what_rides_on_what(layers: str, expected: list[str]) -> None:
    assert units(f"INPUT[8x8x2] - {layers}") == expected


@pytest.mark.parametrize("line", [*NETS.values(), *CASES.values(), *LARGE.values()])
def test_every_layer_is_in_one_unit(line: str) -> None:
    network = parse(line)
    made = fuse(network)
    assert tuple(node for unit in made for node in unit.nodes) == network.nodes[1:]
    assert Counter(unit.name for unit in made).most_common(1)[0][1] == 1
    for before, unit in pairwise(made):
        assert before.output == unit.input


def test_shapes() -> None:
    shape = Shape((Axis(3), Axis(5, 1, 2), Axis(4, 0, 1)))
    assert str(shape) == "lanes[3, 1+5+2, 0+4+1]" and shape.elements == 3 * 8 * 5
    assert shape.first == (0, -1, 0)
    assert shape.bytes(16) == 3 * 8 * 5 * 64 and shape.strides(16) == (8 * 5 * 64, 5 * 64, 64)
    assert Shape(shape.axes, "bytes").bytes(16) == 3 * 8 * 5 * 16
    assert Shape(shape.axes, "f32").strides(16) == (160, 20, 4)
    assert Shape(shape.axes, "u8").strides(8) == (40, 5, 1)
    assert Shape.of(2, 3) == Shape((Axis(2), Axis(3))) != Shape.of(2, 3, element="f32")
