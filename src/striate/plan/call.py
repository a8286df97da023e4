"""One kernel run, as the schedule lists it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

#: Families that add to gradients of parameters.
SUMS = frozenset(
    {
        "bias_gradient",
        "unpool",
        "conv_weight_gradient",
        "depthwise_backward",
        "winograd_weight_gradient",
        "deep_gradient",
        "packed_weight_gradient",
        "fc_weight_gradient",
        "local_weight_gradient",
    }
)

#: Families that drop numbers, or that grow the gradient of the others.
DROPS = frozenset({"dropout", "dropout_scale"})


#: Families that go over a slice of the whole batch.
BATCH = frozenset({"bn_level", "bn_squares", "bn_forward", "bn_gradient_sums", "bn_backward"})

#: Those done once with a piece: with the first group's alone, or with what was summed.
ONCE = frozenset({"bn_level", "bn_statistics", "bn_learn", "fc_update"})


#: Families that fetch ahead what they read, if told that it is far.
FETCHING = frozenset({"winograd_forward", "winograd_data_gradient", "winograd_weight_gradient", "deep_gradient"})


@dataclass(frozen=True)
class Call:
    """One kernel run: the emitter's name, the buffers it gets, and the settings that shape its code.

    items: pieces of its work that threads can share; 0 where it is done whole. then: what else is done with a piece
    when all groups have been through it, once or for all groups again.
    """

    family: str
    buffers: tuple[str, ...]
    settings: tuple[tuple[str, Any], ...] = ()
    items: int = 0
    then: Call | None = None

    @property
    def groups_inside(self) -> bool:
        """Whether threads share the items, each for all groups in their order: gradients are summed over them, and
        an FC's weights come from memory once for all."""
        return self.weight_bound or self.batch or self.family in SUMS

    @property
    def batch(self) -> bool:
        """Whether the call begins, or belongs to, several sweeps over a slice of the whole batch."""
        return self.family in BATCH

    @property
    def once(self) -> bool:
        """Whether it is done once with a piece, and not for each group."""
        return self.family in ONCE

    @property
    def chain(self) -> tuple[Call, ...]:
        """The call, and all that is done with a piece after it."""
        return (self, *(self.then.chain if self.then else ()))

    @property
    def named(self) -> tuple[str, ...]:
        """The buffers of the whole chain, each once."""
        return tuple(dict.fromkeys(name for call in self.chain for name in call.buffers))

    @property
    def weight_bound(self) -> bool:
        """Whether the call's time may be that of reading its weights."""
        return self.family.startswith("fc_") or self.family in ("local_forward", "local_weight_gradient")

    def setting(self, name: str) -> Any:
        """A setting by name; None where there is none."""
        return dict(self.settings).get(name)

    def __str__(self) -> str:
        shown = [f"{name}={value}" for name, value in self.settings if name in ("tile", "relu", "pool", "mask", "add")]
        own = f"{self.family}({', '.join(self.buffers)})" + (f"  {', '.join(shown)}" if shown else "")
        return f"{own}; {self.then}" if self.then else own


def call(family: str, buffers: Sequence[str], items: int = 0, **settings: Any) -> Call:
    """A Call, its settings by name."""
    return Call(family, tuple(buffers), tuple(settings.items()), items)


def far(made: Call) -> Call:
    """The call where volumes have left the caches before they are read again, as layer by layer."""
    return replace(made, settings=(*made.settings, ("far", True))) if made.family in FETCHING else made
