"""Test accuracy on CIFAR-10 after a few epochs, Striate and PyTorch: same recipe, same start, same order."""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np

from benchmarks.nets import network

SMOKE = {"net": "seed", "epochs": 1, "seeds": 1, "images": 1024}


def options(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--net", default="convnetjs")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--lr", type=float, default=0.01)
    parser.add_argument("--images", type=int, default=0, help="train on so many images only; 0: on all")
    parser.add_argument("--data-dir", default=None)


def twin(program: Any, lr: float) -> tuple[Any, Any]:
    """The program's network in PyTorch, with its parameters, and the same optimiser."""
    import torch

    from benchmarks.peers_torch import torch_module

    model = torch_module(program.network)
    layers = [module for module in model.modules() if hasattr(module, "weight")]
    names = sorted({name.split(".")[0] for name in program.parameters()}, key=list(order(program)).index)
    parameters = program.parameters()
    with torch.no_grad():
        for name, layer in zip(names, layers, strict=True):
            layer.weight.copy_(torch.from_numpy(parameters[f"{name}.weights"]))
            layer.bias.copy_(torch.from_numpy(parameters[f"{name}.biases"]))
    groups = [
        {"params": [layer.weight for layer in layers], "weight_decay": 1e-4},
        {"params": [layer.bias for layer in layers], "weight_decay": 0.0},
    ]
    return model, torch.optim.SGD(groups, lr=lr, momentum=0.9)


def order(program: Any) -> list[str]:
    """The layers' names, first to last."""
    return [node.name for node in program.network.nodes]


def duel(seed: int, splits: Any, chosen: argparse.Namespace) -> tuple[float, float, float, float]:
    """(Striate's accuracy, its seconds, PyTorch's accuracy, its seconds)."""
    import torch

    import striate
    from striate.data.batches import batches

    cleaned = striate.Preprocessing.measure(splits.train.images)
    optimizer = striate.SGD(lr=chosen.lr, momentum=0.9, l2=1e-4)
    program = striate.compile(
        network(chosen.net), batch=chosen.batch, optimizer=optimizer, seed=seed, preprocessing=cleaned
    )
    model, steps = twin(program, chosen.lr)
    mean, std = np.float32(cleaned.mean), np.float32(cleaned.std)

    def pixels(images: Any) -> Any:
        return torch.from_numpy((images.astype(np.float32) / 255 - mean) / std).permute(0, 3, 1, 2)

    ours = theirs = 0.0
    for epoch in range(chosen.epochs):
        start = time.perf_counter()
        for images, labels in batches(splits.train, chosen.batch, seed, epoch):
            program.train(images, labels)
        ours += time.perf_counter() - start
        start = time.perf_counter()
        for images, labels in batches(splits.train, chosen.batch, seed, epoch):
            steps.zero_grad(set_to_none=True)
            torch.nn.functional.cross_entropy(model(pixels(images)), torch.from_numpy(labels)).backward()
            steps.step()
        theirs += time.perf_counter() - start
    test = splits.test
    mine = np.mean(program.scores(test.images).argmax(1) == test.labels)
    with torch.inference_mode():
        scores = torch.cat([model(pixels(part)) for part in np.array_split(test.images, 20)])
    other = np.mean(scores.argmax(1).numpy() == test.labels)
    return float(mine), ours, float(other), theirs


def run(chosen: argparse.Namespace) -> None:
    """Every seed, then the means."""
    from striate.data.load import load

    splits = load("cifar10", data_dir=chosen.data_dir)
    if chosen.images:
        splits = type(splits)(splits.train.take(np.arange(chosen.images)), splits.test)
    rows = []
    for seed in range(chosen.seeds):
        rows.append(duel(seed, splits, chosen))
        print("seed {}: striate {:.2%} in {:.1f} s, PyTorch {:.2%} in {:.1f} s".format(seed, *rows[-1]), flush=True)
    mean = np.mean(rows, axis=0)
    print(f"mean: striate {mean[0]:.2%}, PyTorch {mean[2]:.2%}: {100 * (mean[0] - mean[2]):+.2f} points")
