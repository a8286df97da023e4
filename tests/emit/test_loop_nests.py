"""The text reading: one small kernel of every family, as golden/loops_*.txt keeps it for people to read."""

from __future__ import annotations

import pytest
from python_reading import first_call, make_plan, plan_for, shapes_of

import golden_text
from striate.emit.builder import Kernel
from striate.emit.index import Index
from striate.emit.input import input_forward, write_scores
from striate.emit.kernels import EMITTERS, SINGLE_EMITTERS
from striate.emit.program import emit_entry
from striate.emit.tensor import Tensor
from striate.emit.text import TextBuilder
from striate.emit.update import row_update
from striate.plan.shape import Shape
from striate.plan.update import DEFAULT

ALL = {**EMITTERS, **SINGLE_EMITTERS}

KERNELS = {
    "conv_forward": "INPUT[5x4x2] - CONV[5, 2x2, P=0] - RELU - FC[2]",
    "conv_data_gradient": "INPUT[4x4x1] - CONV[2, 1x1] - RELU - CONV[3, 2x2, S=2, P=0] - FC[2]",
    "conv_weight_gradient": "INPUT[4x3x2] - CONV[3, 2x2, P=0] - FC[2]",
    "bias_gradient": "INPUT[6x3x2] - CONV[3] - FC[2]",
    "unpool": "INPUT[4x4x2] - CONV[3] - RELU - POOL - FC[2]",
    "pool_forward": "INPUT[5x4x2] - POOL[2x2, S=2, fit=pad] - FC[2]",
    "pool_backward": "INPUT[5x5x2] - CONV[3] - RELU - POOL[3x3, S=2] - FC[2]",
    "average_forward": "INPUT[5x4x2] - POOL[2x2, S=2, fit=pad, average] - FC[2]",
    "average_backward": "INPUT[5x5x2] - CONV[3] - RELU - POOL[3x3, S=2, average] - FC[2]",
    "average_spread": "INPUT[5x4x2] - CONV[3] - RELU - GAP - FC[2]",
    "l2_forward": "INPUT[5x5x2] - CONV[3] - RELU - POOL[3x3, S=2, l2] - FC[2]",
    "l2_backward": "INPUT[3x3x2] - CONV[3] - RELU - POOL[2x2, S=1, l2] - FC[2]",
    "l2_spread": "INPUT[5x5x2] - CONV[3] - POOL[2x2, S=2, fit=crop, l2] - FC[2]",
    "lrn_forward": "INPUT[3x2x2] - CONV[5] - RELU - LRN[3] - FC[2]",
    "lrn_backward": "INPUT[3x2x2] - CONV[5] - RELU - LRN[3] - FC[2]",
    "relu_forward": "INPUT[3x2x2] - RELU - FC[2]",
    "relu_backward": "INPUT[3x2x2] - FC[3] - POOL[1x1, S=1] - RELU - FC[2]",
    "activation": "INPUT[3x2x2] - FC[3] - ELU[2] - FC[2]",
    "activation_forward": "INPUT[3x2x2] - SIGMOID - FC[2]",
    "activation_slope": "INPUT[3x2x2] - FC[3] - FC[2] - TANH - DROPOUT",
    "activation_backward": "INPUT[3x2x2] - FC[3] - RELU - GELU - FC[2]",
    "maxout_forward": "INPUT[3x2x4] - FC[4] - MAXOUT - FC[2]",
    "maxout_backward": "INPUT[3x2x4] - FC[4] - RELU - MAXOUT - FC[2]",
    "add_forward": "INPUT[3x2x2] - ( RELU )+ - RELU - FC[2]",
    "copy": "INPUT[3x2x2] - { . | RELU } - FC[2]",
    "mask_gradient": "INPUT[3x2x2] - { FC[3] - RELU | FC[2] } - FC[2]",
    "dropout": "INPUT[3x2x2] - DROPOUT - FC[2]",
    "dropout_scale": "INPUT[3x2x2] - FC[3] - RELU - DROPOUT - FC[2]",
    "bn_level": "INPUT[6x2x3] - CONV[3, 1x1] - BN - RELU - FC[2]",
    "bn_squares": "INPUT[6x2x3] - CONV[3, 1x1] - BN - RELU - FC[2]",
    "bn_statistics": "INPUT[6x2x3] - CONV[3, 1x1] - BN - RELU - FC[2]",
    "bn_forward": "INPUT[6x2x3] - CONV[3, 1x1] - BN - RELU - FC[2]",
    "bn_gradient_sums": "INPUT[6x2x3] - CONV[3, 1x1] - BN - RELU - FC[2]",
    "bn_learn": "INPUT[6x2x3] - CONV[3, 1x1] - BN - RELU - FC[2]",
    "bn_backward": "INPUT[6x2x3] - CONV[3, 1x1] - RELU - BN - FC[2]",
    "bn_scale": "INPUT[3x2x3] - BN - RELU - FC[2]",
    "bn_scale_backward": "INPUT[3x2x3] - CONV[3, 1x1] - RELU - BN - FC[2]",
    "clear_halo": "INPUT[3x2x2] - CONV[3] - RELU - CONV[2] - FC[2]",
    "fc_forward": "INPUT[3x3x1] - FC[3] - RELU",
    "fc_data_gradient": "INPUT[3x3x1] - FC[3] - RELU - FC[2]",
    "fc_weight_gradient": "INPUT[3x3x1] - FC[3]",
    "fc_update": "INPUT[3x3x1] - FC[3]",
    "softmax_loss": "INPUT[3x2x2] - FC[3]",
    "softmax_weighted_loss": "INPUT[3x2x2] - FC[3]",
    "svm_loss": "INPUT[3x2x2] - FC[3]",
    "svm_squared_loss": "INPUT[3x2x2] - FC[3]",
    "l2_loss": "INPUT[3x2x2] - FC[3]",
    "score_loss": "INPUT[3x2x2] - FC[3]",
    "winograd_forward": "INPUT[4x4x2] - CONV[3, 5x5] - RELU - FC[2]",
    "winograd_data_gradient": "INPUT[4x4x1] - CONV[2, 1x1] - RELU - CONV[3, 5x5] - FC[2]",
    "winograd_weight_gradient": "INPUT[4x4x2] - CONV[3, 5x5] - FC[2]",
    "deep_gradient": "INPUT[4x4x5] - CONV[3, 5x5] - FC[2]",
    "packed_forward": "INPUT[4x2x3] - CONV[3, 1x1] - RELU - FC[2]",
    "packed_data_gradient": "INPUT[4x3x2] - CONV[2, 1x1] - RELU - CONV[3, 1x1, S=2, P=0, fit=crop] - FC[2]",
    "packed_weight_gradient": "INPUT[3x2x5] - CONV[3, 1x1] - FC[2]",
    "depthwise_forward": "INPUT[5x4x2] - CONV[2, 2x2, P=0, groups=each] - RELU - FC[2]",
    "depthwise_data_gradient": "INPUT[4x3x2] - CONV[2, 1x1] - RELU - CONV[4, 1x2, P=0, groups=each] - FC[2]",
    "depthwise_backward": "INPUT[4x3x2] - CONV[2, 1x1] - RELU - CONV[2, 2x1, P=0, groups=each] - FC[2]",
    "single_grouped": "INPUT[5x4x2] - CONV[6, 2x2, P=0, groups=2] - RELU - FC[2]",
    "local_forward": "INPUT[4x3x2] - LOCAL[3, 2x2, P=0] - RELU - FC[2]",
    "local_data_gradient": "INPUT[3x3x1] - CONV[2, 1x1] - RELU - LOCAL[3, 2x2, P=0] - FC[2]",
    "local_weight_gradient": "INPUT[3x4x2] - LOCAL[3, 3x1] - FC[2]",
    "single_local": "INPUT[4x3x2] - LOCAL[3, 2x2, P=0] - RELU - FC[2]",
    "single_input": "INPUT[3x2x2] - FC[2]",
    "single_conv": "INPUT[5x4x2] - CONV[5, 2x2, P=0] - RELU - FC[2]",
    "single_winograd": "INPUT[4x4x2] - RELU - CONV[5, 5x5] - RELU - FC[2]",
    "single_pool": "INPUT[5x4x2] - POOL[2x2, S=2, fit=pad] - FC[2]",
    "single_average": "INPUT[5x4x2] - POOL[2x2, S=2, fit=pad, average] - FC[2]",
    "single_l2": "INPUT[4x4x2] - CONV[5] - POOL[l2] - FC[2]",
    "single_lrn": "INPUT[3x2x2] - CONV[5] - LRN - FC[2]",
    "single_relu": "INPUT[3x2x2] - RELU - FC[2]",
    "single_bn": "INPUT[3x2x3] - BN - RELU - FC[2]",
    "single_activation": "INPUT[3x2x2] - FC[3] - LEAKY - FC[2]",
    "single_maxout": "INPUT[3x2x4] - MAXOUT - FC[2]",
    "single_add": "INPUT[3x2x2] - ( RELU )+ - RELU - FC[2]",
    "single_concat": "INPUT[3x2x2] - { . | RELU | CONV[7, 1x1] } - FC[2]",
    "single_flatten": "INPUT[3x2x2] - FC[2]",
    "single_fc": "INPUT[3x3x1] - FC[3] - RELU",
}


@pytest.mark.parametrize("family", ALL)
def test_a_kernel_reads_well(family: str) -> None:
    line = KERNELS[family]
    made = plan_for(family, line)
    call = first_call(made, family)
    arguments = tuple(zip((*call.buffers, "image"), shapes_of(made, call), strict=False))
    b = TextBuilder(made.target.lanes)
    b.kernel(Kernel(family, arguments, lambda b, *t: ALL[family](b, *t, **dict(call.settings))))
    golden_text.check(f"loops_{family}.txt", "\n".join([line, "", *b.lines]))


@pytest.mark.parametrize("family", ["conv_forward", "single_conv"])
def test_a_fused_pool_reads_well(family: str) -> None:
    line = "INPUT[4x4x1] - CONV[2, 1x1] - RELU - POOL - FC[2]"
    made = make_plan(line)
    call = first_call(made, family)
    arguments = tuple(zip(call.buffers, shapes_of(made, call), strict=True))
    b = TextBuilder(made.target.lanes)
    b.kernel(Kernel(family, arguments, lambda b, *t: ALL[family](b, *t, **dict(call.settings))))
    golden_text.check(f"loops_{family}_pool.txt", "\n".join([line, "", *b.lines]))


ADDING = {
    "conv_data_gradient": "INPUT[3x2x2] - FC[3] - { CONV[2, 1x1] | . } - FC[2]",
    "fc_data_gradient": "INPUT[3x3x1] - FC[3] - RELU - ( FC[3] )+ - FC[2]",
    "pool_backward": "INPUT[4x4x2] - CONV[2, 1x1] - { POOL[2x2, S=1] | CONV[1, 2x2, P=0] } - FC[2]",
    "relu_backward": "INPUT[3x2x2] - FC[3] - ( RELU - FC[3] )+ - FC[2]",
}


@pytest.mark.parametrize("family", ADDING)
def test_a_gradient_that_adds_reads_well(family: str) -> None:
    made = make_plan(ADDING[family], force="direct", order="depth first")
    call = next(call for call in made.train if call.family == family and call.setting("add"))
    arguments = tuple(zip(call.buffers, shapes_of(made, call), strict=True))
    b = TextBuilder(made.target.lanes)
    b.kernel(Kernel(family, arguments, lambda b, *t: ALL[family](b, *t, **dict(call.settings))))
    golden_text.check(f"loops_{family}_adds.txt", "\n".join([ADDING[family], "", *b.lines]))


def test_a_bn_that_takes_an_add_along_reads_well() -> None:
    line = "INPUT[6x2x3] - ( CONV[3, 1x1] - BN )+ - RELU - FC[2]"
    made = make_plan(line, order="depth first")
    calls = [step for call in made.train for step in call.chain]
    assert "add_forward" not in [call.family for call in calls]
    call = next(call for call in calls if call.family == "bn_forward")
    arguments = tuple(zip(call.buffers, shapes_of(made, call), strict=True))
    b = TextBuilder(made.target.lanes)
    b.kernel(Kernel(call.family, arguments, lambda b, *t: ALL[call.family](b, *t, **dict(call.settings))))
    golden_text.check("loops_bn_forward_adds.txt", "\n".join([line, "", *b.lines]))


def named(b: TextBuilder, **shapes: Shape) -> list[Tensor]:
    return [Tensor(b, name, shape, name) for name, shape in shapes.items()]


def test_input_scores_and_update_read_well() -> None:
    b, f32 = TextBuilder(4), {"element": "f32"}
    b.say("input:")
    row = named(b, scales=Shape.of(2, **f32), shifts=Shape.of(2, **f32), line=Shape.of(6), x=Shape.of(2, 2, 3))
    images = named(b, **{f"image{i}": Shape.of(12, **f32) for i in range(4)})
    input_forward(b, *row, *images)
    b.say("scores:")
    write_scores(b, *named(b, y=Shape.of(3, 1, 1), out=Shape.of(8, 3, **f32)), Index.variable("first"))
    b.say("update:")
    wide = Shape.of(1024, **f32)
    row = named(b, w=wide, v=wide, g=Shape.of(3, 1024, **f32), settings=Shape.of(4, **f32))
    row_update(b, *row, update=DEFAULT, start=Index.variable("chunk") * 64, count=64, decay=True)
    golden_text.check("loops_around.txt", "\n".join(b.lines))


@pytest.mark.parametrize("entry", ["train_float", "scores_byte", "single_float", "single_prepare"])
def test_a_whole_program_reads_well(entry: str) -> None:
    line = "INPUT[4x4x1] - CONV[3] - RELU - POOL - FC[2]"
    b = TextBuilder(4)
    emit_entry(b, make_plan(line, batch=40), entry)
    shown = [text.replace(name, name.rsplit("_", 1)[0]) for text in b.lines for name in [_name(text)]]
    golden_text.check(f"program_{entry}.txt", "\n".join([line, "", *shown]))


def _name(text: str) -> str:
    """A called kernel's name, whose digest is nothing to read."""
    head = text.strip().split("(")[0]
    return head if "(" in text and "_" in head and " " not in head else "\0"


def test_a_called_kernel_follows_once() -> None:
    b = TextBuilder(4)
    emit_entry(b, make_plan("INPUT[4x4x1] - FC[3] - RELU - FC[3] - RELU - FC[3]"), "scores_float")
    called = [line.strip() for line in b.lines if line.strip().startswith("fc_forward")]
    assert len(called) == 3 and len({line.split("(")[0] for line in called}) == 3
    text = str(b)
    for line in called:
        assert text.count(f"\n{line.split('(')[0]}(") == 1
