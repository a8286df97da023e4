"""Every update through the readings: in bounds and the machine's numbers; as text for people; counted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from python_reading import make_plan, prepare, run_entry

import golden_text
import judge
from striate import SGD, Adagrad, AdamW, compile
from striate.emit.counts import CountsBuilder
from striate.emit.index import Index
from striate.emit.program import emit_entry
from striate.emit.tensor import Tensor
from striate.emit.text import TextBuilder
from striate.emit.update import cap_norm, clip_scale, row_update, sum_squares
from striate.optimizers import OPTIMIZERS, Optimizer
from striate.plan.order import ORDERS
from striate.plan.shape import Shape
from striate.plan.update import Update

LINE = "INPUT[3x3x2] - CONV[3] - RELU - FC[5] - RELU - FC[3]"
KINDS: list[Optimizer] = [*(kind() for kind in OPTIMIZERS.values()), SGD(nesterov=True)]
UPDATES = [
    *KINDS,
    *(replace(kind, l1=0.01, max_norm=0.8, clip_norm=0.1) for kind in (KINDS[0], KINDS[-2])),
    Adagrad(l1=0.01, clip_value=0.01, max_norm=0.8),
]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("ours", UPDATES, ids=repr)
def test_in_bounds_and_as_the_machine(ours: Optimizer, order: str) -> None:
    if "avx2" not in judge.ABLE:
        pytest.skip("this processor cannot run target avx2, which fuses as the Python reading does")
    known = judge.trial(LINE, "softmax", sizes=(5,))
    program, step = compile(known.network, 5, ours, threads=1, target="avx2", order=order), known.steps[0]
    program.load(known.start)
    arena, update = prepare(program.plan, known, step.labels), program.plan.update
    numbers = ours.numbers(1)
    arena.numbers("settings", len(update.numbers))[:] = [numbers[name] for name in update.numbers]
    run_entry(arena, "train_float", step.images)
    program.train(step.images, step.labels)
    found = {f"{row}.{name}": values for row in ours.rows for name, values in arena.parameters(row).items()}
    for name, expected in {**program.parameters(), **program.optimizer_state()}.items():
        np.testing.assert_allclose({**arena.parameters(), **found}[name], expected, rtol=1e-5, atol=1e-6, err_msg=name)


def test_updates_read_well() -> None:
    b, f32 = TextBuilder(4), {"element": "f32"}

    def tensor(name: str, *sizes: int) -> Tensor:
        return Tensor(b, name, Shape.of(*sizes, **f32), name)

    for ours in [*KINDS, Adagrad(l1=1, clip_value=1), AdamW(clip_norm=1)]:
        update, scale = Update.of(ours), tensor("scale", 1) if ours.clip_norm else None
        b.say(f"{update} ({', '.join(update.numbers)}):")
        rows = [tensor(name, 8) for name in ("w", *update.rows)]
        rest = tensor("g", 1, 8), tensor("settings", 12)
        row_update(b, *rows, *rest, update=update, start=Index(), count=8, decay=True, scale=scale)
    b.say("norm of the gradient:")
    sum_squares(b, tensor("g", 2, 4096), tensor("sums", 4), Index.variable("chunk"))
    clip_scale(b, tensor("sums", 4), tensor("scale", 1), tensor("settings", 12)[3])
    b.say("norms of weights:")
    cap_norm(b, tensor("w", 5, 11), Index.variable("k"), tensor("settings", 12)[4])
    golden_text.check("loops_updates.txt", "\n".join(b.lines))


@pytest.mark.parametrize("order", ORDERS)
def test_counts(order: str) -> None:
    """Adam loads and stores two rows where SGD has one; the formula is a few operations more."""

    def count(ours: Optimizer) -> Any:
        b = CountsBuilder(4, {"images": 5, "groups": 2})
        made = make_plan(LINE, order=order, update=Update.of(ours))
        emit_entry(b, made, "train_float")
        return b.total, made.row

    (sgd, row), (adam, _) = count(SGD()), count(KINDS[4])
    streamed = sum(place.size for place in row.places if place.start >= row.summed)
    numbers = row.summed + streamed
    assert adam.stored - sgd.stored == 4 * numbers
    assert adam.flops > sgd.flops and count(SGD(clip_norm=1, max_norm=1))[0].flops > sgd.flops
