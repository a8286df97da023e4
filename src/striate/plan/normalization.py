"""The calls of LRN, and what they keep from the way there for the way back.

With base = k + alpha/n * the sum of squares, ``scale`` is base^-beta and ``pull`` is x * base^(-beta-1): so the way
back is dy * scale - 2*alpha*beta/n * x * the sum of dy * pull, and takes no power again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from striate.layers import Lrn
from striate.plan.call import Call, call
from striate.plan.fuse import Unit
from striate.plan.shape import Shape


def _layer(unit: Unit) -> Lrn:
    assert isinstance(unit.node.layer, Lrn)
    return unit.node.layer


def settings(unit: Unit) -> dict[str, Any]:
    """Slices before and after a number's own, and the formula's constants; ``alpha`` is divided by n already."""
    layer = _layer(unit)
    before, after = layer.reach(unit.input.depth)
    return {
        "before": before,
        "after": after,
        "alpha": float(layer.alpha) / layer.slices,
        "beta": float(layer.beta),
        "k": float(layer.k),
    }


def forward_call(unit: Unit, x: str, training: bool) -> Call:
    """y of every number; only training keeps something for the way back."""
    kept = [name for name, _ in kept_volumes(unit)] if training else []
    return call("lrn_forward", [x, f"{unit.name}.y", *kept], unit.output.depth, **settings(unit))


def backward_call(unit: Unit, x: str, dx: str, mask: bool) -> Call:
    """dx; zero where ``mask`` says that a RELU held x at zero."""
    how, named = settings(unit), [f"{unit.name}.dy", x, *(name for name, _ in kept_volumes(unit)), dx]
    pull = -2 * how["alpha"] * how["beta"]
    ends = {"before": how["before"], "after": how["after"], "pulled": pull, "mask": mask}
    return call("lrn_backward", named, unit.input.depth, **ends)


def kept_volumes(unit: Unit) -> Iterator[tuple[str, Shape]]:
    """Name and shape of what is kept for the way back."""
    volume = unit.output
    for name in ("scale", "pull"):
        yield f"{unit.name}.{name}", Shape.of(volume.depth, volume.height, volume.width)
