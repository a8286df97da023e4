"""The same network in PyTorch: the judge from outside. Import it only where torch is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional

from striate import SGD
from striate.layers import (
    Add,
    Bn,
    Concat,
    Conv,
    Dropout,
    Elu,
    Fc,
    Gap,
    Gelu,
    Leaky,
    Local,
    Lrn,
    Maxout,
    Pool,
    Relu,
    Sigmoid,
    Silu,
    Tanh,
)
from striate.layers.loss import Loss, as_loss
from striate.layers.sides import both
from striate.notation import Network

if TYPE_CHECKING:
    from judge import Trial

FUNCTIONS = {Gelu: functional.gelu, Silu: functional.silu, Sigmoid: torch.sigmoid, Tanh: torch.tanh}


def forward(
    network: Network,
    parameters: Mapping[str, torch.Tensor],
    images: torch.Tensor,
    kept: Mapping[str, Any] | None = None,
    training: bool = False,
) -> torch.Tensor:
    """Scores ``(N, classes)`` of images ``(N, D, H, W)``; padding is added by hand: POOL sees zeros.

    kept: what DROPOUT keeps, ones and zeros ``(N, H, W, D)``, if this is training. training: BN normalises by these
    images' statistics, which also move the running ones among the parameters.
    """
    made = {network.nodes[0].name: images}
    for node in network.nodes[1:]:
        layer, x = node.layer, made[node.inputs[0]]
        if isinstance(layer, Conv | Local | Pool):
            rows, columns = layer.windows(node.input)
            x = functional.pad(x, (columns.before, columns.after, rows.before, rows.after))
        if isinstance(layer, Conv):
            weights, biases = parameters[f"{node.name}.weights"], parameters.get(f"{node.name}.biases")
            groups = x.shape[1] if layer.groups == "each" else layer.groups
            step, dilation = (tuple(reversed(both(sides))) for sides in (layer.stride, layer.dilation))
            x = functional.conv2d(x, weights, biases, step, 0, dilation, groups)
        elif isinstance(layer, Local):
            weights, biases = parameters[f"{node.name}.weights"], parameters[f"{node.name}.biases"]
            x = _local(x, weights, biases, rows.stride, columns.stride)
        elif isinstance(layer, Pool):
            x = pooled(x, layer)
        elif isinstance(layer, Gap):
            x = functional.adaptive_avg_pool2d(x, 1)
        elif isinstance(layer, Lrn):
            x = normalized(x, layer)
        elif isinstance(layer, Add):
            x = x + made[node.inputs[1]]
        elif isinstance(layer, Concat):
            x = torch.cat([made[name] for name in node.inputs], 1)
        elif isinstance(layer, Relu):
            x = functional.relu(x)
        elif isinstance(layer, Leaky):
            x = functional.leaky_relu(x, layer.a)
        elif isinstance(layer, Elu):
            x = functional.elu(x, layer.a)
        elif type(layer) in FUNCTIONS:
            x = FUNCTIONS[type(layer)](x)
        elif isinstance(layer, Maxout):
            x = x.unflatten(1, (-1, layer.pieces)).max(2).values
        elif isinstance(layer, Dropout):
            if kept:
                x = x * torch.from_numpy(kept[node.name]).permute(0, 3, 1, 2).to(x.dtype) / (1 - layer.rate)
        elif isinstance(layer, Bn):
            x = _normalised(layer, {kind: parameters[f"{node.name}.{kind}"] for kind in _NORM}, x, training)
        elif isinstance(layer, Fc):
            weights, biases = parameters[f"{node.name}.weights"], parameters.get(f"{node.name}.biases")
            x = functional.linear(x.flatten(1), weights, biases)[:, :, None, None]
        else:
            raise AssertionError(f"no twin for {layer}")
        made[node.name] = x
    return x.flatten(1)


_NORM = ("weights", "biases", "mean", "variance")


def _normalised(layer: Bn, own: Mapping[str, torch.Tensor], x: torch.Tensor, training: bool) -> torch.Tensor:
    """BN of ``x``. PyTorch refuses a lone number of a slice; what it would be is the bias."""
    if training and x[:, 0].numel() == 1:
        return x * 0 * own["weights"][:, None, None] + own["biases"][:, None, None]
    state, x = (own["mean"], own["variance"]), x.contiguous()  # PyTorch 2.13 errs going back through other strides
    return functional.batch_norm(x, *state, own["weights"], own["biases"], training, layer.momentum, layer.eps)


def _local(x: torch.Tensor, weights: torch.Tensor, biases: torch.Tensor, down: int, across: int) -> torch.Tensor:
    """A locally connected layer: what every position sees, unfolded, by the position's own matrix."""
    height, width, filters = biases.shape
    seen = functional.unfold(x, weights.shape[-2:], stride=(down, across))  # (N, D*F*F, positions)
    own = weights.reshape(height * width, filters, -1)
    made = torch.einsum("nep,pke->nkp", seen, own)
    return made.reshape(len(x), filters, height, width) + biases.permute(2, 0, 1)


def mean_loss(scores: Any, labels: Any, loss: str | Loss) -> Any:
    """PyTorch's mean of a loss; labels may be real targets for ``l2``."""
    loss = as_loss(loss)
    if loss.name == "softmax":
        weights = loss.class_weights and torch.tensor(loss.class_weights, dtype=scores.dtype)
        return functional.cross_entropy(scores, labels, weights, label_smoothing=loss.smoothing)
    if loss.name == "l2":
        targets = labels if labels.dim() == 2 else functional.one_hot(labels, scores.shape[1]).to(scores.dtype)
        return functional.mse_loss(scores, targets) * scores.shape[1]
    # PyTorch divides by the number of classes as well.
    return functional.multi_margin_loss(scores, labels, 2 if loss.name == "svm-squared" else 1) * scores.shape[1]


def pooled(x: torch.Tensor, layer: Pool) -> torch.Tensor:
    """POOL without padding. PyTorch's own l2 norm has no gradient where all of a window is zero."""
    field, step = (tuple(reversed(both(sides))) for sides in (layer.field, layer.stride))
    if layer.of == "max":
        return functional.max_pool2d(x, field, step)
    if layer.of == "average":
        return functional.avg_pool2d(x, field, step)
    squares = functional.avg_pool2d(x * x, field, step) * field[0] * field[1]
    some = squares > 0
    return torch.where(some, torch.where(some, squares, 1).sqrt(), 0)


def normalized(x: torch.Tensor, layer: Lrn) -> torch.Tensor:
    """LRN. PyTorch's window of an even size has its one slice more before its own, ONNX's behind it."""
    turned = x.flip(1) if layer.slices % 2 == 0 else x
    made = functional.local_response_norm(turned, layer.slices, layer.alpha, layer.beta, layer.k)
    return made.flip(1) if layer.slices % 2 == 0 else made


def gradients(
    network: Network,
    parameters: Mapping[str, Any],
    images: Any,
    labels: Any,
    loss: str | Loss = "softmax",
    kept: Mapping[str, Any] | None = None,
) -> tuple[Any, float, dict[str, Any]]:
    """``(scores, mean loss, gradients)`` as arrays, in the precision of ``images`` ``(N, H, W, D)``; kept as above.

    Loss and gradients are those of training, the scores are not, but for what is kept.
    """
    pixels = torch.from_numpy(np.array(images)).permute(0, 3, 1, 2)
    leaves = {name: torch.from_numpy(np.array(p)).to(pixels.dtype) for name, p in parameters.items()}
    for name in network.parameter_shapes():
        leaves[name].requires_grad_()
    scores = forward(network, leaves, pixels, kept)
    trained = forward(network, leaves, pixels, kept, training=True)
    mean = mean_loss(trained, torch.from_numpy(np.array(labels)), loss)
    if mean.requires_grad:  # a network may have no parameters at all
        mean.backward()
    found = {name: leaf.grad.numpy() for name, leaf in leaves.items() if leaf.grad is not None}
    return scores.detach().numpy(), mean.item(), found


def _optimizer(leaves: dict[str, Any], settings: SGD) -> Any:
    """L2 acts on weights alone, and not on those of BN, so PyTorch's SGD needs the parameters in two groups."""
    pulled = {name: name.endswith(".weights") and p.ndim > 1 for name, p in leaves.items()}
    weights, biases = ([p for name, p in leaves.items() if pulled[name] == each] for each in (True, False))
    groups = [
        {"params": weights, "weight_decay": settings.l2},
        {"params": biases, "weight_decay": 0.0},
    ]
    return torch.optim.SGD(groups, lr=settings.lr, momentum=settings.momentum)


def play(known: Trial, settings: SGD) -> tuple[Any, ...]:
    """What ``Run.check`` takes: PyTorch's scores, losses, first gradients, momenta and last parameters.

    In one thread: these networks are too small for more.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _play(known, settings)
    finally:
        torch.set_num_threads(threads)


def _play(known: Trial, settings: SGD) -> tuple[Any, ...]:
    values = {n: torch.from_numpy(p.astype(np.float64)) for n, p in known.start.items()}
    leaves = {n: values[n].requires_grad_() for n in known.velocity}
    optimizer = _optimizer(leaves, settings)
    scores, losses, gradients = [], [], []
    for step in known.steps:
        optimizer.zero_grad()
        pixels = torch.from_numpy(step.images.astype(np.float64)).permute(0, 3, 1, 2)
        if not scores:
            with torch.no_grad():
                scores.append(forward(known.network, values, pixels).numpy())
        trained = forward(known.network, values, pixels, step.kept, training=True)
        mean = mean_loss(trained, torch.from_numpy(step.labels), known.loss)
        mean.backward()
        losses.append(mean.item())
        gradients.append({n: p.grad.numpy().copy() for n, p in leaves.items()})
        optimizer.step()
    velocity = {n: optimizer.state[p]["momentum_buffer"].numpy() for n, p in leaves.items()}
    end = {n: p.detach().numpy() for n, p in values.items()}
    return scores[0], losses, gradients[0], velocity, end
