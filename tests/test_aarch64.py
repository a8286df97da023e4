"""Programs for aarch64, emulated, against the float64 oracle, by the bounds that hold for the targets that run here."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import judge
import test_dropout
import test_single
from emulated import TARGET, emulate, needs_emulator
from judge import LINES
from kept import kept
from striate import AdamW, Loss, Preprocessing, compile, parse
from striate.emit.kernels import EMITTERS
from striate.masks import levels
from striate.optimizers import Optimizer
from striate.plan.order import ORDERS
from striate.plan.plan import KERNELS, plan
from test_learning import ALL
from test_learning import LINE as LEARNED

pytestmark = needs_emulator

SLOW = ("convnetjs", "vgg32")  #: take many seconds, so they are trained in one way alone


def ways() -> Iterator[tuple[str, str | None, str | None]]:
    """Every net of the corpus with each kind of kernel and each order, where the plan is another for it."""
    for name, line in LINES.items():
        seen = []
        for kernels, order in [(None, None), *((kind, None) for kind in KERNELS), *((None, order) for order in ORDERS)]:
            made = plan(parse(line), TARGET, judge.BATCH, "softmax", force=kernels, order=order)
            decided = made.layered, made.prepare, made.train, made.scores
            if decided not in seen and not (seen and name in SLOW):
                seen.append(decided)
                yield name, kernels, order


WAYS = list(ways())


@pytest.fixture(autouse=True)
def emulated(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    emulate(monkeypatch)
    with judge.as_if_large():
        yield


@pytest.mark.parametrize(("name", "kernels", "order"), WAYS)
def test_training(name: str, kernels: str | None, order: str | None) -> None:
    """Scores, loss and gradients of the first batch; losses of five steps; parameters and velocity after them."""
    known = judge.named(name, "svm" if order else "softmax")
    made = judge.program(known, TARGET.name, threads=1, cache=False, kernels=kernels, order=order)
    judge.play(known, made).check_oracle(known)


def test_every_kernel_family_is_trained() -> None:
    """So far as the ways are concerned; ``test_few_images`` runs the others. A score, BN without a batch, and what a
    depthwise CONV passes back without its weights' gradient, are for scores and for looking inside; other losses have a
    test of their own."""
    families: set[str] = set()
    for name, kernels, order in WAYS:
        loss = "svm" if order else "softmax"
        for call in plan(parse(LINES[name]), TARGET, judge.BATCH, loss, force=kernels, order=order).train:
            families |= {each.family for each in call.chain}
    others = {"softmax_weighted_loss", "svm_squared_loss", "l2_loss"}
    others |= {"score_loss", "bn_scale", "bn_scale_backward", "depthwise_data_gradient"}
    assert families == set(EMITTERS) - others


@pytest.mark.parametrize("loss", ["svm-squared", "l2", Loss(smoothing=0.1, class_weights=(1, 2, 3, 0.5, 0.7))])
def test_other_losses(loss: str | Loss) -> None:
    known = judge.trial(LINES["fc-fc"], loss)
    judge.play(known, judge.program(known, TARGET.name, threads=1, cache=False)).check_oracle(known)


@pytest.mark.skipif(not judge.ABLE, reason="this processor runs no target of the engine")
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("ours", [*ALL, AdamW(0.01, l1=0.01, clip_norm=0.3, max_norm=0.8)], ids=repr)
def test_optimizers(ours: Optimizer, order: str) -> None:
    """The numbers of the target that runs here, which PyTorch has judged."""
    known = judge.trial(LEARNED, "softmax")
    programs = [
        compile(known.network, judge.BATCH, ours, threads=1, target=target, order=order, cache=False)
        for target in (TARGET.name, judge.ABLE[0])
    ]
    for program in programs:
        program.load(known.start)
        for step in known.steps[:3]:
            program.train(step.images, step.labels)
    found, expected = ({**program.parameters(), **program.optimizer_state()} for program in programs)
    judge.check_all(found, expected, "value", {name: 0.01 for name in expected})


def test_what_dropout_keeps() -> None:
    """Bit by bit what the other targets keep."""
    program = test_dropout.make(test_dropout.BEHIND_INPUT, order="layer by layer", target=TARGET.name, threads=1)
    images = np.full((37, 5, 7, 3), 3, np.float32)
    for step in range(2):
        program.train(images, np.zeros(37, int))
        grown = np.float32(3 * levels(0.3)[1])
        expected = (kept(program.network, 37, step)["dropout1"] * grown).astype(np.float32)
        assert np.array_equal(test_dropout.volume(program, 37), expected)


@pytest.mark.parametrize("name", [name for name in LINES if name not in SLOW])
def test_few_images(name: str) -> None:
    known = judge.named(name, "softmax")
    program = test_single.always(judge.program(known, TARGET.name, threads=1, cache=False))
    judge.check(program.scores(known.steps[0].images[:2]), known.steps[0].scores[:2], "scores")


@pytest.mark.parametrize("line", test_single.ORDERS)
def test_bytes(line: str) -> None:
    """Few images and many, and a step."""
    network = parse(line)
    scaling = Preprocessing((0.4,) * network.input.depth, (0.7,) * network.input.depth)
    program = compile(network, 19, threads=1, target=TARGET.name, preprocessing=scaling, cache=False)
    images = np.random.default_rng(1).integers(0, 256, (19, *network.input.shape), np.uint8)
    expected = network.forward(program.parameters(), (images / 255 - 0.4) / 0.7)
    judge.check(program.scores(images[:1]), expected[:1], "scores of one")
    judge.check(program.scores(images), expected, "scores of many")
    loss, _, _ = network.gradients(program.parameters(), (images / 255 - 0.4) / 0.7, np.zeros(19, int), "softmax")
    judge.check(program.train(images, np.zeros(19, int)), loss, "loss")


FLUSH, NAN_ALONE, TO_ZERO = 1 << 24, 1 << 25, 3 << 22  #: bits of FPCR


@pytest.mark.parametrize("control", [0, FLUSH, NAN_ALONE | TO_ZERO])
def test_denormals(control: int) -> None:
    """They count as zero inside, and the caller's handling of them is back afterwards."""
    program = compile(parse("INPUT[1x1x1] - FC[1]"), 9, threads=1, target=TARGET.name, cache=False)
    program.load({"fc1.weights": [[1e38]], "fc1.biases": [0.0]})
    few = program._build_single()
    program._code.control = few.control = control  # type: ignore[attr-defined]
    for count in (1, 9):
        assert (program.scores(np.full((count, 1, 1, 1), 1e-40, np.float32)) == 0).all()
        assert program.scores(np.full((count, 1, 1, 1), 1e-36, np.float32)) == pytest.approx(100)
    program.train(np.ones((9, 1, 1, 1), np.float32), np.zeros(9, int))
    assert [code.control for code in (program._code, few)] == [control] * 2  # type: ignore[attr-defined]
