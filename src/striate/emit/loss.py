"""The losses on the scores: softmax, the notes' multiclass SVM (hinge, margin 1) and its square, and L2 for real
outputs. And a score by itself."""

from __future__ import annotations

from collections.abc import Iterator

from striate.emit.builder import Builder, Register, Value
from striate.emit.index import Index
from striate.emit.mathematics import exp, logarithm
from striate.emit.tensor import Tensor


def _classes(b: Builder, scores: Tensor) -> Iterator[tuple[Index, Value]]:
    """Every class: its index for memory, and its number as a vector to compare labels with."""
    number = b.register("number", b.zero())
    for k in b.range(scores.shape.axes[0].size, "k"):
        yield k, number.value
        number.value = number.value + b.constant(1)


def _survey(b: Builder, scores: Tensor, label: Value) -> tuple[Register, Register, Register]:
    """The highest score, the first class that has it, and the score of the label."""
    best, which = b.register("best", scores[0]), b.register("which", b.zero())
    own = b.register("own", b.zero())
    for k, number in _classes(b, scores):
        score = scores[k]
        which.value = b.where(score, ">", best.value, number, which.value)
        best.value = b.maximum(score, best.value)
        own.value = b.where(label, "==", number, score, own.value)
    return best, which, own


def _settle(b: Builder, scores: Tensor, dscores: Tensor, label: Value, pull: Value, share: Value | None = None) -> None:
    """The gradient in dscores, times ``share``; at the label what balances the others', whose sum is ``pull``.

    The gradients of an image sum to zero. At a label whose p is close to 1, p - 1 would have lost its digits.
    """
    for k, number in _classes(b, scores):
        other = dscores[k] if share is None else dscores[k] * share
        dscores[k] = b.where(label, "==", number, b.zero() - pull, other)


def _judge(b: Builder, losses: Tensor, hits: Tensor, loss: Value, which: Register, label: Value) -> None:
    """The loss, and 1 where the highest score is the label's."""
    losses[0] = loss
    hits[0] = b.where(which.value, "==", label, b.constant(1), b.zero())


def softmax_loss(
    b: Builder, scores: Tensor, labels: Tensor, weights: Tensor, dscores: Tensor, losses: Tensor, hits: Tensor
) -> None:
    """losses = -log of the softmax at the label; dscores its gradient times the image's weight."""
    scores, dscores = scores.flat, dscores.flat
    label, weight = labels[0], weights[0]
    best, which, own = _survey(b, scores, label)
    total, others = b.register("total", b.zero()), b.register("others", b.zero())
    for k, number in _classes(b, scores):
        power = b.register("power", exp(b, scores[k] - best.value))
        dscores[k] = power.value
        total.value = total.value + power.value
        others.value = others.value + b.where(label, "==", number, b.zero(), power.value)
    share = b.divide(weight, total.value)
    _settle(b, scores, dscores, label, others.value * share, share)
    nothing = total.value - total.value  # keeps what is not finite from looking like a loss
    _judge(b, losses, hits, logarithm(b, total.value) + (best.value - own.value) + nothing, which, label)


def softmax_weighted_loss(
    b: Builder,
    scores: Tensor,
    labels: Tensor,
    weights: Tensor,
    classes: Tensor,
    smoothing: Tensor,
    dscores: Tensor,
    losses: Tensor,
    hits: Tensor,
) -> None:
    """softmax_loss with a target of shares: losses = the sum over classes of share * -log of the softmax.

    classes: (C,), every class's weight; smoothing: the share of the label and that of the others, before the weight.
    """
    scores, dscores = scores.flat, dscores.flat
    label, weight = labels[0], weights[0]
    on, off = b.splat(smoothing[0]), b.splat(smoothing[1])
    best, which, _ = _survey(b, scores, label)
    total, shares, given = b.register("total", b.zero()), b.register("shares", b.zero()), b.register("given", b.zero())
    for k, number in _classes(b, scores):
        shifted = b.register("shifted", scores[k] - best.value)
        power = b.register("power", exp(b, shifted.value))
        dscores[k] = power.value
        total.value = total.value + power.value
        share = b.register("share", b.where(label, "==", number, on, off) * b.splat(classes[k]))
        shares.value = shares.value + share.value
        given.value = b.fma(share.value, shifted.value, given.value)
    part = b.register("part", b.divide(shares.value * weight, total.value))
    others = b.register("others", b.zero())
    for k, number in _classes(b, scores):
        share = b.where(label, "==", number, on, off) * b.splat(classes[k])
        slope = b.register("slope", dscores[k] * part.value - share * weight)
        dscores[k] = slope.value
        others.value = others.value + b.where(label, "==", number, b.zero(), slope.value)
    _settle(b, scores, dscores, label, others.value)
    nothing = total.value - total.value  # as in softmax_loss
    _judge(b, losses, hits, b.fma(shares.value, logarithm(b, total.value), nothing) - given.value, which, label)


def svm_squared_loss(
    b: Builder, scores: Tensor, labels: Tensor, weights: Tensor, dscores: Tensor, losses: Tensor, hits: Tensor
) -> None:
    """losses = the sum over the other classes of max(0, score - the label's score + 1), squared."""
    scores, dscores = scores.flat, dscores.flat
    label, weight = labels[0], weights[0]
    _, which, own = _survey(b, scores, label)
    loss, pull = b.register("loss", b.zero()), b.register("pull", b.zero())
    for k, number in _classes(b, scores):
        margin = b.where(label, "==", number, b.zero(), scores[k] - own.value + b.constant(1))
        over = b.register("over", b.relu(margin))
        loss.value = b.fma(over.value, over.value, loss.value)
        over.value = over.value * (weight + weight)
        pull.value = pull.value + over.value
        dscores[k] = over.value
    _settle(b, scores, dscores, label, pull.value)
    _judge(b, losses, hits, loss.value, which, label)


def l2_loss(
    b: Builder,
    scores: Tensor,
    labels: Tensor,
    targets: Tensor,
    weights: Tensor,
    dscores: Tensor,
    losses: Tensor,
    hits: Tensor,
) -> None:
    """losses = the sum over the scores of (score - target), squared; targets: (C,). Labels are for hits alone."""
    scores, dscores = scores.flat, dscores.flat
    label, weight = labels[0], weights[0]
    _, which, _ = _survey(b, scores, label)
    loss = b.register("loss", b.zero())
    for k in b.range(scores.shape.axes[0].size, "k"):
        away = b.register("away", scores[k] - targets[k])
        loss.value = b.fma(away.value, away.value, loss.value)
        dscores[k] = away.value * (weight + weight)
    _judge(b, losses, hits, loss.value, which, label)


def svm_loss(
    b: Builder, scores: Tensor, labels: Tensor, weights: Tensor, dscores: Tensor, losses: Tensor, hits: Tensor
) -> None:
    """losses = the sum over the other classes of max(0, score - the label's score + 1)."""
    scores, dscores = scores.flat, dscores.flat
    label, weight = labels[0], weights[0]
    _, which, own = _survey(b, scores, label)
    loss, count = b.register("loss", b.zero()), b.register("count", b.zero())
    for k, number in _classes(b, scores):
        margin = b.where(label, "==", number, b.zero(), scores[k] - own.value + b.constant(1))
        over = b.where(margin, ">", b.zero(), b.constant(1), b.zero())
        loss.value = loss.value + b.relu(margin)
        count.value = count.value + over
        dscores[k] = over * weight
    _settle(b, scores, dscores, label, count.value * weight)
    _judge(b, losses, hits, loss.value, which, label)


def score_loss(
    b: Builder, scores: Tensor, labels: Tensor, weights: Tensor, dscores: Tensor, losses: Tensor, hits: Tensor
) -> None:
    """losses = the score of the label itself, to see where it comes from; dscores the image's weight there."""
    scores, dscores = scores.flat, dscores.flat
    label, weight = labels[0], weights[0]
    _, which, own = _survey(b, scores, label)
    for k, number in _classes(b, scores):
        dscores[k] = b.where(label, "==", number, weight, b.zero())
    _judge(b, losses, hits, own.value, which, label)
