"""BN in the engine: statistics of a batch and running ones, where they are kept, and what they never depend on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import judge
import test_learning
from judge import EACH_TARGET
from lives import NETS, data, digest
from striate import SGD, AdamW, ArgumentError, Preprocessing, Program, RMSProp, compile, parse
from striate.gradcheck import TOLERANCE, gradcheck
from striate.inside import Inside
from striate.notation.lint import hints
from striate.optimizers import Optimizer
from striate.train.checkpoint import Checkpoint
from striate.train.model import Model
from striate.train.slide import slide
from striate.train.steps import Position

LINE = NETS["bn"]
STATE = ("mean", "variance")


def make(line: str = LINE, batch: int = 40, **settings: Any) -> Program:
    return compile(parse(line), batch, SGD(0.05, 0.9, 1e-3), **{"threads": 2, **settings})


def trained(line: str = LINE, steps: int = 3, **settings: Any) -> Program:
    program = make(line, **settings)
    for step in range(steps):
        program.train(*data(line, 40, step))
    return program


# ---- statistics
@pytest.mark.parametrize("offset", [0, 1e2, 1e4, -1e6])
@pytest.mark.parametrize("target", EACH_TARGET)
def test_slices_far_from_zero(target: str, offset: float) -> None:
    """A mean a million times the spread: as exact as the numbers that were given."""
    line = "INPUT[6x5x2] - BN - FC[3]"
    program, network = make(line, target=target), parse(line)
    images = data(line, 37)[0] * np.float32([1, 30]) + np.float32([offset, -offset])
    labels = np.arange(37) % 3
    before = program.parameters()
    loss, gradients, _ = network.gradients(before, images, labels)
    found_loss, found = program.gradients(images, labels)
    judge.check(found_loss, loss, "loss")
    judge.check_all(found, gradients, "gradient")
    expected = network.next_state(before, images)
    program.train(images, labels)
    after = program.parameters()
    for name in expected:
        assert judge.error(after[name], expected[name]) < 1e-6, name


@pytest.mark.parametrize("target", EACH_TARGET)
def test_many_numbers(target: str) -> None:
    """Sums of 100,000 numbers of one sign."""
    line = "INPUT[56x56x1] - BN[momentum=1] - POOL[56x56, S=56] - FC[2]"
    program = make(line, target=target)
    images = np.random.default_rng(1).uniform(0, 1, (37, 56, 56, 1)).astype(np.float32)
    program.train(images, np.zeros(37, int))
    exact = images.astype(np.float64)
    found = program.parameters(*(f"bn1.{kind}" for kind in STATE))
    assert found["bn1.mean"] == pytest.approx([exact.mean()], rel=3e-7)
    assert found["bn1.variance"] == pytest.approx([exact.var(ddof=1)], rel=2e-6)


@pytest.mark.parametrize("eps", ["0.00001", "1e-12"])
def test_a_slice_of_equal_numbers(eps: str) -> None:
    program = make(f"INPUT[3x3x2] - BN[eps={eps}] - FC[2]")
    images = np.full((20, 3, 3, 2), 7, np.float32)
    loss = program.train(images, np.arange(20) % 2)
    assert loss == pytest.approx(np.log(2)) and all(np.isfinite(p).all() for p in program.parameters().values())
    assert program.parameters()["bn1.variance"] == pytest.approx([0.9, 0.9])


@pytest.mark.parametrize("target", EACH_TARGET)
def test_lanes_without_an_image_do_not_count(target: str) -> None:
    """Neither those beyond a partial batch, nor what groups held before: as in a program for just so many."""
    program, (images, labels) = trained(target=target), data(LINE, 40, 9)
    for count in (33, 16, 1):
        exact = make(batch=max(2, count), target=target, threads=1)
        exact.load(program.parameters())
        exact.steps = program.steps
        loss, gradients = program.gradients(images[:count], labels[:count])
        expected_loss, expected = exact.gradients(images[:count], labels[:count])
        assert loss == expected_loss
        assert all(np.array_equal(gradients[name], expected[name]) for name in expected)


def test_one_image_alone() -> None:
    """Where a slice has one number, no variance is learned; with more, it is as with any batch."""
    program = make("INPUT[4x4x2] - CONV[3] - BN - FC[5] - BN - FC[2]")
    images, labels = data("INPUT[4x4x2] - FC[2]", 1)
    before = program.parameters()
    expected = program.network.next_state(before, images)
    program.train(images, labels)
    after = program.parameters()
    assert all(np.array_equal(after[f"bn2.{kind}"], before[f"bn2.{kind}"]) for kind in STATE)
    assert not np.array_equal(after["bn1.mean"], before["bn1.mean"])
    judge.check_all({name: after[name] for name in expected}, expected, "state")


def test_one_image_at_a_time_is_refused_where_nothing_could_be_learned() -> None:
    program, (images, labels) = make("INPUT[4x4x2] - FC[5] - BN - FC[2]", batch=1), data("INPUT[4x4x2] - FC[2]", 1)
    start = digest(program)
    for ask in (program.train, program.gradients):
        with pytest.raises(
            ArgumentError, match=r"bn1 normalises each slice of \[1x1x5\].*compile with batch=2 or more"
        ):
            ask(images, labels)
    assert digest(program) == start and program.scores(images).shape == (1, 2)
    make("INPUT[4x4x2] - CONV[5] - BN - FC[2]", batch=1).train(images, labels)


# ---- running statistics
def test_scores_are_made_with_the_running_statistics() -> None:
    """Those of now: after each step, after other parameters, and after a look at gradients; of one and of many."""
    program, (images, labels) = make(), data(LINE, 40)
    for step in range(3):
        program.train(images, labels)
        for count in (1, 40):
            expected = program.network.forward(program.parameters(), images[:count])
            judge.check(program.scores(images[:count]), expected, f"scores of {count} after step {step}")
    before = program.scores(images)
    program.gradients(images[:7] * 5 + 3, labels[:7])
    assert np.array_equal(program.scores(images), before)
    values = program.parameters()
    program.load({**values, "bn1.mean": values["bn1.mean"] + 1})
    assert not np.array_equal(program.scores(images), before)


@pytest.mark.parametrize("target", EACH_TARGET)
def test_scores_in_either_order(target: str) -> None:
    """An image's scores do not depend on its company, and the order of work changes no bit."""
    deep, layered = (trained(target=target, order=order) for order in ("depth first", "layer by layer"))
    images, _ = data(LINE, 1000)
    scores = deep.scores(images)
    many = trained(target=target, order="depth first", threads=8)
    assert all(np.array_equal(many.scores(images), scores) for _ in range(5))
    images, scores = images[:100], scores[:100]
    assert np.array_equal(layered.scores(images), scores) and np.array_equal(deep.scores(images[7:60]), scores[7:60])


def test_gradients_move_nothing() -> None:
    program, (images, labels) = trained(), data(LINE, 20, 5)
    before = digest(program)
    program.gradients(images * 3, labels)
    assert digest(program) == before


def test_parameters_hold_the_state() -> None:
    program = trained()
    values = program.parameters()
    assert list(values) == list(program.network.tensor_shapes())
    assert list(program.velocity()) == list(program.network.parameter_shapes())
    other = make(threads=1)
    other.load(values)
    images, _ = data(LINE, 40, 7)
    for count in (1, 40):
        assert np.array_equal(other.scores(images[:count]), program.scores(images[:count]))
    assert program.parameters("bn4.variance").keys() == {"bn4.variance"}
    with pytest.raises(ArgumentError, match=r"missing bn1.mean"):
        other.load({name: values[name] for name in values if name != "bn1.mean"})
    with pytest.raises(ArgumentError, match=r"unknown bn1.mean"):
        other.load_velocity({**program.velocity(), "bn1.mean": values["bn1.mean"]})


def test_it_begins_as_if_it_were_not_there() -> None:
    program = trained()
    program.initialize(0)
    values = program.parameters()
    for name, expected in (("weights", 1), ("biases", 0), ("mean", 0), ("variance", 1)):
        assert (values[f"bn2.{name}"] == expected).all()
    other = make("INPUT[5x6x3] - BN - CONV[5] - FC[4]")
    images, _ = data(LINE, 20)
    plain = make("INPUT[5x6x3] - CONV[5] - FC[4]")
    judge.check(other.scores(images), plain.scores(images).astype(np.float64), "scores")


def test_l2_leaves_scale_and_shift_alone() -> None:
    line = "INPUT[4x4x2] - CONV[3] - BN - FC[2]"
    program = compile(parse(line), 8, SGD(lr=0.1, momentum=0, l2=0.5))
    images, labels = data(line, 8)
    before, (_, gradients) = program.parameters(), program.gradients(images, labels)
    program.train(images, labels)
    after = program.parameters()
    for name in ("bn1.weights", "bn1.biases"):
        judge.check(after[name], before[name].astype(np.float64) - 0.1 * gradients[name], name)
    assert not np.allclose(after["conv1.weights"], before["conv1.weights"] - 0.1 * gradients["conv1.weights"])


@pytest.mark.parametrize("kernels", [None, "direct", "winograd", "depthwise"])
@pytest.mark.parametrize(
    "conv", ["CONV[6]", "CONV[6, groups=2]", "CONV[8, groups=each]", "CONV[5, 3x2, P=1, dilation=2]", "FC[5]"]
)
def test_what_it_alone_reads_has_no_bias(conv: str, kernels: str | None) -> None:
    """What it added, BN would take away; a RELU between them, and there is one, and it learns."""
    line = "INPUT[5x4x2] - CONV[4, 1x1] - RELU - {} - FC[3]"
    network = parse(line.format(f"{conv} - BN - RELU"))
    images, labels = data(str(network), 19)
    for behind, still in (("BN - RELU", True), ("RELU - BN", False)):
        program = make(line.format(f"{conv} - {behind}"), kernels=kernels)
        _, found = program.gradients(images, labels)
        _, expected, _ = program.network.gradients(program.parameters(), images, labels)
        bias = f"{program.network.nodes[3].name}.biases"
        assert (bias in found) != still and found.keys() == program.parameters().keys() - program.network.state_shapes()
        judge.check_all(found, expected, "gradient")


ADAM = {"betas": (0.9, 0.999), "weight_decay": 0.1}


@pytest.mark.parametrize(
    ("ours", "name", "settings"),
    [
        (SGD(0.03, 0.9, 0.01, l1=0.01, clip_norm=0.2, max_norm=0.8), "SGD", {"momentum": 0.9, "weight_decay": 0.01}),
        (RMSProp(0.01, l2=0.1), "RMSprop", {"weight_decay": 0.1}),
        (AdamW(0.01, weight_decay=0.1, max_norm=0.9), "AdamW", ADAM),
    ],
    ids=["sgd", "rmsprop", "adamw"],
)
def test_no_optimizer_pulls_at_it(ours: Optimizer, name: str, settings: dict[str, Any]) -> None:
    """Neither L2, L1, weight decay nor a limit on norms has to do with its weights; nor is its state a parameter."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: optimizers are compared with it where it is")
    line = "INPUT[5x4x2] - CONV[4, groups=2] - BN - RELU - LOCAL[3] - RELU - BN - FC[5] - BN - RELU - FC[3]"
    program = test_learning.compare(torch, line, ours, name, settings, None)
    assert not any(tensor.endswith(STATE) for tensor in program.optimizer_state())


def test_l2_leaves_the_biases_of_a_local_alone() -> None:
    """They begin as zero, too, although they are as many as its results."""
    line = "INPUT[4x4x2] - LOCAL[3] - BN - RELU - FC[2]"
    program = compile(parse(line), 8, SGD(lr=0.1, momentum=0, l2=0.5))
    assert not program.parameters()["local1.biases"].any() and program.parameters()["local1.weights"].all()
    program.load({name: values + 0.1 for name, values in program.parameters().items()})
    images, labels = data(line, 8)
    before, (_, gradients) = program.parameters(), program.gradients(images, labels)
    program.train(images, labels)
    expected = before["local1.biases"].astype(np.float64) - 0.1 * gradients["local1.biases"]
    judge.check(program.parameters()["local1.biases"], expected, "biases")


# ---- what other parts make of it
def test_its_gradients_hold() -> None:
    line = "INPUT[5x5x2] - CONV[4, groups=2] - BN - RELU - LOCAL[3] - BN - RELU - FC[5] - BN - RELU - FC[3]"
    assert all(check.holds(TOLERANCE) for check in gradcheck(parse(line)))


def test_it_slides_over_a_larger_image() -> None:
    """Its numbers of a slice go along where an FC becomes a CONV."""
    program = trained("INPUT[6x6x3] - CONV[4, P=0] - BN - RELU - FC[5] - BN - RELU - FC[4]")
    image = np.random.default_rng(3).standard_normal((8, 7, 3)).astype(np.float32)
    found = slide(Model(program.network, program.parameters(), tuple("abcd")), image)
    assert found.scores.shape == (3, 2, 4)
    for y, x in np.ndindex(3, 2):
        expected = program.network.forward(program.parameters(), image[None, y : y + 6, x : x + 6])
        judge.check(found.scores[y, x], expected[0], f"window {y}, {x}")


def test_two_layers_with_it_between_are_one_linear_function() -> None:
    (hint,) = hints("INPUT[32x32x3] - CONV[4] - BN - CONV[4] - BN - RELU - FC[10]")
    assert hint.names == ("conv2",) and "nothing but linear functions is between conv1" in hint.reason


# ---- files
def test_a_model_file_scores_the_same(tmp_path: Path) -> None:
    program, (images, _) = trained(), data(LINE, 40)
    model = Model(program.network, program.parameters(), tuple("abcd"), Preprocessing(), notes={"batch": 40})
    model.save(tmp_path / "a.striate")
    again = Model.load(tmp_path / "a.striate").compile()
    for count in (1, 40):
        assert np.array_equal(again.scores(images[:count]), program.scores(images[:count]))
    with pytest.raises(ArgumentError, match=r"not those of the line: .*bn1.variance"):
        Model(program.network, {n: p for n, p in model.parameters.items() if n[-8:] != "variance"}, tuple("abcd"))


def test_a_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    whole, first = trained(steps=4, seed=9), trained(steps=2, seed=9)
    own = first.parameters(), first.optimizer_state()
    kept = Checkpoint(first.network, "x", "0f", tuple("abcd"), Preprocessing(), {}, Position(), *own)
    kept.save(tmp_path / "a.checkpoint")
    found = Checkpoint.load(tmp_path / "a.checkpoint")
    second = make(seed=9, threads=1)
    second.load(found.parameters)
    second.load_optimizer_state(found.optimizer_state)
    second.steps = first.steps
    for step in (2, 3):
        second.train(*data(LINE, 40, step))
    assert digest(second) == digest(whole)


# ---- looking inside
def test_what_is_seen_inside_is_that_of_scores() -> None:
    """Running statistics: an image's numbers and gradients do not depend on its company."""
    program, (images, labels) = trained(), data(LINE, 9, 4)
    expected = program.network.activations(program.parameters(), images)
    judge.check_all(program.activations(images), expected, "activation")
    for of in ("loss", "score"):
        together: Inside = program.inside(images, labels, of)
        for i in (0, 8):
            alone = program.inside(images[i : i + 1], labels[i : i + 1], of)
            for name in expected:
                judge.check(alone.activations[name][0], together.activations[name][i].astype(np.float64), name)
                judge.check(alone.gradients[name][0], together.gradients[name][i].astype(np.float64), name)


@pytest.mark.filterwarnings("ignore:invalid value")
def test_what_is_no_number_is_told() -> None:
    """A step with such an image leaves no loss that looks like one."""
    program, (images, labels) = make(), data(LINE, 20)
    images[3, 2, 2] = np.nan
    assert not np.isfinite(program.train(images, labels))
