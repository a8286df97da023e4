"""One image at a time: filters, not images, in the lanes; all threads share each call."""

from __future__ import annotations

from striate.emit.builder import ProgramBuilder
from striate.emit.index import Index
from striate.emit.kernels import make_kernel
from striate.emit.single.fc import write_single_scores
from striate.emit.single.grouped import single_grouped_weights
from striate.emit.single.input import single_weights
from striate.emit.single.winograd import single_winograd_weights
from striate.plan.plan import Plan
from striate.plan.shape import Shape

PORTIONS = 4  #: of a call, for each thread


def single_prepare(b: ProgramBuilder, plan: Plan) -> None:
    """Bring the weights and biases of every CONV into blocks of ``lanes`` filters."""
    for conv in plan.single.convs:
        weights, biases, prepared, padded = (
            b.place(plan.buffers[f"{layer}.{kind}"])
            for layer in (conv.unit.name, conv.name)
            for kind in ("weights", "biases")
        )
        if conv.grouped:
            for group in b.work(conv.groups, "group"):
                single_grouped_weights(b, weights, biases, prepared, padded, group, conv.groups, conv.zeros)
            continue
        whole, rest = divmod(biases.shape.elements, b.lanes)
        for first, blocks, filters in ((0, whole, b.lanes), (whole, 1, rest)):
            if blocks and filters:
                for block in b.work(blocks, "block"):
                    at = block + first
                    if conv.size:
                        single_winograd_weights(b, weights, biases, prepared, padded, at, filters, conv.size)
                    else:
                        single_weights(b, weights, biases, prepared, padded, at, filters)


def single(b: ProgramBuilder, plan: Plan, element: str) -> None:
    """Forward for the first image; the last volume goes out as scores, in D, H, W order."""
    image = b.image(Index(), Shape.of(plan.network.input.size, element=element))
    for call in plan.single.calls:
        places = [b.place(plan.buffers[name]) for name in call.buffers]
        if call.family == "single_input":
            places.append(image)
        kernel = make_kernel(call.family, tuple(tensor.shape for tensor in places), call.settings, call.items)
        alone = call.family == "single_winograd" and call.setting("split") == "filters"
        portions = 1 if alone else PORTIONS  # each portion of filters transforms the data anew
        for _, span in b.spread(1, call.items, "part", portions):
            b.call(kernel, *places, span=span)
        b.barrier()
    for _ in b.work(1, "scores"):
        write_single_scores(b, b.place(plan.buffers[plan.single.scores]), b.out(plan.network.classes))
