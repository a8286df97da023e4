"""Networks with a name: their parameters to the digit, and the notes' table of VGG line by line."""

from __future__ import annotations

from itertools import pairwise

import pytest

from striate.errors import FitError, NotationError
from striate.layers import Lrn
from striate.notation import NAMED, parse, summary
from striate.notation.fixes import fixes
from striate.volume import Volume

VGG = {
    "vgg-11": ((64, 1), (128, 1), (256, 2), (512, 2), (512, 2)),
    "vgg-13": ((64, 2), (128, 2), (256, 2), (512, 2), (512, 2)),
    "vgg-16": ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)),
    "vgg-19": ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4)),
}

# (F, D, K) of every CONV, D as a filter sees it, and (inputs, outputs) of every FC, as in the publications.
LAYERS = {
    "lenet-5": ([(5, 1, 6), (5, 6, 16)], [(5 * 5 * 16, 120), (120, 84), (84, 10)]),
    "alexnet": (
        [(11, 3, 64), (5, 64, 192), (3, 192, 384), (3, 384, 256), (3, 256, 256)],
        [(6 * 6 * 256, 4096), (4096, 4096), (4096, 1000)],
    ),
    "alexnet-2012": (
        [(11, 3, 96), (5, 48, 256), (3, 256, 384), (3, 192, 384), (3, 192, 256)],
        [(6 * 6 * 256, 4096), (4096, 4096), (4096, 1000)],
    ),
    "zfnet": (
        [(7, 3, 96), (5, 96, 256), (3, 256, 384), (3, 384, 384), (3, 384, 256)],
        [(6 * 6 * 256, 4096), (4096, 4096), (4096, 1000)],
    ),
    "tiny-vgg": ([(3, 3, 10), *[(3, 10, 10)] * 5], [(4 * 4 * 10, 10)]),
    "convnetjs-cifar10": ([(5, 3, 16), (5, 16, 20), (5, 20, 20)], [(4 * 4 * 20, 10)]),
    "convnetjs-mnist": ([(5, 1, 8), (5, 8, 16)], [(4 * 4 * 16, 10)]),
}  # fmt: skip

# https://pytorch.org/vision/stable/models.html, "num_params" of each model's weights.
TORCHVISION = {
    "alexnet": 61_100_840,
    "vgg-11": 132_863_336,
    "vgg-13": 133_047_848,
    "vgg-16": 138_357_544,
    "vgg-19": 143_667_240,
    "resnet-18": 11_689_512,
    "resnet-34": 21_797_672,
    "resnet-50": 25_557_032,
    "googlenet": 6_624_904,
}

# The width and the number of groups of every stage, whether groups are deep, and the classes.
RESIDUAL = {
    "resnet-20": (((16, 3), (32, 3), (64, 3)), False, 10),
    "resnet-18": (((64, 2), (128, 2), (256, 2), (512, 2)), False, 1000),
    "resnet-34": (((64, 3), (128, 4), (256, 6), (512, 3)), False, 1000),
    "resnet-50": (((64, 3), (128, 4), (256, 6), (512, 3)), True, 1000),
}
# Slices before each inception group; filters of 1x1, of 1x1 and 3x3 twice, and of 1x1 behind the POOL.
INCEPTION = (
    (192, 64, 96, 128, 16, 32, 32), (256, 128, 128, 192, 32, 96, 64), (480, 192, 96, 208, 16, 48, 64),
    (512, 160, 112, 224, 24, 64, 64), (512, 128, 128, 256, 24, 64, 64), (512, 112, 144, 288, 32, 64, 64),
    (528, 256, 160, 320, 32, 128, 128), (832, 256, 160, 320, 32, 128, 128), (832, 384, 192, 384, 48, 128, 128),
)  # fmt: skip


def normed(convs: list[tuple[int, int, int]], fc: tuple[int, int]) -> int:
    """The parameters of CONVs without biases, each with BN behind it, and of an FC."""
    return sum(f * f * d * k + 2 * k for f, d, k in convs) + fc[0] * fc[1] + fc[1]


def residual(name: str) -> int:
    """The parameters of a residual net."""
    stages, deep, classes = RESIDUAL[name]
    before = stages[0][0]
    convs = [(3 if name == "resnet-20" else 7, 3, before)]
    for width, groups in stages:
        after = width * (4 if deep else 1)
        for turn in range(groups):
            convs += [(1, before, width), (3, width, width), (1, width, after)] if deep else []
            convs += [(3, before, width), (3, width, width)] if not deep else []
            convs += [(1, before, after)] if not turn and before != after else []
            before = after
    return normed(convs, (before, classes))


def inception() -> int:
    """The parameters of GoogLeNet."""
    convs = [(7, 3, 64), (1, 64, 64), (3, 64, 192)]
    for before, ones, narrow3, threes, narrow5, fives, pooled in INCEPTION:
        convs += [(1, before, ones), (1, before, narrow3), (3, narrow3, threes), (1, before, narrow5)]
        convs += [(3, narrow5, fives), (1, before, pooled)]
    return normed(convs, (1024, 1000))


def by_formula(name: str) -> int:
    """The parameters, without the code that counts them."""
    if name in RESIDUAL or name == "googlenet":
        return residual(name) if name in RESIDUAL else inception()
    if name in VGG:
        widths = [3] + [width for width, times in VGG[name] for _ in range(times)]
        convs = [(3, before, after) for before, after in pairwise(widths)]
        fcs = [(7 * 7 * 512, 4096), (4096, 4096), (4096, 1000)]
    else:
        convs, fcs = LAYERS[name]
    return sum(f * f * d * k + k for f, d, k in convs) + sum(n * m + m for n, m in fcs)


@pytest.mark.parametrize("name", NAMED)
def test_parameters_to_the_digit(name: str) -> None:
    network = parse(name)
    assert summary(network).totals.parameters == NAMED[name].parameters == by_formula(name)
    assert network.classes == NAMED[name].classes
    assert parse(str(network)) == network


@pytest.mark.parametrize("name", TORCHVISION)
def test_parameters_as_torchvision_counts_them(name: str) -> None:
    assert NAMED[name].parameters == TORCHVISION[name]


def test_lenet_against_its_paper() -> None:
    """156 and 48,120 and 10,164 as in the paper; its third layer has 1,516 since it leaves connections out."""
    rows = [row.parameters for row in summary(parse("lenet-5")).rows if row.parameters]
    assert rows == [156, 2416, 48_120, 10_164, 850]
    assert 156 + 12 + 1516 + 32 + 48_120 + 10_164 == 60_000  # the published number, with learned pooling: 12 and 32


def test_alexnet_against_its_paper() -> None:
    """The neurons that it names, but those of the first CONV: 55x55x96 are 290,400, as its own figure has them."""
    rows = {row.name: row for row in summary(parse("alexnet-2012")).rows}
    learning = [row for name, row in rows.items() if name.startswith(("conv", "fc"))]
    assert [row.output.size for row in learning] == [290_400, 186_624, 64_896, 64_896, 43_264, 4096, 4096, 1000]
    # Caffe's bvlc_alexnet, whose CONVs 2, 4 and 5 are in two groups: 60,965,224 in all.
    assert [row.parameters for row in learning] == [
        34_944, 307_456, 885_120, 663_936, 442_624, 37_752_832, 16_781_312, 4_097_000
    ]  # fmt: skip
    assert [row.parameters for row in rows.values() if row.notation.startswith("LRN")] == [0, 0]


def test_where_lrn_stands() -> None:
    """In AlexNet before the first two POOLs, in ZF net behind them; in the one tower of 2014 nowhere."""
    layers = {name: [node.layer.kind for node in parse(name).nodes] for name in ("alexnet", "alexnet-2012", "zfnet")}
    assert "LRN" not in layers["alexnet"]
    assert [after for kind, after in pairwise(layers["alexnet-2012"]) if kind == "LRN"] == ["POOL"] * 2
    assert [before for before, kind in pairwise(layers["zfnet"]) if kind == "LRN"] == ["POOL"] * 2
    norm = next(node.layer for node in parse("alexnet-2012").nodes if node.layer.kind == "LRN")
    assert norm == Lrn(5, alpha=5 * 0.0001, beta=0.75, k=2)


# The notes: layer, volume, "memory" as it is rounded there, weights without biases.
NOTES = """
INPUT [224x224x3] 150K 0
CONV3-64 [224x224x64] 3.2M 1,728
CONV3-64 [224x224x64] 3.2M 36,864
POOL2 [112x112x64] 800K 0
CONV3-128 [112x112x128] 1.6M 73,728
CONV3-128 [112x112x128] 1.6M 147,456
POOL2 [56x56x128] 400K 0
CONV3-256 [56x56x256] 800K 294,912
CONV3-256 [56x56x256] 800K 589,824
CONV3-256 [56x56x256] 800K 589,824
POOL2 [28x28x256] 200K 0
CONV3-512 [28x28x512] 400K 1,179,648
CONV3-512 [28x28x512] 400K 2,359,296
CONV3-512 [28x28x512] 400K 2,359,296
POOL2 [14x14x512] 100K 0
CONV3-512 [14x14x512] 100K 2,359,296
CONV3-512 [14x14x512] 100K 2,359,296
CONV3-512 [14x14x512] 100K 2,359,296
POOL2 [7x7x512] 25K 0
FC [1x1x4096] 4096 102,760,448
FC [1x1x4096] 4096 16,777,216
FC [1x1x1000] 1000 4,096,000
"""


def rounded(text: str) -> float:
    return float(text.rstrip("KM")) * {"K": 1e3, "M": 1e6}.get(text[-1], 1)


def test_the_table_of_the_notes_line_by_line() -> None:
    told = [line.split() for line in NOTES.split("\n") if line]
    rows = [row for row in summary(parse("vgg-16")).rows if not row.name.startswith(("relu", "dropout"))]
    assert len(rows) == len(told) == 22
    for row, (layer, volume, memory, weights) in zip(rows, told, strict=True):
        assert row.notation.startswith(layer.rstrip("0123456789-")) and str(row.output) == volume
        assert row.output.size == pytest.approx(rounded(memory), rel=0.01)
        assert f"{row.weights:,}" == weights
    assert sum(row.parameters for row in rows) == 138_357_544  # "138M parameters"
    assert sum(row.weights for row in rows[-3:-2]) > 100e6  # "the first FC layer contains 100M weights"


def test_the_slip_in_the_notes_sum() -> None:
    """The notes say 24M values, 93 MB. Their own lines add up to 15.2M, 61 MB."""
    lines = [line.split() for line in NOTES.split("\n") if line]
    values = [int(w) * int(h) * int(d) for w, h, d in (line[1].strip("[]").split("x") for line in lines)]
    assert sum(values) == 15_237_608
    assert round(sum(values) * 4 / 1e6) == 61


@pytest.mark.parametrize(
    ("text", "input", "classes"),
    [
        ("vgg-16", Volume(224, 224, 3), 1000),
        (" VGG16 ", Volume(224, 224, 3), 1000),
        ("vgg_16[]", Volume(224, 224, 3), 1000),
        ("vgg-16[64x64x3, 10]", Volume(64, 64, 3), 10),
        ("vgg-16[10,64 x 32 x 1]", Volume(64, 32, 1), 10),
        ("Vgg-16 [7]", Volume(224, 224, 3), 7),
        ("Tiny-VGG[8×8×1]", Volume(8, 8, 1), 10),
    ],
)  # fmt: skip
def test_other_images_and_classes(text: str, input: Volume, classes: int) -> None:
    network = parse(text)
    assert (network.input, network.classes) == (input, classes)


def test_a_mistake_in_a_bracket_is_pointed_at_there() -> None:
    with pytest.raises(NotationError) as caught:
        parse("vgg-16[64x0x3, 10]")
    assert (caught.value.position, caught.value.length) == (10, 1)
    assert ("H=1", "vgg-16[64x1x3, 10]") in fixes(caught.value)
    with pytest.raises(NotationError) as caught:
        parse("vgg-16[64x64x3, 0]")
    assert (caught.value.position, caught.value.length) == (16, 1)
    with pytest.raises(FitError, match=r"pool2 does not fit .* whose line striate nets shows"):
        parse("vgg-16[30x30x3]")


def test_a_name_that_is_almost_one() -> None:
    with pytest.raises(NotationError, match="did you mean alexnet") as caught:
        parse("alxnet")
    assert fixes(caught.value)[0] == ("alexnet", "alexnet")


@pytest.mark.parametrize("text", ["tiny-vgg - RELU", "INPUT[8x8x1] - tiny-vgg"])
def test_a_name_stands_alone(text: str) -> None:
    with pytest.raises(NotationError, match="its name stands alone, in place of a line, as in tiny-vgg"):
        parse(text)


def test_a_model_file_is_no_line() -> None:
    with pytest.raises(NotationError, match="a model file has no place here") as caught:
        parse(" my runs/digits.striate")
    assert (caught.value.position, caught.value.length) == (1, 22)
