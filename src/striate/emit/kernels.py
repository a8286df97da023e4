"""Which emitter writes which kernel, and the kernel that a call of the schedule runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from inspect import signature

from striate.emit import (
    activation,
    bn,
    conv,
    depthwise,
    dropout,
    fc,
    join,
    local,
    loss,
    lrn,
    maxout,
    mean,
    packed,
    pool,
    relu,
    winograd,
)
from striate.emit.builder import Kernel, ProgramBuilder
from striate.emit.deep import deep_gradient
from striate.emit.halo import clear_halo
from striate.emit.index import Index, Span
from striate.emit.input import input_forward
from striate.emit.packed_gradient import packed_weight_gradient
from striate.emit.single.activation import single_activation
from striate.emit.single.bn import single_bn
from striate.emit.single.conv import single_conv
from striate.emit.single.fc import single_fc, single_flatten
from striate.emit.single.grouped import single_grouped
from striate.emit.single.input import single_input
from striate.emit.single.join import single_add, single_concat
from striate.emit.single.local import single_local
from striate.emit.single.lrn import single_lrn
from striate.emit.single.maxout import single_maxout
from striate.emit.single.mean import single_average, single_l2
from striate.emit.single.pool import single_pool
from striate.emit.single.relu import single_relu
from striate.emit.single.winograd import single_winograd
from striate.emit.update import fc_update
from striate.emit.weight_gradient import bias_gradient, conv_weight_gradient
from striate.emit.winograd_gradient import winograd_weight_gradient
from striate.plan.call import Call
from striate.plan.plan import Plan
from striate.plan.shape import Shape

#: Every kernel family by the name that plans use.
EMITTERS: dict[str, Callable[..., None]] = {
    "conv_forward": conv.conv_forward,
    "conv_data_gradient": conv.conv_data_gradient,
    "conv_weight_gradient": conv_weight_gradient,
    "depthwise_forward": depthwise.depthwise_forward,
    "depthwise_data_gradient": depthwise.depthwise_data_gradient,
    "depthwise_backward": depthwise.depthwise_backward,
    "winograd_forward": winograd.winograd_forward,
    "winograd_data_gradient": winograd.winograd_data_gradient,
    "winograd_weight_gradient": winograd_weight_gradient,
    "deep_gradient": deep_gradient,
    "packed_forward": packed.packed_forward,
    "packed_data_gradient": packed.packed_data_gradient,
    "packed_weight_gradient": packed_weight_gradient,
    "bias_gradient": bias_gradient,
    "unpool": pool.unpool,
    "pool_forward": pool.pool_forward,
    "pool_backward": pool.pool_backward,
    "average_forward": mean.average_forward,
    "average_backward": mean.average_backward,
    "average_spread": mean.average_spread,
    "l2_forward": mean.l2_forward,
    "l2_backward": mean.l2_backward,
    "l2_spread": mean.l2_spread,
    "lrn_forward": lrn.lrn_forward,
    "lrn_backward": lrn.lrn_backward,
    "relu_forward": relu.relu_forward,
    "relu_backward": relu.relu_backward,
    "activation": activation.activation,
    "activation_forward": activation.activation,
    "activation_slope": activation.activation_slope,
    "activation_backward": activation.activation_backward,
    "maxout_forward": maxout.maxout_forward,
    "maxout_backward": maxout.maxout_backward,
    "add_forward": join.add_forward,
    "copy": join.copy,
    "mask_gradient": join.mask_gradient,
    "dropout": dropout.dropout,
    "dropout_scale": dropout.dropout_scale,
    "bn_level": bn.bn_level,
    "bn_squares": bn.bn_squares,
    "bn_statistics": bn.bn_statistics,
    "bn_forward": bn.bn_forward,
    "bn_gradient_sums": bn.bn_gradient_sums,
    "bn_learn": bn.bn_learn,
    "bn_backward": bn.bn_backward,
    "bn_scale": bn.bn_scale,
    "bn_scale_backward": bn.bn_scale_backward,
    "clear_halo": clear_halo,
    "fc_forward": fc.fc_forward,
    "fc_data_gradient": fc.fc_data_gradient,
    "fc_weight_gradient": fc.fc_weight_gradient,
    "fc_update": fc_update,
    "local_forward": local.local_forward,
    "local_data_gradient": local.local_data_gradient,
    "local_weight_gradient": local.local_weight_gradient,
    "softmax_loss": loss.softmax_loss,
    "softmax_weighted_loss": loss.softmax_weighted_loss,
    "svm_loss": loss.svm_loss,
    "svm_squared_loss": loss.svm_squared_loss,
    "l2_loss": loss.l2_loss,
    "score_loss": loss.score_loss,
}


#: The same for the path of one image.
SINGLE_EMITTERS: dict[str, Callable[..., None]] = {
    "single_input": single_input,
    "single_conv": single_conv,
    "single_grouped": single_grouped,
    "single_winograd": single_winograd,
    "single_pool": single_pool,
    "single_average": single_average,
    "single_l2": single_l2,
    "single_lrn": single_lrn,
    "single_relu": single_relu,
    "single_bn": single_bn,
    "single_activation": single_activation,
    "single_maxout": single_maxout,
    "single_add": single_add,
    "single_concat": single_concat,
    "single_flatten": single_flatten,
    "single_fc": single_fc,
    "single_local": single_local,
}


def _argument_names(emit: Callable[..., None], count: int) -> list[str]:
    """The names that an emitter gives its tensors."""
    names: list[str] = []
    for parameter in list(signature(emit).parameters.values())[1:]:
        if parameter.kind is parameter.VAR_POSITIONAL:
            names += [f"{parameter.name}{i}" for i in range(count - len(names))]
        elif parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
            names.append(parameter.name)
    return names


def make_kernel(family: str, shapes: tuple[Shape, ...], settings: tuple[tuple[str, object], ...], items: int) -> Kernel:
    """The kernel of a family for these shapes and settings; its name tells equal ones."""
    digest = sha256(repr((shapes, settings, items)).encode()).hexdigest()[:10]
    emit = {**EMITTERS, **SINGLE_EMITTERS}.get(family, input_forward)
    names = _argument_names(emit, len(shapes))
    arguments = tuple(zip(names, shapes, strict=True))
    return Kernel(f"{family}_{digest}", arguments, partial(emit, **dict(settings)), items)


def kernel_of(plan: Plan, call: Call) -> Kernel:
    """The kernel that a call of the schedule runs."""
    return make_kernel(call.family, tuple(plan.buffers[name].shape for name in call.buffers), call.settings, call.items)


def run(
    b: ProgramBuilder, plan: Plan, call: Call, group: Index, slot: Index | int = 0, span: Span | None = None
) -> None:
    """One call of the schedule on a group's, slot's and thread's buffers; ``span``: these of its items."""
    buffers = [plan.buffers[name] for name in call.buffers]
    places = [b.place(x, slot if x.scope == "slot" else group) for x in buffers]
    b.call(kernel_of(plan, call), *places, span=span)


def take_in(
    b: ProgramBuilder, plan: Plan, group: Index, element: str, span: Span | None = None, into: str = "input.y"
) -> None:
    """The group's images into lanes; lanes beyond the last image repeat it, and count for nothing later."""
    last = b.number("images") - 1
    one = Shape.of(plan.network.input.size, element=element)
    images = [b.image(b.smaller(group * b.lanes + lane, last), one) for lane in range(b.lanes)]
    places = [b.place(plan.buffers[name], group) for name in ("scales", "shifts", "line", into)]
    shapes = tuple(tensor.shape for tensor in (*places, *images))
    kernel = make_kernel("input_forward", shapes, (), plan.network.input.height)
    b.call(kernel, *places, *images, span=span)
