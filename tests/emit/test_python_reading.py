"""Whole training steps through the bounds-checked reading: in bounds everywhere, and the oracle's numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from python_reading import all_calls, make_plan, prepare, run_entry

import judge
from corpus import CASES
from striate.emit.kernels import EMITTERS, SINGLE_EMITTERS
from striate.layers.loss import Loss, as_loss, mean_weight
from striate.notation import parse
from striate.plan.inside import plan_inside, volume_names
from striate.plan.order import ORDERS
from striate.plan.plan import LOSSES
from striate.plan.target import TARGETS

SLOW = {
    "depth-17",
    "conv-11x11-stride-4",
    "conv-7x7",
    "depth-7",
    "depth-8",
    "pad-three",
    "depth-16",
    "depth-15",
    "groups-of-16",
}
QUICK = [name for name in CASES if name not in SLOW]
SIZES = (5,)  #: of 4 lanes: a full group and one image


def step_through(
    line: str, target: str, loss: str | Loss, batch: int = 5, force: str = "direct", order: str = "depth first"
) -> None:
    """One training step and the scores, held against the oracle."""
    known = judge.trial(line, loss, sizes=(batch,))
    made, step = make_plan(line, target, batch, loss, force, order), known.steps[0]
    arena = prepare(made, known, step.labels)
    for entry in ("prepare", "fold"):
        run_entry(arena, entry, step.images)
    judge.check(run_entry(arena, "scores_float", step.images), step.scores, "scores")
    run_entry(arena, "single_prepare", step.images)
    judge.check(run_entry(arena, "single_float", step.images[:1]), step.scores[:1], "scores of one image")
    run_entry(arena, "train_float", step.images)
    losses, hits = arena.numbers("losses", batch), arena.numbers("hits", batch)
    weights = 1 / mean_weight(as_loss(loss), step.labels, made.network.classes)
    judge.check(losses.sum() * weights, step.loss, "loss")
    assert int(hits.sum()) == step.hits
    judge.check_all(arena.parameters("velocity"), known.velocity, "velocity", known.floors)
    judge.check_all(arena.parameters(), known.end, "value")


@pytest.mark.parametrize("name", QUICK)
def test_training_step(name: str) -> None:
    step_through(CASES[name], "sse2", "svm" if QUICK.index(name) % 4 == 0 else "softmax")


@pytest.mark.parametrize("name", QUICK)
def test_training_step_layer_by_layer(name: str) -> None:
    step_through(CASES[name], "sse2", "softmax", order="layer by layer")


@pytest.mark.parametrize("target", ["avx512", "avx2", "neon"])
@pytest.mark.parametrize("name", ["depth-1", "pool-no-relu", "fc-fc", "wide-stride", "pool-padded-negative"])
def test_other_lanes_and_registers(name: str, target: str) -> None:
    step_through(CASES[name], target, "softmax", batch=3)


#: What Winograd's tiles must get right: cut-off last tiles, fused POOL, padding, crop, a bundle that overlaps.
TILED = [
    ("INPUT[6x4x2] - CONV[3] - RELU - CONV[2] - RELU - POOL - FC[2]", "winograd"),
    ("INPUT[7x3x1] - CONV[2, 5x5, P=2] - POOL[2x2, S=2, fit=crop] - CONV[3, 3x3, P=2] - RELU - FC[2]", "winograd"),
    ("INPUT[6x9x1] - CONV[2, 5x5, P=1] - RELU - CONV[2, 3x3, P=0] - FC[2]", "winograd"),
    ("INPUT[5x4x5] - CONV[6] - RELU - CONV[3, 5x5] - FC[2]", "deep"),
    ("INPUT[4x4x4] - CONV[19] - FC[2]", "deep"),
    ("INPUT[3x4x9] - CONV[7, 1x1] - RELU - CONV[6] - FC[2]", "deep"),
    ("INPUT[5x4x5] - CONV[6] - RELU - CONV[7, 1x1, S=2, P=0, fit=crop] - RELU - CONV[5, 1x1] - FC[2]", "deep"),
    ("INPUT[5x4x5] - CONV[6] - RELU - CONV[7, 1x1] - RELU - FC[2]", "packed"),
    ("INPUT[6x5x3] - CONV[19] - RELU - CONV[7, 1x1, S=3, P=0, fit=crop] - RELU - CONV[9, 1x1] - FC[2]", "packed"),
    (CASES["depthwise"], "depthwise"),
    (CASES["depthwise-stride"], "depthwise"),
]


@pytest.mark.parametrize(("line", "force"), TILED)
def test_winograd(line: str, force: str) -> None:
    for order in ORDERS:
        step_through(line, "sse2", "softmax", force=force, order=order)


@pytest.mark.parametrize("loss", ["svm-squared", "l2", Loss(smoothing=0.1, class_weights=(1, 2, 0.5))])
@pytest.mark.parametrize("name", ["fc-fc-linear", "conv-last", "relu-last", "depth-7"])
def test_losses(name: str, loss: str | Loss) -> None:
    if isinstance(loss, Loss):
        loss = replace(loss, class_weights=tuple(1 + i for i in range(parse(CASES[name]).classes)))
    step_through(CASES[name], "sse2", loss)


INSIDE = {
    *QUICK[::3],
    "relu-first",
    "no-conv",
    "pool-last",
    "volume-last",
    "dropout-first",
    "dropout-first-twice",
    "depthwise",
}


@pytest.mark.parametrize("name", sorted(INSIDE))
def test_inside(name: str) -> None:
    """Forwards and back to the images: every volume in bounds, and the scores' slopes on the pixels."""
    known = judge.trial(CASES[name], "softmax", sizes=(3,))
    made, step = plan_inside(known.network, TARGETS["sse2"], "score"), known.steps[0]
    arena = prepare(made, known, step.labels)
    arena.numbers("weights", 4)[:3] = 1
    for entry in ("prepare", "fold"):
        run_entry(arena, entry, step.images)
    run_entry(arena, "inside_float", step.images)
    expected = known.network.activations(known.start, step.images)
    for each, own in volume_names(made.units).items():
        judge.check(arena.volume(f"{own}.y")[:3], expected[each], each)
        assert np.isfinite(arena.volume(f"{own}.dy")[:3]).all()
    step_size = 1e-7
    direction = np.random.default_rng(0).standard_normal(step.images.shape)
    more, less = (known.network.forward(known.start, step.images + sign * step_size * direction) for sign in (1, -1))
    slope = ((more - less) / (2 * step_size))[np.arange(3), step.labels]
    found = (arena.volume("input.dy")[:3] * direction).sum((1, 2, 3))
    judge.check(found, slope, "slope", floor=0.1)


def test_every_kernel_family_has_run() -> None:
    plans = [make_plan(CASES[name], loss=loss) for name in QUICK for loss in ("softmax", "svm")]
    plans += [make_plan(line, force=force) for line, force in TILED]
    plans.append(make_plan(CASES["fc-fc"], order="layer by layer"))
    inside = ("fc-fc", "bn-twice", "depthwise")
    plans += [plan_inside(parse(CASES[name]), TARGETS["sse2"], "score") for name in inside]
    plans += [make_plan(CASES["fc-only"], loss=loss) for loss in LOSSES]
    families = {call.family for made in plans for call in all_calls(made)}
    assert families == {*EMITTERS, *SINGLE_EMITTERS}


@pytest.mark.parametrize("name", ["depth-1", "pool-overlap", "fc-fc"])
def test_the_machine_does_the_same(name: str) -> None:
    """Not only close to the oracle: within a few roundings of each other."""
    if "avx2" not in judge.ABLE:
        pytest.skip("this processor cannot run target avx2, which fuses as the Python reading does")
    known = judge.trial(CASES[name], "softmax", sizes=SIZES)
    program, step = judge.program(known, "avx2", threads=1, batch=5), known.steps[0]
    arena = prepare(program.plan, known, step.labels)
    run_entry(arena, "train_float", step.images)
    program.train(step.images, step.labels)
    for (name, found), own in zip(program.parameters().items(), arena.parameters().values(), strict=True):
        np.testing.assert_allclose(found, own, rtol=3e-7, atol=1e-8, err_msg=name)
    np.testing.assert_allclose(program.losses, arena.numbers("losses", 5), rtol=1e-6)


@pytest.mark.parametrize("line", ["INPUT[3x2x3] - FC[2]", "INPUT[5x3x1] - CONV[2] - FC[2]"])
def test_bytes(line: str) -> None:
    known = judge.trial(line, "softmax", sizes=SIZES)
    made = make_plan(line)
    images = np.random.default_rng(3).integers(0, 256, (5, *known.network.input.shape), np.uint8)
    arena = prepare(made, known, known.steps[0].labels)
    arena.scale(1 / 255)
    expected = known.network.forward(known.start, images / 255)
    judge.check(run_entry(arena, "scores_byte", images), expected, "scores")
    run_entry(arena, "single_prepare", images)
    judge.check(run_entry(arena, "single_byte", images[:1]), expected[:1], "scores of one image")
