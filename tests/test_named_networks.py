"""Every network with a name, compiled, against PyTorch modules with the same numbers: scores and one training step.

The judge is float64. In float32 a number that lies closer to a decision of RELU or POOL than its rounding may be
decided otherwise, and a gradient jumps; so batches are drawn of which the clearest is taken (see judge.py), and the
tests look at small images, of which there are clear ones. ``STRIATE_NAMED=all pytest tests/test_named_networks.py``
looks at those networks, too, that take long. ``python tests/test_named_networks.py`` goes through all of them at full
size and prints how far off each is, and how far off PyTorch's own float32 is; ``… vgg-16 resnet-50`` through some.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from kept import kept as kept_of
from striate import SGD
from striate import compile as compile_network
from striate.notation import NAMED, Network, parse

torch = pytest.importorskip(
    "torch", reason="PyTorch is not installed: the networks are compared with it only where it is"
)

from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

from named_modules import Dropout, give, module  # noqa: E402

TOLERANCE = 1e-4
OPTIMIZER = SGD(lr=0.05, momentum=0.9, l2=0.01)

Numbers = Mapping[str, Any]


@dataclass(frozen=True)
class Trial:
    """A network, where it starts, a batch, and how near a decision that comes, relative to each volume's largest."""

    network: Network
    start: dict[str, np.ndarray]
    images: np.ndarray
    labels: np.ndarray
    kept: dict[str, np.ndarray]
    clearance: float


@dataclass(frozen=True)
class Outcome:
    """What is compared: scores before and after a step, its loss and gradients, and all numbers after it."""

    scores: Any
    loss: float
    gradients: Numbers
    velocity: Numbers
    end: Numbers
    later: Any


def drawn(network: Network, seed: int = 7) -> dict[str, np.ndarray]:
    """Numbers that neither grow nor vanish on the way: every tensor of the network, running statistics too.

    A BN shifts seven of eight slices by two to five of their spreads, up or down, so that most of a RELU's numbers lie
    far from zero: else, fifty layers deep, roundings grow until float32 decides otherwise somewhere. (Were it all of
    them, nothing but a BN behind would see the shifts, and take them away: their gradients would be zero.) What an ADD
    reads is shifted up.
    """
    random, values = np.random.default_rng(seed), {}
    up = {name for node in network.nodes if node.layer.kind == "ADD" for name in node.inputs}
    for name, shape in network.tensor_shapes().items():
        layer, kind = name.rsplit(".", 1)
        if len(shape) > 1:
            values[name] = random.standard_normal(shape, np.float32) * np.float32(np.sqrt(2 / np.prod(shape[1:])))
        elif kind == "variance":
            values[name] = random.uniform(0.5, 1.5, shape).astype(np.float32)
        elif kind == "weights":
            values[name] = random.uniform(0.3, 0.5, shape).astype(np.float32)
        elif kind == "biases" and layer.startswith("bn"):
            signs = 1 if layer in up else random.choice([-1, 1], shape)
            values[name] = (signs * random.uniform(1, 1.5, shape)).astype(np.float32)
            values[name][::8] = random.uniform(-0.3, 0.3, shape)[::8]
        else:
            values[name] = random.standard_normal(shape, np.float32) * np.float32(0.1)
    return values


def batch(network: Network, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    images = random.standard_normal((count, *network.input.shape), np.float32)
    return images, random.integers(0, network.classes, count)


def twin_of(name: str, network: Network, values: Numbers, kept: Numbers, dtype: Any) -> tuple[Any, dict[str, Any]]:
    """The modules with these numbers, and their tensors by the network's names."""
    size = network.input
    twin = module(name, (size.width, size.height, size.depth), network.classes)
    give(network, values, twin)
    twin = twin.to(dtype)
    for part, own in zip((p for p in twin.modules() if isinstance(p, Dropout)), kept.values(), strict=True):
        part.kept = own
    return twin, give(network, values, twin)


def laid_out(images: np.ndarray, dtype: Any) -> Any:
    return torch.from_numpy(images).permute(0, 3, 1, 2).to(dtype).contiguous()


def clearance(twin: Any, pixels: Any) -> float:
    """The least distance of a number from a decision of RELU or POOL, relative to the largest of its volume."""
    least = [1.0]

    def note(distances: Any, x: Any) -> None:
        far = torch.where(distances == 0, torch.inf, distances)  # zeros are zeros in every precision
        least.append(float(far.min() / x.abs().max()))

    def relu(_: Any, inputs: Any) -> None:
        note(inputs[0].abs(), inputs[0])

    def pool(part: Any, inputs: Any) -> None:
        (x,) = inputs
        field, step, border = part.kernel_size, part.stride, part.padding
        x = functional.pad(x, (border, border + (step - 1 if part.ceil_mode else 0)) * 2)
        seen = x.unfold(2, field, step).unfold(3, field, step).flatten(4)
        top = seen.topk(2).values
        note(top[..., 0] - top[..., 1], x)

    kinds = ((nn.ReLU, relu), (nn.MaxPool2d, pool))
    hooks = [part.register_forward_pre_hook(hook) for part in twin.modules() for kind, hook in kinds
             if isinstance(part, kind)]  # fmt: skip
    states = {name: tensor.clone() for name, tensor in twin.state_dict().items() if "running" in name}
    with torch.no_grad():
        twin.train()(pixels)
    twin.load_state_dict(states, strict=False)
    for hook in hooks:
        hook.remove()
    return min(least)


def trial(name: str, text: str, count: int, offers: int) -> Trial:
    """The clearest of some batches of ``count`` images."""
    network = parse(text)
    values, kept = drawn(network), kept_of(network, count)
    twin, _ = twin_of(name, network, values, kept, torch.float64)
    found = []
    for seed in range(offers):
        images, _ = batch(network, count, seed)
        found.append((clearance(twin, laid_out(images, torch.float64)), seed))
    clear, seed = max(found)
    return Trial(network, values, *batch(network, count, seed), kept, clear)


def by_torch(name: str, known: Trial, dtype: Any) -> Outcome:
    """PyTorch's step."""
    twin, tensors = twin_of(name, known.network, known.start, known.kept, dtype)
    pixels, labels = laid_out(known.images, dtype), torch.from_numpy(known.labels)
    leaves = {name: tensors[name] for name in known.network.parameter_shapes()}
    pulled = {name: name.endswith(".weights") and leaf.ndim > 1 for name, leaf in leaves.items()}
    groups = [{"params": [leaf for name, leaf in leaves.items() if pulled[name] == each], "weight_decay": decay}
              for each, decay in ((True, OPTIMIZER.l2), (False, 0.0))]  # fmt: skip
    optimizer = torch.optim.SGD(groups, lr=OPTIMIZER.lr, momentum=OPTIMIZER.momentum)
    with torch.no_grad():
        scores = twin.eval()(pixels).numpy()
    loss = functional.cross_entropy(twin.train()(pixels), labels)
    loss.backward()
    gradients = {name: leaf.grad.numpy().copy() for name, leaf in leaves.items()}
    optimizer.step()
    velocity = {name: optimizer.state[leaf]["momentum_buffer"].numpy() for name, leaf in leaves.items()}
    end = {name: tensor.detach().numpy() for name, tensor in tensors.items()}
    with torch.no_grad():
        later = twin.eval()(pixels).numpy()
    return Outcome(scores, loss.item(), gradients, velocity, end, later)


def by_engine(known: Trial, threads: int = 2) -> Outcome:
    """The compiled program's step."""
    program = compile_network(known.network, len(known.images), OPTIMIZER, "softmax", threads=threads)
    program.load(known.start)
    scores = program.scores(known.images)
    _, gradients = program.gradients(known.images, known.labels)
    loss = program.train(known.images, known.labels)
    return Outcome(scores, loss, gradients, program.velocity(), program.parameters(), program.scores(known.images))


def off(found: Any, expected: Any) -> float:
    """How far off a tensor is: the length of the difference, relative to that of what was expected."""
    a, b = np.asarray(found, np.float64).ravel(), np.asarray(expected, np.float64).ravel()
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


def errors(found: Outcome, expected: Outcome) -> dict[str, float]:
    """The relative error of each kind of numbers: of tensors, the worst."""
    kinds = {"scores": off(found.scores, expected.scores), "loss": off(found.loss, expected.loss)}
    for kind in ("gradients", "velocity", "end"):
        a, b = getattr(found, kind), getattr(expected, kind)
        assert a.keys() == b.keys()
        kinds[kind] = max(off(a[name], b[name]) for name in b)
    return kinds | {"later": off(found.later, expected.later)}


#: Of each network, one that is small enough to find clear images for: its bracket, images, and batches to choose from.
SMALL = {
    "lenet-5": ("", 4, 8),
    "alexnet": ("[63x63x3, 10]", 3, 8),
    "alexnet-2012": ("[67x67x3, 10]", 3, 8),
    "zfnet": ("[73x73x3, 10]", 2, 8),
    "vgg-11": ("[32x32x3, 10]", 2, 8),
    "vgg-13": ("[32x32x3, 10]", 2, 8),
    "vgg-16": ("[32x32x3, 10]", 2, 8),
    "vgg-19": ("[32x32x3, 10]", 2, 8),
    "resnet-20": ("", 4, 8),
    "resnet-18": ("[33x33x3, 5]", 4, 8),
    "resnet-34": ("[33x33x3, 5]", 4, 8),
    "resnet-50": ("[33x33x3, 5]", 4, 8),
    "googlenet": ("[65x65x3, 5]", 4, 8),
    "tiny-vgg": ("", 4, 8),
    "convnetjs-cifar10": ("", 4, 8),
    "convnetjs-mnist": ("", 4, 8),
}
QUICK = ("lenet-5", "alexnet-2012", "resnet-20", "tiny-vgg", "convnetjs-cifar10", "convnetjs-mnist")
ALL = "STRIATE_NAMED"  #: a variable: where it is "all", the others are looked at, too


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Two test runs share the machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("name", NAMED)
def test_parameters_are_those_of_the_modules(name: str) -> None:
    width, height, depth = map(int, NAMED[name].input.split("x"))
    with torch.device("meta"):
        whole = module(name, (width, height, depth), NAMED[name].classes)
    assert NAMED[name].parameters == sum(numbers.numel() for numbers in whole.parameters())


@pytest.mark.parametrize("name", NAMED)
def test_a_step(name: str) -> None:
    if name not in QUICK and os.environ.get(ALL) != "all":
        pytest.skip(f"takes several seconds: runs where {ALL} is all")
    bracket, count, offers = SMALL[name]
    known = trial(name, name + bracket, count, offers)
    found = errors(by_engine(known), by_torch(name, known, torch.float64))
    assert max(found.values()) < TOLERANCE, found


def full(names: list[str], count: int, offers: int) -> int:
    """Go through networks at full size and print how far off Striate and PyTorch's float32 are; how many are too far.

    Of millions of decisions some come near whatever the images are: where ``clear`` is below 1e-7 or so, float32 may
    decide otherwise than float64, Striate's in other places than PyTorch's, and gradients that far down jump.
    """
    heads = ("network", "images", "clear", "of", "scores", "loss", "gradients", "velocity", "end", "later", "seconds")
    print(("{:18}{:>7} {:>8}  {:9}" + "{:>10}" * 7).format(*heads))
    worse = 0
    for name in names:
        start = time.monotonic()
        known = trial(name, name, count, offers)
        expected = by_torch(name, known, torch.float64)
        for of, found in (("striate", by_engine(known)), ("pytorch32", by_torch(name, known, torch.float32))):
            kinds = errors(found, expected)
            worse += of == "striate" and max(kinds.values()) >= TOLERANCE
            row = "".join(f"{each:10.1e}" for each in kinds.values())
            print(f"{name:18}{count:7} {known.clearance:8.1e}  {of:9}{row}{time.monotonic() - start:10.0f}", flush=True)
        del known, expected, found
        gc.collect()
    return worse


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="Compare the networks with a name, at full size, with PyTorch.")
    options.add_argument("names", nargs="*", default=list(NAMED))
    options.add_argument("--images", type=int, default=2)
    options.add_argument("--batches", type=int, default=4, help="of as many the clearest is taken")
    asked = options.parse_args()
    sys.exit(1 if full(asked.names, asked.images, asked.batches) else 0)
