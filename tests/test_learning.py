"""Every optimizer and every limit against PyTorch's own, in float64, for five steps; and what is remembered of them."""

from __future__ import annotations

import doctest
import importlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import judge
from striate import (
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    AdamW,
    ArgumentError,
    Program,
    RMSProp,
    compile,
    parse,
)
from striate.data.load import load
from striate.optimizers import OPTIMIZERS, Optimizer
from striate.plan.order import ORDERS
from striate.preprocessing import Preprocessing
from striate.train.checkpoint import Checkpoint
from striate.train.loop import train_epochs
from striate.train.steps import Steps

LINE = "INPUT[5x3x2] - CONV[3] - RELU - FC[7] - RELU - FC[3]"  # filters and inputs that fill no vectors
WIDE = "INPUT[9x7x2] - CONV[5] - RELU - FC[20] - RELU - FC[3]"

#: Ours, the name of PyTorch's class, and its settings.
SAME: list[tuple[Optimizer, str, dict[str, Any]]] = [
    (SGD(0.03, 0.9, 0.01), "SGD", {"momentum": 0.9, "weight_decay": 0.01}),
    (SGD(0.03, 0.0, 0.01), "SGD", {"weight_decay": 0.01}),
    (SGD(0.03, 0.8, 0.01, nesterov=True), "SGD", {"momentum": 0.8, "weight_decay": 0.01, "nesterov": True}),
    (Adagrad(0.02, l2=0.01), "Adagrad", {"weight_decay": 0.01}),
    (Adagrad(0.02, eps=0.01), "Adagrad", {"eps": 0.01}),
    (RMSProp(0.01, l2=0.01), "RMSprop", {"weight_decay": 0.01}),
    (RMSProp(0.01, decay=0.5, eps=0.1), "RMSprop", {"alpha": 0.5, "eps": 0.1}),
    (Adadelta(l2=0.01), "Adadelta", {"weight_decay": 0.01}),
    (Adadelta(0.5, decay=0.7, eps=1e-3), "Adadelta", {"rho": 0.7, "eps": 1e-3}),
    (Adam(l2=0.01), "Adam", {"weight_decay": 0.01}),
    (Adam(0.02, 0.5, 0.9, 0.01), "Adam", {"betas": (0.5, 0.9), "eps": 0.01}),
    (AdamW(0.01), "AdamW", {"weight_decay": 0.01}),
    (AdamW(0.01, weight_decay=0.5, l2=0.0), "AdamW", {"weight_decay": 0.5}),
]

#: The names that PyTorch gives to what we remember.
ROWS = {
    "velocity": "momentum_buffer",
    "squares": {"Adagrad": "sum", "RMSprop": "square_avg", "Adadelta": "square_avg"},
    "updates": "acc_delta",
    "means": "exp_avg",
}

Floats = dict[str, npt.NDArray[np.float32]]


@pytest.fixture(scope="module")
def torch() -> Iterator[Any]:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: optimizers are compared with it where it is")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield torch
    torch.set_num_threads(threads)


class Twin:
    """PyTorch's optimizer on the engine's gradients: so nothing but the update is compared."""

    def __init__(self, torch: Any, start: Floats, ours: Optimizer, name: str, settings: dict[str, Any]) -> None:
        self.torch, self.ours, self.name = torch, ours, name
        self.leaves = {n: torch.from_numpy(p.astype(np.float64)).requires_grad_() for n, p in start.items()}
        self.pulled = {n for n, leaf in self.leaves.items() if n.endswith(".weights") and leaf.ndim > 1}  # not BN's
        weights = [leaf for n, leaf in self.leaves.items() if n in self.pulled]
        biases = [leaf for n, leaf in self.leaves.items() if n not in self.pulled]
        groups = [{"params": weights}, {"params": biases, "weight_decay": 0.0}]
        self.optimizer = getattr(torch.optim, name)(groups, lr=ours.lr, **settings)

    def step(self, gradients: Floats) -> None:
        """Clip, pull by L1, step, and cap the norms: each by PyTorch's function, where there is one."""
        torch, ours = self.torch, self.ours
        for name, leaf in self.leaves.items():
            leaf.grad = torch.from_numpy(gradients[name].astype(np.float64))
        if ours.clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(self.leaves.values(), ours.clip_norm)
        if ours.clip_value is not None:
            torch.nn.utils.clip_grad_value_(self.leaves.values(), ours.clip_value)
        with torch.no_grad():
            for name, leaf in self.leaves.items():
                if name in self.pulled:
                    leaf.grad += ours.l1 * leaf.sign()
            self.optimizer.step()
            for name, leaf in self.leaves.items():
                if name in self.pulled and ours.max_norm is not None:
                    bias = self.leaves.get(name.replace(".weights", ".biases"))
                    outputs = len(leaf) if bias is None else bias.numel()
                    leaf.copy_(torch.renorm(leaf.reshape(outputs, -1), 2, 0, ours.max_norm).reshape(leaf.shape))

    def state(self, row: str) -> dict[str, Any]:
        known = ROWS[row]
        key = known.get(self.name, "exp_avg_sq") if isinstance(known, dict) else known
        states = {name: self.optimizer.state[leaf] for name, leaf in self.leaves.items()}
        return {f"{row}.{name}": state[key].numpy() for name, state in states.items() if state.get(key) is not None}


def compare(torch: Any, line: str, ours: Optimizer, name: str, settings: dict[str, Any], order: str | None) -> Program:
    """Five steps, each from the engine's own gradients; parameters and state after every one."""
    known = judge.trial(line, "softmax")
    program = compile(known.network, judge.BATCH, ours, threads=2, order=order)
    program.load(known.start)
    twin = Twin(torch, {n: known.start[n] for n in known.velocity}, ours, name, settings)
    for step in known.steps:
        _, gradients = program.gradients(step.images, step.labels)
        twin.step(gradients)
        program.train(step.images, step.labels)
        found = program.parameters(*twin.leaves)
        judge.check_all(found, {n: leaf.detach().numpy() for n, leaf in twin.leaves.items()}, "value")
        found = program.optimizer_state()
        for row in ours.rows:
            judge.check_all({n: found[n] for n in twin.state(row)}, twin.state(row), row)
    return program


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("ours", "name", "settings"), SAME, ids=[repr(ours) for ours, *_ in SAME])
def test_five_steps_are_pytorchs(torch: Any, ours: Optimizer, name: str, settings: dict[str, Any], order: str) -> None:
    compare(torch, LINE, ours, name, settings, order)


LIMITS: list[dict[str, Any]] = [
    {"l1": 0.02},
    {"clip_norm": 0.3},
    {"clip_norm": 1e9},
    {"clip_value": 0.01},
    {"max_norm": 0.9},
    {"max_norm": 50.0},
    {"l1": 0.01, "clip_norm": 0.2, "max_norm": 0.8},
    {"l1": 0.01, "clip_value": 0.02, "max_norm": 0.8},
]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("limits", LIMITS, ids=repr)
def test_limits_are_pytorchs(torch: Any, limits: dict[str, Any], order: str) -> None:
    program = compare(
        torch, WIDE, SGD(0.03, 0.9, 0.01, **limits), "SGD", {"momentum": 0.9, "weight_decay": 0.01}, order
    )
    if limits.get("max_norm", 9) < 1:
        norms = np.concatenate([np.linalg.norm(w.reshape(len(w), -1), axis=1) for w in _weights(program)])
        assert norms.max() < limits["max_norm"] * (1 + 1e-6) and norms.max() > 0.9 * limits["max_norm"]


@pytest.mark.parametrize("line", ["INPUT[5x3x2] - LOCAL[3] - RELU - FC[3]", "INPUT[5x4x6] - CONV[6, groups=3] - FC[3]"])
def test_every_output_has_a_norm_of_its_own(torch: Any, line: str) -> None:
    compare(torch, line, SGD(0.03, 0.9, max_norm=0.7), "SGD", {"momentum": 0.9}, None)


def _weights(program: Program) -> list[Any]:
    return [values for name, values in program.parameters().items() if name.endswith(".weights")]


@pytest.mark.parametrize("target", judge.EACH_TARGET)
def test_adam_with_all_limits_on_every_target(torch: Any, target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = AdamW(0.01, l1=0.01, clip_norm=0.2, max_norm=0.8, weight_decay=0.1)
    monkeypatch.setitem(globals(), "compile", partial(compile, target=target))
    compare(torch, LINE, ours, "AdamW", {"weight_decay": 0.1}, None)


# ---- what is compiled
ALL = [*(kind() for kind in OPTIMIZERS.values()), SGD(nesterov=True)]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("ours", ALL, ids=repr)
def test_gradients_are_bare_and_leave_everything_as_it_was(ours: Optimizer, order: str) -> None:
    known = judge.trial(LINE, "softmax")
    plain, made = (
        compile(known.network, judge.BATCH, o, order=order) for o in (SGD(), replace(ours, l1=0.1, max_norm=1))
    )
    first, second = known.steps[:2]
    made.load(known.start)
    made.train(first.images, first.labels)
    before = {**made.parameters(), **made.optimizer_state()}
    plain.load(made.parameters())
    expected, found = (each.gradients(second.images, second.labels) for each in (plain, made))
    assert found[0] == expected[0]
    assert all(np.array_equal(found[1][name], gradient) for name, gradient in expected[1].items())
    after = {**made.parameters(), **made.optimizer_state()}
    assert all(np.array_equal(after[name], numbers) for name, numbers in before.items())


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    "ours",
    [*ALL, SGD(0.05, clip_norm=0.3, max_norm=0.9), Adam(0.01, clip_norm=0.3, max_norm=0.9), Adadelta(l1=0.01)],
    ids=repr,
)
def test_the_same_bits_for_any_number_of_threads(ours: Optimizer, order: str) -> None:
    known = judge.trial(WIDE, "softmax")
    ends = []
    for threads in (1, 2, 3):
        program = compile(known.network, 70, ours, threads=threads, order=order)
        for step in known.steps[:3]:
            images = np.concatenate([step.images] * 3)[:37]
            program.train(images, np.arange(len(images)) % 3)
        ends.append(
            b"".join(
                numbers.tobytes() for numbers in (*program.parameters().values(), *program.optimizer_state().values())
            )
        )
    assert ends[0] == ends[1] == ends[2]


def test_memory_is_booked_as_it_is_needed() -> None:
    network = parse(LINE)
    plans = {kind: compile(network, 19, kind()).plan for kind in (SGD, RMSProp, Adam)}
    for kind, plan in plans.items():
        rows = {"velocity", "squares", "means", "updates"} & plan.buffers.keys()
        assert rows == set(kind.rows)
        assert not {"clip.squares", "clip.scale"} & plan.buffers.keys()
    more = plans[Adam].shared_bytes - plans[SGD].shared_bytes
    assert more == 4 * plans[SGD].row.size  # a row; the settings fill one cache line
    assert "update: adam\n" in str(plans[Adam]) and "update:" not in str(plans[SGD])
    clipped = compile(network, 19, SGD(clip_norm=1), order="layer by layer").plan
    assert not clipped.row.streamed and compile(network, 19, order="layer by layer").plan.row.streamed


# ---- between two steps
def test_settings_change_without_compiling() -> None:
    program = compile(parse(LINE), 8, Adam(clip_value=0.1, l1=0.1, max_norm=2))
    program.optimizer = Adam(0.5)
    program.optimizer = Adam(0.5, clip_value=3)
    assert program.optimizer == Adam(0.5, clip_value=3)


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (SGD(), Adam(), r"compiled for sgd, and adam is another kind: compile another with optimizer=Adam\("),
        (SGD(), SGD(nesterov=True), "compiled for sgd, and nesterov is another kind"),
        (Adam(), AdamW(), "compiled for adam, and adamw is another kind"),
        (Adagrad(), RMSProp(), "another kind"),
        (SGD(), SGD(l1=0.1, max_norm=1), "compiled for sgd, without l1 and max_norm: compile another"),
        (SGD(), SGD(clip_norm=1), "without clip_norm"),
        (SGD(clip_norm=1), SGD(clip_value=1), "without clip_value"),
        (SGD(), 0.1, "an optimizer is one of SGD, Adagrad, Adadelta, RMSProp, Adam, AdamW, as in"),
        (SGD(), Optimizer(0.1), "an optimizer is one of SGD"),
    ],
)
def test_another_kind_is_refused(first: Optimizer, second: Any, message: str) -> None:
    program = compile(parse(LINE), 8, first)
    with pytest.raises(ArgumentError, match=message):
        program.optimizer = second
    assert program.optimizer == first


@pytest.mark.parametrize("ours", [SGD(0.05), RMSProp(), Adadelta(), Adam()], ids=repr)
def test_state_goes_out_and_in(ours: Optimizer) -> None:
    known = judge.trial(LINE, "softmax")
    one, two = (compile(known.network, judge.BATCH, ours) for _ in range(2))
    for step in known.steps[:2]:
        one.train(step.images, step.labels)
    assert all(numbers.any() for numbers in one.optimizer_state().values())
    two.load(one.parameters())
    two.load_optimizer_state(one.optimizer_state())
    two.steps = one.steps
    step = known.steps[3]
    assert one.train(step.images, step.labels) == two.train(step.images, step.labels)
    assert all(
        np.array_equal(a, b)
        for a, b in zip(one.optimizer_state().values(), two.optimizer_state().values(), strict=True)
    )
    two.initialize(0)
    assert two.steps == 0 and not any(numbers.any() for numbers in two.optimizer_state().values())


def test_state_that_does_not_fit() -> None:
    adam, sgd = (compile(parse(LINE), 8, o) for o in (Adam(), SGD()))
    with pytest.raises(ArgumentError, match=r"the optimizer's rows are means\.conv1\.weights, .*unknown velocity"):
        adam.load_optimizer_state(sgd.optimizer_state())
    for call in (adam.velocity, lambda: adam.load_velocity({})):
        with pytest.raises(
            ArgumentError, match=r"adam has no velocity but means and squares: see program\.optimizer_state\(\)"
        ):
            call()


# ---- numbers that make no sense
@pytest.mark.parametrize("kind", OPTIMIZERS.values())
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lr": -1}, "lr is a finite number, zero or more, not -1: try"),
        ({"lr": "fast"}, "lr is a finite number, zero or more, not fast: try"),
        ({"l2": float("nan")}, "l2 is a finite number, zero or more, not nan"),
        ({"l1": float("inf")}, "l1 is a finite number, zero or more, not inf"),
        ({"max_norm": 0}, "max_norm is a finite number above zero, or None for none, not 0"),
        ({"clip_norm": -2}, "clip_norm is a finite number above zero"),
        ({"clip_value": True}, "clip_value is a finite number above zero"),
        ({"clip_norm": 1, "clip_value": 1}, "by clip_norm or by clip_value, not by both"),
    ],
)
def test_wrong_settings(kind: Callable[..., Optimizer], settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        kind(**settings)


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        (RMSProp, {"decay": 1}, "decay is below 1 .*: try 0.99"),
        (Adadelta, {"decay": 1.5}, "decay is below 1"),
        (Adam, {"beta1": 1}, "beta1 is below 1 .*: try 0.9"),
        (AdamW, {"beta2": 1}, "beta2 is below 1 .*: try 0.999"),
        (AdamW, {"weight_decay": -1}, "weight_decay is a finite number, zero or more"),
        (SGD, {"nesterov": 1}, "nesterov is True or False, not 1"),
    ],
)
def test_wrong_settings_of_one(kind: Callable[..., Optimizer], settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        kind(**settings)


@pytest.mark.parametrize(
    "name", ["optimizers", "learning", "plan.update", "layers.loss", "train.schedule", "commands.learning"]
)
def test_the_examples_in_the_docstrings(name: str) -> None:
    failed, tried = doctest.testmod(importlib.import_module(f"striate.{name}"))
    assert tried and not failed


# ---- a run goes on, whatever the optimizer
@pytest.mark.parametrize("ours", [*ALL, Adam(0.003, l1=1e-4, clip_norm=1, max_norm=2)], ids=repr)
def test_a_run_goes_on_from_its_checkpoint(ours: Optimizer, tmp_path: Path) -> None:
    """And with another batch, to which the state is taken along."""
    digits, network = load("digits").train, parse("INPUT[8x8x1] - FC[10]")
    whole = compile(network, 64, ours, seed=2)
    list(train_epochs(whole, digits, epochs=2, schedule="one-cycle"))
    first = Steps(compile(network, 64, ours, seed=2), digits, epochs=2, schedule="one-cycle")
    for _ in range(11):
        first.advance()
    program = first.program
    Checkpoint(
        network, "digits", "0", digits.classes, Preprocessing(), {}, first.position, program.parameters(),
        program.optimizer_state(),
    ).save(tmp_path / "run.checkpoint")  # fmt: skip
    kept = Checkpoint.load(tmp_path / "run.checkpoint")
    second = compile(network, 64, ours)
    second.load(kept.parameters)
    second.load_optimizer_state(kept.optimizer_state)
    steps = Steps(second, digits, epochs=2, schedule="one-cycle", position=kept.position)
    while not steps.over:
        steps.advance()
        if steps.epoch_over:
            steps.close_epoch()
    for one, other in ((whole.parameters(), second.parameters()), (whole.optimizer_state(), second.optimizer_state())):
        assert all(np.array_equal(one[name], other[name]) for name in one) and one.keys() == other.keys()
    first.change_program(compile(network, 32, ours))
    now = first.program.optimizer_state()
    assert all(np.array_equal(now[name], numbers) for name, numbers in kept.optimizer_state.items())
    assert first.program.steps == 11
