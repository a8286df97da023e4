"""Every emitter and every halo, broken by one: the bounds-checked reading stops each with an IndexError."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from python_reading import first_call, make_plan, plan_for, run_kernel, shapes_of

from striate.emit.index import Index
from striate.emit.input import input_forward, write_scores
from striate.emit.kernels import EMITTERS, SINGLE_EMITTERS
from striate.emit.python import PythonBuilder
from striate.emit.tensor import Tensor
from striate.emit.update import row_update
from striate.plan.plan import Plan
from striate.plan.schedule import Call
from striate.plan.shape import Shape
from striate.plan.sweep import Sweep
from striate.plan.update import DEFAULT

#: A net for every family, with no halo where the family does not read it.
EXAMPLES = {
    "conv_forward": "INPUT[7x5x2] - CONV[3] - FC[2]",
    "conv_data_gradient": "INPUT[5x5x2] - CONV[2, 1x1] - CONV[3, 3x3] - FC[2]",
    "conv_weight_gradient": "INPUT[7x5x2] - CONV[3] - FC[2]",
    "bias_gradient": "INPUT[7x5x2] - CONV[3] - FC[2]",
    "unpool": "INPUT[8x4x2] - CONV[3] - RELU - POOL - FC[2]",
    "pool_forward": "INPUT[7x5x2] - CONV[3] - POOL[3x3, S=2] - FC[2]",
    "pool_backward": "INPUT[7x5x2] - CONV[3] - POOL[3x3, S=2] - FC[2]",
    "average_forward": "INPUT[7x5x2] - CONV[3] - POOL[3x3, S=2, average] - FC[2]",
    "average_backward": "INPUT[7x5x2] - CONV[3] - POOL[3x3, S=2, average] - FC[2]",
    "average_spread": "INPUT[6x5x2] - CONV[3] - RELU - GAP - FC[2]",
    "l2_forward": "INPUT[7x5x2] - CONV[3] - POOL[3x3, S=2, l2] - FC[2]",
    "l2_backward": "INPUT[7x5x2] - CONV[3] - POOL[3x3, S=2, l2] - FC[2]",
    "l2_spread": "INPUT[6x6x2] - CONV[3] - RELU - POOL[6x6, S=1, l2] - FC[2]",
    "lrn_forward": "INPUT[5x3x2] - CONV[3] - LRN[3] - FC[2]",
    "lrn_backward": "INPUT[5x3x2] - CONV[3] - LRN[3] - FC[2]",
    "relu_forward": "INPUT[3x2x2] - RELU - FC[2]",
    "relu_backward": "INPUT[3x2x2] - FC[3] - POOL[1x1, S=1] - RELU - FC[2]",
    "activation": "INPUT[3x2x2] - FC[3] - ELU - FC[2]",
    "activation_forward": "INPUT[3x2x2] - SILU - FC[2]",
    "activation_slope": "INPUT[3x2x2] - FC[3] - LEAKY - FC[2]",
    "activation_backward": "INPUT[3x2x2] - FC[3] - RELU - GELU - FC[2]",
    "maxout_forward": "INPUT[3x2x4] - CONV[4, 1x1] - MAXOUT - FC[2]",
    "maxout_backward": "INPUT[3x2x4] - CONV[4, 1x1] - RELU - MAXOUT - FC[2]",
    "dropout": "INPUT[3x2x2] - FC[3] - DROPOUT - FC[2]",
    "dropout_scale": "INPUT[3x2x2] - FC[3] - RELU - DROPOUT - FC[2]",
    "bn_level": "INPUT[3x2x3] - FC[3] - BN - FC[2]",
    "bn_squares": "INPUT[3x2x3] - BN - FC[2]",
    "bn_statistics": "INPUT[3x2x3] - FC[3] - BN - FC[2]",
    "bn_forward": "INPUT[3x2x3] - BN - FC[2]",
    "bn_gradient_sums": "INPUT[3x2x3] - BN - FC[2]",
    "bn_learn": "INPUT[3x2x3] - BN - FC[2]",
    "bn_backward": "INPUT[3x2x3] - CONV[3, 1x1] - BN - FC[2]",
    "bn_scale": "INPUT[3x2x3] - BN - FC[2]",
    "bn_scale_backward": "INPUT[3x2x3] - CONV[3, 1x1] - BN - FC[2]",
    "clear_halo": "INPUT[7x5x2] - CONV[3] - RELU - CONV[2] - FC[2]",
    "fc_forward": "INPUT[3x2x2] - FC[19]",
    "fc_data_gradient": "INPUT[3x3x2] - CONV[2, 1x1] - FC[3]",
    "fc_weight_gradient": "INPUT[3x3x2] - FC[15]",
    "fc_update": "INPUT[3x3x2] - FC[15]",
    "softmax_loss": "INPUT[3x2x2] - FC[3]",
    "softmax_weighted_loss": "INPUT[3x2x2] - FC[3]",
    "svm_loss": "INPUT[3x2x2] - FC[3]",
    "svm_squared_loss": "INPUT[3x2x2] - FC[3]",
    "l2_loss": "INPUT[3x2x2] - FC[3]",
    "score_loss": "INPUT[3x2x2] - FC[3]",
    "winograd_forward": "INPUT[5x4x2] - CONV[3] - RELU - FC[2]",
    "winograd_data_gradient": "INPUT[4x4x1] - CONV[2, 1x1] - RELU - CONV[4] - FC[2]",
    "winograd_weight_gradient": "INPUT[5x4x2] - CONV[2] - FC[2]",
    "deep_gradient": "INPUT[5x4x5] - CONV[2] - FC[2]",
    "packed_forward": "INPUT[5x4x2] - CONV[3, 1x1] - RELU - FC[2]",
    "packed_data_gradient": "INPUT[4x4x1] - CONV[2, 1x1] - RELU - CONV[2, 1x1] - FC[2]",
    "packed_weight_gradient": "INPUT[5x4x5] - CONV[3, 1x1] - FC[2]",
    "depthwise_forward": "INPUT[7x5x2] - CONV[2, groups=each] - FC[2]",
    "depthwise_data_gradient": "INPUT[5x5x2] - CONV[2, 1x1] - CONV[2, groups=each] - FC[2]",
    "depthwise_backward": "INPUT[5x5x2] - CONV[2, 1x1] - CONV[2, groups=each] - FC[2]",
    "single_grouped": "INPUT[7x5x2] - CONV[2, groups=each] - FC[2]",
    "local_forward": "INPUT[7x5x2] - LOCAL[3] - FC[2]",
    "local_data_gradient": "INPUT[5x5x2] - CONV[2, 1x1] - LOCAL[3] - FC[2]",
    "local_weight_gradient": "INPUT[7x5x2] - LOCAL[3] - FC[2]",
    "single_local": "INPUT[7x5x2] - LOCAL[3] - FC[2]",
    "single_input": "INPUT[3x2x2] - FC[2]",
    "single_conv": "INPUT[7x5x2] - CONV[5] - FC[2]",
    "single_winograd": "INPUT[4x4x2] - RELU - CONV[5] - FC[2]",
    "single_pool": "INPUT[7x5x2] - CONV[5] - POOL[3x3, S=2] - FC[2]",
    "single_average": "INPUT[7x5x2] - CONV[5] - POOL[3x3, S=2, average] - FC[2]",
    "single_l2": "INPUT[7x5x2] - CONV[5] - POOL[3x3, S=2, l2] - FC[2]",
    "single_lrn": "INPUT[3x2x2] - CONV[8] - LRN - FC[2]",
    "single_relu": "INPUT[3x2x5] - RELU - FC[2]",
    "single_bn": "INPUT[3x2x5] - BN - FC[2]",
    "single_activation": "INPUT[3x2x5] - TANH - FC[2]",
    "single_maxout": "INPUT[3x2x8] - MAXOUT - FC[2]",
    "single_add": "INPUT[3x2x5] - ( RELU )+ - FC[2]",
    "single_concat": "INPUT[3x2x5] - { . | RELU } - FC[2]",
    "add_forward": "INPUT[3x2x2] - ( RELU )+ - FC[2]",
    "copy": "INPUT[3x2x2] - { . | RELU } - FC[2]",
    "mask_gradient": "INPUT[3x2x2] - { FC[3] - RELU | FC[2] } - FC[2]",
    "single_flatten": "INPUT[3x2x2] - FC[2]",
    "single_fc": "INPUT[3x2x2] - FC[19]",
}


def example(family: str) -> tuple[Plan, Call]:
    made = plan_for(family, EXAMPLES[family])
    return made, first_call(made, family)


def test_there_is_an_example_of_every_family() -> None:
    assert EXAMPLES.keys() == {**EMITTERS, **SINGLE_EMITTERS}.keys()


@pytest.mark.parametrize("family", EXAMPLES)
def test_unbroken_they_stay_in_bounds(family: str) -> None:
    made, call = example(family)
    run_kernel(made, call, shapes_of(made, call))


# ---- halos that are too small
def narrowed(shape: Shape) -> Iterator[tuple[str, Shape]]:
    """The shape with each zero of its halo's edges left out in turn."""
    for i, axis in enumerate(shape.axes):
        for side in ("before", "after"):
            if getattr(axis, side):
                less = replace(axis, **{side: getattr(axis, side) - 1})
                yield f"axis {i} {side}", Shape((*shape.axes[:i], less, *shape.axes[i + 1 :]), shape.element)


READERS = {
    "conv_forward": 0,
    "conv_data_gradient": 0,
    "conv_weight_gradient": 0,
    "pool_forward": 0,
    "single_conv": 0,
    "single_pool": 0,
    "average_forward": 0,
    "average_backward": 0,
    "l2_backward": 0,
    "single_average": 0,
}
HALOED = {
    "conv_forward": ["INPUT[7x5x2] - CONV[3] - FC[2]", "INPUT[6x6x2] - CONV[3, 4x4, S=2, P=1] - FC[2]"],
    "conv_data_gradient": [
        EXAMPLES["conv_data_gradient"],
        "INPUT[9x9x2] - CONV[2, 1x1] - CONV[2, 5x5, S=2] - FC[2]",
    ],
    "conv_weight_gradient": [
        "INPUT[7x5x2] - CONV[3] - FC[2]",
        "INPUT[6x6x2] - CONV[3, 4x4, S=2, P=1] - FC[2]",
    ],
    "pool_forward": ["INPUT[5x5x2] - POOL[3x3, S=2, P=1] - FC[2]", "INPUT[5x7x2] - POOL[fit=pad] - FC[2]"],
}
AVERAGES = [line.replace("] - FC", ", average] - FC") for line in HALOED["pool_forward"]]
HALOED |= {"average_forward": AVERAGES, "single_average": AVERAGES}
HALOED |= {family: [EXAMPLES[family]] for family in ("average_backward", "l2_backward")}
HALOED |= {"single_conv": HALOED["conv_forward"], "single_pool": HALOED["pool_forward"]}


@pytest.mark.parametrize(("family", "line"), [(family, line) for family in READERS for line in HALOED[family]])
def test_a_halo_too_small(family: str, line: str) -> None:
    made = make_plan(line)
    call = first_call(made, family)
    shapes, at = shapes_of(made, call), READERS[family]
    broken = list(narrowed(shapes[at]))
    assert broken, "this example has no halo"
    for what, shape in broken:
        with pytest.raises(IndexError, match=r"is outside (lanes|f32)\["):
            run_kernel(made, call, [*shapes[:at], shape, *shapes[at + 1 :]])
            pytest.fail(f"{family} reads in bounds although {what} is one short")


# ---- loops that run once too often
class Recorder(PythonBuilder):
    """Notes the loops that a kernel has."""

    names: set[str]

    def range(self, stop: Any, name: str, step: int = 1, start: Any = 0) -> Iterator[Index]:
        type(self).names.add(name)
        return super().range(stop, name, step, start)


class OnceTooOften(PythonBuilder):
    """Every loop of one name has one turn more."""

    victim: str

    def range(self, stop: Any, name: str, step: int = 1, start: Any = 0) -> Iterator[Index]:
        return super().range(Index.of(stop) + (step if name == self.victim else 0), name, step, start)


#: Loops whose extra turn harms nobody: the sums' rows have a spare vector, which keeps them apart in the cache and may
#: be cleared too; of a part beyond the last filter nothing is done; a position of one image has room for whole vectors.
HARMLESS = {
    "winograd_weight_gradient": {"i"},
    "deep_gradient": {"i"},
    "packed_weight_gradient": {"i", "part"},
    "single_concat": {"rest"},
}


@pytest.mark.parametrize("family", EXAMPLES)
def test_a_loop_that_runs_once_too_often(family: str) -> None:
    made, call = example(family)
    shapes = shapes_of(made, call)
    Recorder.names = set()
    run_kernel(made, call, shapes, Recorder)
    harmless = HARMLESS.get(family, set())
    assert Recorder.names - harmless
    for name in Recorder.names - harmless:
        OnceTooOften.victim = name
        with pytest.raises(IndexError, match="is outside"):
            run_kernel(made, call, shapes, OnceTooOften)
            pytest.fail(f"{family} stays in bounds although its loop over {name} has a turn more")


# ---- sweeps that are shifted
def shifted(sweep: Sweep, by: int) -> Sweep:
    return replace(sweep, taps=tuple(replace(tap, offset=tap.offset + by) for tap in sweep.taps))


@pytest.mark.parametrize("by", [-1, 1])
@pytest.mark.parametrize("axis", ["rows", "columns"])
@pytest.mark.parametrize(
    "family",
    [
        "conv_forward",
        "conv_weight_gradient",
        "conv_data_gradient",
        "pool_forward",
        "pool_backward",
        "single_conv",
        "single_pool",
        "average_forward",
        "average_backward",
        "l2_forward",
        "l2_backward",
        "single_average",
    ],
)
def test_a_sweep_shifted_by_one(family: str, axis: str, by: int) -> None:
    made, call = example(family)
    settings = dict(call.settings)
    sweep = settings[axis]
    settings[axis] = tuple(shifted(s, by) for s in sweep) if isinstance(sweep, tuple) else shifted(sweep, by)
    with pytest.raises(IndexError, match="is outside"):
        run_kernel(made, replace(call, settings=tuple(settings.items())), shapes_of(made, call))


# ---- tensors that are one number short
def shortened(shape: Shape) -> Iterator[Shape]:
    """The shape with each axis one shorter in turn; a loop over the axis is shorter then too."""
    for i, axis in enumerate(shape.axes):
        if axis.size > 1:
            less = replace(axis, size=axis.size - 1)
            yield Shape((*shape.axes[:i], less, *shape.axes[i + 1 :]), shape.element)


@pytest.mark.parametrize("family", EXAMPLES)
def test_a_tensor_one_short(family: str) -> None:
    """Some tensor's axes drive the loops; every other tensor that is short is found out."""
    made, call = example(family)
    shapes, caught = shapes_of(made, call), set()
    for at, shape in enumerate(shapes):
        for short in shortened(shape):
            try:
                run_kernel(made, call, [*shapes[:at], short, *shapes[at + 1 :]])
            except IndexError:
                caught.add(at)
    alone = ("relu", "activation", "copy", "mask", "dropout", "bias", "bn_level", "bn_scale")
    few = family.startswith(alone) or family.endswith("loss")
    few |= family in ("single_relu", "single_activation", "single_maxout", "single_flatten")
    assert len(caught) >= (0 if family in ("clear_halo", "activation") else 1 if few else 2), caught


# ---- the kernels outside the schedule
def tensors(b: PythonBuilder, **shapes: Shape) -> dict[str, Tensor]:
    return {n: Tensor(b, n, s, np.zeros(s.bytes(b.lanes), np.uint8)) for n, s in shapes.items()}


def builder() -> PythonBuilder:
    made = make_plan("INPUT[3x2x2] - FC[2]")
    return PythonBuilder(made, np.zeros(0, np.uint8), np.zeros(0), np.zeros(0, np.float32))


@pytest.mark.parametrize("short", ["scales", "shifts", "line", "image"])
def test_input(short: str) -> None:
    b = builder()
    sizes = {"scales": 2, "shifts": 2, "line": 6, "image": 12}
    sizes[short] -= 1
    shapes = {name: Shape.of(size, element="lanes" if name == "line" else "f32") for name, size in sizes.items()}
    made = tensors(b, **shapes, x=Shape.of(2, 2, 3))
    with pytest.raises(IndexError, match=f"{short}.* is outside"):
        input_forward(b, made["scales"], made["shifts"], made["line"], made["x"], *[made["image"]] * 4)


def test_scores() -> None:
    b = builder()
    made = tensors(b, scores=Shape.of(3, 1, 1), out=Shape.of(3, 3, element="f32"))
    with pytest.raises(IndexError, match=r"out\[3, 0\] is outside"):
        write_scores(b, made["scores"], made["out"], Index())


@pytest.mark.parametrize("short", ["parameters", "velocity", "gradients", "settings"])
def test_update(short: str) -> None:
    b = builder()
    sizes: dict[str, tuple[int, ...]] = {
        "parameters": (16,),
        "velocity": (16,),
        "gradients": (2, 16),
        "settings": (3,),
    }
    sizes[short] = (*sizes[short][:-1], sizes[short][-1] - 1)
    made = tensors(b, **{name: Shape.of(*size, element="f32") for name, size in sizes.items()})
    with pytest.raises(IndexError, match=f"{short}.* is outside"):
        row_update(b, *made.values(), update=DEFAULT, start=Index(), count=16, decay=True)
