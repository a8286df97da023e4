"""Every CONV gets a kernel for each direction, and the plan says why the others were not taken."""

import pytest

from corpus import CASES, LARGE, NETS
from striate.errors import ArgumentError
from striate.layers import Conv
from striate.notation import parse
from striate.plan.plan import plan
from striate.plan.target import TARGETS

TARGET = TARGETS["avx512"]
LINES = {**NETS, **LARGE, **CASES}


def test_exact_takes_direct_kernels_alone() -> None:
    kernels = plan(parse(NETS["tinyvgg"]), TARGET, 128, "softmax", exact=True).kernels
    assert {k.name for each in kernels.values() for k in (each.forward, each.data, each.weights)} == {"direct"}
    assert "not asked for" in str(kernels["conv1"].forward)


def test_deep_layers_take_winograd_both_ways() -> None:
    kernels = plan(parse(LARGE["vgg64"]), TARGET, 64, "softmax").kernels
    assert kernels["conv4"].forward.name == "winograd F(4x4, 3x3)"
    assert kernels["conv4"].data.name == "winograd F(4x4, 3x3)"
    assert kernels["conv4"].weights.name == "winograd F(4x4, 3x3) deep"
    assert "direct: " in str(kernels["conv4"].forward)


def test_stride_and_unusual_fields_are_direct_and_say_so() -> None:
    first = plan(parse(LARGE["alexnet"], fit="crop"), TARGET, 16, "softmax").kernels["conv1"].forward
    assert first.name == "direct" and "no winograd tile for 11x11" in str(first)
    strided = plan(parse("INPUT[9x9x3] - CONV[4, S=2] - FC[2]"), TARGET, 16, "softmax").kernels["conv1"].forward
    assert strided.name == "direct" and "winograd needs S=1, not 2" in str(strided)


@pytest.mark.parametrize("name", LINES)
def test_forced_kernels_are_taken_wherever_they_exist(name: str) -> None:
    network = parse(LINES[name], fit="crop")
    convs = {node.name: node.layer for node in network.nodes if isinstance(node.layer, Conv)}
    for unit, each in plan(network, TARGET, 16, "softmax", force="winograd").kernels.items():
        layer = convs[unit]
        plain = layer.field in (3, 5) and layer.stride == layer.dilation == layer.groups == 1
        for kernel in (each.forward, each.data, each.weights):
            assert ("winograd" in kernel.name) == plain


def test_unknown_kernel_is_refused() -> None:
    import striate

    with pytest.raises(ArgumentError, match="direct, winograd, deep"):
        striate.compile(parse(NETS["seed"]), kernels="fft")
