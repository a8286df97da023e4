"""The whole step, in the vocabulary: a team takes lane groups through the network and then updates."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from inspect import signature

from striate.emit import conv, fc, loss, pool, relu, winograd
from striate.emit.builder import Kernel, ProgramBuilder
from striate.emit.index import Index
from striate.emit.input import input_forward, write_scores
from striate.emit.sgd import sgd_update
from striate.emit.single.conv import single_conv
from striate.emit.single.fc import single_fc, single_flatten, write_single_scores
from striate.emit.single.input import single_input, single_weights
from striate.emit.single.pool import single_pool
from striate.emit.single.relu import single_relu
from striate.emit.winograd import winograd_weights
from striate.emit.winograd_deep import winograd_deep_gradient
from striate.plan.call import Call
from striate.plan.parameters import CHUNK
from striate.plan.plan import Plan
from striate.plan.shape import Shape

#: Every kernel family by the name that plans use.
EMITTERS: dict[str, Callable[..., None]] = {
    "conv_forward": conv.conv_forward,
    "conv_data_gradient": conv.conv_data_gradient,
    "conv_weight_gradient": conv.conv_weight_gradient,
    "winograd_forward": winograd.winograd_forward,
    "winograd_data_gradient": winograd.winograd_data_gradient,
    "winograd_weight_gradient": winograd.winograd_weight_gradient,
    "winograd_deep_gradient": winograd_deep_gradient,
    "bias_gradient": conv.bias_gradient,
    "unpool": conv.unpool,
    "pool_forward": pool.pool_forward,
    "pool_backward": pool.pool_backward,
    "relu_forward": relu.relu_forward,
    "relu_backward": relu.relu_backward,
    "fc_forward": fc.fc_forward,
    "fc_data_gradient": fc.fc_data_gradient,
    "fc_weight_gradient": fc.fc_weight_gradient,
    "softmax_loss": loss.softmax_loss,
    "svm_loss": loss.svm_loss,
}

#: The same for the path of one image.
SINGLE_EMITTERS: dict[str, Callable[..., None]] = {
    "single_input": single_input,
    "single_conv": single_conv,
    "single_pool": single_pool,
    "single_relu": single_relu,
    "single_flatten": single_flatten,
    "single_fc": single_fc,
}

PORTIONS = 4  #: of a call of one image, for each thread

#: The functions of a program: what each does, and the element of the images it takes.
ENTRIES = {
    "train_float": ("train", "f32"),
    "train_byte": ("train", "u8"),
    "scores_float": ("scores", "f32"),
    "scores_byte": ("scores", "u8"),
    "prepare": ("prepare", ""),
}

#: Those for one image, which are compiled when they are first wanted.
SINGLE_ENTRIES = {
    "single_float": ("single", "f32"),
    "single_byte": ("single", "u8"),
    "single_prepare": ("single_prepare", ""),
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


def _kernel(family: str, shapes: tuple[Shape, ...], settings: tuple[tuple[str, object], ...], items: int) -> Kernel:
    """The kernel of a family for these shapes and settings; its name tells equal ones."""
    digest = sha256(repr((shapes, settings, items)).encode()).hexdigest()[:10]
    emit = {**EMITTERS, **SINGLE_EMITTERS}.get(family, input_forward)
    names = _argument_names(emit, len(shapes))
    arguments = tuple(zip(names, shapes, strict=True))
    return Kernel(f"{family}_{digest}", arguments, partial(emit, **dict(settings)), items)


def kernel_of(plan: Plan, call: Call) -> Kernel:
    """The kernel that a call of the schedule runs."""
    return _kernel(call.family, tuple(plan.buffers[name].shape for name in call.buffers), call.settings, call.items)


def _run(b: ProgramBuilder, plan: Plan, call: Call, slot: Index | int, group: Index) -> None:
    """One call of the schedule on a group's, slot's and thread's buffers."""
    buffers = [plan.buffers[name] for name in call.buffers]
    b.call(kernel_of(plan, call), *(b.place(x, slot if x.scope == "slot" else group) for x in buffers))


def _take_in(b: ProgramBuilder, plan: Plan, group: Index, element: str) -> None:
    """The group's images into lanes; lanes beyond the last image repeat it, and count for nothing later."""
    last = b.number("images") - 1
    one = Shape.of(plan.network.input.size, element=element)
    images = [b.image(b.smaller(group * b.lanes + lane, last), one) for lane in range(b.lanes)]
    places = [b.place(plan.buffers[name]) for name in ("scales", "shifts", "line", "input.y")]
    shapes = tuple(tensor.shape for tensor in (*places, *images))
    b.call(_kernel("input_forward", shapes, (), plan.network.input.height), *places, *images)


def prepare(b: ProgramBuilder, plan: Plan, element: str = "") -> None:
    """Transform the weights for the kernels that want it; whoever scores does this once for all images."""
    for preparation in plan.prepare:
        weights, prepared = (b.place(plan.buffers[n]) for n in (preparation.weights, preparation.prepared))
        for at in b.work(preparation.rows, "row"):
            winograd_weights(b, weights, prepared, at, size=preparation.size, mirror=preparation.mirror)


def train(b: ProgramBuilder, plan: Plan, element: str) -> None:
    """Forward, loss, backward for every group into its slot; then, slots summed in order, the update."""
    if plan.prepare:
        b.perform("prepare", lambda: prepare(b, plan))
        b.barrier()
    for slot in b.work(plan.slots, "slot"):
        gradient = b.place(plan.buffers["gradient"], slot)
        if plan.row.size:
            for i in b.range(plan.row.size, "i", step=b.lanes):
                gradient.vector[i] = b.zero()
        for group in b.range(b.number("groups"), "group", step=plan.slots, start=slot):
            _take_in(b, plan, group, element)
            for call in plan.train:
                _run(b, plan, call, slot, group)
    b.barrier()
    _update(b, plan)


def _update(b: ProgramBuilder, plan: Plan) -> None:
    """Chunks of the parameters' row: weights with L2, then biases without."""
    row, velocity, slots, settings = (
        b.place(plan.buffers[name]) for name in ("parameters", "velocity", "gradients", "settings")
    )
    weights, biases = plan.row.weights // CHUNK, plan.row.biases // CHUNK
    for first, chunks, decay in ((0, weights, True), (plan.row.weights, biases, False)):
        if chunks:
            for chunk in b.work(chunks, "chunk"):
                sgd_update(b, row, velocity, slots, settings, chunk * CHUNK + first, CHUNK, decay)


def scores(b: ProgramBuilder, plan: Plan, element: str) -> None:
    """Forward for every group; the last volume goes out as scores, in D, H, W order."""
    last = plan.buffers[f"{plan.units[-1].name}.y"]
    for group in b.work(b.number("groups"), "group"):
        _take_in(b, plan, group, element)
        for call in plan.scores:
            _run(b, plan, call, 0, group)
        write_scores(b, b.place(last), b.out(plan.network.classes), group * b.lanes)


def single_prepare(b: ProgramBuilder, plan: Plan, element: str) -> None:
    """Bring the weights and biases of every CONV into blocks of ``lanes`` filters."""
    for name in plan.single.prepare:
        weights, biases, prepared, padded = (
            b.place(plan.buffers[f"{path}{name}.{kind}"]) for path in ("", "single.") for kind in ("weights", "biases")
        )
        whole, rest = divmod(biases.shape.elements, b.lanes)
        for first, blocks, filters in ((0, whole, b.lanes), (whole, 1, rest)):
            if blocks and filters:
                for block in b.work(blocks, "block"):
                    single_weights(b, weights, biases, prepared, padded, block + first, filters)


def single(b: ProgramBuilder, plan: Plan, element: str) -> None:
    """Forward for the first image; the last volume goes out as scores, in D, H, W order."""
    image = b.image(Index(), Shape.of(plan.network.input.size, element=element))
    for call in plan.single.calls:
        places = [b.place(plan.buffers[name]) for name in call.buffers]
        if call.family == "single_input":
            places.append(image)
        kernel = _kernel(call.family, tuple(tensor.shape for tensor in places), call.settings, call.items)
        for _, span in b.spread(1, call.items, "part", PORTIONS):
            b.call(kernel, *places, span=span)
        b.barrier()
    for _ in b.work(1, "scores"):
        write_single_scores(b, b.place(plan.buffers[plan.single.scores]), b.out(plan.network.classes))


def emit_entry(b: ProgramBuilder, plan: Plan, entry: str) -> None:
    """One of the program's functions, by its name in ENTRIES or SINGLE_ENTRIES."""
    what, element = {**ENTRIES, **SINGLE_ENTRIES}[entry]
    writers = {
        "train": train,
        "scores": scores,
        "prepare": prepare,
        "single": single,
        "single_prepare": single_prepare,
    }
    writers[what](b, plan, element)
